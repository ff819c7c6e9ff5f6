"""Text that is read when the screen opens and again on request, with search and folding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_lines, safe_text
from cockpit.texts.current import Verbatim
from cockpit.tui.copying import Copy, name_copies
from cockpit.tui.footers import TEXT_FOOTER
from cockpit.tui.keys import bindings_on
from cockpit.tui.lines import Line, Span, plain, wrap_line
from cockpit.tui.screens.reading import ReadingScreen
from cockpit.tui.search import Search, folded, marked, searched
from cockpit.tui.styles import LINK
from cockpit.tui.widgets.findings import INDENT, FindingLines, finding_spans
from cockpit.tui.widgets.scroll_text import ScrollText

MOST_LINES = 5000


class TextScreen(ReadingScreen):
    """Lines with a search. A subclass reads `text`, or gives styled lines itself."""

    FOOTER: ClassVar[tuple[str, ...]] = TEXT_FOOTER
    BINDINGS: ClassVar[list[BindingType]] = bindings_on("text")
    nothing = "nothing to show"

    def __init__(self) -> None:
        super().__init__()
        self.text: tuple[str, ...] = ()
        self.found = Search()
        self.wraps = False
        self.starts: Sequence[int] = ()  # the first line on screen of each line of the text

    def body(self) -> ComposeResult:
        yield ScrollText(self.build, self.app_port.glyphs, id="text")

    @property
    def main(self) -> ScrollText:
        return self.query_one("#text", ScrollText)

    def on_mount(self) -> None:
        super().on_mount()
        self.action_refresh()

    def note(self) -> str:
        return self.found.count

    async def read(self) -> tuple[str, ...]:
        """The text, safe to show."""
        raise NotImplementedError

    def lines_for(self, width: int) -> Sequence[Line]:
        """The text as lines, each a line of what is read."""
        return [(Span(line),) for line in self.text]

    def build(self, width: int) -> Sequence[Line]:
        """The lines on screen: with matches marked, and folded if asked for."""
        lines: list[Line] = []
        starts: list[int] = []
        for line in self.lines_for(width):
            shown = marked(line, self.found.words) if self.found.words else line
            starts.append(len(lines))
            pieces = folded(shown, width - 2) if self.wraps else [shown]
            lines += [(Span(" "), *piece) for piece in pieces]
        self.starts = starts
        return lines or [(Span(f" {self.nothing}", "quiet"),)]

    def search(self, words: str) -> None:
        pane = self.main
        width = max(pane.size.width, 1)
        near = next((number for number, start in enumerate(self.starts) if start >= pane.top), 0)
        self.found = searched(plain(self.lines_for(width)), words, near)
        self.show_match()

    def action_match(self, by: int) -> None:
        self.found = self.found.step(by)
        self.show_match()

    def show_match(self) -> None:
        """Bring the present match into sight."""
        pane = self.main
        if self.found.line is not None:
            pane.build(max(pane.size.width, 1))
            start = self.starts[self.found.line] if self.found.line < len(self.starts) else 0
            if not pane.top <= start < pane.top + pane.size.height - 1:
                pane.top = max(start - pane.size.height // 2, 0)
        pane.repaint()
        self.show_heading()

    def action_wrap(self) -> None:
        """Fold long lines, or cut them."""
        self.wraps = not self.wraps
        self.main.repaint()

    def action_refresh(self) -> None:
        """Read the text from the cluster."""
        self.text = self.text or ("reading …",)
        self.show_text()
        self.run_worker(self._fetch(), group="read", exclusive=True, exit_on_error=False)

    async def _fetch(self) -> None:
        self.text = await self.read()
        if self.found.words:
            self.search(self.found.words)
        self.show_text()

    def show_text(self) -> None:
        """Draw heading and text."""
        for pane in self.query(ScrollText):
            pane.repaint()

    def copies(self) -> Sequence[Copy]:
        return (Copy("the text", "\n".join(plain(self.lines_for(1000)))),)


class FindingsText(TextScreen):
    """Every finding of a rollout in full, and below them what else there is to say of it."""

    def __init__(
        self,
        key: RolloutKey,
        findings: Callable[[], Sequence[FindingLines]],
        more: Callable[[], Sequence[Line]] = tuple,
    ) -> None:
        super().__init__()
        self.key = key
        self.findings = findings
        self.more = more
        self.shown: Sequence[FindingLines] = ()
        self.below: Sequence[Line] = ()

    def heading(self) -> str:
        return f"findings of {safe_text(self.key)}"

    async def read(self) -> tuple[str, ...]:
        self.shown, self.below = self.findings(), self.more()
        return tuple(safe_text(each.text) for each in self.shown) or ("this rollout is gone",)

    def lines_for(self, width: int) -> Sequence[Line]:
        """Each finding in full, wrapped."""
        glyphs = self.app_port.glyphs
        lines: list[Line] = []
        for each in self.shown:
            lines += [*wrap_line(finding_spans(each, glyphs), width - 1, INDENT), ()]
        for line in self.below:
            lines += wrap_line(line[1:], width - 1, INDENT)
        return lines or super().lines_for(width)

    def copies(self) -> Sequence[Copy]:
        return (*super().copies(), *name_copies(self.key))


class Printed(TextScreen):
    """Text to mark with the mouse: nothing stands beside it, and long lines are folded.

    With a `target`, of `link_target`, all of it is a link: a click opens it also where it is folded.
    """

    def __init__(self, label: str, text: str, target: str = "") -> None:
        super().__init__()
        self.target = target
        self.label = label
        self.whole = text
        self.wraps = True

    def heading(self) -> str:
        name = safe_text(self.label)
        return f"{name}: click it, or mark it with the mouse" if self.target else f"{name}: mark it with the mouse"

    async def read(self) -> tuple[str, ...]:
        return safe_lines(self.whole, MOST_LINES)

    def build(self, width: int) -> Sequence[Line]:
        self.starts = list(range(len(self.text)))
        style = f"{LINK}{self.target}" if self.target else ""
        given = [marked((Span(Verbatim(line), style),), self.found.words) for line in self.text]
        lines = [piece for line in given for piece in folded(line, width)]
        return lines or [(Span("nothing to show", "quiet"),)]
