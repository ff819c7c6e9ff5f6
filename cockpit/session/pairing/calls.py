"""The part of a session's port that is about other people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.model.pairing import ControlsAnswer, ControlsOrder
from cockpit.model.refs import RolloutKey
from cockpit.model.second_order import SecondOrder, SecondWish

if TYPE_CHECKING:
    from cockpit.session.acts.conductor import Conductor
    from cockpit.session.pairing.pairing import Pairing


class PairingCalls:
    """Each answers as `port.Cockpit` says; a session has the pairing and the conductor that do it."""

    _pairing: Pairing
    _conductor: Conductor

    async def refresh(self) -> None:
        """Assemble the view: who asked reads from it what came of it."""
        raise NotImplementedError

    async def controls(self, key: RolloutKey, order: ControlsOrder) -> ControlsAnswer:
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
        ask = self._conductor.asked(prepared) if prepared else None
        if prepared is None or ask is None:
            return ControlsAnswer(False, "this plan was not prepared in this session, or was sent; plan it again")
        if order.wish is SecondWish.CONFIRM:
            return await person.confirm(key, prepared, order.id, self._conductor.prepare)
        if not prepared.proposable:
            return ControlsAnswer(False, prepared.blocked or "this needs no second person: send it")
        return await person.propose(key, prepared, ask, order.why)
