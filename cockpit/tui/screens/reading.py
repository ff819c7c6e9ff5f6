"""What texts, logs and lists share: a heading, a body, a field to search in, the keys, and their actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from cockpit.model.refs import RolloutKey
from cockpit.model.view import FleetView
from cockpit.tui.app_port import AppPort, app_port_of
from cockpit.tui.copying import Copy
from cockpit.tui.keys import Key
from cockpit.tui.lines import Line, Span, ends
from cockpit.tui.widgets.below import SeenBelow
from cockpit.tui.widgets.field import Field
from cockpit.tui.widgets.key_bar import KeyBar
from cockpit.tui.widgets.row_list import RowList
from cockpit.tui.widgets.scroll_text import ScrollText


class ReadingScreen(SeenBelow):
    """A screen on top of the fleet or a rollout that only shows something. `PLACE` is its name in the key table."""

    PLACE: ClassVar[str] = "text"
    FOOTER: ClassVar[tuple[str, ...]] = ()
    BINDINGS: ClassVar[list[BindingType]] = []

    def compose(self) -> ComposeResult:
        glyphs = self.app_port.glyphs
        yield ScrollText(self._heading, glyphs, id="heading")
        yield from self.body()
        yield Field(placeholder=self.search_hint, id="search", compact=True, select_on_focus=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#heading").can_focus = False
        self.query_one("#search").display = False
        self.main.focus()
        self.show_keys()

    @property
    def app_port(self) -> AppPort:
        """The app."""
        return app_port_of(self.app)

    # What a screen says of itself

    search_hint = "search: enter closes the field, n and N go to the next and the previous match"

    def body(self) -> ComposeResult:
        """The widgets between the heading and the keys."""
        raise NotImplementedError

    @property
    def main(self) -> Widget:
        """The widget that has the focus."""
        raise NotImplementedError

    def heading(self) -> str:
        """The title, safe to show."""
        raise NotImplementedError

    def note(self) -> str:
        """What stands at the end of the heading, such as the count of matches."""
        return ""

    def search(self, words: str) -> None:
        """Show what holds these words; "" for everything."""
        raise NotImplementedError

    def action_match(self, by: int) -> None:
        """Go to the next match, or the previous one."""

    def copies(self) -> Sequence[Copy]:
        """What can be copied, the most likely first."""
        return ()

    def action_refresh(self) -> None:
        """Read it again."""
        self.app_port.redraw()

    def show_view(self, view: FleetView) -> None:
        """The session has a new view."""

    def applies(self, key: Key) -> bool:
        """Whether a key of the footer applies now."""
        return True

    # Common to all

    def _heading(self, width: int) -> list[Line]:
        return [ends([Span(f" {self.heading()}", "strong")], [Span(f"{self.note()} ", "quiet")], width)]

    def show_keys(self) -> None:
        """Draw the footer."""
        keys = [self.app_port.keymap[id] for id in self.FOOTER]
        self.query_one(KeyBar).show([(key, key.id not in self.app_port.off and self.applies(key)) for key in keys])

    def show_heading(self) -> None:
        """Draw the heading again."""
        self.query_one("#heading", ScrollText).repaint()

    def action_search(self) -> None:
        """Open the field."""
        field = self.query_one("#search", Input)
        field.display = True
        field.focus()

    def action_back(self) -> None:
        """End the search, or else leave."""
        field = self.query_one("#search", Input)
        if field.display or field.value:
            field.value = ""
            field.display = False
            self.search("")
            self.main.focus()
        else:
            self.app.pop_screen()

    @on(Input.Changed, "#search")
    def _typed(self, event: Input.Changed) -> None:
        self.search(event.value)

    @on(Input.Submitted, "#search")
    def _done(self) -> None:
        self.query_one("#search").display = False
        self.main.focus()

    def action_copy(self) -> None:
        """Ask what to copy."""
        self.app_port.copy(self.copies())


class ListScreen(ReadingScreen):
    """A screen about one rollout whose body is a list; `words` is what its rows are filtered by."""

    def __init__(self, key: RolloutKey) -> None:
        super().__init__()
        self.key = key
        self.words = ""

    def build(self, width: int) -> tuple[Line, Sequence[Line]]:
        """The heading and a line for each row, in this width."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        yield RowList(self.build, self.app_port.glyphs)

    @property
    def main(self) -> RowList:
        return self.query_one(RowList)
