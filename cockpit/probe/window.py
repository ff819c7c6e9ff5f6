"""Counts and recent answers in bounded memory."""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import field

from cockpit.model.values import dataclass
from cockpit.model.view import Cell, CellKind
from cockpit.probe.recognise import VersionReading

_GROWTH = math.log(1.05)  # buckets 5% apart: a quantile is right within 2.5%
_SMALLEST_MS, _LARGEST_MS = 0.01, 3_600_000.0


class Histogram:
    """Latencies in buckets of equal ratio. Times are milliseconds. Two histograms can be merged."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()

    def add(self, ms: float) -> None:
        """Count one time."""
        bounded = min(max(ms, _SMALLEST_MS), _LARGEST_MS) if math.isfinite(ms) else _LARGEST_MS
        self._buckets[math.floor(math.log(bounded) / _GROWTH)] += 1

    def merge(self, other: Histogram) -> None:
        """Add the other's counts."""
        self._buckets.update(other._buckets)

    def quantile(self, share: float) -> float | None:
        """The time that `share` of all requests stay within; None if there are none."""
        total = self._buckets.total()
        if not total:
            return None
        rank, passed = max(math.ceil(share * total), 1), 0
        for bucket in sorted(self._buckets):
            passed += self._buckets[bucket]
            if passed >= rank:
                return math.exp((bucket + 0.5) * _GROWTH)
        raise AssertionError("the counts add up to the total")


@dataclass(slots=True)
class VersionCount:
    """Answers that named one version: their number, the errors among them, and their latencies."""

    answers: int = 0
    errors: int = 0
    latency: Histogram = field(default_factory=Histogram)


@dataclass(slots=True)
class Tally:
    """Results of requests: `samples` are all of them, `errors` and `unknown` are parts.

    `rejected` is the part of `unknown` with a status of 4xx. `notes` counts the status or failure of those that no
    version answered.
    """

    samples: int = 0
    errors: int = 0
    unknown: int = 0
    rejected: int = 0
    versions: dict[str, VersionCount] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)

    @property
    def unanswered(self) -> int:
        """Requests that failed without an answer of any version."""
        return self.samples - self.named - self.unknown

    @property
    def nobodys(self) -> int:
        """Requests that failed, or got a status of 4xx, without an answer of any version."""
        return self.unanswered + self.rejected

    @property
    def named(self) -> int:
        """Answers that named a version."""
        return sum(count.answers for count in self.versions.values())

    @property
    def answered(self) -> int:
        """Answers that shares are taken of: those that name no version count once at least one names a version."""
        named = self.named
        return named + self.unknown if named else 0

    def count(self, reading: VersionReading, ms: float) -> None:
        """Take in one request that took `ms` milliseconds."""
        self.samples += 1
        self.errors += reading.kind is CellKind.ERROR
        self.unknown += reading.kind is CellKind.UNKNOWN
        if reading.version is None:
            self.rejected += reading.kind is CellKind.UNKNOWN and reading.rejected
            if reading.kind is CellKind.ERROR:
                self.notes[reading.note] += 1
            return
        version = self.versions.setdefault(reading.version, VersionCount())
        version.answers += 1
        version.errors += reading.kind is CellKind.ERROR
        version.latency.add(ms)


class Strip:
    """The newest cells, and the number of all cells so far."""

    def __init__(self, length: int) -> None:
        self._cells: deque[Cell] = deque(maxlen=length)
        self.total = 0

    def append(self, cell: Cell) -> None:
        self._cells.append(cell)
        self.total += 1

    def cells(self) -> tuple[Cell, ...]:
        """The cells, newest last."""
        return tuple(self._cells)
