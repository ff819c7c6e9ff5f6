"""The part of a session's port that is about other people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.model.pairing import ControlsAnswer, ControlsOrder
from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.second_order import SecondOrder, SecondWish
from cockpit.model.view import Prepared

if TYPE_CHECKING:
    from cockpit.session.acts.conductor import Conductor
    from cockpit.session.guarding.disarming import Disarming
    from cockpit.session.journal.shared import SharedJournal
    from cockpit.session.pairing.pairing import Pairing


# Plans to disarm that are kept until they are proposed; no one compares more than a few.
_MOST_DISARMS = 8


class PairingCalls:
    """Each answers as `port.Cockpit` says; a session has the pairing and the conductor that do it."""

    _pairing: Pairing
    _conductor: Conductor
    _disarming: Disarming
    _shared: SharedJournal
    _disarms: Sequence[tuple[Prepared, Ask]] = ()

    async def refresh(self) -> None:
        """Assemble the view: who asked reads from it what came of it."""
        raise NotImplementedError

    def follow(self) -> None:
        """Follow the clusters from now on: who waits for somebody is to plan by what is there then."""
        raise NotImplementedError

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        if ask.act is not Act.DISARM:
            await self._shared.ready_for(key, ask.act)
            made = await self._conductor.prepare(key, ask)
            if isinstance(made, Prepared) and made.proposable:
                self.follow()
            return made
        found = await self._disarming.prepare(key, ask)
        if isinstance(found, Prepared):
            self._disarms = [*self._disarms, (found, ask)][-_MOST_DISARMS:]
        return found

    def _asked(self, prepared: Prepared) -> Ask | None:
        """What a plan of this session was made for; None if it was made for nothing, or was sent."""
        disarm = next((ask for found, ask in self._disarms if found is prepared), None)
        return disarm or self._conductor.asked(prepared)

    async def controls(self, key: RolloutKey, order: ControlsOrder) -> ControlsAnswer:
        self.follow()
        answer = await self._pairing.order(key, order)
        await self.refresh()
        return answer

    async def second(self, key: RolloutKey, order: SecondOrder) -> ControlsAnswer:
        answer = await self._second(key, order)
        await self.refresh()
        return answer

    async def _second(self, key: RolloutKey, order: SecondOrder) -> ControlsAnswer:
        person, prepared = self._pairing.second(key.context), order.prepared
        if person is None:
            return ControlsAnswer(
                False, f"proposals are not read in {key.context}: set pairing.second or pairing.second_contexts"
            )
        if order.wish is SecondWish.WITHDRAW:
            return await person.withdraw(key, order.id)
        ask = self._asked(prepared) if prepared else None
        if prepared is None or ask is None:
            return ControlsAnswer(False, "this plan was not prepared in this session, or was sent; plan it again")
        if order.wish is SecondWish.CONFIRM:
            return await person.confirm(key, prepared, order.id, self.prepare)
        if not prepared.proposable:
            return ControlsAnswer(False, prepared.blocked or "this needs no second person: send it")
        return await person.propose(key, prepared, ask, order.why)
