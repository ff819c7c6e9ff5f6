"""Restart the pods, and scale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cockpit.model.advice import telling
from cockpit.model.counts import counted
from cockpit.model.fields import mapping, whole
from cockpit.model.plan import Act, Ask, Change, Milestone, Plan, Refused
from cockpit.model.rollout import Phase, Rollout
from cockpit.planning.capacity import capacity_warning
from cockpit.planning.edits import json_patch, op, pointer
from cockpit.planning.ownership import revert_warnings
from cockpit.planning.refusals import refused
from cockpit.planning.scale import MOST_PODS
from cockpit.systems.argo.expectations import why_not_ready
from cockpit.systems.argo.state import ArgoState
from cockpit.systems.argo.write import spec_request

_REPLICAS = pointer("spec", "replicas")


def why_not_restart(state: ArgoState) -> str:
    if why := why_not_ready(state):
        return why
    if state.status.paused:
        return telling("it is paused by hand: resume it first", Act.RESUME)
    return "" if _youngest(state) else "it has no pods"


def _youngest(state: ArgoState) -> datetime | None:
    """When the newest pod was created: the controller evicts those created before `restartAt` (rollout/restart.go)."""
    made = []
    for edition in state.editions:
        for pod in edition.candidate.pods:
            try:
                found = datetime.fromisoformat(pod.metadata.creation_timestamp or "")
            except ValueError:
                continue
            made.append(found.replace(tzinfo=found.tzinfo or UTC))
    return max(made, default=None)


def plan_restart(state: ArgoState, rollout: Rollout, ask: Ask) -> Plan | Refused:
    youngest = _youngest(state)
    pods = sum(len(e.candidate.pods) for e in state.editions)
    if youngest is None or youngest.year >= 9999:
        return refused(rollout, ask.act, "it has no pods")
    at = (youngest.astimezone(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"restart the {counted(pods, 'pod')} of {state.rollout.metadata.name}",
        changes=(Change("pods", "current", f"evicted if created before {at}"),),
        requests=(spec_request(state, [op("add", pointer("spec", "restartAt"), at)]),),
        expected=(),
        undo="evicted pods cannot be restored",
        warnings=(
            "a few at a time, limited by maxUnavailable and disruption budgets; a new template ends the restart",
            *revert_warnings([state.rollout]),
        ),
        reaches=Milestone("pods being replaced", phases=(Phase.PROGRESSING,)) if not state.updating else None,
    )


def why_not_scale(state: ArgoState) -> str:
    if state.status.paused and state.strategy.is_canary:
        return telling(
            "it is paused by hand, and the controller ignores scaling while paused: resume it first", Act.RESUME
        )
    return ""


def plan_scale(state: ArgoState, rollout: Rollout, ask: Ask) -> Plan | Refused:
    """A Rollout has one replica count; the canary's part follows from the step."""
    counts = dict(ask.counts)
    names = {e.name for e in state.editions}
    if not counts:
        return refused(rollout, ask.act, "say how many, as VERSION=COUNT: the pods of the whole Rollout")
    if unknown := set(counts) - names:
        return refused(rollout, ask.act, f"no version {sorted(unknown)[0]}")
    if len(set(counts.values())) > 1:
        return refused(
            rollout,
            ask.act,
            "a Rollout has one replica count, and the canary's part follows from its step: give one number",
        )
    count = next(iter(counts.values()))
    if not 0 < count <= MOST_PODS:
        why = f"a count is 1 to {MOST_PODS}" if count else "without pods every request fails: keep at least 1"
        return refused(rollout, ask.act, why)
    if state.scaler and (lost := state.scaler.why_not(count)):
        return refused(rollout, ask.act, lost)
    before = whole(state.rollout.spec, "replicas")
    if state.replicas == count:
        return refused(rollout, ask.act, "the replica count is already set")
    raw = mapping(state.rollout.spec).get("replicas")
    inverse = [op("test", _REPLICAS, count), op("replace", _REPLICAS, state.replicas)]
    settled = state.stable.name if state.stable and not state.updating else None
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"scale {state.rollout.metadata.name} to {count}",
        changes=(Change(f"pods of {state.ref}", str(state.replicas), str(count)),),
        requests=(
            json_patch(state.ref, [op("test", _REPLICAS, raw), op("add", _REPLICAS, count)], f"replicas {before}"),
        ),
        expected=(),
        inverse=(json_patch(state.ref, inverse, f"replicas {count}"),),
        undo="the previous replica count",
        warnings=(
            *capacity_warning(state.rollout.metadata.name, count, state.replicas),
            *((state.scaler.warning(count),) if state.scaler else ()),
            *revert_warnings([state.rollout]),
        ),
        pods=((settled, count),) if settled else (),
    )
