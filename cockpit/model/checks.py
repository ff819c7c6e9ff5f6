"""What judges a release beside people, and what its controller says of it in its own words."""

from __future__ import annotations

from enum import StrEnum

from cockpit.model.counts import counted
from cockpit.model.values import dataclass


class CheckState(StrEnum):
    """How far a check is, the same words for every system."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    ERROR = "error"  # it could not be measured
    INCONCLUSIVE = "inconclusive"  # measured, and neither good nor bad
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        """For people; the value is for JSON."""
        return _WORDS.get(self, self.value)


_WORDS = {CheckState.PENDING: "not begun", CheckState.ERROR: "in error"}
# The states in which a release stops, worst first.
BAD = (CheckState.FAILED, CheckState.ERROR, CheckState.INCONCLUSIVE)
_ORDER = (*BAD, CheckState.RUNNING, CheckState.PENDING, CheckState.UNKNOWN, CheckState.SUCCESSFUL)


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement: its value as the controller keeps it, "" if it has none, and how it was judged.

    `at` is when it was finished (RFC 3339), None if it is not known.
    """

    value: str
    state: CheckState
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a check, with its last measurements, the newest last.

    `asked` is the condition as the spec has it, `interval` the time between measurements ("" if it is measured once).
    `taken` is how often it was measured and `count` how often it will be; None if that is not known, or without end.
    `failed`, `inconclusive` and `errors` are counts, `errors` those in a row; with more of them than the limit beside
    each the check ends. A limit of None means that the controller names none. `dry`: its result does not count.
    """

    name: str
    state: CheckState
    values: tuple[Measured, ...] = ()
    asked: str = ""
    interval: str = ""
    taken: int | None = None
    count: int | None = None
    failed: int = 0
    failure_limit: int | None = None
    inconclusive: int = 0
    inconclusive_limit: int | None = None
    errors: int = 0
    error_limit: int | None = None
    message: str = ""
    dry: bool = False

    @property
    def last(self) -> Measured | None:
        """The newest measurement."""
        return self.values[-1] if self.values else None


@dataclass(frozen=True, slots=True)
class Check:
    """One run of metrics that judges a release: an AnalysisRun, an Experiment, the analysis of a Canary.

    `part` is where it stands in the release, such as "step 2" or "background". `now` is true if the controller names it
    as one that decides. `since` is when it began (RFC 3339), None if it is not known.
    """

    kind: str
    name: str
    part: str
    state: CheckState
    now: bool = False
    message: str = ""
    metrics: tuple[Metric, ...] = ()
    since: str | None = None

    @property
    def rank(self) -> tuple[bool, int]:
        """Sorts those that decide now first, and of those the worst."""
        return not self.now, _ORDER.index(self.state)


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a controller says in its own words. `where` is the field that says it."""

    where: str
    text: str


def progress_words(metric: Metric) -> tuple[str, ...]:
    """How often it was measured, and what came of it: "3 of 5", "1 failed"."""
    parts = []
    if metric.taken is not None:
        parts.append(f"{metric.taken} of {metric.count}" if metric.count is not None else f"{metric.taken} so far")
    counts = ((metric.failed, "failed"), (metric.inconclusive, "inconclusive"), (metric.errors, "errors in a row"))
    parts += [f"{number} {word}" for number, word in counts if number]
    return tuple(parts)


def limit_words(metric: Metric) -> tuple[str, ...]:
    """How often it is measured, and what may go wrong before the check ends: "every 30s", "1 may fail"."""
    parts = ["dry run"] if metric.dry else []
    if metric.interval:
        parts.append(f"every {metric.interval}")
    if metric.failure_limit is not None:
        allowed = metric.failure_limit
        parts.append("any number may fail" if allowed < 0 else f"{allowed or 'none'} may fail")
    if metric.inconclusive_limit:
        parts.append(f"{metric.inconclusive_limit} may be inconclusive")
    if metric.errors and metric.error_limit is not None:
        parts.append(f"{counted(metric.error_limit, 'error')} in a row may occur")
    return tuple(parts)


def value_words(metric: Metric, most: int = 5) -> str:
    """The last values, the newest last, each bad one with its state; none where good ones have no value."""
    found = []
    for each in metric.values[-most:] if most > 0 else ():
        state = each.state.words if each.state in BAD else ""
        found.append(f"{each.value} ({state})" if each.value and state else each.value or state)
    return ", ".join(filter(None, found))
