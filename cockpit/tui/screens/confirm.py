"""The dialog of a second person: the plan that somebody proposed, made anew by this cockpit, to confirm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.rollout import Owner
from cockpit.model.second import Proposal, ProposalState
from cockpit.model.second_order import SecondOrder, SecondWish
from cockpit.model.view import Prepared
from cockpit.pairing.second_words import changed, state_words, surety
from cockpit.tui.lines import Line
from cockpit.tui.plan_text import proposal_lines
from cockpit.tui.screens.plan import PlanDialog

# An ask that makes no sense is planned as something that has no plan, and says so.
_NONSENSE = Ask(Act.UNDO)


class ConfirmDialog(PlanDialog):
    """Shows what is proposed and the plan; starts on Close. Only the same plan can be confirmed."""

    def __init__(self, proposal: Proposal, owners: Sequence[Owner]) -> None:
        super().__init__(proposal.rollout, proposal.ask or _NONSENSE, owners)
        self.proposed = proposal
        self._planned: Prepared | Refused | None = None  # as the session knows it

    async def _prepare(self) -> None:
        prepared = self.prepared = self._planned = await self.plan_it(self.port.cockpit)
        if isinstance(prepared, Prepared) and (prepared.proposable or prepared.plan.act is Act.DISARM):
            # That it waits for somebody is why this dialog is open, and a guard is disarmed only where it is armed.
            self.prepared = replace(prepared, blocked="")
        self._proposal = self.proposal
        self.close_label("Close")
        if isinstance(prepared, Prepared) and self._may_confirm(prepared):
            self.send_label("Confirm")
            self.offer("", on_cancel=True)
            self.offered = False  # to close it leaves everything as it is
        self.show()

    def _may_confirm(self, prepared: Prepared) -> bool:
        now = self.proposal
        is_open = now is not None and now.id == self.proposed.id and now.state is ProposalState.OPEN and not now.mine
        return is_open and prepared.digest == self.proposed.plan and not self.port.view.read_only

    def body(self, width: int) -> list[Line]:
        second = self.port.view.pairing.second.context(self.rollout.context)
        words = [state_words(self.proposed), surety(second.locked if second else None)]
        if isinstance(self.prepared, Prepared) and self.prepared.digest != self.proposed.plan:
            words.append(changed(self.proposed))
        if self.proposal is None or self.proposal.id != self.proposed.id:
            words.append("this is not proposed any more")
        return [*proposal_lines(words, width), *super().body(width)]

    def look(self) -> None:
        """The session plans once more when it confirms; until then a change shows as another hash."""

    def send(self) -> None:
        prepared = self._planned
        if self.sent or not isinstance(prepared, Prepared) or not self._may_confirm(prepared):
            return
        self.begin()
        self.app.run_worker(self._confirm(prepared), group="acts", exit_on_error=False)

    async def _confirm(self, prepared: Prepared) -> None:
        order = SecondOrder(SecondWish.CONFIRM, prepared, self.proposed.id)
        self.say((await self.port.cockpit.second(self.rollout, order)).words)
