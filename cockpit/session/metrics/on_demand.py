"""The reader of metrics of a session, which is loaded once a Prometheus is to be read: for most sessions none is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from cockpit.model.clock import Clock
from cockpit.model.probe_answer import ProbeTransport
from cockpit.model.real_traffic import RealView
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.view import RolloutView
from cockpit.session.facts.cluster import Cluster
from cockpit.session.metrics.settings import PrometheusSettings

if TYPE_CHECKING:
    from cockpit.session.metrics.reader import MetricsReader


class MetricsOnDemand:
    """Each method is as in `reader.MetricsReader`; what it is made of is as in `opening.metrics_reader`."""

    def __init__(
        self,
        settings: PrometheusSettings,
        clusters: Mapping[str, Cluster],
        transport: ProbeTransport | None,
        clock: Clock,
        on_change: Callable[[RolloutKey], None],
        tolerated: float,
    ) -> None:
        self._given = (settings, clusters, transport, clock, on_change, tolerated)
        self._reader: MetricsReader | None = None
        self._loaded = asyncio.Event()
        self._selected: Collection[RolloutKey] = ()
        if settings.anywhere:
            self._load()

    def _load(self) -> MetricsReader:
        if self._reader is None:
            from cockpit.session.metrics.opening import metrics_reader

            self._reader = metrics_reader(*self._given)
            self._reader.select(self._selected)
            self._loaded.set()
        return self._reader

    async def run(self, views: Callable[[], Iterable[RolloutView]]) -> None:
        await self._loaded.wait()
        await self._load().run(views)

    def select(self, keys: Collection[RolloutKey]) -> None:
        self._selected = keys
        if self._reader:
            self._reader.select(keys)

    def seen(self, key: RolloutKey) -> RealView | None:
        return self._reader.seen(key) if self._reader else None

    async def ask(self, contexts: Collection[str]) -> None:
        await self._load().ask(contexts)

    async def read_all(self, rollouts: Iterable[Rollout]) -> None:
        if self._reader:
            await self._reader.read_all(rollouts)
