"""What only Flagger can do next. It writes the status of a Canary at each interval of an analysis."""

from __future__ import annotations

from datetime import datetime, timedelta

from cockpit.model.awaited import Awaited
from cockpit.model.durations import seconds_of
from cockpit.model.fields import mapping, text
from cockpit.model.rollout import PodState
from cockpit.systems.flagger.acts import canary_ref
from cockpit.systems.flagger.state import FlaggerState

CONTROLLER = "Flagger"
_INTERVAL = 60.0  # what Flagger takes where the Canary does not say
_OWN = frozenset({"Progressing", "Promoting", "Finalising"})


def awaited_of(state: FlaggerState) -> tuple[Awaited, ...]:
    what, meta = str(canary_ref(state)), state.canary.metadata
    if state.suspended:
        return ()
    if not state.phase:
        return (Awaited(what, CONTROLLER, "seen it", ("new",), meta.creation_timestamp),)
    pods = [pod for version in state.versions for pod in version.pods]
    # A gate, and pods that start, keep it waiting without a word in the status.
    if state.phase not in _OWN or state.gates or any(pod.state is not PodState.READY for pod in pods):
        return ()
    last = text(state.canary.status, "lastTransitionTime")
    return (Awaited(what, CONTROLLER, "gone on with the release", (state.phase, last), _due(state, last)),)


def _due(state: FlaggerState, last: str) -> str | None:
    """When the status should be written again, at the latest."""
    spec = state.canary.spec
    analysis = mapping(spec, "analysis") or mapping(spec, "canaryAnalysis")
    interval = seconds_of(text(analysis, "interval")) or _INTERVAL
    try:
        return (datetime.fromisoformat(last) + timedelta(seconds=interval)).isoformat()
    except (ValueError, OverflowError):
        return None
