"""Text that is longer than its pane: lines built for a width, scrolled by keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from cockpit.tui.glyphs import Glyphs
from cockpit.tui.paint import Line, Span, clip
from cockpit.tui.widgets.painted import Painted


class ScrollText(Painted, can_focus=True):
    """Shows what `build(width)` returns; its last line says how much is below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", "up", show=False),
        Binding("down,j", "scroll_by(1)", "down", show=False),
        Binding("pageup,ctrl+u", "scroll_page(-1)", "page up", show=False),
        Binding("pagedown,space", "scroll_page(1)", "page down", show=False),
        Binding("home,g", "scroll_by(-1000000)", "first line", show=False),
        Binding("end,G", "scroll_by(1000000)", "last line", show=False),
    ]

    def __init__(self, build: Callable[[int], Sequence[Line]], glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.build = build
        self.glyphs = glyphs
        self.top = 0
        self.count = 0

    def to_end(self) -> None:
        """Show the last lines."""
        self.top = 1_000_000
        self.repaint()

    def action_scroll_by(self, by: int) -> None:
        """Move by lines, no further than the ends."""
        self.top = max(min(self.top + by, self.count - self.size.height), 0)
        self.repaint()

    def action_scroll_page(self, by: int) -> None:
        """Move by pages, with one line of overlap."""
        self.action_scroll_by(by * max(self.size.height - 2, 1))

    def draw(self, width: int, height: int) -> list[Line]:
        lines = self.build(width)
        self.count = len(lines)
        self.top = max(min(self.top, self.count - height), 0)
        shown = [clip(line, width, self.glyphs.ellipsis) for line in lines[self.top : self.top + height]]
        below = self.count - self.top - height
        if below > 0:
            shown[-1] = (Span(f" {below + 1} more lines: pgdn", "quiet"),)
        return shown
