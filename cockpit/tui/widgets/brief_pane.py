"""The pane of the rollout under the cursor, below the fleet's table or beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.model.text import safe_text
from cockpit.texts.current import Verbatim
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import BLANK, Line, Span
from cockpit.tui.panels import FRAME_COLUMNS, FRAME_LINES, Part, framed
from cockpit.tui.since import Since, since_words
from cockpit.tui.widgets.painted import Painted

if TYPE_CHECKING:
    from cockpit.tui.brief import Facts

# Lines that the brief itself keeps before there is room for more parts.
_BRIEF_LINES = 16
_MOST_ACTS = 12
_FEWEST_COLUMNS = 50  # for a line of the journal


class BriefPane(Painted):
    """What is to know about one rollout, in a frame with its name."""

    TILE = 20
    TILES = 6

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.facts: Facts | None = None
        self.since: Since | None = None
        self.name_shown = ""

    def show(self, name: str, facts: Facts | None, since: Since | None = None) -> None:
        """Show this rollout under this name, or nothing."""
        self.name_shown, self.facts, self.since = name, facts, since
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        if height <= FRAME_LINES or self.facts is None:
            return framed([Part(BLANK, [BLANK] * (height - FRAME_LINES))], width, self.glyphs.frame)[:height]
        from cockpit.tui.brief import brief_lines

        facts, inner = self.facts, width - FRAME_COLUMNS - 1
        room = height - FRAME_LINES
        extra = self._extra(facts, inner, room)
        room -= sum(1 + len(part.body) for part in extra)
        body = brief_lines(facts, inner, room)
        words = safe_text(since_words(facts.view, self.since, facts.now))
        if extra:
            # What is spare goes below all parts.
            spare = room - len(body)
            last = extra[-1]
            extra[-1] = Part(last.title, [*last.body, *[BLANK] * spare], last.note)
        else:
            body += [BLANK] * (room - len(body))
        note = (Span(words, "quiet"),) if words else BLANK
        parts = [Part((Span(Verbatim(self.name_shown), "strong"),), body, note), *extra]
        return framed(parts, width, self.glyphs.frame)

    def _extra(self, facts: Facts, inner: int, room: int) -> list[Part]:
        """Parts for a tall pane: who gets what, and the newest acts on any rollout."""
        from cockpit.tui.brief_split import split_lines
        from cockpit.tui.widgets.timeline import entry_line, latest

        parts = []
        spare = room - _BRIEF_LINES
        split = split_lines(facts.view, inner, self.glyphs)[: max(spare - 1, 0)]
        if len(split) > 1:
            parts.append(Part((Span("who gets what", "strong"),), split))
            spare -= len(split) + 1
        acts = (
            []
            if inner < _FEWEST_COLUMNS
            else [
                entry_line(entry, inner, self.glyphs, facts.zone, with_name=True)
                for entry in latest(facts.journal)[: max(min(spare - 1, _MOST_ACTS), 0)]
            ]
        )
        if acts:
            parts.append(Part((Span("latest acts", "strong"),), acts))
        return parts
