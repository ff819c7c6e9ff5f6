"""What was observed and written over a whole release, in bounded memory: the older, the coarser."""

from __future__ import annotations

import math
import statistics
from collections import Counter, deque
from collections.abc import Iterable, Sequence

from cockpit.model.rollout import Lane
from cockpit.model.view import CellKind, Point, WrittenSplit
from cockpit.probe.recognise import VersionReading

# Each tier's slices are so many times as long as those of the tier before: 5 s, 30 s, 3 min and 18 min.
FACTOR, TIERS = 6, 4
# A release with more lanes has more than anybody compares.
MOST_LANES = 16
# Changes of a lane's split that are kept; the oldest go first.
MOST_SPLITS = 200
# Versions of a lane and slice: where none are known, a server may make names up.
MOST_VERSIONS = 50
# Answers of one slice and version whose times are kept for its median: more change it little.
MOST_TIMES = 500

Slice = tuple[Point, ...]


class _Open:
    """The answers of one lane in the slice that is not over yet."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.times: dict[str, list[float]] = {}

    def count(self, reading: VersionReading, ms: float) -> None:
        version = reading.version or ""
        if version and version not in self.answers and len(self.answers) >= MOST_VERSIONS:
            return
        self.errors[version] += reading.kind is CellKind.ERROR
        if not version:
            return
        self.answers[version] += 1
        times = self.times.setdefault(version, [])
        if len(times) < MOST_TIMES:
            times.append(ms)

    def point(self, at: float, seconds: float, lane: str) -> Point:
        total = self.answers.total()
        errors = sorted((version, count) for version, count in self.errors.items() if count)
        return Point(
            at,
            lane,
            tuple((version, self.answers[version] / total) for version in sorted(self.answers)),
            total,
            seconds,
            tuple(errors),
            # Requests that no version answered all failed.
            tuple((version, count / (self.answers[version] or count)) for version, count in errors),
            tuple((version, statistics.median(times)) for version, times in sorted(self.times.items())),
        )


class History:
    """Shares, errors and times by version over time slices, and the written splits between them.

    The newest `length` slices of `slice_seconds` are kept as they are; older ones are merged into longer and longer
    slices, `length` of each kind, and the oldest are dropped. Merging adds counts up and keeps the worst error rate
    and the slowest median, so that nothing bad disappears from a picture of a long time.
    """

    def __init__(self, slice_seconds: float, length: int) -> None:
        self._seconds = slice_seconds
        self._length = max(length, FACTOR)
        self._tiers: tuple[deque[Slice], ...] = tuple(deque() for _ in range(TIERS))
        self._open: dict[str, _Open] = {}
        self._slice = -math.inf
        self._closed: tuple[Point, ...] | None = ()
        self._splits: deque[WrittenSplit] = deque(maxlen=MOST_SPLITS)
        self._written: dict[str, tuple[tuple[str, float], ...]] = {}

    def add(self, at: float, lane: str, reading: VersionReading, ms: float) -> None:
        """Take in a request that took `ms`; `at` is UTC seconds and never goes back by more than a slice."""
        if reading.version is None and reading.kind is not CellKind.ERROR:
            return
        start = math.floor(at / self._seconds) * self._seconds
        if start > self._slice:
            self._close()
            self._slice = start
        if lane in self._open or len(self._open) < MOST_LANES:
            self._open.setdefault(lane, _Open()).count(reading, ms)

    def write(self, at: float, lanes: Sequence[Lane]) -> None:
        """Take in what is written for each lane at this time; what did not change is not kept."""
        for lane in lanes[:MOST_LANES]:
            shares = tuple((share.version, share.written) for share in lane.shares if share.written is not None)
            before = self._written.get(lane.name)
            if shares and shares != before:
                self._splits.append(WrittenSplit(at, lane.name, shares, before is None))
                self._written[lane.name] = shares

    def points(self) -> tuple[Point, ...]:
        """The points, newest last, including the current slice."""
        if self._closed is None:
            self._closed = tuple(point for tier in reversed(self._tiers) for each in tier for point in each)
        return (*self._closed, *self._now())

    def splits(self) -> tuple[WrittenSplit, ...]:
        """What was written, newest last."""
        return tuple(self._splits)

    def _now(self) -> Slice:
        return tuple(open_.point(self._slice, self._seconds, lane) for lane, open_ in self._open.items())

    def _close(self) -> None:
        if self._open:
            self._tiers[0].append(self._now())
            self._age(0)
        self._open, self._closed = {}, None

    def _age(self, tier: int) -> None:
        """Move what is too much for a tier into the next one, or forget it."""
        slices = self._tiers[tier]
        while len(slices) > self._length:
            if tier + 1 == TIERS:
                slices.popleft()
                continue
            seconds = self._seconds * FACTOR ** (tier + 1)
            start = math.floor(slices[0][0].at / seconds) * seconds
            older: list[Point] = []
            while slices and slices[0][0].at < start + seconds:
                older += slices.popleft()
            lanes = dict.fromkeys(point.lane for point in older)
            of_lanes = ([point for point in older if point.lane == lane] for lane in lanes)
            self._tiers[tier + 1].append(tuple(merged(points, start, seconds) for points in of_lanes))
            self._age(tier + 1)


def merged(points: Sequence[Point], at: float, seconds: float) -> Point:
    """Points of one lane as one: counts are added up; of error rates and medians the highest is kept."""
    seen: Counter[str] = Counter()
    for point in points:
        for version, share in point.shares:
            seen[version] += round(share * point.samples)
    answers = Counter(dict(seen.most_common(MOST_VERSIONS)))
    kept = {"", *answers}
    errors = Counter(dict.fromkeys(kept, 0))
    for point in points:
        for version, count in point.errors:
            if version in kept:
                errors[version] += count
    total = answers.total()
    return Point(
        at,
        points[0].lane,
        tuple((version, count / total) for version, count in sorted(answers.items())) if total else (),
        total,
        seconds,
        tuple(sorted((version, count) for version, count in errors.items() if count)),
        _highest(pair for point in points for pair in point.worst if pair[0] in kept),
        _highest(pair for point in points for pair in point.p50_ms if pair[0] in kept),
    )


def _highest(pairs: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    found: dict[str, float] = {}
    for version, value in pairs:
        found[version] = max(value, found.get(version, value))
    return tuple(sorted(found.items()))
