"""The rollout in two lines: what it is, its phase, where it stands and why."""

from __future__ import annotations

from cockpit.model.rollout import Rollout
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.paint import Line, Span, clip, ends
from cockpit.tui.widgets.painted import Painted

# Beyond this many steps signs take more room than they tell.
MOST_SIGNS = 20


def title_line(rollout: Rollout, width: int, glyphs: Glyphs) -> Line:
    """Name, system and router; phase and step at the right."""
    phase = glyphs.phases[rollout.phase]
    system = safe_text(rollout.key.system, 40)
    router = safe_text(rollout.router, 40)
    left = [
        Span(f" {safe_text(rollout.key.namespace, 63)}/{safe_text(rollout.key.name)}", "strong"),
        Span(f"  {system}" + (f" by {router}" if router and router != system else ""), "quiet"),
    ]
    return ends(left, [Span(f"{phase.sign} {phase.word} ", phase.style)], width)


def step_line(view: RolloutView, width: int, glyphs: Glyphs) -> Line:
    """The step track, then what is under way or why it stands where it stands."""
    rollout = view.rollout
    spans: list[Span] = [Span(" ")]
    if step := rollout.step:
        done, now, later = glyphs.steps
        if step.count <= MOST_SIGNS:
            at = min(step.index, step.count - 1)
            spans += [Span(done * at, "ok"), Span(now, "accent"), Span(later * (step.count - at - 1), "quiet")]
        weight = f" {percent(step.weight)}" if step.weight is not None else ""
        spans.append(Span(f" step {step.index}/{step.count}{weight} {safe_text(step.title, 60)}".rstrip() + "  "))
    if view.acting:
        spans.append(Span(f"{safe_text(view.acting)} {glyphs.ellipsis}  ", "accent"))
    spans.append(Span(safe_text(rollout.message)))
    return clip(tuple(spans), width, glyphs.ellipsis)


class StepTrack(Painted):
    """Title and step track."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.view: RolloutView | None = None

    def show(self, view: RolloutView) -> None:
        """Show this rollout."""
        self.view = view
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        if self.view is None:
            return []
        return [title_line(self.view.rollout, width, self.glyphs), step_line(self.view, width, self.glyphs)]
