"""A list of lines with a cursor below a heading; a screen says what the lines are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import Line, Span, window
from cockpit.tui.widgets.painted import Painted


class RowList(Painted, can_focus=True):
    """`build` gives heading and lines for a width; the cursor stays on its row while `keys` name the rows.

    `empty` is shown where there are none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home,g", "move(-1000000)", "first", show=False),
        Binding("end,G", "move(1000000)", "last", show=False),
    ]

    class CursorMoved(Message):
        """The cursor is on another row."""

    def __init__(self, build: Callable[[int], tuple[Line, Sequence[Line]]], glyphs: Glyphs) -> None:
        super().__init__(id="rows")
        self.build = build
        self.glyphs = glyphs
        self.keys: Sequence[object] = ()
        self.empty = ""
        self._key: object = None
        self._index = 0
        self._top = 0

    def show(self, keys: Sequence[object], empty: str) -> None:
        """Show rows of these keys."""
        self.keys, self.empty = keys, empty
        if self._key in keys:
            self._index = keys.index(self._key)
        self._index = max(min(self._index, len(keys) - 1), 0)
        self._key = keys[self._index] if keys else None
        self.repaint()

    @property
    def current(self) -> object:
        """The key of the row under the cursor; None without rows."""
        return self._key

    def select(self, key: object) -> None:
        """Put the cursor on a row."""
        self._key = key
        self.show(self.keys, self.empty)

    def action_move(self, by: int) -> None:
        """Move the cursor by rows, stopping at the ends."""
        if self.keys:
            self._index = max(min(self._index + by, len(self.keys) - 1), 0)
            self._key = self.keys[self._index]
            self.repaint()
            self.post_message(self.CursorMoved())

    def action_page(self, by: int) -> None:
        """Move the cursor by a screenful."""
        self.action_move(by * max(self.size.height - 2, 1))

    def draw(self, width: int, height: int) -> list[Line]:
        heading, rows = self.build(width - 2)
        if not rows:
            return [heading, (Span(f"  {self.empty}", "quiet"),)]
        lines = [heading] if height > 1 else []
        room = height - len(lines)
        self._top = window(len(rows), self._index, self._top, room)
        for number, row in enumerate(rows[self._top : self._top + room], self._top):
            here = number == self._index
            marked = (Span(f"{self.glyphs.cursor if here else ' '} ", "key"), *row)
            lines.append(tuple(Span(s.text, f"{s.style} cursor".strip()) for s in marked) if here else marked)
        return lines
