"""The question what to sample in a context where nobody decided yet."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.counts import counted
from cockpit.model.sampling import SampleScope
from cockpit.tui.lines import Line, Span, wrap
from cockpit.tui.sampling import LATER, SCOPES
from cockpit.tui.screens.ask import AROUND, LAST, ChoiceForm, FormText
from cockpit.tui.widgets.below import BelowForMoments


class SampleForm(ChoiceForm[SampleScope]):
    """What to sample, below what would be sent.

    The cursor starts on deciding later, because the question can come while somebody types. It comes while the session
    reads, and a hundred pieces of the screen below would take 8 MB and a tenth of a second then.
    """

    BELOW = BelowForMoments

    def __init__(self, notes: Sequence[str]) -> None:
        options = [*((words, scope) for scope, words in SCOPES.items()), (LATER, SampleScope.UNDECIDED)]
        super().__init__("sample the traffic?", options, first=len(SCOPES), enter="chooses and remembers it")
        self.notes = tuple(notes)

    def lines_for(self, width: int) -> list[Line]:
        title, *rest = super().lines_for(width)
        notes: list[Line] = [(Span(line, "quiet"),) for note in self.notes for line in wrap(note, width)]
        room = max(self.app.size.height - AROUND - 1 - len(rest), 1)
        if len(notes) > room:
            left_out = len(notes) - room + 1
            notes[room - 1 :] = [(Span(f"{counted(left_out, 'more line')} in a larger window", "quiet"),)]
        return [title, *notes, *rest]

    def cursor_line(self) -> int:
        width = self.query_one(FormText).size.width
        # Before the first layout it has no width.
        return super().cursor_line() + len(self.lines_for(width)) - len(super().lines_for(width)) if width else LAST
