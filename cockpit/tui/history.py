"""The history of a release laid out on an axis of time; pure.

Time runs to the right, the newest at the right edge. Columns of time begin at whole multiples of their length, so that
the picture stands still until a column is full.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from cockpit.model.rollout import Rollout
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Entry, Point, Stage, WrittenSplit
from cockpit.probe.stats import wilson
from cockpit.tui.acting import SENT
from cockpit.tui.text import RELEASED

# Seconds of a column, and of the whole axis: numbers that people count in.
STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800)
SPANS = (
    *(60, 90, 120, 180, 240, 300, 450, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10_800, 14_400, 21_600, 28_800),
    *(43_200, 86_400, 172_800, 345_600, 604_800, 1_209_600, 2_419_200),
)
# What the zoom goes through: the whole release, ten minutes, one.
ZOOMS: tuple[float | None, ...] = (None, 600.0, 60.0)
# Each leaves room above a usual step: 10%, 25% and 50%.
SCALES = (0.12, 0.3, 0.6, 1.0)
SCALES_MS = (10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000)
# A share of fewer answers than this says little: it does not stretch the scale.
ENOUGH = 20
# Seconds between the beginning of an act and the change of the split that it made.
LATE = 30.0


@dataclass(frozen=True, slots=True)
class Axis:
    """`count` columns of `step` seconds from `start` (UTC seconds)."""

    start: float
    step: float
    count: int

    @property
    def end(self) -> float:
        """Where the last column ends."""
        return self.start + self.step * self.count

    def index(self, at: float) -> int:
        """The column of a moment; outside of the axis, one that is not there."""
        return math.floor((at - self.start) / self.step)


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that was done or changed, in a few words."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of time: a share with its upper bound, what was written at its end, the worst error rate of any
    version in it, and medians of the version and of the one that it is compared with (milliseconds).
    """

    share: float | None = None
    high: float = 0.0
    samples: int = 0
    written: float | None = None
    worst: float = 0.0
    p50_ms: float | None = None
    other_ms: float | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one lane: points, what was written, and what was done; all oldest first."""

    lane: str = ""
    points: tuple[Point, ...] = ()
    splits: tuple[WrittenSplit, ...] = ()
    moments: tuple[Moment, ...] = ()

    @property
    def first(self) -> float | None:
        """When it begins; None for an empty one."""
        return min((*(p.at for p in self.points[:1]), *(s.at for s in self.splits[:1])), default=None)

    @property
    def last(self) -> float | None:
        """The newest moment of which anything is known; None for an empty one."""
        newest = (*(p.at for p in self.points[-1:]), *(s.at for s in self.splits[-1:]))
        return max((*newest, *(m.at for m in self.moments[-1:])), default=None)


def axis_for(history: History, zoom: float | None, columns: int) -> Axis | None:
    """The axis for so many columns, for the last `zoom` seconds or all of it; None if there is nothing to show."""
    first, last = history.first, history.last
    if first is None or last is None or columns < 1:
        return None
    span = zoom or next((span for span in SPANS if span >= last - first), SPANS[-1])
    step = next((step for step in STEPS if step * columns >= span), STEPS[-1])
    count = min(max(math.ceil(span / step), 1), columns)
    end = (math.floor(last / step) + 1) * step
    return Axis(end - count * step, step, count)


def cells_of(history: History, axis: Axis, version: str, other: str) -> list[Cell]:
    """The columns of an axis for one version; `other` is the version that its times are compared with."""
    of_column: list[list[Point]] = [[] for _ in range(axis.count)]
    for point in history.points:
        first, last = axis.index(point.at), axis.index(max(point.end - 0.001, point.at))
        # A point of a finer time than a column belongs to the column where it begins.
        last = last if point.seconds > axis.step else first
        for index in range(max(first, 0), min(last, axis.count - 1) + 1):
            of_column[index].append(point)
    written = _written(history.splits, axis, version)
    return [_cell(points, written[index], version, other) for index, points in enumerate(of_column)]


def _cell(points: Sequence[Point], written: float | None, version: str, other: str) -> Cell:
    samples = sum(point.samples for point in points)
    hits = sum(round(dict(point.shares).get(version, 0.0) * point.samples) for point in points)
    worst = max((rate for point in points for _, rate in point.worst), default=0.0)
    times = [dict(point.p50_ms) for point in points]
    return Cell(
        hits / samples if samples else None,
        wilson(hits, samples)[1] if samples else 0.0,
        samples,
        written,
        worst,
        max((each[version] for each in times if version in each), default=None),
        max((each[other] for each in times if other in each), default=None),
    )


def _written(splits: Sequence[WrittenSplit], axis: Axis, version: str) -> list[float | None]:
    """What is written for the version at the end of each column; None before anything was known."""
    found: list[float | None] = [None] * axis.count
    for split in splits:
        begin = max(axis.index(split.at), 0)
        share = dict(split.shares).get(version, 0.0)
        for index in range(begin, axis.count):
            found[index] = share
    return found


def share_scale(history: History, version: str) -> float:
    """The top of the scale of shares, the same for every part of the release that is looked at."""
    written = [dict(split.shares).get(version, 0.0) for split in history.splits]
    seen = [dict(point.shares).get(version, 0.0) for point in history.points if point.samples >= ENOUGH]
    top = max([*written, *seen], default=1.0)
    return next((scale for scale in SCALES if top <= scale + 0.005), 1.0)


def time_scale(history: History, versions: Iterable[str]) -> float:
    """The top of the scale of times in milliseconds, for these versions."""
    wanted = set(versions)
    top = max((ms for point in history.points for name, ms in point.p50_ms if name in wanted), default=0.0)
    return float(next((scale for scale in SCALES_MS if top <= scale), SCALES_MS[-1]))


def charted(rollout: Rollout, lane: str, before: str, splits: Sequence[WrittenSplit] = ()) -> str:
    """The version whose way is shown: the one that is being released, also after a roll back.

    `before` is the version shown so far; it stays while the lane knows it, unless another one is released. At rest,
    it is the one that got requests last and does not any more, as far as `splits` go back, or else the one with most.
    """
    shares = next((each.shares for each in rollout.lanes if each.name == lane), ())
    names = [share.version for share in shares if not share.others]
    released = [v.name for v in rollout.versions if v.role in RELEASED and v.name in names]
    if before in released or (before in names and not released):
        return before
    if released:
        return released[0]
    busiest = max((s for s in shares if not s.others), key=lambda s: s.written or s.declared or 0.0, default=None)
    if busiest is None:
        return before
    had = (name for split in reversed(splits) for name, share in split.shares if share > 0)
    return next((name for name in had if name in names and name != busiest.version), busiest.version)


def moments_of(splits: Sequence[WrittenSplit], entries: Sequence[Entry], version: str, user: str) -> tuple[Moment, ...]:
    """Changes of what is written for a version, with who made them if it was done from here, and all other acts.

    `entries` are those of the journal, oldest first; `user` is who looks.
    """
    begun: dict[str, Entry] = {}
    for entry in entries:
        if entry.stage in SENT or entry.stage is Stage.SENDING:
            begun.setdefault(entry.id, entry)
    sent = {entry.id for entry in entries if entry.stage in SENT}
    acts = [entry for entry in begun.values() if entry.id in sent]
    changes = [split for split in splits if not split.found]
    by = _makers(changes, acts)
    told = {act.id for act in by.values()}
    found = []
    for number, split in enumerate(changes):
        who = f" by {_who(by[number], user)}" if number in by else ""
        found.append(Moment(split.at, f"{percent(dict(split.shares).get(version, 0.0))}{who}"))
    found += [Moment(e.at, f"{safe_text(e.title, 24)} by {_who(e, user)}") for e in acts if e.id not in told]
    return tuple(sorted(found, key=lambda moment: moment.at))


def _makers(changes: Sequence[WrittenSplit], acts: Sequence[Entry]) -> dict[int, Entry]:
    """The act that made each change, by its number: of acts and changes close in time, the closest first."""
    close = sorted(
        (abs(act.at - change.at), number, index)
        for number, change in enumerate(changes)
        for index, act in enumerate(acts)
        if abs(act.at - change.at) <= LATE
    )
    made: dict[int, Entry] = {}
    used: set[int] = set()
    for _, number, index in close:
        if number not in made and index not in used:
            made[number] = acts[index]
            used.add(index)
    return made


def _who(entry: Entry, user: str) -> str:
    """The name of who acted, without their cluster; "you" for who looks."""
    name = entry.who.partition("@")[0]
    return "you" if user and name == user.partition("@")[0] else safe_text(name, 20)
