"""The last line: the relevant keys, dimmed if they do not apply."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from cockpit.texts.current import Verbatim, translated
from cockpit.tui.footers import NEEDED
from cockpit.tui.keys import Key
from cockpit.tui.lines import Line, Span
from cockpit.tui.widgets.painted import Painted

_GAP = "  "


def key_line(keys: Sequence[tuple[Key, bool]], width: int) -> Line:
    """As many keys as fit, in order, those that apply first; what is needed is not pushed out by others."""
    spans: list[Span] = [Span(" ")]
    for key, enabled in _fitting(sorted(keys, key=lambda pair: not pair[1]), width - 1):
        spans += [
            Span(Verbatim(key.shown), "key" if enabled else "quiet"),
            Span(Verbatim(_word(key)), "" if enabled else "quiet"),
        ]
    return tuple(spans)


def _fitting(keys: Sequence[tuple[Key, bool]], room: int) -> list[tuple[Key, bool]]:
    """The keys for which there is room, in their order; chosen are the needed ones, then the others."""
    chosen = set()
    for key, _ in sorted(keys, key=lambda pair: (not pair[1], pair[0].id not in NEEDED)):
        size = cell_len(key.shown) + cell_len(_word(key))
        if size - len(_GAP) <= room:
            chosen.add(key.id)
            room -= size
    return [pair for pair in keys if pair[0].id in chosen]


def _word(key: Key) -> str:
    return translated(f" {key.word}") + _GAP


class KeyBar(Painted):
    """The footer. It is redrawn only when a key starts or stops to apply."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: Sequence[tuple[Key, bool]] = ()

    def show(self, keys: Sequence[tuple[Key, bool]]) -> None:
        """Show keys, each with whether it applies now."""
        self.keys = keys
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        return [key_line(self.keys, width)]
