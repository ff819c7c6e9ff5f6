"""Finds text in lines, marks it, and folds long lines; pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from cockpit.model.values import dataclass
from cockpit.texts.current import Verbatim
from cockpit.tui.lines import Line, Span

MATCH = "reverse"


def normal(text: str, words: str) -> str:
    """The text as it is compared: capitals count only if the searched words have some."""
    return text if words != words.lower() else text.lower()


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched, the numbers of the lines that hold it, and which of them is shown; -1 for none."""

    words: str = ""
    found: tuple[int, ...] = ()
    at: int = -1

    @property
    def line(self) -> int | None:
        """The line of the present match."""
        return self.found[self.at] if 0 <= self.at < len(self.found) else None

    @property
    def count(self) -> str:
        """Where the present match is among all, in words; "" without a search."""
        if not self.words:
            return ""
        return f"{self.at + 1} of {len(self.found)}" if self.found else "not found"

    def step(self, by: int) -> Search:
        """The next match; after the last comes the first."""
        return Search(self.words, self.found, (self.at + by) % len(self.found)) if self.found else self


def searched(lines: Sequence[str], words: str, near: int = 0) -> Search:
    """The lines that hold the words; the present match is the first one from line `near` on."""
    if not words:
        return Search()
    wanted = normal(words, words)
    found = tuple(number for number, line in enumerate(lines) if wanted in normal(line, words))
    at = next((index for index, number in enumerate(found) if number >= near), 0 if found else -1)
    return Search(words, found, at)


def marked(line: Line, words: str) -> Line:
    """The line with every occurrence of the words in reverse, also where it spans several styles."""
    text = "".join(span.text for span in line)
    compared, wanted = normal(text, words), normal(words, words)
    # Lower case can be longer than what it came from, and then positions do not match.
    if not wanted or wanted not in compared or len(compared) != len(text):
        return line
    inside = [False] * len(text)
    start = compared.find(wanted)
    while start >= 0:
        inside[start : start + len(wanted)] = [True] * len(wanted)
        start = compared.find(wanted, start + len(wanted))
    spans: list[Span] = []
    position = 0
    for span in line:
        for character in span.text:
            style = f"{span.style} {MATCH}".strip() if inside[position] else span.style
            if spans and spans[-1].style == style:
                spans[-1] = Span(Verbatim(spans[-1].text + character), style)
            else:
                spans.append(Span(Verbatim(character), style))
            position += 1
    return tuple(spans)


def folded(line: Line, width: int) -> list[Line]:
    """The line in pieces of at most `width` columns; spaces are kept."""
    if width < 2:
        return [line]
    pieces: list[list[Span]] = [[]]
    used = 0
    for text, style in line:
        piece = ""
        for character in text:
            size = cell_len(character)
            if used + size > width:
                pieces[-1].append(Span(Verbatim(piece), style))
                pieces.append([])
                piece, used = "", 0
            piece += character
            used += size
        if piece:
            pieces[-1].append(Span(Verbatim(piece), style))
    return [tuple(each) for each in pieces]
