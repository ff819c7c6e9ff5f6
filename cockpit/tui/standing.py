"""Where a rollout stands for the person who watches: does it need somebody, does it move, and why; pure."""

from __future__ import annotations

from enum import StrEnum

from cockpit.model.ages import age, seconds_since_epoch
from cockpit.model.counts import counted
from cockpit.model.finding_order import folded, leading, told_for
from cockpit.model.guard import GuardState
from cockpit.model.health import Health, Level
from cockpit.model.plan import Act
from cockpit.model.rollout import Finding, Phase, PodState, Rollout, Severity, Version
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.tui.glyphs import Glyphs, Look
from cockpit.tui.lines import Span
from cockpit.tui.text import released


class Standing(StrEnum):
    """The groups of the fleet, in their order."""

    NEEDS_YOU = "needs you"
    MOVING = "moving"
    AT_REST = "at rest"


class Cause(StrEnum):
    """What a row says first, worst first. The value is its sentence part: "hurt for 2m"."""

    HURT = "hurt"
    GUARD = "a guard asks"
    DEGRADED = "degraded"
    ABORTED = "aborted"
    FAILING = "failing"
    STUCK = "stuck"
    APPROVAL = "waits for approval"
    DOUBTFUL = "doubtful"
    MOVING = "as it is"
    AT_REST = "at rest"


STUCK = frozenset({"stuck", "stuck-step", "stuck-routing", "replica-failure", "not-observed"})
# What fails of a release while users are still served.
FAILING = frozenset({"failing-pods", "service-missing"})
# Short words for critical findings whose id says less.
_CRITICAL_WORDS = {
    "errors": "errors",
    "service-fails": "errors",
    "slower": "slower",
    "nobody-answers": "no answers",
    "no-answers": "no answers",
    "selector-misses": "selects none",
    "answers-of-others": "wrong pods",
    "failing-pods": "pods fail",
}
_ASKING = frozenset({GuardState.PROPOSING, GuardState.FAILED})


def waits_for_a_person(rollout: Rollout) -> bool:
    """Whether nothing goes on until somebody decides."""
    asks = rollout.step is not None and rollout.step.asks and rollout.phase is not Phase.AT_REST
    return rollout.phase is Phase.WAITING or asks


def stuck_by(rollout: Rollout) -> Finding | None:
    """What says that it gets no further, None if nothing does; a note that something takes a moment does not."""
    return _first(rollout, STUCK)


def failing_by(rollout: Rollout) -> Finding | None:
    """What says that a version fails, whoever serves the users; None if nothing does."""
    return _first(rollout, FAILING)


def _first(rollout: Rollout, ids: frozenset[str]) -> Finding | None:
    """The first finding of these that is more than a note, or what explains it."""
    return told_for(rollout.findings, ids, notes=False)


def cause_of(view: RolloutView) -> Cause:
    """The worst that can be said of a rollout."""
    rollout, health = view.rollout, view.health.health
    if health is Health.HURT:
        return Cause.HURT
    if view.guard is not None and view.guard.state in _ASKING:
        return Cause.GUARD
    if rollout.phase in (Phase.DEGRADED, Phase.ABORTED):
        return Cause.DEGRADED if rollout.phase is Phase.DEGRADED else Cause.ABORTED
    if failing_by(rollout):
        return Cause.FAILING
    if stuck_by(rollout):
        return Cause.STUCK
    if waits_for_a_person(rollout):
        return Cause.APPROVAL
    if health is Health.DOUBTFUL:
        return Cause.DOUBTFUL
    return Cause.MOVING if view.urgent else Cause.AT_REST


_STANDINGS = {Cause.DOUBTFUL: Standing.MOVING, Cause.MOVING: Standing.MOVING, Cause.AT_REST: Standing.AT_REST}


# Where a rollout belongs in a list.
RANKS = {cause: rank for rank, cause in enumerate(Cause)}


def standing_of(cause: Cause) -> Standing:
    """The group of a rollout: everything worse than a doubt needs somebody."""
    return _STANDINGS.get(cause, Standing.NEEDS_YOU)


def sign_of(view: RolloutView, glyphs: Glyphs) -> Look:
    """The sign in front of a row."""
    match cause_of(view):
        case Cause.HURT:
            return glyphs.healths[Health.HURT]
        case Cause.GUARD | Cause.APPROVAL:
            return glyphs.phases[Phase.WAITING]
        case Cause.FAILING | Cause.STUCK:
            return glyphs.severities[Severity.WARNING]
        case Cause.DOUBTFUL:
            return glyphs.healths[Health.DOUBTFUL]
        case Cause.MOVING if view.rollout.phase is Phase.AT_REST:
            return glyphs.phases[Phase.PROGRESSING]
        case Cause.AT_REST if warnings_of(view.rollout):
            return glyphs.severities[Severity.WARNING]
    return glyphs.phases[view.rollout.phase]


def reasons(view: RolloutView, now: float) -> list[Span]:
    """Why it stands where it stands, in a few words each, the most important first; never empty."""
    found = [*_urgent_reasons(view), *_progress(view, now)]
    warnings = warnings_of(view.rollout)
    if warnings:
        found.append(Span(counted(len(warnings), "warning"), "waiting"))
    if view.health.health is Health.NOT_MEASURED:
        found.append(Span("measuring" if _measuring(view) else "not measured", "quiet"))
    if not found:
        behind = behind_of(view.rollout)
        found.append(Span(f"{safe_text(behind.name, 63)} behind" if behind else "fine", "quiet"))
    return found


