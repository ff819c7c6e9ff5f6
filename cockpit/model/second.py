"""A second pair of eyes: what may need one, and what somebody proposed."""

from __future__ import annotations

from enum import StrEnum

from cockpit.model.plan import Ask
from cockpit.model.refs import RolloutKey
from cockpit.model.values import dataclass


class Second(StrEnum):
    """Plans that can be made to need a second person. Ways back need none, unless they expose everybody themselves."""

    PROMOTE = "promote"  # everybody gets the new version
    DELETE = "delete"  # an object is deleted for good, other than by a way back
    RAISE = "raise"  # more users get the new version
    DISARM = "disarm"  # an armed guard is taken away


class ProposalState(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan that somebody proposed for `rollout`, in this session's context. All texts but `ask`'s are safe.

    `proposer` and `confirmer` ("" for nobody) are users as the cluster names them. `plan` is the hash of the plan,
    `made` when the API server stored it (UTC seconds by its clock), `lasts` for how many seconds it can be confirmed
    and sent. `mine` is whether this session's user proposed it. `ask` is None where it does not make sense.
    """

    id: str
    rollout: RolloutKey
    ask: Ask | None
    title: str
    plan: str
    proposer: str
    why: str
    made: float
    lasts: float
    confirmer: str = ""
    state: ProposalState = ProposalState.OPEN
    mine: bool = False
    ended_by: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing comes of it any more."""
        return self.state not in (ProposalState.OPEN, ProposalState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class ContextSecond:
    """Which plans need a second person in a context.

    `locked` is whether the API server itself refuses a confirmation in another's name; None while that is not known.
    `problem` is why proposals cannot be read there, "" if they can; `read` once they were.
    """

    context: str
    needs: frozenset[Second]
    locked: bool | None = None
    problem: str = ""
    read: bool = False


@dataclass(frozen=True, slots=True)
class SecondView:
    """The contexts where proposals are read, and every proposal in them."""

    contexts: tuple[ContextSecond, ...] = ()
    proposals: tuple[Proposal, ...] = ()

    def context(self, name: str) -> ContextSecond | None:
        """How it stands in a context; None where proposals are not read."""
        return next((each for each in self.contexts if each.context == name), None)


NO_SECOND_VIEW = SecondView()
