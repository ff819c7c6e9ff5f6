"""Lines of styled text as plain values, and which cells differ between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

# Two changed runs closer than this cost less as one: a run of its own begins with a cursor move of 8 bytes.
NEAR = 8


class Span(NamedTuple):
    """Safe text in one style; `style` names components of `Painted`, separated by spaces."""

    text: str
    style: str = ""


Line = tuple[Span, ...]
BLANK: Line = ()


def width_of(line: Line) -> int:
    """Columns that a line takes."""
    return sum(cell_len(span.text) for span in line)


def fit(text: str, width: int, align: str = "left", ellipsis: str = "…") -> str:
    """The text in exactly `width` columns, cut with an ellipsis or filled up with spaces."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - cell_len(ellipsis)) + ellipsis if width > len(ellipsis) else ellipsis[:width]
    space = " " * (width - length)
    return space + text if align == "right" else text + space


def fit_end(text: str, width: int, ellipsis: str = "…") -> str:
    """Like `fit`, cut at the front: the end is what tells versions, tags and generated names apart."""
    if cell_len(text) <= width:
        return fit(text, width)
    while text and cell_len(text) > width - len(ellipsis):
        text = text[1:]
    return fit(ellipsis + text, width, ellipsis="")


def fit_middle(text: str, width: int, ellipsis: str = "…") -> str:
    """Like `fit`, cut in the middle: names that share their beginning or their end stay apart."""
    if cell_len(text) <= width:
        return fit(text, width)
    front = max((width - len(ellipsis)) // 2, 0)
    start = set_cell_size(text, front)
    return start + fit_end(text, width - front, ellipsis)


def clip(line: Line, width: int, ellipsis: str = "…") -> Line:
    """The line in at most `width` columns."""
    if width_of(line) <= width:
        return line
    spans: list[Span] = []
    room = width
    for span in line:
        length = cell_len(span.text)
        if length >= room:
            spans.append(Span(fit(span.text + " ", room, ellipsis=ellipsis), span.style))
            break
        spans.append(span)
        room -= length
    return tuple(spans)


def ends(left: Iterable[Span], right: Iterable[Span], width: int) -> Line:
    """One line with `left` at its start and `right` at its end; `left` gives way."""
    right_line = tuple(right)
    room = max(width - width_of(right_line) - 1, 0)
    left_line = clip(tuple(left), room)
    gap = width - width_of(left_line) - width_of(right_line)
    return (*left_line, Span(" " * max(gap, 0)), *right_line)


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns, broken at spaces where there are any."""
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        if current and cell_len(current) + 1 + cell_len(word) > width:
            lines.append(current)
            current = ""
        joined = f"{current} {word}" if current else word
        *full, current = _chopped(joined, max(width, 2))
        lines.extend(full)
    return [*lines, current]


def wrap_line(line: Line, width: int, indent: int) -> list[Line]:
    """The words of a line in lines of at most `width` columns, all but the first behind `indent` blanks."""
    lines: list[list[Span]] = [[]]
    used = 0
    for text, style in line:
        for word in text.split():
            for piece in _chopped(word, max(width - indent - 1, 2)):
                if used > indent and used + 1 + cell_len(piece) > width:
                    lines.append([Span(" " * indent)])
                    used = indent
                lines[-1].append(Span(f" {piece}", style))
                used += 1 + cell_len(piece)
    return [tuple(each) for each in lines]


def _chopped(text: str, width: int) -> list[str]:
    """Pieces of at most `width` columns. The `chop_cells` of rich loses a sign of no width that comes first."""
    pieces = [""]
    for character in text:
        if pieces[-1] and cell_len(pieces[-1] + character) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces


def columns_of(line: Line, width: int) -> list[tuple[str, str]]:
    """What each column shows; the second column of a wide character holds an empty text."""
    columns: list[tuple[str, str]] = []
    for text, style in line:
        if text.isascii():
            columns.extend((character, style) for character in text)
            continue
        for character in text:
            size = cell_len(character)
            if size == 0 and columns:
                columns[-1] = (columns[-1][0] + character, columns[-1][1])
            else:
                columns.append((character, style))
                columns.extend([("", style)] * (size - 1))
    del columns[width:]
    columns.extend([(" ", "")] * (width - len(columns)))
    return columns


def changed_runs(old: Line, new: Line, width: int) -> list[tuple[int, int]]:
    """Runs (first column, columns) that must be drawn to turn one line into the other."""
    if old == new:
        return []
    pairs = zip(columns_of(old, width), columns_of(new, width), strict=True)
    changed = [x for x, (before, after) in enumerate(pairs) if before != after]
    runs: list[tuple[int, int]] = []
    for x in changed:
        if runs and x - (runs[-1][0] + runs[-1][1]) < NEAR:
            runs[-1] = (runs[-1][0], x - runs[-1][0] + 1)
        else:
            runs.append((x, 1))
    return runs


def window(count: int, cursor: int, top: int, height: int) -> int:
    """The first of `count` lines to show in `height`, moved from `top` no further than the cursor asks for."""
    if height <= 0:
        return 0
    top = min(top, max(count - height, 0))
    if cursor < top:
        return max(cursor, 0)
    return max(top, cursor - height + 1)


def plain(lines: Sequence[Line]) -> list[str]:
    """The text alone, as a terminal without colours shows it."""
    return ["".join(span.text for span in line).rstrip() for line in lines]
