"""The journal as a list: when, who, what, and the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from cockpit.model.text import safe_text
from cockpit.model.view import Entry
from cockpit.texts.current import Verbatim
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import BLANK, Line, Span, clip, window
from cockpit.tui.panels import FRAME_LINES, in_frame
from cockpit.tui.text import clock_time
from cockpit.tui.widgets.painted import Painted

TITLE = "journal"


def entry_line(
    entry: Entry, width: int, glyphs: Glyphs, zone: tzinfo | None, with_name: bool, here: bool = False
) -> Line:
    """One entry in one line; `here` shows the cursor on it."""
    look = glyphs.stages[entry.stage]
    name = f"{safe_text(entry.rollout, 80)} " if with_name else ""
    why = safe_text(entry.why)
    title = glyphs.titled(entry.title)
    spans = (
        Span(f"{glyphs.cursor if here else ' '}{clock_time(entry.at, zone)} ", "quiet"),
        Span(f"{look.sign} ", look.style),
        Span(Verbatim(name), "strong"),
        Span(f"{title} "),
        Span(f" {look.word}", look.style),
        Span(f": {why}" if why else "", "quiet"),
        Span(Verbatim(f"  {safe_text(entry.who, 40)}"), "quiet"),
    )
    return clip(spans, width, glyphs.ellipsis)


def latest(entries: Sequence[Entry]) -> list[Entry]:
    """The last stage of each act, newest act first."""
    by_id: dict[str, Entry] = {}
    for entry in entries:
        by_id.pop(entry.id, None)
        by_id[entry.id] = entry
    return list(reversed(by_id.values()))


class Timeline(Painted, can_focus=True):
    """Acts, newest first, with a cursor while it has the focus; those of one rollout as a panel."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "move(-10)", "page up", show=False),
        Binding("pagedown", "move(10)", "page down", show=False),
    ]

    class CursorMoved(Message):
        """The cursor moved to another entry."""

    def __init__(self, glyphs: Glyphs, zone: tzinfo | None, with_name: bool) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.zone = zone
        self.with_name = with_name
        self.entries: Sequence[Entry] = ()
        self._id = ""
        self._top = 0

    def show(self, entries: Sequence[Entry]) -> None:
        """Show these entries, newest first."""
        self.entries = entries
        self.repaint()

    @property
    def index(self) -> int:
        """Index of the cursor, which stays on its entry when newer ones arrive."""
        return next((i for i, entry in enumerate(self.entries) if entry.id == self._id), 0)

    @property
    def current(self) -> Entry | None:
        """The entry under the cursor."""
        return self.entries[self.index] if self.entries else None

    def select(self, index: int) -> None:
        """Put the cursor on the entry with this index."""
        self.action_move(index - self.index)

    def action_move(self, by: int) -> None:
        """Move the cursor by entries."""
        if self.entries:
            self._id = self.entries[max(min(self.index + by, len(self.entries) - 1), 0)].id
            self.repaint()
            self.post_message(self.CursorMoved())

    def draw(self, width: int, height: int) -> list[Line]:
        if self.with_name:
            return self._entries(width, height)
        style = "key" if self.has_focus else "quiet"
        frame = self.glyphs.frame
        hidden = len(self.entries) - (height - FRAME_LINES)
        foot = (Span(f"{hidden} more", "quiet"),) if hidden > 0 else BLANK
        return in_frame(self._entries, width, height, frame, (Span(TITLE, "strong"),), style=style, foot=foot)

    def _entries(self, width: int, height: int) -> list[Line]:
        if not self.entries:
            mark = self.glyphs.cursor if self.has_focus else " "
            words = "journal: no acts yet" if self.with_name else "no acts yet"
            return [(Span(f"{mark}{words}", "quiet"),)]
        index = self.index if self.has_focus else 0
        self._top = window(len(self.entries), index, self._top if self.has_focus else 0, height)
        lines = []
        for at, entry in enumerate(self.entries[self._top : self._top + height], self._top):
            here = self.has_focus and at == index
            line = entry_line(entry, width, self.glyphs, self.zone, self.with_name, here)
            lines.append(tuple(Span(s.text, f"{s.style} cursor".strip()) for s in line) if here else line)
        return lines
