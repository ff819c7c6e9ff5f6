"""The observed share over time with its band, and the moments of acts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import tzinfo

from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.view import Point
from cockpit.probe.stats import wilson
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.paint import Line, Span, clip, fit
from cockpit.tui.text import clock_time
from cockpit.tui.widgets.painted import Painted

AXIS = 6
SCALES = (0.1, 0.25, 0.5, 1.0)


def highest(share: float | None, samples: int) -> float:
    """The upper bound of the share's interval."""
    return wilson(round((share or 0.0) * samples), samples)[1]


def scale_for(shares: Sequence[float]) -> float:
    """The smallest scale that holds every share; all begin at zero."""
    top = max(shares, default=1.0)
    return next((scale for scale in SCALES if top <= scale), 1.0)


def column(share: float | None, high: float, scale: float, height: int, style: str, glyphs: Glyphs) -> list[Span]:
    """One point from the bottom up: filled to the share, the band above it, blank where nothing was observed."""
    if share is None:
        return [Span(" ")] * height
    full = len(glyphs.levels) - 1
    level = round(min(share / scale, 1) * height * full)
    edge = math.ceil(min(high / scale, 1) * height)
    cells = []
    for row in range(height):
        filled = min(max(level - row * full, 0), full)
        if filled:
            cells.append(Span(glyphs.levels[filled], style))
        elif row < edge:
            cells.append(Span(glyphs.band, "quiet"))
        else:
            cells.append(Span(" "))
    return cells


def chart_lines(
    points: Sequence[Point], version: str, slot: int, moments: Sequence[float], width: int, height: int, glyphs: Glyphs,
    zone: tzinfo | None,
) -> list[Line]:  # fmt: skip
    """The chart of one version; the last line is time, with a mark at each moment of an act."""
    room = max(width - AXIS - 1, 1)
    shown = points[-room:]
    shares = [dict(point.shares).get(version) if point.samples else None for point in shown]
    rows = height - 1
    if rows < 1 or not any(share is not None for share in shares):
        return [(Span(f" no history of {safe_text(version, 40)} yet", "quiet"),)]
    scale = scale_for([share for share in shares if share is not None])
    columns = [
        column(
            share,
            wilson(round((share or 0) * point.samples), point.samples)[1],
            scale,
            rows,
            f"version-{slot + 1}",
            glyphs,
        )
        for share, point in zip(shares, shown, strict=True)
    ]
    lines: list[Line] = []
    for row in reversed(range(rows)):
        label = percent(scale) if row == rows - 1 else "0%" if row == 0 else ""
        lines.append((Span(fit(label, AXIS - 1, "right") + " ", "quiet"), *(cells[row] for cells in columns)))
    return [*lines, time_line(shown, version, moments, width, glyphs, zone)]


def time_line(
    points: Sequence[Point], version: str, moments: Sequence[float], width: int, glyphs: Glyphs, zone: tzinfo | None
) -> Line:
    """When it began, what is drawn, and a mark under each act."""
    marks = [" "] * len(points)
    for moment in moments:
        after = next((i for i, point in enumerate(points) if point.at >= moment), None)
        if after is not None and moment >= points[0].at:
            marks[after] = glyphs.moment
    words = f"from {clock_time(points[0].at, zone)}: observed share of {safe_text(version, 20)}"
    line = "".join(marks)
    after_line = width - AXIS - len(line) - len(words) - 2
    if after_line >= 0:
        return (Span(" " * AXIS), Span(line, "accent"), Span("  " + words, "quiet"))
    free = words + " " if not line[: len(words) + 1].strip() else ""
    return clip((Span(" " * AXIS), Span(free, "quiet"), Span(line[len(free) :], "accent")), width)


class HistoryChart(Painted):
    """The history of the released version in the default lane."""

    TILE = 20
    TILES = 6

    def __init__(self, glyphs: Glyphs, zone: tzinfo | None) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.zone = zone
        self.points: Sequence[Point] = ()
        self.moments: Sequence[float] = ()
        self.version = ""
        self.slots: Mapping[str, int] = {}

    def show(self, points: Sequence[Point], version: str, slots: Mapping[str, int], moments: Sequence[float]) -> None:
        """Show these points of one lane, oldest first."""
        self.points, self.version, self.slots, self.moments = points, version, slots, moments
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        slot = self.slots.get(self.version, 3)
        return chart_lines(self.points, self.version, slot, self.moments, width, height, self.glyphs, self.zone)
