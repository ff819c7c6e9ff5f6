"""What a person can want of a proposal: make one, confirm it, withdraw it."""

from __future__ import annotations

from enum import StrEnum

from cockpit.model.values import dataclass
from cockpit.model.view import Prepared


class SecondWish(StrEnum):
    """What a person can want of a proposal."""

    PROPOSE = "propose"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"  # one's own; of another's: decline it


@dataclass(frozen=True, slots=True)
class SecondOrder:
    """A wish about the proposal for a rollout. `why` is told to the other person.

    `prepared` is the plan that the person saw: the one to propose, or the one that they confirm. `id` is the proposal
    that they saw it for; "" for a new one.
    """

    wish: SecondWish
    prepared: Prepared | None = None
    id: str = ""
    why: str = ""
