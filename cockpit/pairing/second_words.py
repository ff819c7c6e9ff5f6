"""What is said of a second person: what is needed, who waits for whom, and how sure that is. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from cockpit.model.refs import RolloutKey
from cockpit.model.second import ContextSecond, Proposal, ProposalState, Second

COURTESY = "a courtesy, not a lock: kubectl can confirm in anybody's name here, see cockpit doctor --manifests pairing"
LOCKED = "the API server checks who confirms"
NOT_KNOWN = "whether the API server checks who confirms is not known"

NOT_PROPOSED = "this undo cannot be proposed, because only this machine knows what it would do: use the act itself"

_KINDS = {
    Second.PROMOTE: "everybody gets the new version",
    Second.DELETE: "objects are deleted",
    Second.DISARM: "an armed guard is taken away",
    Second.RAISE: "more users get the new version",
}


def name_of(key: RolloutKey) -> str:
    """The rollout within its cluster."""
    return f"{key.namespace}/{key.name}"


def surety(locked: bool | None) -> str:
    """What a confirmation is worth in a context."""
    return NOT_KNOWN if locked is None else LOCKED if locked else COURTESY


def needed(key: RolloutKey, why: frozenset[Second]) -> str:
    """That a plan needs a second person, and why."""
    reason = next(words for kind, words in _KINDS.items() if kind in why)
    return f"this needs a second person in {key.context}, because {reason}: propose it, somebody else confirms it"


def waits(proposal: Proposal) -> str:
    """That one's own proposal is not confirmed yet."""
    return f"you proposed this, and nobody confirmed it yet; somebody else looks at {name_of(proposal.rollout)}"


def of_another(proposal: Proposal) -> str:
    """That somebody else proposed the same: they send it."""
    return f"{proposal.proposer} proposed this, so {proposal.proposer} sends it once somebody else confirmed it"


def in_the_way(proposal: Proposal) -> str:
    """That somebody else's proposal is open for the rollout."""
    return (
        f"{proposal.proposer} proposed something for {name_of(proposal.rollout)} already ({proposal.title});"
        " decline that first"
    )


def changed(proposal: Proposal) -> str:
    """That the plan is not the one that was proposed."""
    return (
        f"what was proposed for {name_of(proposal.rollout)} is not what this cockpit would send now: objects changed,"
        " or the two cockpits plan differently; withdraw it and propose again"
    )


def expired(proposal: Proposal) -> str:
    """That it took too long."""
    return f"the proposal for {name_of(proposal.rollout)} expired after {lasting(proposal.lasts)}; propose it again"


def lasting(seconds: float) -> str:
    """How long a proposal lasts."""
    minutes = math.ceil(seconds / 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def state_words(proposal: Proposal) -> str:
    """A proposal in one line, as somebody reads it who sees it for the first time."""
    title, proposer = proposal.title, proposal.proposer
    match proposal.state:
        case ProposalState.OPEN:
            words = f"you propose {title}" if proposal.mine else f"{proposer} proposes {title}"
            return f"{words}: {proposal.why}" if proposal.why else words
        case ProposalState.CONFIRMED if proposal.mine:
            return f"{title} is confirmed by {proposal.confirmer}: you send it"
        case ProposalState.CONFIRMED:
            return f"{title} is confirmed by {proposal.confirmer}: {proposer} sends it"
        case ProposalState.WITHDRAWN:
            return f"{title} was withdrawn by {proposal.ended_by or proposer}"
        case ProposalState.EXPIRED:
            return f"{title}, which {proposer} proposed, expired"
        case ProposalState.SENT:
            return f"{title} was sent by {proposer}, confirmed by {proposal.confirmer}"


def told(proposal: Proposal) -> str:
    """The same for a journal, which is read by everybody and keeps the reason by itself."""
    return state_words(replace(proposal, mine=False, why=""))


def news(before: tuple[Proposal, ...], after: tuple[Proposal, ...]) -> Iterator[Proposal]:
    """The proposals that are new or that became something else. One that is removed once it is over is no news."""
    known = {each.id: each.state for each in before}
    for proposal in after:
        if known.get(proposal.id) is not proposal.state and not (proposal.id not in known and proposal.over):
            yield proposal


def why_not_read(second: ContextSecond) -> str:
    """Why proposals cannot be seen in a context; "" if they can."""
    return f"proposals are not read in {second.context}: {second.problem}" if second.problem else ""
