"""The rollout under the cursor in a few lines: what is wrong, what users get, and the way back; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from cockpit.model.ages import age, ago, seconds_since_epoch
from cockpit.model.counts import counted
from cockpit.model.finding_order import folded, told_for
from cockpit.model.health import Health
from cockpit.model.plan import ActState
from cockpit.model.remedies import unmended
from cockpit.model.rollout import Lane, Phase, Rollout, Severity, Share, Verdict
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Entry, RolloutView, Stage
from cockpit.tui.acting import state_of
from cockpit.tui.advising import Keyed
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.health_words import fault_words, told_health
from cockpit.tui.keys import Key, Keymap
from cockpit.tui.lines import Line, Span, clip, width_of, wrap_line
from cockpit.tui.since import steady
from cockpit.tui.standing import Cause, cause_of, failing_by, seconds_left, sign_of, stuck_by, unsaid_message
from cockpit.tui.text import base_of, guard_words, half_width, local_times, new_share, pods_of, released
from cockpit.tui.way_back import goes_back_words

_MOST_TEXT = 600
_NO_SIGN = Span("  ")
_PODS_SAY = frozenset({"failing-pods", "replica-failure"})


@dataclass(frozen=True, slots=True)
class Told:
    """One statement: `mark` stands in front of its first line, the others are indented by as much."""

    words: Line
    mark: Span = _NO_SIGN

    def lines(self, width: int) -> list[Line]:
        """Wrapped at the width."""
        indent = width_of((self.mark,))
        wrapped = wrap_line(self.words, max(width - indent, 4), 0)
        return [((Span(" " * indent) if n else self.mark), *line) for n, line in enumerate(wrapped)]


@dataclass(frozen=True, slots=True)
class Facts:
    """A rollout with what its brief needs besides. `now` is UTC seconds, `zone` that of times of day."""

    view: RolloutView
    journal: Sequence[Entry]
    read_only: bool
    keymap: Keymap
    glyphs: Glyphs
    now: float
    zone: tzinfo | None = None


def brief_lines(facts: Facts, width: int, height: int) -> list[Line]:
    """The most important first, wrapped to the width; what has no room is left out from the end.

    The way back keeps its line: the reason is cut before it.
    """
    urgent = [_reason(facts), _split(facts), back_told(facts)]
    wrapped = [told.lines(width) for told in urgent]
    back = len(wrapped) - 1
    while sum(map(len, wrapped)) > height and any(len(lines) > 1 for lines in wrapped):
        longest = max((n for n in range(len(wrapped)) if len(wrapped[n]) > 1), key=lambda n: (n != back, n))
        wrapped[longest] = _shorter(wrapped[longest], width, facts.glyphs)
    if len(wrapped) > height:
        wrapped = [wrapped[0], wrapped[-1]][: max(height, 0)]
    lines = [line for each in wrapped for line in each]
    for told in more_told(facts):
        more = told.lines(width)
        if len(lines) + len(more) > height:
            break
        lines += more
    return lines


def _shorter(lines: list[Line], width: int, glyphs: Glyphs) -> list[Line]:
    """One line less; the last one shows that something is missing."""
    *kept, last = lines[:-1]
    return [*kept, clip((*last, Span(" " * width)), width, glyphs.ellipsis)]


def _words(facts: Facts, text: str) -> str:
    return safe_text(local_times(text, facts.now, facts.zone), _MOST_TEXT)


def _keyed(facts: Facts) -> Keyed:
    return Keyed(facts.view, facts.read_only, facts.keymap)


def _advised(facts: Facts, text: str) -> str:
    """The same with the keys of what a finding tells to do."""
    keyed = _keyed(facts)
    return keyed.words(_words(facts, text), keyed.acts_of(text))


def _reason(facts: Facts) -> Told:
    """What it is and why, in one sentence."""
    sign = sign_of(facts.view, facts.glyphs)
    return Told((Span(_reason_words(facts)),), Span(f" {sign.sign}", sign.style))


def _reason_words(facts: Facts) -> str:
    view, rollout = facts.view, facts.view.rollout
    health = told_health(view, facts.keymap)
    cause = cause_of(view)
    text = health.reason
    if cause is Cause.GUARD and view.guard is not None:
        text = f"{guard_words(view.guard, facts.zone)}: {view.guard.words}"
    elif cause in (Cause.DEGRADED, Cause.ABORTED):
        text = f"{rollout.phase}: {_why(rollout)}"
    elif cause is Cause.FAILING and (failing := failing_by(rollout)):
        text = failing.text
    elif cause is Cause.STUCK and (stuck := stuck_by(rollout)):
        text = stuck.text
    elif cause is Cause.APPROVAL and health.health is not Health.DOUBTFUL:
        text = _approval(facts)
    elif cause is Cause.AT_REST or cause is Cause.MOVING:
        found = next((each for each in folded(rollout.findings) if each.severity is not Severity.INFO), None)
        text = found.text if found else f"{health.health}: {text}" if text else str(health.health)
    return _advised(facts, text)


def _why(rollout: Rollout) -> str:
    """Why it failed: what its pods say before what its controller says of them."""
    pods = told_for(rollout.findings, _PODS_SAY) if rollout.phase is Phase.DEGRADED else None
    return pods.text if pods else rollout.message or "its controller does not say why"


def _approval(facts: Facts) -> str:
    """What is waited for, and the key that lets it go on."""
    rollout, key = facts.view.rollout, facts.keymap["approve"]
    state = state_of(key, facts.view, facts.read_only)
    step = f"step {rollout.step.index} of {rollout.step.count} " if rollout.step else ""
    leads = f": {state.leads}" if state.leads else ""
    how = f"{key.shown} approves it{leads}" if state.enabled else _without_name(rollout, state)
    title = f" ({rollout.step.title})" if rollout.step and rollout.step.title else ""
    return f"{step}waits for approval{title}; {how}"


def _without_name(rollout: Rollout, state: ActState) -> str:
    """Why an act does not apply; the name of the rollout stands above."""
    return state.why.removeprefix(f"{safe_text(rollout.key.name)}: ")


def _split(facts: Facts) -> Told:
    """What is written and what users get, and whether the two agree."""
    rollout = facts.view.rollout
    lane, share = rollout.default_lane, new_share(rollout)
    if lane is None or share is None:
        return Told((Span("no split of requests is known", "quiet"),))
    words, style = f"{_written(share, lane)}, ", ""
    if share.observed and share.observed.samples:
        half = half_width(share.observed)
        got = percent(share.observed.share) + (f" {facts.glyphs.plus_minus}{half}" if half else "")
        judged = f": {_verdict(lane)}" if facts.view.probe.running else " when last measured"
        words += f"its Service gives {got}{judged}" if rollout.inside_only else f"users get {got}{judged}"
        if lane.unanswered:
            note = f" ({safe_text(lane.unanswered_note, 40)})" if lane.unanswered_note else ""
            words += f"; no version answers {percent(lane.unanswered.share)} of requests{note}"
    else:
        words, style = f"{words}what users get is not measured", "quiet"
    rules = len(rollout.lanes) - 1
    return Told((Span(f"{words}; {counted(rules, 'rule')} for other requests" if rules else words, style),))


def _written(share: Share, lane: Lane) -> str:
    name = safe_text(share.version, 63)
    if share.written is None:
        return f"{name}: {percent(share.declared)} declared" if share.declared is not None else f"{name}: share unknown"
    how = "its pods stand for" if lane.derived else "written"
    words = f"{name}: {how} {percent(share.written)}"
    if share.declared is not None and percent(share.declared) != percent(share.written):
        words += f" of {percent(share.declared)} declared"
    return words


def _verdict(lane: Lane) -> str:
    match lane.verdict:
        case Verdict.ON:
            return "the split is as written"
        case Verdict.OFF:
            return "the split is not as written"
        case Verdict.DOUBTFUL:
            return "perhaps not as written"
    return f"about {lane.missing} more answers needed" if lane.missing else "not decided yet"


def back_told(facts: Facts) -> Told:
    """How to get back, by the acts that apply now, each with its key; or why there is no way."""
    rollout, keymap = facts.view.rollout, facts.keymap
    states = {id: state_of(keymap[id], facts.view, facts.read_only) for id in ("rollback", "abort")}
    ways: list[tuple[Key, str]] = []
    if states["rollback"].enabled:
        ways.append((keymap["rollback"], goes_back_words(states["rollback"], rollout)))
    if states["abort"].enabled:
        ways.append((keymap["abort"], goes_back_words(states["abort"], rollout)))
    undoing = facts.view.undoing
    if undoing is not None:
        if state_of(keymap["undo"], facts.view, facts.read_only).enabled:
            told = ", as an Event tells" if undoing.by else ""
            ways.append((keymap["undo"], f"undoes '{_words(facts, facts.glyphs.titled(undoing.title))}'{told}"))
    elif states["rollback"].enabled and states["rollback"].undoable:
        ways.append((keymap["undo"], "undoes it"))
    spans = [Span("back:", "strong")]
    if ways and (remedy := unmended(rollout)):
        spans.append(Span(f"not by rolling back: {remedy};", "waiting"))
    if not any(state.enabled for state in states.values()):
        why = _words(facts, _without_name(rollout, states["rollback"]))
        why = _keyed(facts).words(why, states["rollback"].told)
        spans.append(Span(f"no roll back: {why}{';' if ways else ''}", "quiet"))
    for number, (key, words) in enumerate(ways, 1):
        spans += [Span(key.shown, "key"), Span(f"{words}," if number < len(ways) else words)]
    return Told(tuple(spans))


def more_told(facts: Facts) -> Iterable[Told]:
    """What else is known, for panes with room: findings, progress, versions, where it comes from."""
    view, rollout = facts.view, facts.view.rollout
    # Beside "fine" they would be those of an outage that is over.
    told = cause_of(view) is Cause.HURT or view.health.health is Health.FINE
    if not told and (faults := fault_words([view])):
        yield Told((Span(faults, "waiting"),))
    if words := guard_words(view.guard, facts.zone):
        yield Told((Span(words, "waiting"),))
    if view.acting:
        yield Told((Span(f"under way: {facts.glyphs.titled(view.acting)}", "accent"),))
    said = _reason_words(facts)
    for found in folded(rollout.findings):
        look, text = facts.glyphs.severities[found.severity], _advised(facts, found.text)
        if text not in said:
            style = "quiet" if found.severity is Severity.INFO else ""
            yield Told((Span(text, style),), Span(f" {look.sign}", look.style))
    yield from _facts(facts)


def _facts(facts: Facts) -> Iterable[Told]:
    view, rollout = facts.view, facts.view.rollout
    yield _fact("phase", f"{rollout.phase}{_left(rollout, facts)}")
    if message := unsaid_message(rollout):
        yield _fact("says", _words(facts, message))
    system, router = safe_text(rollout.key.system, 40), safe_text(rollout.router, 60)
    yield _fact("system", system if system == router else f"{system}, routed by {router}")
    for version in rollout.versions:
        pods = pods_of(version, facts.glyphs)
        yield _fact("pods", f"{safe_text(version.name, 63)} {version.role}, {pods} ready")
    new = released(rollout) or base_of(rollout)
    if new is not None and new.images:
        yield _fact("image", safe_text(new.images[0], 300))
    for lane in rollout.lanes:
        if lane.match:
            yield _fact("rule", f"{_words(facts, lane.match)} to {_most(lane)}")
    for owner in rollout.owners:
        yield _fact("owner", safe_text(f"{owner.kind} {owner.name}", 200))
    if (created := seconds_since_epoch(rollout.created)) is not None:
        yield _fact("created", ago(steady(facts.now - created)))
    if view.probe.running and (target := view.probe.probe_target) is not None:
        yield _fact("probe", safe_text(f"{target.url}, {view.probe.asked_rate:g}/s", 300))
    acts = (e for e in reversed(facts.journal) if e.rollout == rollout.key and e.stage is not Stage.NOTED)
    if act := next(acts, None):
        words = f"{_words(facts, facts.glyphs.titled(act.title))} by {safe_text(act.who, 60)}, {act.stage}"
        yield _fact("last act", f"{words}, {ago(steady(facts.now - act.at))}")


def _fact(name: str, words: str) -> Told:
    return Told((Span(words),), Span(f"  {name:<9}", "quiet"))


def _left(rollout: Rollout, facts: Facts) -> str:
    step = rollout.step
    if step is None:
        return ""
    left = seconds_left(rollout, facts.now)
    title = f" {safe_text(step.title, 80)}" if step.title else ""
    return f", step {step.index} of {step.count}{title}" + (f", {age(left)} left" if left is not None else "")


def _most(lane: Lane) -> str:
    """Where most requests of a lane go."""
    share = max(lane.shares, key=lambda each: each.written or each.declared or 0, default=None)
    return safe_text(share.version, 63) if share else "nowhere"
