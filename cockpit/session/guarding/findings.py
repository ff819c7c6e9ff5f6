"""What a guard says as findings. Pure."""

from __future__ import annotations

from cockpit.model.ages import utc_time
from cockpit.model.armed import ArmedGuard
from cockpit.model.guard import GuardState, GuardView
from cockpit.model.rollout import Finding, Severity
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.workloads.findings import finding


def guard_findings(guard: GuardView | None) -> tuple[Finding, ...]:
    """What people need to know of a guard; nothing of one that watches without being armed."""
    if guard is None or guard.state is GuardState.ENDED:
        return ()
    found = []
    if guard.armed:
        way = f"it will {guard.way_words} by itself" if guard.way else "no act goes back at present"
        text = f"a guard is armed {until_words(guard.until)}: {way} when {guard.conditions}"
        if guard.state is GuardState.ACTING:
            text = f"the guard is acting: {guard.words}"
        found.append(_armed(text, f"by {guard.who} at {utc_time(guard.since)}"))
    if words := _state(guard):
        found.append(words)
    if guard.note:
        found.append(finding("guard-disarmed", Severity.WARNING, guard.note, f"the guard of {guard.who}"))
    return tuple(found)


def elsewhere_finding(guard: ArmedGuard) -> Finding:
    """That somebody else's session guards the rollout."""
    told = guard.told
    text = f"{guard.person} has armed a guard {until_words(told.until)}: it {told.words}"
    return _armed(text, f"in another cockpit since {utc_time(told.since)}")


def _armed(text: str, evidence: str) -> Finding:
    return finding("guard-armed", Severity.INFO, text, evidence)


def _state(guard: GuardView) -> Finding | None:
    match guard.state:
        case GuardState.PROPOSING:
            way = f"to {guard.way_words}" if guard.way else "the way back, and no act goes back at present"
            return finding("guard-proposes", Severity.WARNING, f"the guard proposes {way}: {guard.words}")
        case GuardState.BLIND | GuardState.STALE:
            text = f"the guard {guard.state}: {guard.words}"
            return finding("guard-blind", Severity.WARNING, text, f"it guards against {guard.conditions}")
        case GuardState.FAILED:
            return finding("guard-failed", Severity.CRITICAL, f"the guard could not act: {guard.words}")
        case GuardState.ACTED:
            return finding("guard-acted", Severity.WARNING, f"the guard acted: {guard.words}")
    return None


def until_words(until: float | None) -> str:
    """When a guard ends at the latest; UTC seconds, None: with the release."""
    return f"until {utc_time(until)}" if until is not None else "until the release ends"


def sampling_words(view: RolloutView) -> str:
    """What requests a guard would start; "" if they are sent already, or if there is nowhere to send them to."""
    target = view.probe.probe_target
    if view.probe.running or target is None:
        return ""
    return safe_text(f"samples it: GET {target.place}, {view.probe.asked_rate:g}/s", 300)
