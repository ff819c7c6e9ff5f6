"""What the filter of the fleet matches: words, `!word`, `~letters` in this order, `re:PATTERN`, `-l LABELS`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.fuzzy import Matcher

from cockpit.model.label_selector import LabelSelector, label_selector
from cockpit.model.view import RolloutView
from cockpit.tui.standing import cause_of, standing_of

if TYPE_CHECKING:
    import regex

# A pattern of a person on a stranger's text; it is tried on each row at each key.
_SECONDS = 0.02
_LONGEST = 200
PATTERN, FUZZY, NOT, LABELS = "re:", "~", "!", "-l"


class Filter:
    """Which rows are shown. `problem` says what is wrong with what was typed; "" if nothing."""

    def __init__(self, typed: str) -> None:
        text = typed.strip()
        self.problem = ""
        self._words: list[str] = []
        self._pattern: regex.Pattern[str] | None = None
        self.labels: LabelSelector | None = None
        if text.startswith(LABELS):
            self._choose(text.removeprefix(LABELS))
            return
        if not text.startswith(PATTERN):
            self._words = text.lower().split()
            return
        import regex

        try:
            self._pattern = regex.compile(text.removeprefix(PATTERN).strip()[:_LONGEST], regex.IGNORECASE)
        except regex.error as error:
            self.problem = f"the pattern is not complete: {error}"

    def _choose(self, typed: str) -> None:
        try:
            self.labels = label_selector(typed) if typed.strip() else None
        except ValueError as error:
            self.problem = f"the selector {error}"

    def matches(self, view: RolloutView) -> bool:
        """Whether the row is shown, whatever its labels; every row is while a pattern cannot be used."""
        text = words_of(view)
        if self._pattern is None:
            return all(_holds(text, word) for word in self._words)
        try:
            return self._pattern.search(text, timeout=_SECONDS) is not None
        except TimeoutError:
            # Hundreds of rows would take as long each.
            self._pattern, self.problem = None, "the pattern takes too long"
            return True


def words_of(view: RolloutView) -> str:
    """What is searched of a row, in small letters."""
    rollout = view.rollout
    states = f"{rollout.phase.value} {view.health.health} {standing_of(cause_of(view))}"
    return f"{rollout.key} {rollout.key.system} {rollout.router} {states}".lower()


def _holds(text: str, word: str) -> bool:
    """Whether the text holds the word, does not hold `!word`, or holds the letters of `~word` in this order."""
    rest = word[1:]
    if rest and word.startswith(NOT):
        return not _holds(text, rest)
    if rest and word.startswith(FUZZY):
        return any(Matcher(rest).match(part) > 0 for part in text.split())
    return word in text
