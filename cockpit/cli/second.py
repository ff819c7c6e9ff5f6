"""An act that needs a second person: propose it, and wait until somebody else confirmed it."""

from __future__ import annotations

from cockpit.cli.program import Person
from cockpit.cli.running import talk
from cockpit.cli.waiting import until
from cockpit.model.plan import Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.second import Proposal, ProposalState
from cockpit.model.second_order import SecondOrder, SecondWish
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, Outcome, Prepared, Stage
from cockpit.session.port import Cockpit


async def confirmed(
    cockpit: Cockpit, key: RolloutKey, ask: Ask, prepared: Prepared, why: str, wait: float, person: Person | None
) -> Prepared | Outcome:
    """The plan once it can be sent, or how it ended before.

    `wait` is for how many seconds to wait for the other person; `person` is asked whether to propose, None if a flag
    said so. `why` is what the other person reads.
    """
    if _same(cockpit.view(), key, prepared) is None:
        if person is not None and not await _agreed(person):
            return Outcome(Stage.REFUSED, "nothing was proposed: not confirmed", prepared.plan)
        answer = await cockpit.second(key, SecondOrder(SecondWish.PROPOSE, prepared, why=why))
        if not answer.done:
            return Outcome(Stage.REFUSED, answer.words, prepared.plan)
        talk(answer.words)
    waiting = _Waiting(key, prepared)
    if wait > 0:
        talk(f"waiting for a second person for up to {wait:g} s")
        await until(cockpit, waiting.ends, wait)
    again = await cockpit.prepare(key, ask)
    if isinstance(again, Refused):
        return Outcome(Stage.REFUSED, again.why, None, again)
    if not again.blocked:
        return again
    if not again.proposable or waiting.is_over:
        return Outcome(Stage.REFUSED, again.blocked, again.plan)
    return Outcome(Stage.PROPOSED, f"nothing was sent: {again.blocked}; run this again to send it then", again.plan)


async def _agreed(person: Person) -> bool:
    return (await person.answer("Propose? [y/N] ")).lower() in ("y", "yes")


def _same(view: FleetView, key: RolloutKey, prepared: Prepared) -> Proposal | None:
    """This person's own proposal of the plan; None if there is none that can still be confirmed and sent."""
    found = view.pairing.proposal(key)
    return found if found and found.mine and found.plan == prepared.digest else None


class _Waiting:
    """Until one's own proposal is confirmed, or is over. A view may show it only a moment after it was made."""

    def __init__(self, key: RolloutKey, prepared: Prepared) -> None:
        self._key, self._prepared = key, prepared
        self._seen = False
        self.is_over = False

    def ends(self, view: FleetView) -> bool:
        """Whether there is nothing to wait for any more."""
        found = _same(view, self._key, self._prepared)
        self.is_over = self._seen and found is None
        self._seen = self._seen or found is not None
        return self.is_over or (found is not None and found.state is ProposalState.CONFIRMED)


def proposal_lines(proposal: Proposal) -> list[str]:
    """Who proposed it, why, and since when, for whoever confirms."""
    lines = [f"{proposal.proposer} proposes: {safe_text(proposal.title)}"]
    return [*lines, f"why: {proposal.why}"] if proposal.why else lines
