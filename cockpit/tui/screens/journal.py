"""The journal: what was asked, what was sent, what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from cockpit.model.plan import Act
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView
from cockpit.tui.acting import undo_state
from cockpit.tui.desk import desk_of
from cockpit.tui.keys import BY_ID
from cockpit.tui.messages import ActionRequested
from cockpit.tui.paint import Line, Span, wrap
from cockpit.tui.plan_text import MOST_COMMAND
from cockpit.tui.text import clock_time
from cockpit.tui.widgets.scroll_text import ScrollText
from cockpit.tui.widgets.timeline import Timeline


class JournalScreen(Screen[None]):
    """All entries, newest first, and everything about the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,i", "app.pop_screen", "back", show=False),
        replace(BY_ID["undo"].binding, action="undo"),
    ]

    def compose(self) -> ComposeResult:
        desk = desk_of(self.app)
        yield ScrollText(lambda width: [(Span(" journal", "strong"),)], desk.glyphs, id="heading")
        yield Timeline(desk.glyphs, desk.zone, with_name=True)
        yield ScrollText(self.details, desk.glyphs, id="details")
        yield ScrollText(self.keys_line, desk.glyphs, id="keys")

    def on_mount(self) -> None:
        for fixed in ("#heading", "#keys"):
            self.query_one(fixed).can_focus = False
        self.query_one(Timeline).focus()
        self.show_view(desk_of(self.app).view)

    def show_view(self, view: FleetView) -> None:
        """Show the entries of this view."""
        self.query_one(Timeline).show(tuple(reversed(view.journal)))
        self._cursor_moved()

    @on(Timeline.CursorMoved)
    def _cursor_moved(self) -> None:
        self.query_one("#details", ScrollText).repaint()

    def keys_line(self, width: int) -> list[Line]:
        """The keys, in words."""
        undo = desk_of(self.app).keymap["undo"].shown
        return [(Span(f" esc back   tab panes   {undo} undo the last act on the rollout of this line", "quiet"),)]

    def action_undo(self) -> None:
        """Ask for the undo of the last act on the rollout under the cursor, which may be gone."""
        entry = self.query_one(Timeline).current
        state = undo_state(desk_of(self.app).view.read_only)
        if entry is None or not state.enabled:
            desk_of(self.app).refuse(state.why or "nothing was asked yet")
            return
        self.app.post_message(ActionRequested(entry.rollout, Act.UNDO))

    def details(self, width: int) -> list[Line]:
        """Everything about one entry."""
        entry = self.query_one(Timeline).current
        if entry is None:
            return []
        desk = desk_of(self.app)
        look = desk.glyphs.stages[entry.stage]
        head = f" {clock_time(entry.at, desk.zone)}  {safe_text(entry.who, 60)}  {safe_text(entry.rollout)}"
        lines: list[Line] = [(Span(desk.glyphs.rule * width, "quiet"),), (Span(head, "strong"),)]
        lines.append((Span(f" {look.sign} {look.word} ", look.style), Span(safe_text(entry.title))))
        lines += [(Span(f" {words}"),) for words in wrap(safe_text(entry.why, MOST_COMMAND), width - 2) if words]
        for command in entry.commands:
            lines += [(Span(f" {words}", "accent"),) for words in wrap(safe_text(command, MOST_COMMAND), width - 2)]
        return lines
