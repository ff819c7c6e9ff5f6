"""The picture of a release: the observed share over time with what was written, errors, and the moments of acts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType

from cockpit.model.counts import counted
from cockpit.model.durations import duration_words
from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.texts.current import Verbatim
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.history import Axis, Cell, History, Moment, axis_for, cells_of, share_scale, time_scale
from cockpit.tui.lines import BLANK, Line, Span, clip, fit, fit_end, joined_spans, width_of
from cockpit.tui.panels import FRAME_COLUMNS, in_frame
from cockpit.tui.text import clock_time, milliseconds
from cockpit.tui.widgets.painted import Painted

AXIS = 7
MOST_NAME = 24  # columns of a version in the title
NOTHING = History()
TITLE = "the way so far"
# Times of day have seconds on an axis of at most so many.
SECONDS_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn of a history: whose share or times, compared with which other version, and how much of it.

    `zoom` is the seconds until now, None for all; `running` is whether the probe adds to it.
    """

    history: History = NOTHING
    version: str = ""
    other: str = ""
    slot: int = 3
    zoom: float | None = None
    times: bool = False
    running: bool = False
    several: bool = False  # the rollout has more lanes than this one


def level_cell(level: float | None, high: float, line: float | None, row: int, style: str, glyphs: Glyphs) -> Span:
    """The sign of one cell: filled up to `level`, the interval above it, and `line` across; all in rows from below."""
    full = len(glyphs.levels) - 1
    filled = 0 if level is None else min(max(round(level * full) - row * full, 0), full)
    crossed = line is not None and row == max(math.ceil(line) - 1, 0)
    if filled == full and crossed:
        return Span(glyphs.rule, f"{style} reverse")
    if filled:
        return Span(glyphs.levels[filled], style)
    if crossed:
        return Span(glyphs.rule, "strong")
    if level is not None and row < math.ceil(high):
        return Span(glyphs.band, "quiet")
    return Span(" ")


def grid(cells: Sequence[Cell], picture: Picture, scale: float, rows: int, glyphs: Glyphs) -> list[list[Span]]:
    """The cells of the chart, line by line from above."""
    style = f"version-{picture.slot + 1}"

    def up(value: float | None) -> float | None:
        return None if value is None else min(value / scale, 1.0) * rows

    columns = []
    for cell in cells:
        level, line = (cell.p50_ms, cell.other_ms) if picture.times else (cell.share, cell.written)
        high = 0.0 if picture.times else up(cell.high) or 0.0
        columns.append([level_cell(up(level), high, up(line), row, style, glyphs) for row in range(rows)])
    return [[column[row] for column in columns] for row in reversed(range(rows))]


def chart_lines(
    picture: Picture, width: int, height: int, glyphs: Glyphs, zone: tzinfo | None, cursor: int | None = None
) -> list[Line]:
    """The chart, a line of errors if there were any, and the axis of time with what was done.

    `cursor` is the column of time that is looked at.
    """
    room = width - AXIS - 1
    axis = axis_for(picture.history, picture.zoom, room)
    failed = any(rate > 0 for point in picture.history.points for _, rate in point.worst)
    rows = height - 1 - failed
    if axis is None or rows < 1:
        name = safe_text(picture.version, 40)
        words = f" nothing was measured of {name} yet" if name else " nothing was measured yet"
        return [clip((Span(words, "quiet"),), width, glyphs.ellipsis)]
    cells = cells_of(picture.history, axis, picture.version, picture.other)
    edges = edges_of(axis, room)
    widths = [after - before for before, after in itertools.pairwise(edges)]
    versions = (picture.version, picture.other)
    scale = time_scale(picture.history, versions) if picture.times else share_scale(picture.history, picture.version)
    top, zero = (milliseconds(scale, glyphs.none), "0ms") if picture.times else (percent(scale), "0%")
    lines: list[Line] = []
    for row, spans in enumerate(grid(cells, picture, scale, rows, glyphs)):
        sign = glyphs.axis[1] if row == rows - 1 else glyphs.axis[0]
        label = zero if row == rows - 1 else top if row == 0 else ""
        drawn = (
            Span(Verbatim(s.text * wide), f"{s.style} cursor".strip() if n == cursor else s.style)
            for n, (s, wide) in enumerate(zip(spans, widths, strict=True))
        )
        lines.append((_label(label, sign), *joined_spans(drawn)))
    if failed:
        look = glyphs.failed
        marks = (Span(look.sign if cell.worst > 0 else " ", look.style if cell.worst > 0 else "") for cell in cells)
        spread = (Span(fit(mark.text, wide), mark.style) for mark, wide in zip(marks, widths, strict=True))
        lines.append((_label("errors", " "), *joined_spans(spread)))
    return [*lines, time_line(axis, picture, edges, width, glyphs, zone)]


