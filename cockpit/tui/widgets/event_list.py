"""The newest Kubernetes events about a rollout's objects, where a screen has room for them."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.ages import age, seconds_since_epoch
from cockpit.model.inspection import EventGroup
from cockpit.model.text import safe_text
from cockpit.texts.current import Verbatim
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import Line, Span, clip
from cockpit.tui.panels import in_frame
from cockpit.tui.widgets.painted import Painted

TITLE = "events"


class EventList(Painted):
    """One line for events of one reason, the newest last. None: they were not read yet."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.groups: Sequence[EventGroup] | None = None
        self.problem = ""
        self.now = 0.0

    def show(self, groups: Sequence[EventGroup], problem: str, now: float) -> None:
        """Show these; `problem` is why some could not be read, or "". `now` is UTC seconds."""
        self.groups, self.problem, self.now = sorted(groups, key=lambda group: group.last), problem, now
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        return in_frame(self._lines, width, height, self.glyphs.frame, (Span(TITLE, "strong"),))

    def _lines(self, width: int, height: int) -> list[Line]:
        if self.groups is None:
            return [(Span(f" reading {self.glyphs.ellipsis}", "quiet"),)]
        problem = [(Span(f" {safe_text(self.problem, 300)}", "waiting"),)] if self.problem else []
        lines = [_line(group, self.now) for group in self.groups]
        shown = [*problem, *lines[-max(height - len(problem), 0) :]] or [(Span(" none", "quiet"),)]
        return [clip(line, width, self.glyphs.ellipsis) for line in shown]


def _line(group: EventGroup, now: float) -> Line:
    """How long ago, the reason, how often, and the newest message."""
    at = seconds_since_epoch(group.last)
    style = "waiting" if group.type == "Warning" else ""
    often = f" x{group.count}" if group.count > 1 else ""
    message = safe_text(group.messages[0], 500) if group.messages else ""
    return (
        Span(f" {age(now - at) if at is not None else '-':<5}", "quiet"),
        Span(Verbatim(f"{safe_text(group.reason, 60)}{often}  "), f"strong {style}".strip()),
        Span(Verbatim(message), style),
    )
