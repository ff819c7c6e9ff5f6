"""The journal: every act, what was sent, and its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from cockpit.model.plan import Act, ActState
from cockpit.model.text import safe_text
from cockpit.model.view import Entry, FleetView
from cockpit.texts.current import Verbatim
from cockpit.tui.acting import act_state, undo_state
from cockpit.tui.copying import Copy
from cockpit.tui.entry_text import more_of
from cockpit.tui.footers import JOURNAL_FOOTER
from cockpit.tui.keys import BY_ID, Key, bindings_on
from cockpit.tui.lines import Line, Span, wrap
from cockpit.tui.messages import ActionRequested
from cockpit.tui.plan_text import MOST_COMMAND
from cockpit.tui.screens.reading import ReadingScreen
from cockpit.tui.search import Search, searched
from cockpit.tui.text import clock_time
from cockpit.tui.widgets.header_bar import armed_words
from cockpit.tui.widgets.scroll_text import ScrollText
from cockpit.tui.widgets.timeline import Timeline


class JournalScreen(ReadingScreen):
    """All entries, newest first, and the details of the one under the cursor."""

    PLACE: ClassVar[str] = "journal"
    FOOTER: ClassVar[tuple[str, ...]] = JOURNAL_FOOTER
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_on("journal"),
        replace(BY_ID["undo"].binding, action="undo"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.found = Search()

    def body(self) -> ComposeResult:
        app_port = self.app_port
        yield Timeline(app_port.glyphs, app_port.zone, with_name=True)
        yield ScrollText(self.details, app_port.glyphs, id="details")

    @property
    def main(self) -> Timeline:
        return self.query_one(Timeline)

    def on_mount(self) -> None:
        super().on_mount()
        self.show_view(self.app_port.view)

    def heading(self) -> str:
        return "journal"

    def note(self) -> str:
        """The count of matches, and whether a guard is armed."""
        return "   ".join(part for part in (self.found.count, armed_words(self.app_port.view.rollouts)) if part)

    def show_view(self, view: FleetView) -> None:
        self.main.show(tuple(reversed(view.journal)))
        self._cursor_moved()

    @on(Timeline.CursorMoved)
    def _cursor_moved(self) -> None:
        self.query_one("#details", ScrollText).repaint()
        self.show_heading()
        self.show_keys()

    def search(self, words: str) -> None:
        entries = self.main.entries
        self.found = searched([_text_of(entry) for entry in entries], words, self.main.index)
        self._show_match()

    def action_match(self, by: int) -> None:
        self.found = self.found.step(by)
        self._show_match()

    def _show_match(self) -> None:
        if self.found.line is not None:
            self.main.select(self.found.line)
        self.show_heading()

    def applies(self, key: Key) -> bool:
        return key.id != "undo" or self._undo_state().enabled

    def _undo_state(self) -> ActState:
        """Whether undo applies to the rollout of the line under the cursor, which may be gone."""
        view, entry = self.app_port.view, self.main.current
        shown = (each for each in view.rollouts if entry is not None and each.rollout.key == entry.rollout)
        found = next(shown, None)
        return undo_state(view.read_only) if found is None else act_state(Act.UNDO, found, view.read_only)

    def action_undo(self) -> None:
        """Request undo of the last act on the rollout under the cursor, which may be gone."""
        entry = self.main.current
        state = self._undo_state()
        if entry is None or not state.enabled:
            self.app_port.refuse(state.why or "the journal is empty")
            return
        self.app.post_message(ActionRequested(entry.rollout, Act.UNDO))

    def details(self, width: int) -> list[Line]:
        """The details of one entry."""
        entry = self.main.current
        if entry is None:
            return []
        app_port = self.app_port
        look = app_port.glyphs.stages[entry.stage]
        head = f" {clock_time(entry.at, app_port.zone)}  {safe_text(entry.who, 60)}  {safe_text(entry.rollout)}"
        lines: list[Line] = [(Span(app_port.glyphs.rule * width, "quiet"),), (Span(head, "strong"),)]
        lines.append((Span(f" {look.sign} {look.word} ", look.style), Span(safe_text(entry.title))))
        lines += [(Span(f" {words}"),) for words in wrap(safe_text(entry.why, MOST_COMMAND), width - 2) if words]
        for sentence in more_of(entry):
            lines += [(Span(f" {words}", "quiet"),) for words in wrap(sentence, width - 2)]
        for command in entry.commands:
            pieces = wrap(Verbatim(safe_text(command, MOST_COMMAND)), width - 2)
            lines += [(Span(Verbatim(f" {words}"), "accent"),) for words in pieces]
        return lines

    def copies(self) -> Sequence[Copy]:
        entry = self.main.current
        if entry is None:
            return ()
        commands = [Copy(f"kubectl command {number}", text) for number, text in enumerate(entry.commands, 1)]
        return (*commands, Copy("name", str(entry.rollout)), Copy("entry", _text_of(entry)))


def _text_of(entry: Entry) -> str:
    return safe_text(f"{entry.rollout} {entry.who} {entry.act} {entry.title} {entry.stage} {entry.why}", 2000)
