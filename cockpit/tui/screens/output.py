"""What a user's own command prints, while it runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from cockpit.model.shell_line import bounded_line, shell_line
from cockpit.model.text import safe_lines, safe_text
from cockpit.texts.current import Verbatim
from cockpit.tui.copying import Copy
from cockpit.tui.lines import Line, Span
from cockpit.tui.own import Run
from cockpit.tui.screens.text import MOST_LINES, TextScreen

# Characters of one line that are kept.
WIDEST = 2000


class OutputScreen(TextScreen):
    """Runs the words once and shows the last lines; to leave it stops them."""

    def __init__(self, name: str, words: Sequence[str], run: Run, *, again: bool) -> None:
        """`again`: whether the key that reads a text again runs the words again."""
        super().__init__()
        self.title_words = name
        self.words = tuple(words)
        self.how = "running; esc stops it"
        self._run_words = run
        self._again = again
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._rest = ""
        self._started = False

    def heading(self) -> str:
        return safe_text(f"{self.title_words}: {self.how}")

    async def read(self) -> tuple[str, ...]:
        self._lines.clear()
        self._rest = ""
        self.how = "running; esc stops it"
        self.how = await self._run_words(self.words, self._tell)
        self._tell("\n" if self._rest else "")
        return tuple(self._lines) or ("it printed nothing",)

    def _tell(self, text: str) -> None:
        *whole, self._rest = (self._rest + text).split("\n")
        self._rest = self._rest[-WIDEST:]
        for line in whole:
            self._lines.extend(safe_lines(line.rpartition("\r")[2] or line, 1, WIDEST) or ("",))
        if self.is_mounted and whole:
            self.text = tuple(self._lines)
            self.show_text()

    def action_refresh(self) -> None:
        if self._started and not self._again:
            self.app_port.refuse("run it again from the rollout: it is asked for each time")
            return
        self._started = True
        super().action_refresh()

    def lines_for(self, width: int) -> Sequence[Line]:
        return [(Span(Verbatim(line)),) for line in self.text]

    def show_text(self) -> None:
        super().show_text()
        self.show_heading()

    def copies(self) -> Sequence[Copy]:
        return (*super().copies(), Copy("command", bounded_line(shell_line(self.words), 4000)))
