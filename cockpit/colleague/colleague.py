"""Plays a script on a session, as a person would on its screen: looks, waits, asks, sends, hands over."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

from cockpit.colleague.machine import SleepyMachine
from cockpit.colleague.script import AskForControls, FallSilent, HandOver, Move, Pause, Say, SetWeight
from cockpit.model.pairing import ControlsOrder, Pilot, Presence, Wish
from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.session.changes import ChangeSignal, first_of
from cockpit.session.port import Cockpit

# How much shorter or longer a pause is than written.
UNEVEN = 0.2
# Seconds to wait for the objects after an act.
_EFFECT_SECONDS = 20.0


class Colleague:
    """A person in a session of their own. `place` is namespace and name of the rollout that they work on.

    `clock` is the session's clock too: while the machine is asleep, its Leases are not renewed.
    """

    def __init__(self, cockpit: Cockpit, clock: SleepyMachine, rng: random.Random, place: tuple[str, str]) -> None:
        self._cockpit = cockpit
        self._clock = clock
        self._rng = rng
        self._place = place
        self._views = ChangeSignal()

    async def run(self, script: Sequence[Move]) -> None:
        """Look at the rollout, begin once somebody else is here too, and go on watching at the end until cancelled."""
        unsubscribe = self._cockpit.subscribe(lambda _: self._views.beat())
        try:
            await self._until(lambda: self._key is not None)
            if (key := self._key) is None:
                return
            self._cockpit.select([key])
            await self._until(lambda: self._other is not None and self._weights_can_be_set())
            skipping = False
            for move in script:
                if isinstance(move, AskForControls):
                    skipping = not await self._ask(key, move)
                elif not skipping:
                    await self._do(key, move)
            await asyncio.Event().wait()
        finally:
            unsubscribe()

    async def _do(self, key: RolloutKey, move: Move) -> None:
        match move:
            case Pause():
                await self._clock.sleep(move.seconds * self._rng.uniform(1 - UNEVEN, 1 + UNEVEN))
            case Say():
                await self._cockpit.note(key, move.text)
            case SetWeight():
                await self._set_weight(key, move)
            case HandOver():
                await self._hand_over(key, move.wait)
            case FallSilent():
                await self._fall_silent(key, move)

    async def _ask(self, key: RolloutKey, move: AskForControls) -> bool:
        """Whether they have the controls now."""
        order = ControlsOrder(Wish.TAKE, reason=move.reason, wait=move.wait)
        if (await self._cockpit.controls(key, order)).done:
            return True
        await self._cockpit.note(key, move.otherwise)
        return False

    async def _set_weight(self, key: RolloutKey, move: SetWeight) -> None:
        """As a person: the plan first, and what stops it into the journal."""
        ask = Ask(Act.SET_WEIGHT, weights=((move.version, move.share),))
        prepared = await self._cockpit.prepare(key, ask)
        if isinstance(prepared, Refused):
            why = prepared.why
        elif not self._flies():
            why = "somebody else has the controls now"
        elif prepared.blocked:
            why = prepared.blocked
        else:
            await self._cockpit.send(prepared, wait=_EFFECT_SECONDS)
            return
        await self._cockpit.note(key, safe_text(f"I did not change the weight: {why}", 300))

    async def _hand_over(self, key: RolloutKey, wait: float) -> None:
        other = self._other
        if other is not None:
            await self._cockpit.controls(key, ControlsOrder(Wish.OFFER, to=other.person.session))
            await self._until(lambda: not self._flies(), wait)
        if self._flies():
            await self._cockpit.controls(key, ControlsOrder(Wish.RELEASE))

    async def _fall_silent(self, key: RolloutKey, move: FallSilent) -> None:
        if not self._flies():
            return
        await self._clock.suspend(move.seconds)
        # Only who still has them can give them back.
        if (await self._cockpit.controls(key, ControlsOrder(Wish.RELEASE))).done:
            await self._cockpit.note(key, move.still_held)
        else:
            await self._cockpit.note(key, move.taken_over)

    # What they see

    @property
    def _key(self) -> RolloutKey | None:
        keys = (shown.rollout.key for shown in self._cockpit.view().rollouts)
        return next((key for key in keys if (key.namespace, key.name) == self._place), None)

    def _weights_can_be_set(self) -> bool:
        shown = next(each for each in self._cockpit.view().rollouts if each.rollout.key == self._key)
        return any(state.act is Act.SET_WEIGHT and state.enabled for state in shown.rollout.acts)

    @property
    def _other(self) -> Presence | None:
        """Somebody else who is here, the one who came first."""
        others = self._cockpit.view().pairing.others
        return min(others, key=lambda each: (each.since or 0.0, each.person.session), default=None)

    @property
    def _pilot(self) -> Pilot | None:
        key = self._key
        return self._cockpit.view().pairing.pilot(key) if key else None

    def _flies(self) -> bool:
        pilot = self._pilot
        return pilot is not None and pilot.mine

    async def _until(self, test: Callable[[], bool], seconds: float | None = None) -> bool:
        """Wait for views until the test holds, at most so many seconds; whether it does."""
        end = None if seconds is None else self._clock.monotonic() + seconds
        while True:
            news = self._views.next()
            if test():
                return True
            if end is None:
                await news.wait()
            elif (left := end - self._clock.monotonic()) > 0:
                await first_of(news.wait(), self._clock.sleep(left))
            else:
                return False
