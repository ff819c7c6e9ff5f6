"""Phase and message as the controller's own command line tells them (utils/rollout/rolloututil.go).

What a client sees before the controller does comes first: the stored phase is of the spec that it has seen.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cockpit.model.rollout import Phase, Step
from cockpit.systems.argo.reading import State
from cockpit.systems.argo.status import Pause
from cockpit.systems.argo.steps import Kind

UNPAUSING = "waiting for rollout to unpause"
# A write that lands while the controller stores its own status is seen with the next one only.
WAKES = "if that lasts, any other write to the Rollout, such as an annotation, wakes the controller"
TAKEN_UP = f"{UNPAUSING}: the last approval is being taken up; {WAKES}"


def phase_of(state: State) -> tuple[Phase, str]:
    status = state.status
    if not status.phase and not status.seen:
        return Phase.PROGRESSING, "the controller has reported nothing of it yet"
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
            return Phase.ABORTED if status.aborted else Phase.DEGRADED, status.message
        case _:
            return Phase.PROGRESSING, status.message


def _paused(state: State) -> Phase:
    """By hand or for a time it is paused; where nothing but a person ends it, it waits."""
    if state.status.paused or not state.status.pauses:
        return Phase.PAUSED
    return Phase.WAITING if asks(state) else Phase.PAUSED


def _why_paused(state: State) -> str:
    status = state.status
    if status.paused:
        return "paused by hand (spec.paused)" + (f", at {status.pauses[0].reason}" if status.pauses else "")
    return status.message


def asks(state: State) -> bool:
    """Whether a person has to decide before it goes on."""
    return bool(state.status.pauses) and until(state) is None


def until(state: State) -> str | None:
    """When the last of the present pauses ends by itself (RFC 3339); None where a person ends one of them."""
    ends = [_end(state, pause) for pause in state.status.pauses]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _shown_end(state: State) -> str | None:
    """As `until`, but not while it is paused by hand: then nothing ends by itself."""
    return None if state.status.paused else until(state)


def _end(state: State, pause: Pause) -> str | None:
    seconds: float | None = None
    if pause.reason == "CanaryPauseStep" and state.step and state.step.kind is Kind.PAUSE:
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


def step_of(state: State) -> Step | None:
    """The step under way; a blue-green release has one where it stops before the switch."""
    status, steps = state.status, state.strategy.steps
    if state.strategy.style == "blue-green":
        stops = any(p.reason == "BlueGreenPause" for p in status.pauses) and state.updating
        return Step(1, 1, None, "switch the active Service", _shown_end(state), asks(state)) if stops else None
    if state.at is None or state.step is None:
        return None
    return Step(state.at + 1, len(steps), state.weight, state.step.title, _shown_end(state), asks(state))
