"""The guards of a session, which are loaded when the first one is ordered: most sessions have none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cockpit.model.armed import ToldGuard
from cockpit.model.clock import Clock
from cockpit.model.guard import GuardOrder
from cockpit.model.plan import Plan
from cockpit.model.refs import RolloutKey
from cockpit.model.view import Outcome, RolloutView
from cockpit.session.acts.journal_lines import JournalLines

if TYPE_CHECKING:
    from cockpit.session.guarding.guards import Guards, GuardSurroundings


class GuardsOnDemand:
    """Each method is as in `guards.Guards`; without a guard there is nothing to judge, to show or to end."""

    def __init__(self, surroundings: GuardSurroundings, clock: Clock, logbook: JournalLines) -> None:
        self._given = (surroundings, clock, logbook)
        self._guards: Guards | None = None
        self._loaded = asyncio.Event()
        self._stopped = False
        self._listener: Callable[[], None] = lambda: None

    def _load(self) -> Guards:
        if self._guards is None:
            from cockpit.session.guarding.guards import Guards

            self._guards = Guards(*self._given)
            self._guards.listen(self._listener)
            if self._stopped:
                self._guards.stop()
            self._loaded.set()
        return self._guards

    async def run(self) -> None:
        await self._loaded.wait()
        await self._load().run()

    def listen(self, listener: Callable[[], None]) -> None:
        self._listener = listener

    def armed(self) -> Sequence[ToldGuard]:
        return self._guards.armed() if self._guards else ()

    async def order(self, key: RolloutKey, order: GuardOrder | None) -> str:
        return await self._load().order(key, order)

    async def disarm(self, key: RolloutKey) -> str:
        return await self._load().disarm(key)

    def shown(self, view: RolloutView) -> RolloutView:
        return self._guards.shown(view) if self._guards else view

    def heeding(self, plan: Plan, report: Callable[[Outcome], None]) -> Callable[[Outcome], None]:
        def told(outcome: Outcome) -> None:
            # A guard may be set after the act was asked for.
            heard = self._guards.heeding(plan, report) if self._guards else report
            heard(outcome)

        return told

    def stop(self) -> None:
        self._stopped = True
        if self._guards:
            self._guards.stop()

    async def close(self) -> None:
        if self._guards:
            await self._guards.close()