def _label(words: str, sign: str) -> Span:
    return Span(fit(words, AXIS - 1, "right") + sign, "quiet")


def edges_of(axis: Axis, room: int) -> list[int]:
    """Where each column of time begins in so many columns of text, and where the last one ends: all of it is filled."""
    return [number * room // axis.count for number in range(axis.count + 1)]


def time_line(
    axis: Axis, picture: Picture, edges: Sequence[int], width: int, glyphs: Glyphs, zone: tzinfo | None
) -> Line:
    """What was done and changed, each with its time below its moment; the newest come first if room is short."""
    times = _clock(axis, zone)
    placed: list[tuple[int, Span]] = []

    def place(start: int, span: Span) -> bool:
        free = all(start >= at + cell_len(s.text) + 1 or start + cell_len(span.text) + 1 <= at for at, s in placed)
        fits = start >= AXIS - 1 and start + cell_len(span.text) <= width
        if free and fits:
            placed.append((start, span))
        return free and fits

    for moment in reversed(picture.history.moments):
        index = axis.index(moment.at)
        if 0 <= index < axis.count:
            _mark(moment, AXIS + edges[index], times, glyphs, place)
    words = "now" if picture.running else f"until {clock_time(picture.history.last or axis.end, zone)}"
    place(AXIS + edges[-1] - len(words), Span(words, "quiet"))
    place(AXIS, Span(times(max(axis.start, picture.history.first or axis.start)), "quiet"))
    line: list[Span] = []
    at = 0
    for start, span in sorted(placed):
        line += [Span(" " * (start - at)), span]
        at = start + cell_len(span.text)
    return clip(tuple(line), width, glyphs.ellipsis)


def _mark(
    moment: Moment, x: int, times: Callable[[float], str], glyphs: Glyphs, place: Callable[[int, Span], bool]
) -> None:
    """A mark below its moment with words after it, or before it at the right edge, or alone."""
    act = glyphs.titled(moment.words)
    words = f"{times(moment.at)} {act}"
    after, before = f"{glyphs.moment}{words}", f"{words}{glyphs.moment}"
    if place(x, Span(after, "accent")) or place(x - cell_len(before) + 1, Span(before, "accent")):
        return
    short = f"{glyphs.moment}{act}"
    _ = place(x, Span(short, "accent")) or place(x, Span(glyphs.moment, "accent"))


def _clock(axis: Axis, zone: tzinfo | None) -> Callable[[float], str]:
    """Times of day, with seconds where a label is about seconds."""
    exact = axis.step * axis.count <= SECONDS_SHOWN
    return lambda at: clock_time(at, zone) if exact else clock_time(at, zone)[:5]


def values_at(cell: Cell, begin: float, picture: Picture, glyphs: Glyphs, zone: tzinfo | None) -> list[Line]:
    """The values of one column of time in words, from all of them to the fewest."""
    time = Span(Verbatim(clock_time(begin, zone)), "strong")
    users = f"users {percent(cell.share)}" if cell.share is not None else "no answers"
    written = f"written {percent(cell.written)}" if cell.written is not None else ""
    worst = f"errors up to {percent(cell.worst)}" if cell.worst > 0 else ""
    took = f"p50 {milliseconds(cell.p50_ms, glyphs.none)}" if cell.p50_ms is not None else ""
    first = took if picture.times and took else users
    answers = counted(cell.samples, "answer") if cell.samples else ""
    lines = []
    for words in ((users, written, worst, took, answers), (users, written, worst, took), (first, written), (first,)):
        told = [Span(f"  {each}", "risk" if each and each is worst else "") for each in words if each]
        lines.append((time, *told))
    return lines


class HistoryChart(Painted, can_focus=True):
    """The picture of one version in one lane. `keys` are the keys that change what is looked at.

    With the focus, left and right move a cursor over the columns of time, and the lower edge tells their values. It
    stays on its moment; at the end it goes on with the newest.
    """

    TILE = 10
    TILES = 12
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "earlier", show=False),
        Binding("right", "move(1)", "later", show=False),
        Binding("home", "move(-100000)", "first", show=False),
        Binding("end", "move(100000)", "newest", show=False),
    ]

    def __init__(self, glyphs: Glyphs, zone: tzinfo | None, keys: str = "") -> None:
        super().__init__()
        self.glyphs = glyphs
        self.zone = zone
        self.keys = keys
        self.picture = Picture()
        self.at: float | None = None  # the moment that is looked at (UTC seconds); None for the newest

    def show(self, picture: Picture) -> None:
        """Show this picture."""
        self.picture = picture
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        picture, glyphs = self.picture, self.glyphs
        axis = self._axis(width) if self.has_focus else None
        cursor = self._column(axis) if axis else None

        def chart(columns: int, lines: int) -> list[Line]:
            return chart_lines(picture, columns, lines, glyphs, self.zone, cursor)

        frame, title = glyphs.frame, title_of(picture, glyphs)
        note = self._note(width, width - width_of(title) - 10)
        foot = self._values(axis, cursor, width - 8) if axis and cursor is not None else BLANK
        style = "key" if self.has_focus else "quiet"
        return in_frame(chart, width, height, frame, title, style=style, note=note, foot=foot)

    def action_move(self, by: int) -> None:
        """Move the cursor by columns of time, stopping at the ends."""
        axis = self._axis(self.size.width)
        if axis is None:
            return
        index = max(min(self._column(axis) + by, axis.count - 1), 0)
        self.at = None if index == axis.count - 1 else axis.start + (index + 0.5) * axis.step
        self.repaint()

    def _axis(self, width: int) -> Axis | None:
        """The axis inside of a frame in this width."""
        return axis_for(self.picture.history, self.picture.zoom, width - FRAME_COLUMNS - AXIS - 1)

    def _column(self, axis: Axis) -> int:
        last = axis.count - 1
        return last if self.at is None else max(min(axis.index(self.at), last), 0)

    def _values(self, axis: Axis, cursor: int, room: int) -> Line:
        picture = self.picture
        cell = cells_of(picture.history, axis, picture.version, picture.other)[cursor]
        told = values_at(cell, axis.start + cursor * axis.step, picture, self.glyphs, self.zone)
        return next((line for line in told if width_of(line) <= room), BLANK)

    def _note(self, width: int, room: int) -> Line:
        """How much of the past is shown, in which columns, and what the line across is: as much as there is room."""
        zoom = self.picture.zoom
        words = "all" if zoom is None else f"last {duration_words(zoom)}"
        axis = self._axis(width)
        step = f", {duration_words(axis.step)} a column" if axis else ""
        key = Span(f"  {self.keys}", "key")
        notes: list[Line] = [
            (Span(f"{legend(self.picture, self.glyphs)}  {words}{step}", "quiet"), key),
            (Span(f"{words}{step}", "quiet"), key),
            (Span(words, "quiet"), key),
        ]
        return next((note for note in notes if width_of(note) <= room), BLANK)


def title_of(picture: Picture, glyphs: Glyphs) -> Line:
    """What the picture shows of which version, and in which lane if there are several."""
    name = fit_end(safe_text(picture.version, 63), MOST_NAME, glyphs.ellipsis).rstrip()
    lane = picture.history.lane
    where = "" if not picture.several else ", other requests" if lane == DEFAULT_LANE else f", {safe_text(lane, 24)}"
    what = "p50 of " if picture.times else ""
    words = f" {what}{name}{where}" if name else ""
    return (Span(TITLE, "strong"), Span(Verbatim(words), f"version-{picture.slot + 1}"))


def legend(picture: Picture, glyphs: Glyphs) -> str:
    """What the line across stands for, and the dots above the share."""
    if picture.times:
        return f"{glyphs.rule} {safe_text(picture.other, 24)}" if picture.other else ""
    return f"{glyphs.rule} written  {glyphs.band} interval"
