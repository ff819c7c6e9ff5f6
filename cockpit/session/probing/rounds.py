"""When the probes' budget is shared anew, and when rollouts are looked at again because of what their probes saw."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from cockpit.model.clock import Clock
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.view import FleetView, RolloutView
from cockpit.session.probing.probes import Probes

AGE_SECONDS = 15.0  # between looks at what stopped probes saw, whose age is shown


class Shown(Protocol):
    """The latest view, and a way to ask for a newer one; as in `session.Session`."""

    def view(self) -> FleetView: ...

    def shown(self, key: RolloutKey) -> RolloutView | None: ...

    def touch(self, key: RolloutKey | None = None) -> None: ...


class ProbeRounds:
    """The rounds of a session's probes; `pause` is the seconds between two views."""

    def __init__(
        self,
        session: Shown,
        probes: Probes,
        clock: Clock,
        pause: float,
        rollout: Callable[[RolloutKey], Rollout | None],
    ) -> None:
        self._session = session
        self._probes = probes
        self._clock = clock
        self._pause = pause
        self._rollout = rollout
        self._unplanned = asyncio.Event()

    def due(self) -> None:
        """The view has changed: the budget is to be shared again."""
        self._unplanned.set()

    def plan(self) -> None:
        """Share the budget now."""
        views = self._session.view().rollouts
        if asked := self._probes.asked_for():
            # Somebody may have asked for one that is read beside what is shown.
            known = {view.rollout.key for view in views}
            beside = (self._session.shown(key) for key in dict.fromkeys(asked) if key not in known)
            views = (*views, *filter(None, beside))
        for key in self._probes.plan(views, self._rollout):
            self._session.touch(key)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._share())
            tasks.create_task(self._age())

    async def _follow(self) -> None:
        """Poll the probes at the view rate, but only while one runs."""
        while True:
            await self._probes.running.wait()
            self._session.touch()
            self._unplanned.set()
            await self._clock.sleep(self._pause)

    async def _share(self) -> None:
        """Share the probes' budget again whenever the view changes, and at the view rate while a probe runs."""
        while True:
            await self._unplanned.wait()
            self._unplanned.clear()
            self.plan()
            await self._clock.sleep(self._pause)

    async def _age(self) -> None:
        """Look again at rollouts whose probes have stopped: what was measured gets older without any event."""
        while True:
            await self._probes.resting.wait()
            for key in self._probes.silent():
                self._session.touch(key)
            await self._clock.sleep(AGE_SECONDS)
