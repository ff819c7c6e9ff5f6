"""Panels: lines framed with a title in the upper edge. Pure functions of lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cockpit.model.values import dataclass
from cockpit.tui.lines import BLANK, Line, Span, clip, width_of

# Columns and lines that a frame takes from its content.
FRAME_COLUMNS = 2
FRAME_LINES = 2
# Below this, a frame leaves too little of its content.
FEWEST_COLUMNS = 20


@dataclass(frozen=True, slots=True)
class Frame:
    """The signs of a frame: corners clockwise from the upper left, edges, and the ends of a line across."""

    corners: str
    across: str
    upright: str
    tees: str


ROUND = Frame("╭╮╯╰", "─", "│", "├┤")
ASCII = Frame("++++", "-", "|", "++")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a panel: its lines below an edge that names it on the left and adds a note on the right."""

    title: Line
    body: Sequence[Line]
    note: Line = BLANK


def framed(parts: Sequence[Part], width: int, frame: Frame, style: str = "quiet", foot: Line = BLANK) -> list[Line]:
    """The parts below each other in one frame of `width` columns; `foot` stands in the lower edge, to the right.

    Lines are cut to the width. Too narrow for a frame, the titles and lines stand alone.
    """
    if width < FEWEST_COLUMNS:
        return [line for part in parts for line in (part.title, *part.body)]
    lines: list[Line] = []
    for number, part in enumerate(parts):
        ends = frame.tees if number else frame.corners[:2]
        lines.append(_edge(ends, part.title, part.note, width, frame, style))
        lines += [_between(line, width, frame, style) for line in part.body]
    return [*lines, lower_edge(width, frame, style, foot)]


def in_frame(
    build: Callable[[int, int], Sequence[Line]], width: int, height: int, frame: Frame, title: Line, *,
    style: str = "quiet", note: Line = BLANK, foot: Line = BLANK,
) -> list[Line]:  # fmt: skip
    """What `build` makes of the columns and lines inside a frame of this size; all of the room if a frame has none."""
    inside = height - FRAME_LINES
    if width < FEWEST_COLUMNS or inside < 1:
        return list(build(width, height))
    body = list(build(width - FRAME_COLUMNS, inside))[:inside]
    return framed([Part(title, [*body, *[BLANK] * (inside - len(body))], note)], width, frame, style, foot)


def upper_edge(title: Line, width: int, frame: Frame, style: str = "quiet", note: Line = BLANK) -> Line:
    """The upper edge of a panel whose other lines are drawn elsewhere."""
    return _edge(frame.corners[:2], title, note, width, frame, style)


def lower_edge(width: int, frame: Frame, style: str = "quiet", foot: Line = BLANK) -> Line:
    """The lower edge of a panel whose other lines are drawn elsewhere; `foot` stands to its right."""
    return _edge(frame.corners[3] + frame.corners[2], BLANK, foot, width, frame, style)


def between(line: Line, width: int, frame: Frame, style: str = "quiet") -> Line:
    """One line of a panel, between its edges."""
    return _between(line, width, frame, style)


def _between(line: Line, width: int, frame: Frame, style: str) -> Line:
    line = clip(line, width - 2)
    gap = Span(" " * (width - 2 - width_of(line)))
    return (Span(frame.upright, style), *line, gap, Span(frame.upright, style))


def _edge(ends: str, title: Line, note: Line, width: int, frame: Frame, style: str) -> Line:
    """An edge with a title after its start and a note before its end; the title is kept longer."""
    room = width - 4
    title = clip(title, room - 2) if title else BLANK
    used = width_of(title) + 2 if title else 0
    if note and used + width_of(note) + 3 > room:
        note = BLANK
    left = (Span(f"{ends[0]}{frame.across if not title else ' '}", style), *title, *([Span(" ")] if title else []))
    right = (*([Span(" "), *note, Span(" ")] if note else []), Span(f"{frame.across}{ends[1]}", style))
    rule = Span(frame.across * (width - width_of(left) - width_of(right)), style)
    return (*left, rule, *right)
