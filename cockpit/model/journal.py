"""What a journal keeps of an act beside its outcome: what was seen, what was planned, what each request changed."""

from __future__ import annotations

from enum import StrEnum

from cockpit.model.values import dataclass

# What an entry is about that says that acts are not told to others, or not read from them.
UNTOLD = "events"
# What an entry is about that notes when users were hurt.
HEALTH = "health"


class Origin(StrEnum):
    """How an entry came into the journal."""

    HERE = "here"  # noted by a session on this machine
    EVENT = "event"  # told by a Kubernetes Event that another session left
    CHANGE = "change"  # seen in the objects: another tool wrote them


@dataclass(frozen=True, slots=True)
class SeenShare:
    """One version in one lane at a moment. Shares are fractions of 1, None if not known.

    `low` to `high` is the interval of what was observed in `samples` answers, `errors` are this version's.
    """

    lane: str
    version: str
    declared: float | None = None
    written: float | None = None
    observed: float | None = None
    low: float | None = None
    high: float | None = None
    samples: int = 0
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a rollout at a moment; `why` is the health's sentence, `step` counts from 1."""

    phase: str
    health: str
    why: str = ""
    step: int | None = None
    shares: tuple[SeenShare, ...] = ()
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request of an act: what it is, on what condition, what it changed (before -> after), the server's answer.

    Values that may be confidential are in none of them.
    """

    what: str
    guard: str = ""
    changes: tuple[str, ...] = ()
    answer: str = ""


@dataclass(frozen=True, slots=True)
class ActRecord:
    """The plan of an act as it was sent: its changes in words, warnings, what undoes it, and its requests."""

    changes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    undo: str = ""
    requests: tuple[RequestRecord, ...] = ()
