"""Reads what a Prometheus says of the rollouts that somebody looks at, that move or that are hurt: one at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import field, replace

from cockpit.metrics.answers import MetricsError, NoAnswerError, Sample, TooLongError
from cockpit.metrics.client import ask
from cockpit.metrics.gateways import GATEWAYS, Gateway, finding_query, gateways_for
from cockpit.metrics.handles import Handles
from cockpit.metrics.own_queries import MOST_VERSIONS, OwnQueries, own_query
from cockpit.metrics.promql import PART
from cockpit.metrics.readings import VersionReading, knowing, own_reading, reading
from cockpit.model.clock import Clock
from cockpit.model.probe_answer import ProbeTransport
from cockpit.model.probe_target import ProbeTarget, ProxiedService
from cockpit.model.real_traffic import STALE_SECONDS, RealView
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import RolloutView
from cockpit.session.facts.real_traffic import aged, real_view
from cockpit.session.metrics.places import Places

log = logging.getLogger(__name__)

# Seconds between two readings of a rollout, which is how often most are scraped; after failures up to the second one.
POLL_SECONDS = 15.0
_LONGEST_PAUSE = 300.0
# Seconds after which a newly selected rollout is read, so that a cursor that runs through a list asks for none.
_SETTLE_SECONDS = 1.0
# Seconds after which a command that waits for several readings waits for no more.
_LONGEST_READING = 20.0
# Rollouts that one round reads; what is left is first in the next one.
_MOST_AT_ONCE = 20
_NOBODY = "no metrics of {} know this rollout; name `prometheus.gateway`, or write `prometheus.queries` of your own"


@dataclass(slots=True)
class _Pause:
    """No reading until `until` (monotonic seconds), longer after each of the `failures` in a row. `words` say why."""

    failures: int = 0
    until: float = 0.0
    words: str = ""

    def failed(self, now: float, words: str) -> None:
        self.words = words
        self.until = now + min(POLL_SECONDS * 2**self.failures, _LONGEST_PAUSE)
        self.failures = min(self.failures + 1, 10)


@dataclass(slots=True)
class _Known:
    """What is known of one rollout. `at` is when it was read last, `wanted` when it was last to be read (monotonic)."""

    view: RealView
    gateway: Gateway | None = None
    times: bool = True
    pause: _Pause = field(default_factory=_Pause)
    at: float = float("-inf")
    wanted: float = 0.0


class MetricsReader:
    """Asks for what `places` want, through `transport`, one question at a time.

    `handles` gives what gateways call a rollout's versions; `on_change` is called for a rollout whose view may differ.
    `tolerated` is the fraction of requests that may fail.
    """

    def __init__(
        self,
        places: Places,
        transport: ProbeTransport,
        clock: Clock,
        handles: Callable[[Rollout], Handles],
        on_change: Callable[[RolloutKey], None],
        tolerated: float,
    ) -> None:
        self._places = places
        self._transport = transport
        self._clock = clock
        self._handles = handles
        self._on_change = on_change
        self._tolerated = tolerated
        self._known: dict[RolloutKey, _Known] = {}
        self._down: dict[ProxiedService | str, _Pause] = {}  # Prometheuses that do not answer, by where they are
        self._selected: frozenset[RolloutKey] = frozenset()
        self._one = asyncio.Lock()
        self._wake = asyncio.Event()

    def select(self, keys: Collection[RolloutKey]) -> None:
        """The rollouts that somebody looks at: they come first."""
        if self._selected != frozenset(keys):
            self._selected = frozenset(keys)
            self._wake.set()

    def seen(self, key: RolloutKey) -> RealView | None:
        """What is known of a rollout; None if it is not read."""
        known = self._known.get(key)
        return known.view if known and (known.view.problem or known.view.read_at is not None) else None

    async def run(self, views: Callable[[], Iterable[RolloutView]]) -> None:
        """Read in rounds, until cancelled. An internal error concerns one rollout and does not end the session."""
        while True:
            self._wake.clear()
            await self._round(list(views()))
            waiting = [asyncio.ensure_future(each) for each in (self._wake.wait(), self._clock.sleep(POLL_SECONDS))]
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in waiting:
                    each.cancel()
            if self._wake.is_set():
                await self._clock.sleep(_SETTLE_SECONDS)

    async def ask(self, contexts: Collection[str]) -> None:
        """Look for a Prometheus in these contexts, from now on."""
        self._places.ask(contexts)
        for key in [key for key in self._known if key.context in contexts]:
            del self._known[key]
        self._wake.set()

    async def read(self, rollout: Rollout) -> RealView | None:
        """Read one rollout now, unless nobody asked for it; the answer is what is known then."""
        if not self._places.wanted(rollout.key):
            return None
        await self._read(rollout)
        return self.seen(rollout.key)

    async def read_all(self, rollouts: Iterable[Rollout]) -> None:
        """Read these now, one after the other, and no more of them once it takes too long."""
        begun = self._clock.monotonic()
        for rollout in rollouts:
            if self._clock.monotonic() - begun < _LONGEST_READING:
                await self.read(rollout)

    async def _round(self, views: list[RolloutView]) -> None:
        now = self._clock.monotonic()
        wanted = {
            view.rollout.key: view.rollout
            for view in views
            if (view.rollout.key in self._selected or view.urgent) and self._places.wanted(view.rollout.key)
        }
        for key in wanted:
            if key in self._known:
                self._known[key].wanted = now
        self._age(now)
        # A reading takes a moment: without the half a rollout would be read every second round.
        due = [key for key in wanted if key not in self._known or now - self._known[key].at >= POLL_SECONDS / 2]
        due.sort(key=lambda key: (key not in self._selected, self._known[key].at if key in self._known else 0.0))
        for key in due[:_MOST_AT_ONCE]:
            try:
                await self._read(wanted[key])
            except Exception:
                log.exception("the metrics of %s could not be read", key)

    def _age(self, now: float) -> None:
        for key, known in list(self._known.items()):
            if now - known.wanted > STALE_SECONDS:
                del self._known[key]
                self._on_change(key)
                continue
            view = aged(known.view, self._clock.now())
            if view is not known.view:
                known.view = view
                self._on_change(key)

    async def _read(self, rollout: Rollout) -> None:
        key = rollout.key
        async with self._one:
            known = self._known.setdefault(key, _Known(RealView("")))
            now = known.wanted = self._clock.monotonic()
            if known.pause.until > now:
                return
            known.at = now
            try:
                known.view = await self._answered(rollout, known)
                known.pause = _Pause()
            except MetricsError as error:
                known.pause.failed(self._clock.monotonic(), str(error))
                words = f"{known.view.source}: {error}" if known.view.source else str(error)
                known.view = replace(aged(known.view, self._clock.now()), problem=safe_text(words, 300))
        self._on_change(key)

    async def _answered(self, rollout: Rollout, known: _Known) -> RealView:
        place = await self._places.place(rollout.key)
        known.view = replace(known.view, source=safe_text(place.url.rstrip("/"), 200))
        source, seconds = self._places.settings.source(rollout.key), self._places.settings.window
        if source.queries is not None:
            readings, named = await self._own(place, source.queries, rollout, seconds), "your own queries"
        else:
            only = "" if source.gateway == "auto" else source.gateway
            readings = await self._of_gateway(place, rollout, known, seconds, only)
            named = known.gateway.title if known.gateway else ""
        versions = [version.name for version in rollout.own_versions]
        earlier = replace(known.view, gateway=named)
        return real_view(readings, versions, earlier, seconds, self._clock.now(), self._tolerated)

    async def _own(
        self, place: ProbeTarget, queries: OwnQueries, rollout: Rollout, seconds: int
    ) -> tuple[VersionReading, ...]:
        values: dict[str, dict[str, float]] = {}
        for sample in await self._put(place, own_query(queries, rollout, seconds)):
            part, _, version = sample.labels.get(PART, "").partition("-")
            values.setdefault(part, {})[version] = sample.value
        return own_reading(values, [version.name for version in rollout.own_versions[:MOST_VERSIONS]])

    async def _of_gateway(
        self, place: ProbeTarget, rollout: Rollout, known: _Known, seconds: int, only: str
    ) -> tuple[VersionReading, ...]:
        handles = self._handles(rollout)
        if known.gateway is None:
            candidates = gateways_for(rollout.router, only)
            query = finding_query(candidates, handles)
            samples = await self._put(place, query) if query else []
            known.gateway = knowing(samples, candidates, handles, STALE_SECONDS)
            if known.gateway is None:
                titles = dict.fromkeys(gateway.title for gateway in candidates or GATEWAYS)
                raise MetricsError(_NOBODY.format(" or ".join(titles)))
        gateway = known.gateway
        query = gateway.query(gateway.selector(handles), seconds, times=known.times)
        try:
            samples = await self._put(place, query)
        except TooLongError:
            if not known.times:
                raise
            # Buckets are most of an answer; counts say more than times.
            known.times = False
            samples = await self._put(place, gateway.query(gateway.selector(handles), seconds, times=False))
        readings = reading(samples, gateway, handles)
        if not readings:
            known.gateway = None
        return readings

    async def _put(self, place: ProbeTarget, query: str) -> list[Sample]:
        """One question; one that nothing answers is not put again to the same Prometheus for a while."""
        # Services of several clusters may have the same name, and so the same URL.
        where = place.service or place.url
        down = self._down.get(where)
        now = self._clock.monotonic()
        if down and down.until > now:
            raise MetricsError(down.words)
        try:
            samples = await ask(self._transport, place, query)
        except NoAnswerError as error:
            self._down.setdefault(where, _Pause()).failed(self._clock.monotonic(), str(error))
            raise
        self._down.pop(where, None)
        return samples
