"""The question before a dangerous command of the user's own runs."""

from __future__ import annotations

from cockpit.model.rollout import Rollout
from cockpit.model.shell_line import bounded_line, shell_line
from cockpit.model.text import safe_text
from cockpit.texts.current import Verbatim
from cockpit.tui.lines import Line, Span, wrap
from cockpit.tui.screens.ask import ChoiceForm


class RunForm(ChoiceForm[bool]):
    """Asks before a dangerous command runs, and shows it. The cursor starts on not running it."""

    def __init__(self, name: str, rollout: Rollout, words: tuple[str, ...]) -> None:
        title = f"run {safe_text(name, 40)} for {safe_text(rollout.key)}?"
        super().__init__(title, [("do not run it", False), ("run it", True)], enter="chooses")
        self.command = Verbatim(bounded_line(shell_line(words), 2000))

    def lines_for(self, width: int) -> list[Line]:
        title, *rest = super().lines_for(width)
        return [title, *((Span(Verbatim(line), "accent"),) for line in wrap(self.command, width)), *rest]
