"""Phase and message as the controller's own command line shows them (utils/rollout/rolloututil.go).

A change that the controller has not observed yet comes first: the stored phase describes the previous spec.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cockpit.model.rollout import Phase, Step
from cockpit.systems.argo.state import ArgoState
from cockpit.systems.argo.status import Pause
from cockpit.systems.argo.steps import ArgoStepKind
from cockpit.systems.argo.strategy import is_dynamic

UNPAUSING = "waiting for rollout to unpause"
# The controller misses a write that arrives while it stores its own status, until the next write.
WAKES = "if that lasts, any other write to the Rollout, such as an annotation, triggers the controller"
TAKEN_UP = f"{UNPAUSING}: the controller is processing the last approval; {WAKES}"


def phase_of(state: ArgoState) -> tuple[Phase, str]:
    status = state.status
    if not status.phase and not status.seen:
        return Phase.PROGRESSING, "the controller has not reported anything yet"
    if not status.observed:
        return Phase.PROGRESSING, "waiting for rollout spec update to be observed"
    if status.abort and not status.aborted:
        return Phase.PROGRESSING, "abort requested"
    if status.unpausing and status.phase != "Degraded" and not status.paused:
        return Phase.PROGRESSING, UNPAUSING
    match status.phase:
        case "Healthy":
            return Phase.AT_REST, ""
        case "Paused":
            return _paused(state), _why_paused(state)
        case "Degraded":
            if not status.aborted:
                return Phase.DEGRADED, status.message
            return Phase.ABORTED, "; ".join(filter(None, (status.message, returning(state))))
        case _:
            return Phase.PROGRESSING, status.message


def returning(state: ArgoState) -> str:
    """How far an abort has led back: with dynamicStableScale as far as stable pods are ready; "" at the end."""
    stable = state.stable
    if stable is None or not is_dynamic(state.rollout) or stable.version.ready >= state.replicas:
        return ""
    ready = f"{stable.version.ready} of {state.replicas} ready"
    return f"traffic returns to {stable.name} as fast as its pods get ready, {ready}"


def _paused(state: ArgoState) -> Phase:
    """Paused by hand or for a fixed time; waiting if only an approval ends it."""
    if state.status.paused or not state.status.pauses:
        return Phase.PAUSED
    return Phase.WAITING if asks(state) else Phase.PAUSED


def _why_paused(state: ArgoState) -> str:
    status = state.status
    if status.paused:
        return "paused by hand (spec.paused)" + (f", at {status.pauses[0].reason}" if status.pauses else "")
    return status.message


def asks(state: ArgoState) -> bool:
    """Whether it needs approval to continue."""
    return bool(state.status.pauses) and until(state) is None


def until(state: ArgoState) -> str | None:
    """When the last of the current pauses ends by itself (RFC 3339); None if one of them needs approval."""
    ends = [_end(state, pause) for pause in state.status.pauses]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _shown_end(state: ArgoState) -> str | None:
    """As `until`; None while it is paused by hand, because then nothing ends by itself."""
    return None if state.status.paused else until(state)


def _end(state: ArgoState, pause: Pause) -> str | None:
    seconds: float | None = None
    if pause.reason == "CanaryPauseStep" and state.step and state.step.kind is ArgoStepKind.PAUSE:
        seconds = state.step.seconds
    elif pause.reason == "BlueGreenPause":
        seconds = state.strategy.promotes_after
    return None if seconds is None else _later(pause.since, seconds)


def _later(since: str, seconds: float) -> str | None:
    try:
        start = datetime.fromisoformat(since)
        found = start.replace(tzinfo=start.tzinfo or UTC) + timedelta(seconds=seconds)
        return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return None


def step_of(state: ArgoState) -> Step | None:
    """The current step; a blue-green release has one if it stops before the switch.

    After an abort the controller starts counting anew (utils/replicaset/canary.go, ResetCurrentStepIndex): it stands
    before the first step until a retry.
    """
    status, steps = state.status, state.strategy.steps
    if state.strategy.style == "blue-green":
        stops = any(p.reason == "BlueGreenPause" for p in status.pauses) and state.updating
        return Step(1, 1, None, "switch the active Service", _shown_end(state), asks(state)) if stops else None
    if status.aborted and state.updating and steps:
        return Step(min(status.index or 0, len(steps)), len(steps), state.weight)
    if state.at is None or state.step is None:
        return None
    return Step(state.at + 1, len(steps), state.weight, state.step.title, _shown_end(state), asks(state))
