"""The rollout in at most three lines: what is released and how far it is, the step and its reason, all steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import tzinfo

from rich.cells import cell_len

from cockpit.model.ages import age, seconds_since_epoch
from cockpit.model.lazy_re import lazy_re
from cockpit.model.rollout import Phase, Rollout, Step
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.texts.current import Verbatim
from cockpit.tui.check_lines import check_height, check_lines
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import Line, Span, clip, ends, fit_end, width_of
from cockpit.tui.standing import unsaid_message, waits_for_a_person
from cockpit.tui.text import clock_time, guard_words, local_times, names_of_release
from cockpit.tui.widgets.painted import Painted

# With more steps than this, signs take too much room.
MOST_SIGNS = 20
# What is left of a message that lists shares, without the names of versions and lanes.
SHARE_WORD = lazy_re(r"[<>]?[0-9]+%[,;]?|with|for|[,;]|canary|weight|of|[0-9]+")


def title_line(
    view: RolloutView, width: int, glyphs: Glyphs, now: float = 0.0, zone: tzinfo | None = None, version: str = ""
) -> Line:
    """Name, then what is released, how, and how far it is; on the right its guard. The name is cut last.

    `version` is the one whose share tells how far it is; `now` is UTC seconds since 1970.
    """
    rollout = view.rollout
    name = Span(Verbatim(f" {safe_text(rollout.key.namespace, 63)}/{safe_text(rollout.key.name)}"), "strong")
    guard = guard_words(view.guard, zone)
    phase = glyphs.phases[rollout.phase]
    # The last ones are left out first where room is short, and long names of versions are cut before one is.
    between = glyphs.joiner
    parts: list[Span] = []
    for names in (40, 12):
        release = release_words(rollout, glyphs, names)
        ranked = [
            Span(f"{phase.sign} {phase.word}", phase.style),
            *([Span(guard, "waiting")] if guard else []),
            Span(release, "strong"),
            Span(share_words(view, version, now)),
            Span(kind_words(rollout), "quiet"),
        ]
        parts = [part for part in ranked if part.text]
        while parts and width_of((name, *parts)) + len(between) * (len(parts) - 1) + 3 > width:
            parts.pop()
        if any(part.text == release for part in parts):
            break
    parts.sort(key=lambda part: part.text != release)
    right: list[Span] = []
    for part in parts:
        right += [Span(between, "quiet"), part] if right else [part]
    return ends((name,), (*right, Span(" ")), width)


def release_words(rollout: Rollout, glyphs: Glyphs, most: int = 40) -> str:
    """From which version to which, in at most so many columns each; at rest, the version that everyone gets."""

    def short(name: str) -> str:
        # Versions differ at the end.
        return fit_end(safe_text(name, 63), min(most, cell_len(safe_text(name, 63))), glyphs.ellipsis)

    return f" {glyphs.arrow} ".join(map(short, names_of_release(rollout)))


def kind_words(rollout: Rollout) -> str:
    """Which system drives it, through which router."""
    system, router = safe_text(rollout.key.system, 40), safe_text(rollout.router, 40)
    return f"{system} by {router}" if router and router != system else system


def share_words(view: RolloutView, version: str, now: float) -> str:
    """The written share of the version, and for how long it has been so, if that was seen; "" at rest."""
    rollout, lane = view.rollout, view.rollout.default_lane
    share = next((each for each in lane.shares if each.version == version), None) if lane else None
    if lane is None or share is None or share.written is None or rollout.phase is Phase.AT_REST:
        return ""
    last = next((split for split in reversed(view.probe.splits) if split.lane == lane.name), None)
    since = ""
    if last and not last.found:
        seconds = now - last.at
        # By the minute, so that time alone draws seldom.
        since = f" for {age(seconds)}" if seconds >= 60 else " for <1m"
    return f"at {percent(share.written)}{since}"


def step_line(view: RolloutView, width: int, glyphs: Glyphs, now: float, zone: tzinfo | None = None) -> Line:
    """The step track, then the act in progress or the reason for the phase, and what the rollout waits for.

    `now` is UTC seconds since 1970; times of day are shown in `zone`.
    """
    rollout = view.rollout
    spans: list[Span] = [Span(" ")]
    if step := rollout.step:
        spans += [*_signs(step, glyphs), Span(f" {step_words(step)}  ")]
        if words := time_left(step.until, now, zone):
            spans.append(Span(f"{words}  ", "waiting"))
    if view.acting:
        spans.append(Span(f"{glyphs.titled(view.acting)} {glyphs.ellipsis}  ", "accent"))
    elif words := decision(rollout):
        spans.append(Span(f"{words}  ", "waiting"))
    if not only_shares(rollout):
        spans.append(Span(local_times(safe_text(unsaid_message(rollout)), now, zone)))
    return clip(tuple(spans), width, glyphs.ellipsis)


def has_step_line(view: RolloutView) -> bool:
    """Whether there is anything to say below the title."""
    rollout = view.rollout
    said = unsaid_message(rollout) and not only_shares(rollout)
    return bool(rollout.step or view.acting or said or decision(rollout))


def only_shares(rollout: Rollout) -> bool:
    """Whether the message only repeats the written shares, which stand in who gets what."""
    rest = unsaid_message(rollout)
    names = {share.version for lane in rollout.lanes for share in lane.shares}
    for word in sorted({*names, *(lane.match for lane in rollout.lanes)}, key=len, reverse=True):
        rest = rest.replace(word, " ") if word else rest
    return bool(rollout.lanes) and all(SHARE_WORD.fullmatch(word) for word in rest.split())


def track_height(view: RolloutView, screen: int) -> int:
    """Lines of the title and what stands below it, on a screen with so many lines."""
    return 1 + has_step_line(view) + bool(view.rollout.steps) + check_height(view.rollout, screen)


def _signs(step: Step, glyphs: Glyphs) -> list[Span]:
    done, now, later = glyphs.steps
    if step.count > MOST_SIGNS:
        return []
    if step.index < 1:
        return [Span(later * step.count, "quiet")]
    at = max(min(step.index, step.count) - 1, 0)
    return [Span(done * at, "ok"), Span(now, "accent"), Span(later * (step.count - at - 1), "quiet")]


def step_words(step: Step) -> str:
    """Number, share and title; no share if the title contains it."""
    title, weight = safe_text(step.title, 60), percent(step.weight, "")
    words = [f"step {step.index}/{step.count}", weight if weight not in title else "", title]
    return " ".join(word for word in words if word)


def time_left(until: str | None, now: float, zone: tzinfo | None = None) -> str:
    """End of a timed pause and the time left, in whole minutes, so that it changes once a minute."""
    end = seconds_since_epoch(until)
    if end is None:
        return ""
    moment = clock_time(end, zone)
    minutes = math.ceil((end - now) / 60)
    if end <= now:
        return f"was due to continue at {moment}"
    left = "<1 min" if minutes <= 1 else f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
    return f"until {moment}, {left} left"


def decision(rollout: Rollout) -> str:
    """Whose approval the release waits for, if any."""
    return "waits for approval" if waits_for_a_person(rollout) else ""


def plan_line(rollout: Rollout, width: int, glyphs: Glyphs) -> Line:
    """The titles of all steps with the current one marked, or as many around it as fit."""
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
    """Range of titles around `at` that fit; later steps come before earlier ones."""
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
    """Title, step track and the steps, if any. `now` gives UTC seconds since 1970."""

    def __init__(self, glyphs: Glyphs, now: Callable[[], float], zone: tzinfo | None) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.now = now
        self.zone = zone
        self.view: RolloutView | None = None
        self.version = ""

    def show(self, view: RolloutView, version: str = "") -> None:
        """Show this rollout; `version` is the one whose share tells how far it is."""
        self.view, self.version = view, version
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        if self.view is None:
            return []
        now = self.now()
        title = title_line(self.view, width, self.glyphs, now, self.zone, self.version)
        lines = [title]
        if has_step_line(self.view):
            lines.append(step_line(self.view, width, self.glyphs, now, self.zone))
        rollout = self.view.rollout
        if rollout.steps:
            lines.append(plan_line(rollout, width, self.glyphs))
        return lines + check_lines(rollout, check_height(rollout, self.screen.size.height), width, self.glyphs)
