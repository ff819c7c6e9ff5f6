"""What is sampled without being asked for by name: decided once for each context."""

from __future__ import annotations

from enum import StrEnum

from cockpit.model.values import dataclass

# While something is doubtful, so many times more requests are sent, until it is decided.
DOUBT_FACTOR = 10


class SampleScope(StrEnum):
    """Which rollouts of a context are sampled. A person's choice for one rollout comes before it."""

    UNDECIDED = "ask"  # nobody decided yet: nothing is sent
    MOVING = "moving"  # releases under way, and rollouts that are hurt or doubtful
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ContextSampling:
    """What is sampled in one context: `rate` requests per second to one rollout, `budget` to all together."""

    scope: SampleScope = SampleScope.NONE
    rate: float = 0.0
    budget: float = 0.0


NOT_SAMPLED = ContextSampling()
