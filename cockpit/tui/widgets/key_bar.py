"""The last line: the relevant keys, dimmed if they do not apply."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from cockpit.texts.current import Verbatim, translated
from cockpit.tui.keys import Key
from cockpit.tui.lines import Line, Span
from cockpit.tui.widgets.painted import Painted


def key_line(keys: Sequence[tuple[Key, bool]], width: int) -> Line:
    """As many keys as fit, in order; those that apply come first."""
    spans: list[Span] = [Span(" ")]
    room = width - 1
    for key, enabled in sorted(keys, key=lambda pair: not pair[1]):
        shown, word = key.shown, translated(f" {key.word}") + "  "
        size = cell_len(shown) + cell_len(word)
        if size - 2 > room:
            continue
        spans += [
            Span(Verbatim(shown), "key" if enabled else "quiet"),
            Span(Verbatim(word), "" if enabled else "quiet"),
        ]
        room -= size
    return tuple(spans)


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
