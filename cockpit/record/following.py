"""Follows a session for a record: its views, what the ways back would do, and the events of its clusters."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence

from cockpit.kube.api import KubeApi
from cockpit.kube.informers import Informers
from cockpit.kube.tap import Tap
from cockpit.model.changes import changed_places
from cockpit.model.clock import Clock
from cockpit.model.health import Health
from cockpit.model.plan import Act, Ask
from cockpit.model.refs import EVENTS, RolloutKey
from cockpit.model.rollout import Phase
from cockpit.model.values import dataclass
from cockpit.model.view import FleetView, RolloutView, Sync
from cockpit.record.recorder import Recorder
from cockpit.session.port import Cockpit

log = logging.getLogger(__name__)

WAYS_BACK = (Act.ROLLBACK, Act.ABORT)
# Seconds between two views that are recorded, and for which one is put off, while clusters are read for the first time:
# each of them has other rows, which are recorded once more when everything is there.
EARLY_SECONDS = 10.0
_BEGINNING = (Sync.CONNECTING, Sync.SYNCING)


@dataclass(frozen=True, slots=True)
class Followed:
    """One cluster whose events are recorded; `namespace` None means all."""

    api: KubeApi
    namespace: str | None
    tap: Tap


class Following:
    """`run` records until cancelled what this session publishes."""

    def __init__(self, cockpit: Cockpit, recorder: Recorder, clock: Clock) -> None:
        self._cockpit = cockpit
        self._recorder = recorder
        self._clock = clock
        self._news = asyncio.Event()
        self._seen: tuple[RolloutView, ...] = ()
        self._grounds: dict[RolloutKey, object] = {}
        self._early = True
        self._recorded_at: float | None = None
        self._put_off: FleetView | None = None

    async def run(self) -> None:
        """Record views as they are published, and what the ways back would do whenever a rollout changes."""
        unsubscribe = self._cockpit.subscribe(self._published)
        catching_up = asyncio.create_task(self._catch_up_in_time())
        try:
            self._published(self._cockpit.view())
            while True:
                await self._news.wait()
                self._news.clear()
                await self._outline(self._cockpit.view())
        finally:
            unsubscribe()
            catching_up.cancel()
            self.catch_up()

    async def _catch_up_in_time(self) -> None:
        """What was put off stays on the screen while nothing new is published: it is recorded all the same."""
        while self._early:
            await self._clock.sleep(EARLY_SECONDS)
            self.catch_up()

    def catch_up(self) -> None:
        """Record the newest view, if it was put off; may be called from any thread."""
        put_off, self._put_off = self._put_off, None
        if put_off is not None:
            self._recorder.view(put_off)

    def _published(self, view: FleetView) -> None:
        self._early = self._early and any(c.state in _BEGINNING or c.unfinished for c in view.clusters)
        before = self._recorded_at
        if self._early and before is not None and 0 <= self._recorder.now() - before < EARLY_SECONDS:
            self._put_off = view
            return
        self._put_off, self._recorded_at = None, self._recorder.now()
        self._recorder.view(view)
        self._news.set()

    async def _outline(self, view: FleetView) -> None:
        places = changed_places(self._seen, view.rollouts)
        self._seen = view.rollouts
        if places is None:
            keys = {shown.rollout.key for shown in view.rollouts}
            self._grounds = {key: grounds for key, grounds in self._grounds.items() if key in keys}
        for shown in view.rollouts if places is None else [view.rollouts[place] for place in places]:
            key = shown.rollout.key
            moves = shown.rollout.phase is not Phase.AT_REST or shown.health.health in (Health.HURT, Health.DOUBTFUL)
            acts = shown.rollout.acts if moves else ()
            enabled = [state.act for state in acts if state.enabled and state.act in WAYS_BACK]
            grounds = (enabled, shown.rollout.epoch, shown.rollout.phase, shown.rollout.step)
            if self._grounds.get(key) == grounds:
                continue
            self._grounds[key] = grounds
            for act in enabled:
                self._recorder.plan(key, act, await self._cockpit.outline(key, Ask(act)))
                await asyncio.sleep(0)  # the session goes on between two plans


async def follow_events(clusters: Sequence[Followed], clock: Clock, rng: random.Random) -> None:
    """Watch the events of these clusters until cancelled, so that what watches them is recorded."""
    async with asyncio.TaskGroup() as tasks:
        for each in clusters:
            informers = Informers(
                each.api, (EVENTS,), each.namespace, clock=clock, rng=rng, on_change=lambda _: None, tap=each.tap
            )
            tasks.create_task(informers.run())
