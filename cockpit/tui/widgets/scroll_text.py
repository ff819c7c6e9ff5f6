"""Scrollable text: lines built for a width, scrolled by keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from cockpit.model.counts import plural
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import Line, Span, clip, window
from cockpit.tui.widgets.painted import Painted


class ScrollText(Painted, can_focus=True):
    """Shows what `build(width)` returns; the last line says how much is below, if there is room.

    `top` is the requested first line; it survives a resize in which everything fits. `cursor` is a line that stays
    visible at every size (the last line if there are fewer); None if keys scroll.
    """

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
        self.cursor: int | None = None
        self.count = 0

    def action_scroll_by(self, by: int) -> None:
        """Scroll by lines, stopping at the ends."""
        last = max(self.count - self.size.height, 0)
        self.top = max(min(min(self.top, last) + by, last), 0)
        self.repaint()

    def action_scroll_page(self, by: int) -> None:
        """Scroll by pages, with one line of overlap."""
        self.action_scroll_by(by * max(self.size.height - 2, 1))

    def draw(self, width: int, height: int) -> list[Line]:
        lines = self.build(width)
        self.count = len(lines)
        top = self._first(height)
        shown = [clip(line, width, self.glyphs.ellipsis) for line in lines[top : top + height]]
        below = self.count - top - height
        if below > 0 and height > 1:
            keys = ": pgdn" if self.cursor is None else ""
            shown[-1] = (Span(f" {below + 1} more {plural(below + 1, 'line')}{keys}", "quiet"),)
        return shown

    def _first(self, height: int) -> int:
        """The first line to show in `height`."""
        last = max(self.count - height, 0)
        if self.cursor is None:
            return min(self.top, last)
        cursor = min(self.cursor, self.count - 1)
        top = window(self.count, cursor, self.top, height)
        # The last line on screen says how much is below.
        hidden = height > 1 and top < last and cursor == top + height - 1
        self.top = top + hidden
        return self.top


class TallText(ScrollText):
    """As high as `get_content_height` says, which depends on its lines."""

    def show(self, *, resized: bool = False) -> None:
        """Draw it again. To lay the whole screen out again is dear: only for another height, or in a new size."""
        fits = self.size and self.get_content_height(self.size, self.screen.size, self.size.width) == self.size.height
        if resized or not fits:
            self.refresh(layout=True)
        self.repaint()
