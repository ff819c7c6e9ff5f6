"""What only the Argo Rollouts controller can do next."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.awaited import Awaited
from cockpit.model.fields import whole
from cockpit.model.lookup import Objects
from cockpit.model.refs import REPLICASETS
from cockpit.model.text import safe_text
from cockpit.planning.awaited import CHANGE
from cockpit.planning.writers import unseen_since
from cockpit.systems.argo.phases import WAKES, until
from cockpit.systems.argo.state import ArgoState

CONTROLLER = "the Argo Rollouts controller"
_INSTANCE = "argo-rollouts.argoproj.io/controller-instance-id"


def awaited_of(state: ArgoState, objects: Objects) -> tuple[Awaited, ...]:
    """The first of what it has to do; the later ones follow from it."""
    first = unseen(state) or next(_steps(state), None) or _counts(state, objects)
    return (first,) if first else ()


def unseen(state: ArgoState) -> Awaited | None:
    """A spec that it has not seen: none runs, or none is responsible for this object."""
    if state.status.observed:
        return None
    meta = state.rollout.metadata
    instance = (meta.labels or {}).get(_INSTANCE)
    only = f"only a controller with instance ID {safe_text(instance, 63)} handles it" if instance else ""
    never = not state.status.seen
    since = meta.creation_timestamp if never else unseen_since(state.rollout)
    undone, token = "seen it" if never else CHANGE, ("generation", str(meta.generation))
    return Awaited(str(state.ref), CONTROLLER, undone, token, since, only)


def _steps(state: ArgoState) -> Iterator[Awaited]:
    status, what = state.status, str(state.ref)
    if status.abort and not status.aborted:
        yield Awaited(what, CONTROLLER, "carried out the abort", ("abort",))
    if status.paused or status.aborted or not state.updating:
        return
    step = str(status.index)
    if status.unpausing and status.phase != "Degraded":
        yield Awaited(what, CONTROLLER, "gone on after the last approval", ("approved", step), advice=WAKES)
    if status.pauses and (end := until(state)):
        yield Awaited(what, CONTROLLER, "gone on after the end of the pause", ("pause", step, end), end)


def _counts(state: ArgoState, objects: Objects) -> Awaited | None:
    """A status that counts other pods than its ReplicaSets do; in blue-green it counts the active one alone."""
    if not objects.known(REPLICASETS) or objects.unread(REPLICASETS) or state.invalid or not state.strategy.is_canary:
        return None
    reported = whole(state.rollout.status, "readyReplicas") or 0
    ready = sum(max(each.status.ready_replicas, 0) for each in state.sets)
    if reported == ready:
        return None
    undone = f"counted its ready pods anew ({reported} in its status, {ready} in its ReplicaSets)"
    return Awaited(str(state.ref), CONTROLLER, undone, ("ready", str(reported)))
