"""Every command and every rollout by name, fed from the table of keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.fuzzy import Matcher
from textual.screen import ModalScreen
from textual.widgets import Input

from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView
from cockpit.tui.desk import desk_of
from cockpit.tui.keys import Key, Keymap, Where
from cockpit.tui.paint import Line, Span
from cockpit.tui.widgets.scroll_text import ScrollText


@dataclass(frozen=True, slots=True)
class Command:
    """One entry; exactly one of `key` and `rollout` is set. `alias` is what selects it at once."""

    name: str
    help: str
    key: Key | None = None
    rollout: RolloutKey | None = None
    alias: str = ""


def commands(keymap: Keymap, view: FleetView, on_rollout: bool) -> list[Command]:
    """What can be done from the screen below, then the rollouts."""
    absent = Where.FLEET if on_rollout else Where.ROLLOUT
    keys = [key for key in keymap.keys if key.where is not absent and key.id not in {"palette", "panes", "back"}]
    found = [Command(key.word, key.help, key=key, alias=key.shown) for key in keys]
    for each in view.rollouts:
        found.append(Command(safe_text(each.rollout.key), f"open {each.rollout.key.system}", rollout=each.rollout.key))
    return found


def ranked(entries: Sequence[Command], query: str) -> list[Command]:
    """Entries that match, best first: its key or its whole name, then fuzzily; all of them for an empty query."""
    query = query.strip()
    if not query:
        return list(entries)
    matcher = Matcher(query)
    scored = []
    for number, entry in enumerate(entries):
        exact = query == entry.alias or query.lower() == entry.name.lower()
        score = 1e6 if exact else matcher.match(entry.name)
        if score > 0:
            scored.append((-score, number, entry))
    return [entry for *_, entry in sorted(scored, key=lambda item: item[:2])]


class PaletteScreen(ModalScreen[Command | None]):
    """Type, choose, enter. Ends in the command; the app does it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back", show=False),
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
    ]

    def __init__(self, entries: Sequence[Command]) -> None:
        super().__init__()
        self.entries = entries
        self.found = list(entries)
        self.index = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            yield Input(placeholder="a command or a rollout; :q quits", id="query", compact=True)
            yield ScrollText(self.lines_for, desk_of(self.app).glyphs, id="found")

    def on_mount(self) -> None:
        self.query_one("#found").can_focus = False
        self.query_one("#query").focus()

    def lines_for(self, width: int) -> list[Line]:
        """What was found, with a cursor."""
        glyphs = desk_of(self.app).glyphs
        lines: list[Line] = []
        for index, entry in enumerate(self.found):
            style = "cursor" if index == self.index else ""
            mark = glyphs.cursor if index == self.index else " "
            name = Span(f"{mark} {entry.alias:<5} {entry.name}  ", f"strong {style}".strip())
            lines.append((name, Span(entry.help, f"quiet {style}".strip())))
        return lines or [(Span("  nothing has that name", "quiet"),)]

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
        pane.top = max(min(pane.top, self.index), self.index - pane.size.height + 2)
        pane.repaint()

    def on_key(self, event: events.Key) -> None:
        # Keys of a fast hand arrive before the field has the focus.
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
        # Without a word or a move of the cursor nothing was chosen, least of all an act.
        if not query.strip() and not self.index:
            return
        # What was typed last counts, even if its change was not handled yet.
        self.found = ranked(self.entries, query)
        self.dismiss(self.found[min(self.index, len(self.found) - 1)] if self.found else None)
