"""How a rollout's users fare, in one word and one sentence, and what is known of each version's answers."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from cockpit.model.values import dataclass


class Health(StrEnum):
    """The health of a rollout, worst first. Every face shows this one word."""

    HURT = "hurt"  # users get errors, no answer, or a version that they should not get
    DOUBTFUL = "doubtful"  # something speaks against it, not yet for certain
    NOT_MEASURED = "not measured"
    FINE = "fine"


WORST_FIRST = tuple(Health)
# Seconds after which an answer weighs half.
HALF_LIFE = 600.0
# Answers that weigh less than this together say nothing any more.
FORGOTTEN = 3.0


@dataclass(frozen=True, slots=True)
class RolloutHealth:
    """`reason` is one sentence with figures: what hurts, what is doubtful, what was measured, or why nothing was."""

    health: Health = Health.NOT_MEASURED
    reason: str = ""


NOT_MEASURED = RolloutHealth()


class Level(IntEnum):
    """How much evidence speaks against something: none, some, or enough for an alarm."""

    CALM = 0
    DOUBTFUL = 1
    ALARM = 2


@dataclass(frozen=True, slots=True)
class AnswerHealth:
    """What is known of one version's answers in one lane, whatever the split was at that time.

    `version` is "" for requests that no version answered. `at` is when the newest answer came (UTC seconds),
    `failed_at` the newest error, None if none did;
    `answers` and `errors` are as of then, older ones weighing less (`faded`). `failing`: more fail than a service may;
    `worse`, `slower` and `rejecting` (answers with a status of 4xx): compared with `baseline`, the stable version, in
    the same minutes. `rejected_rate` and `baseline_rejected_rate` are fractions of 1, `rejected_at` is the newest 4xx.
    """

    lane: str
    version: str
    answers: float
    errors: float
    at: float
    failing: Level = Level.CALM
    worse: Level = Level.CALM
    slower: Level = Level.CALM
    baseline: str = ""
    p50_ms: float | None = None
    baseline_p50_ms: float | None = None
    failed_at: float | None = None
    rejecting: Level = Level.CALM
    rejected_rate: float = 0.0
    baseline_rejected_rate: float = 0.0
    rejected_at: float | None = None

    @property
    def error_rate(self) -> float:
        """Errors as a fraction of its answers."""
        return min(self.errors / self.answers, 1.0) if self.answers else 0.0


def faded(seconds: float) -> float:
    """How much an answer of so many seconds ago still weighs: half after `HALF_LIFE`."""
    return float(0.5 ** (max(seconds, 0.0) / HALF_LIFE))
