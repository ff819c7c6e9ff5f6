"""Lines of styled text as plain values, and the cells in which two lines differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from rich.cells import cell_len, set_cell_size

from cockpit.model.lazy_re import lazy_re
from cockpit.texts.current import Verbatim, translated

# Two changed runs closer than this are cheaper as one, because each run starts with an 8-byte cursor move.
NEAR = 8


# Chinese, Japanese and Korean lines may break between any two characters, but not before closing punctuation.
_WIDE = "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6"
_CLOSING = "\u3001\u3002\u300b\u300d\u300f\uff01\uff09\uff0c\uff1a\uff1b\uff1f\u201d"
_HAS_WIDE = lazy_re(f"[{_WIDE}]")
_UNBROKEN = lazy_re(f"(?:[^{_WIDE}]+|[{_WIDE}])[{_CLOSING}]*")


class _Styled(NamedTuple):
    text: str
    style: str = ""


class Span(_Styled):
    """Safe text in one style; `style` names components of `Painted`, separated by spaces.

    A text of ours is shown in the language of this process. A name, or what a cluster said, is given as `Verbatim`.
    """

    __slots__ = ()

    def __new__(cls, text: str, style: str = "") -> Self:
        """Translate the text, unless it is Verbatim."""
        return super().__new__(cls, translated(text), style)


Line = tuple[Span, ...]
BLANK: Line = ()


def width_of(line: Line) -> int:
    """Columns that a line takes."""
    return sum(cell_len(span.text) for span in line)


def fit(text: str, width: int, align: str = "left", ellipsis: str = "…") -> str:
    """The text, translated, in exactly `width` columns, cut with an ellipsis or padded with spaces."""
    if width <= 0:
        return ""
    text = translated(text)
    length = cell_len(text)
    if length > width:
        cut = set_cell_size(text, width - cell_len(ellipsis)) + ellipsis if width > len(ellipsis) else ellipsis[:width]
        return Verbatim(cut)
    space = " " * (width - length)
    return Verbatim(space + text if align == "right" else text + space)


def fit_end(text: str, width: int, ellipsis: str = "…") -> str:
    """A name in exactly `width` columns, cut at the front: versions, tags and generated names differ at the end."""
    text = Verbatim(text)
    if cell_len(text) <= width:
        return fit(text, width)
    while text and cell_len(text) > width - len(ellipsis):
        text = text[1:]
    return fit(Verbatim(ellipsis + text), width, ellipsis="")


def fit_front(text: str, width: int, ellipsis: str = "…") -> str:
    """Like `fit_end`, but the cut falls between words if something telling is left: "…v1", not "…s-v1"."""
    if cell_len(text) <= width:
        return fit(Verbatim(text), width)
    cut = fit_end(text, width, ellipsis).rstrip()
    tail = cut[len(ellipsis) :]
    words = [part for at, part in ((tail.find(sign), tail.partition(sign)[2]) for sign in "-_./:") if at >= 0]
    telling = max((word for word in words if len(word) > 1 and len(word) >= len(tail) - 3), key=len, default=tail)
    return fit(Verbatim(ellipsis + telling), width, ellipsis="")


def fit_middle(text: str, width: int, ellipsis: str = "…") -> str:
    """A name in exactly `width` columns, cut in the middle: a common prefix or suffix leaves names distinct."""
    text = Verbatim(text)
    if cell_len(text) <= width:
        return fit(text, width)
    front = max((width - len(ellipsis)) // 2, 0)
    start = set_cell_size(text, front)
    return Verbatim(start + fit_end(text, width - front, ellipsis))


def told_apart(names: Iterable[str], width: int, ellipsis: str = "…") -> dict[str, str]:
    """Names that are too wide and look alike when cut in the middle, each cut so that its difference is seen."""
    alike: dict[str, list[str]] = {}
    for name in set(names):
        if cell_len(name) > width:
            alike.setdefault(fit_middle(name, width, ellipsis), []).append(name)
    found = {}
    for group in alike.values():
        if len(group) < 2 or width < 8:
            continue
        common = _common(group)
        for name in group:
            front = set_cell_size(name, width // 4)
            rest = Verbatim(ellipsis + name[max(common - 2, len(front)) :])
            found[name] = front + fit(rest, width - cell_len(front))
    return {name: Verbatim(cut.rstrip()) for name, cut in found.items()}


def _common(names: Sequence[str]) -> int:
    """How many characters all names begin with."""
    columns = zip(*names, strict=False)
    return next((n for n, letters in enumerate(columns) if len(set(letters)) > 1), min(map(len, names)))


def clip(line: Line, width: int, ellipsis: str = "…") -> Line:
    """The line in at most `width` columns."""
    if width_of(line) <= width:
        return line
    spans: list[Span] = []
    room = width
    for span in line:
        length = cell_len(span.text)
        if length >= room:
            spans.append(Span(fit(Verbatim(span.text + " "), room, ellipsis=ellipsis), span.style))
            break
        spans.append(span)
        room -= length
    return tuple(spans)


def ends(left: Iterable[Span], right: Iterable[Span], width: int) -> Line:
    """One line with `left` at its start and `right` at its end; `left` is cut if there is no room."""
    right_line = tuple(right)
    room = max(width - width_of(right_line) - 1, 0)
    left_line = clip(tuple(left), room)
    gap = width - width_of(left_line) - width_of(right_line)
    return (*left_line, Span(" " * max(gap, 0)), *right_line)


def wrap(text: str, width: int) -> list[str]:
    """The text, translated, in lines of at most `width` columns, broken at spaces if possible."""
    lines: list[str] = []
    current = ""
    for word in translated(text).split(" "):
        for number, piece in enumerate(_unbroken(word)):
            gap = "" if number else " "
            if current and cell_len(current) + len(gap) + cell_len(piece) > width:
                lines.append(current)
                current = ""
            joined = f"{current}{gap}{piece}" if current else piece
            *full, current = _chopped(joined, max(width, 2))
            lines.extend(full)
    return [Verbatim(line) for line in (*lines, current)]


def _unbroken(word: str) -> list[str]:
    """The pieces of a word between which a line may break: one, unless it has wide characters."""
    return _UNBROKEN.findall(word) if _HAS_WIDE.search(word) else [word]


def wrap_line(line: Line, width: int, indent: int) -> list[Line]:
    """A line wrapped at `width` columns; all lines but the first are indented by `indent`."""
    lines: list[list[Span]] = [[]]
    used = 0
    for text, style in line:
        for word in text.split():
            for number, whole in enumerate(_unbroken(word)):
                for piece in _chopped(whole, max(width - indent - 1, 2)):
                    # A comma in a style of its own belongs to the word before it.
                    alone = piece[0] in ",;" and used > indent
                    gap = " " if not alone and (not number or piece is not whole or used == indent) else ""
                    if used > indent and used + len(gap) + cell_len(piece) > width:
                        lines.append([Span(" " * indent)])
                        used, gap = indent, " "
                    lines[-1].append(Span(Verbatim(gap + piece), style))
                    used += len(gap) + cell_len(piece)
    return [tuple(each) for each in lines]


def _chopped(text: str, width: int) -> list[str]:
    """Pieces of at most `width` columns. (rich's `chop_cells` loses a leading zero-width character.)"""
    if cell_len(text) <= width:
        return [text]
    pieces = [""]
    for character in text:
        if pieces[-1] and cell_len(pieces[-1] + character) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces


def columns_of(line: Line, width: int) -> list[tuple[str, str]]:
    """The text of each column; the second column of a wide character is empty."""
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
    """Runs (first column, number of columns) to draw to turn one line into the other; whole characters of both."""
    if old == new:
        return []
    before, after = columns_of(old, width), columns_of(new, width)
    changed = sorted(_whole({x for x in range(width) if before[x] != after[x]}, before, after))
    runs: list[tuple[int, int]] = []
    for x in changed:
        if runs and x - (runs[-1][0] + runs[-1][1]) < NEAR:
            runs[-1] = (runs[-1][0], x - runs[-1][0] + 1)
        else:
            runs.append((x, 1))
    return runs


def _whole(changed: set[int], *lines: Sequence[tuple[str, str]]) -> set[int]:
    """The columns with both halves of each wide character that one of them is of: a half cannot be drawn."""
    todo = list(changed)
    while todo:
        x = todo.pop()
        for line in lines:
            halves = [x - 1] if x and not line[x][0] else []
            halves += [x + 1] if x + 1 < len(line) and not line[x + 1][0] else []
            todo += [half for half in halves if half not in changed]
            changed.update(halves)
    return changed


def joined_spans(spans: Iterable[Span]) -> list[Span]:
    """The spans with neighbours of one style as one."""
    found: list[Span] = []
    for span in spans:
        if found and found[-1].style == span.style:
            found[-1] = Span(Verbatim(found[-1].text + span.text), span.style)
        else:
            found.append(span)
    return found


def window(count: int, cursor: int, top: int, height: int) -> int:
    """The first of `count` lines to show in `height`: `top`, moved only as far as the cursor requires."""
    if height <= 0:
        return 0
    top = min(top, max(count - height, 0))
    if cursor < top:
        return max(cursor, 0)
    return max(top, cursor - height + 1)


def plain(lines: Sequence[Line]) -> list[str]:
    """The plain text, as on a terminal without colours."""
    return ["".join(span.text for span in line).rstrip() for line in lines]
