"""Command palette: namespaces, contexts, rollouts, acts, themes and every other key, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from cockpit.tui.app_port import app_port_of
from cockpit.tui.commands import Command, ranked, why_nothing
from cockpit.tui.lines import Line, Span, fit
from cockpit.tui.widgets.below import BelowForMoments
from cockpit.tui.widgets.field import Field
from cockpit.tui.widgets.scroll_text import ScrollText

# Lines of the frame and of the field.
AROUND = 3


class PaletteScreen(ModalScreen[Command | None]):
    """Type, choose, enter. Returns the entry; the app runs it.

    `preview` is called with the entry under the cursor as it moves; None: no entry was chosen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back", show=False),
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("tab", "complete", "complete", show=False, priority=True),
    ]

    def __init__(self, entries: Sequence[Command], preview: Callable[[Command | None], None] = lambda entry: None):
        super().__init__()
        self.preview = preview
        self.entries = entries
        self.found = list(entries)
        self.index = 0

    def compose(self) -> ComposeResult:
        yield BelowForMoments()
        with Vertical(id="palette"):
            yield Field(
                placeholder="a command, a rollout, ns NAME or ctx NAME; tab completes, esc closes",
                id="query",
                compact=True,
            )
            yield ScrollText(self.lines_for, app_port_of(self.app).glyphs, id="found")

    def on_mount(self) -> None:
        self.query_one("#found").can_focus = False
        self.query_one("#query").focus()
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """As high as the entries, with most of the screen as the limit."""
        room = max(self.size.height * 4 // 5 - AROUND, 1)
        self.query_one("#found").styles.height = max(min(len(self.found), room), 1)

    def lines_for(self, width: int) -> list[Line]:
        """The matches, with a cursor."""
        glyphs = app_port_of(self.app).glyphs
        lines: list[Line] = []
        room = min(max((cell_len(entry.name) for entry in self.found), default=0), max(width // 2, 20))
        for index, entry in enumerate(self.found):
            style = "cursor" if index == self.index else ""
            mark = glyphs.cursor if index == self.index else " "
            words = fit(entry.name, room, ellipsis=glyphs.ellipsis)
            name = Span(f"{mark} {entry.alias:<6} {words}  ", f"strong {style}".strip())
            lines.append((name, Span(entry.help, f"quiet {style}".strip())))
        return lines or [(Span(f"  {why_nothing(self._query(), app_port_of(self.app).view)}", "quiet"),)]

    def _query(self) -> str:
        return self.query_one("#query", Input).value.lstrip(":")

    def action_complete(self) -> None:
        """Put the name of the entry under the cursor into the field."""
        if self.found:
            field = self.query_one("#query", Input)
            field.value = self.found[min(self.index, len(self.found) - 1)].name
            field.cursor_position = len(field.value)

    @on(Input.Changed, "#query")
    def _typed(self, event: Input.Changed) -> None:
        self.found = ranked(self.entries, event.value.lstrip(":"))
        self.index = 0
        self._show()

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.index = max(min(self.index + by, len(self.found) - 1), 0)
        self._show()

    def _show(self) -> None:
        pane = self.query_one("#found", ScrollText)
        pane.cursor = self.index
        self._fit()
        pane.repaint()
        chosen = self.found and (self.index or self._query().strip())
        self.preview(self.found[min(self.index, len(self.found) - 1)] if chosen else None)

    def on_key(self, event: events.Key) -> None:
        # Fast typing can arrive before the field has the focus.
        field = self.query_one("#query", Input)
        if event.key == "enter":
            event.stop()
            self._choose(field.value)
        elif event.is_printable and event.character:
            event.stop()
            field.value += event.character
            field.cursor_position = len(field.value)

    @on(Input.Submitted, "#query")
    def _submitted(self, event: Input.Submitted) -> None:
        self._choose(event.value)

    def _choose(self, query: str) -> None:
        query = query.lstrip(":")
        # Without typing or moving the cursor nothing was chosen, so no act may start.
        if not query.strip() and not self.index:
            return
        # Use the latest text, even if its change event was not handled yet.
        self.found = ranked(self.entries, query)
        if self.found:
            self.dismiss(self.found[min(self.index, len(self.found) - 1)])
        else:
            self._show()
