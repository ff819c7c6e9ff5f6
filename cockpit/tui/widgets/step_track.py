"""The rollout in two lines: what it is, its phase, where it stands and why; in a third its whole plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from rich.cells import cell_len

from cockpit.model.rollout import Phase, Rollout, Step
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.paint import Line, Span, clip, ends
from cockpit.tui.text import clock_time, told_times
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


def step_line(view: RolloutView, width: int, glyphs: Glyphs, now: float, zone: tzinfo | None = None) -> Line:
    """The step track, then what is under way or why it stands where it stands, and what would let it go on.

    `now` is UTC seconds since 1970; times of day are told in `zone`.
    """
    rollout = view.rollout
    spans: list[Span] = [Span(" ")]
    if step := rollout.step:
        spans += [*_signs(step, glyphs), Span(f" {step_words(step)}  ")]
        if words := time_left(step.until, now, zone):
            spans.append(Span(f"{words}  ", "waiting"))
    if view.acting:
        spans.append(Span(f"{safe_text(view.acting)} {glyphs.ellipsis}  ", "accent"))
    elif words := decision(rollout):
        spans.append(Span(f"{words}  ", "waiting"))
    spans.append(Span(told_times(safe_text(rollout.message), now, zone)))
    return clip(tuple(spans), width, glyphs.ellipsis)


def _signs(step: Step, glyphs: Glyphs) -> list[Span]:
    done, now, later = glyphs.steps
    if step.count > MOST_SIGNS:
        return []
    at = max(min(step.index, step.count) - 1, 0)
    return [Span(done * at, "ok"), Span(now, "accent"), Span(later * (step.count - at - 1), "quiet")]


def step_words(step: Step) -> str:
    """Number, share and title, the share only where the title does not have it."""
    title, weight = safe_text(step.title, 60), percent(step.weight, "")
    words = [f"step {step.index}/{step.count}", weight if weight not in title else "", title]
    return " ".join(word for word in words if word)


def time_left(until: str | None, now: float, zone: tzinfo | None = None) -> str:
    """Until when a timed pause holds and how long that is, in whole minutes, so that it changes once a minute."""
    try:
        end = datetime.fromisoformat(until or "").timestamp()
        moment = clock_time(end, zone)
    except (ValueError, OverflowError, OSError):
        return ""
    minutes = math.ceil((end - now) / 60)
    if end <= now:
        return f"was to go on at {moment}"
    left = "<1 min" if minutes <= 1 else f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
    return f"until {moment}, {left} left"


def decision(rollout: Rollout) -> str:
    """Who has to decide, where the release goes on only then."""
    if rollout.phase is Phase.WAITING or (rollout.step and rollout.step.asks):
        return "waits for a person"
    return ""


def plan_line(rollout: Rollout, width: int, glyphs: Glyphs) -> Line:
    """The whole plan by the titles of its steps, the current one marked; as much around it as there is room for."""
    titles = [safe_text(step.title, 30) or glyphs.none for step in rollout.steps]
    at = rollout.step.index - 1 if rollout.step else -1
    between = f" {glyphs.next} "
    first, last = _around(titles, at, width - 2 * len(glyphs.ellipsis) - 3, cell_len(between))
    spans = [Span(f" {glyphs.ellipsis}" if first > 0 else " ", "quiet")]
    for n in range(first, last):
        style = "quiet" if at < 0 or n > at else "ok" if n < at else "accent strong"
        text = f"[{titles[n]}]" if n == at else titles[n]
        spans += [Span(between if n > first else "", "quiet"), Span(text, style)]
    spans.append(Span(glyphs.ellipsis if last < len(titles) else "", "quiet"))
    return clip(tuple(spans), width, glyphs.ellipsis)


def _around(titles: Sequence[str], at: int, width: int, between: int) -> tuple[int, int]:
    """First and one past the last of the titles that fit beside that at `at`, what comes next before what was."""
    first = max(min(at, len(titles) - 1), 0)
    last, room = first + 1, width - 2 - cell_len(titles[first])
    while True:
        before = first, last
        if last < len(titles) and (size := cell_len(titles[last]) + between) <= room:
            last, room = last + 1, room - size
        if first > 0 and (size := cell_len(titles[first - 1]) + between) <= room:
            first, room = first - 1, room - size
        if before == (first, last):
            return before


class StepTrack(Painted):
    """Title, step track and, where there is one, the whole plan. `now` gives UTC seconds since 1970."""

    def __init__(self, glyphs: Glyphs, now: Callable[[], float], zone: tzinfo | None) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.now = now
        self.zone = zone
        self.view: RolloutView | None = None

    def show(self, view: RolloutView) -> None:
        """Show this rollout."""
        self.view = view
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        if self.view is None:
            return []
        rollout = self.view.rollout
        lines = [
            title_line(rollout, width, self.glyphs),
            step_line(self.view, width, self.glyphs, self.now(), self.zone),
        ]
        return [*lines, plan_line(rollout, width, self.glyphs)] if rollout.steps else lines
