"""Counts and recent answers in bounded memory."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from cockpit.model.view import Cell, CellKind, Point
from cockpit.probe.recognise import Reading

_GROWTH = math.log(1.05)  # buckets 5% apart: a quantile is right within 2.5%
_SMALLEST_MS, _LARGEST_MS = 0.01, 3_600_000.0


class Histogram:
    """Latencies in buckets of equal ratio; two can be added up. Times are milliseconds."""

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
        """The time that `share` of all stay within; None where there are none."""
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
    """Answers that named one version, the errors among them, and how long they took."""

    answers: int = 0
    errors: int = 0
    latency: Histogram = field(default_factory=Histogram)


@dataclass(slots=True)
class Tally:
    """What requests came to: `samples` are all, `errors` and `unknown` some of them."""

    samples: int = 0
    errors: int = 0
    unknown: int = 0
    versions: dict[str, VersionCount] = field(default_factory=dict)

    @property
    def named(self) -> int:
        """Answers that named a version."""
        return sum(count.answers for count in self.versions.values())

    def count(self, reading: Reading, ms: float) -> None:
        """Take in one request that took `ms` milliseconds."""
        self.samples += 1
        self.errors += reading.kind is CellKind.ERROR
        self.unknown += reading.kind is CellKind.UNKNOWN
        if reading.version is None:
            return
        version = self.versions.setdefault(reading.version, VersionCount())
        version.answers += 1
        version.errors += reading.kind is CellKind.ERROR
        version.latency.add(ms)


class Strip:
    """The newest cells, and how many there ever were."""

    def __init__(self, length: int) -> None:
        self._cells: deque[Cell] = deque(maxlen=length)
        self.total = 0

    def append(self, cell: Cell) -> None:
        self._cells.append(cell)
        self.total += 1

    def cells(self) -> tuple[Cell, ...]:
        """The newest last."""
        return tuple(self._cells)


class History:
    """Shares by version over slices of time, the newest `length` of all lanes together."""

    def __init__(self, slice_seconds: float, length: int) -> None:
        self._seconds = slice_seconds
        self._points: deque[Point] = deque(maxlen=length)
        self._open: dict[str, Counter[str]] = {}
        self._slice = -math.inf

    def add(self, at: float, lane: str, version: str) -> None:
        """Take in an answer of a version; `at` is UTC seconds and does not run backwards by more than a slice."""
        start = math.floor(at / self._seconds) * self._seconds
        if start > self._slice:
            self._points.extend(self._closing())
            self._open, self._slice = {}, start
        self._open.setdefault(lane, Counter())[version] += 1

    def points(self) -> tuple[Point, ...]:
        """The newest last, with the slice that is under way."""
        return (*self._points, *self._closing())

    def _closing(self) -> Iterator[Point]:
        for lane, counts in self._open.items():
            n = counts.total()
            shares = tuple((version, counts[version] / n) for version in sorted(counts))
            yield Point(self._slice, lane, shares, n)