def _urgent_reasons(view: RolloutView) -> list[Span]:
    rollout, cause, found = view.rollout, cause_of(view), []
    if cause is Cause.HURT:
        found.append(Span(hurt_words(view), "risk"))
    if view.guard is not None and view.guard.state in _ASKING:
        failed = view.guard.state is GuardState.FAILED
        found.append(Span("guard failed" if failed else "guard asks", "risk" if failed else "waiting"))
    if rollout.phase in (Phase.DEGRADED, Phase.ABORTED):
        found.append(Span(rollout.phase.value, "risk"))
    failing = failing_by(rollout)
    if failing and cause is not Cause.HURT:
        found.append(Span(_CRITICAL_WORDS[failing.id], "risk"))
    if stuck := stuck_by(rollout):
        found.append(Span("not picked up" if stuck.id == "not-observed" else "stuck", "waiting"))
    # Whoever is asked to approve has to know that first; the sign says that it waits.
    if view.health.health is Health.DOUBTFUL and not (failing and failing.text == view.health.reason):
        found.append(Span("doubtful", "waiting"))
    if waits_for_a_person(rollout):
        found.append(Span("approve" if _applies(view, Act.APPROVE) else "waits", "waiting"))
    return found


def hurt_words(view: RolloutView) -> str:
    """What hurts users, with a figure where there is one: "errors 21%", "10x slower", "split off"."""
    critical = leading(view.rollout.findings)
    if critical is None:
        return "hurt"
    if critical.id == "errors" and (rate := _error_rate(view, critical)) is not None:
        return f"errors {percent(rate)}"
    if critical.id == "slower" and (ratio := _slowness(view)) is not None:
        return f"{ratio:.0f}x slower"
    return _CRITICAL_WORDS.get(critical.id, safe_text(critical.id, 40).replace("-", " "))


def _error_rate(view: RolloutView, found: Finding) -> float | None:
    """The error rate that an alarm is about: of the version that the finding names, else the highest."""
    alarms = [one for one in view.probe.health if Level.ALARM in (one.failing, one.worse)]
    about = [one for one in alarms if one.version and one.version in found.about.split()]
    return max((one.error_rate for one in about or alarms), default=None)


def _slowness(view: RolloutView) -> float | None:
    """How many times slower than the stable version, if that is at least twice."""
    ratios = [
        one.p50_ms / one.baseline_p50_ms
        for one in view.probe.health
        if one.slower is Level.ALARM and one.p50_ms and one.baseline_p50_ms
    ]
    worst = max(ratios, default=0.0)
    return worst if worst >= 2 else None


def _progress(view: RolloutView, now: float) -> list[Span]:
    """How far it is, and what is left."""
    rollout, found = view.rollout, []
    if view.acting:
        found.append(Span("act under way", "accent"))
    if rollout.phase is Phase.AT_REST:
        return found
    if rollout.step:
        found.append(Span(f"step {rollout.step.index}/{rollout.step.count}"))
        if (left := seconds_left(rollout, now)) is not None:
            found.append(Span(f"{age(left)} left"))
    if rollout.phase is Phase.PAUSED and not (rollout.step and rollout.step.until):
        found.append(Span("paused", "waiting"))
    if rollout.phase is Phase.PROGRESSING and not rollout.step and (new := released(rollout)):
        found.append(Span(f"pods {new.ready}/{new.desired}"))
    if rollout.phase is Phase.CANARY and not rollout.step:
        found.append(Span("by hand"))
    return found


def seconds_left(rollout: Rollout, now: float) -> float | None:
    """Seconds until a timed pause ends; None if there is none. Zero once its time is up."""
    until = seconds_since_epoch(rollout.step.until) if rollout.step else None
    return max(until - now, 0.0) if until is not None else None


def warnings_of(rollout: Rollout) -> list[Finding]:
    """Its warnings, without those that the row says in other words."""
    told = folded(rollout.findings)
    return [found for found in told if found.severity is Severity.WARNING and found.id not in STUCK | FAILING]


def unsaid_message(rollout: Rollout) -> str:
    """What is left of its message beside its findings: a sentence that stands among them is not told again."""
    told = (found.text for found in folded(rollout.findings) if found.severity is not Severity.INFO)
    rest = rollout.message
    for text in sorted(filter(None, told), key=len, reverse=True):
        rest = rest.replace(text, "")
    return "; ".join(filter(None, (part.strip(" ,") for part in rest.split("; ")))) if rest != rollout.message else rest


def behind_of(rollout: Rollout) -> Version | None:
    """A version with ready pods that gets no requests: everybody can go to it at once."""
    busy = {share.version for lane in rollout.lanes for share in lane.shares if share.written or share.declared}
    idle = (v for v in rollout.own_versions if v.name not in busy and v.ready and v.ready == v.desired)
    return next((v for v in idle if all(pod.state is PodState.READY for pod in v.pods)), None) if busy else None


def _measuring(view: RolloutView) -> bool:
    """Whether answers come in and are too few so far."""
    return view.probe.running and not view.probe.idle and bool(view.probe.total)


def _applies(view: RolloutView, act: Act) -> bool:
    return any(state.act is act and state.enabled for state in view.rollout.acts)
