"""Pods anew, and their number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cockpit.model.fields import mapping, whole
from cockpit.model.plan import Ask, Change, Milestone, Plan, Refused
from cockpit.model.rollout import Phase, Rollout
from cockpit.systems.argo.promises import why_not_ready
from cockpit.systems.argo.reading import State
from cockpit.systems.argo.requests import spec_request
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import json_patch, op, pointer
from cockpit.workloads.ownership import revert_warnings
from cockpit.workloads.scaling import MOST_PODS

_REPLICAS = pointer("spec", "replicas")


def why_not_restart(state: State) -> str:
    if why := why_not_ready(state):
        return why
    if state.status.paused:
        return "it is paused by hand: resume it first"
    return "" if _youngest(state) else "it has no pods"


def _youngest(state: State) -> datetime | None:
    """When the youngest pod was made: the controller evicts those made before `restartAt` (rollout/restart.go)."""
    made = []
    for edition in state.editions:
        for pod in edition.candidate.pods:
            try:
                found = datetime.fromisoformat(pod.metadata.creation_timestamp or "")
            except ValueError:
                continue
            made.append(found.replace(tzinfo=found.tzinfo or UTC))
    return max(made, default=None)


def plan_restart(state: State, rollout: Rollout, ask: Ask) -> Plan | Refused:
    youngest = _youngest(state)
    pods = sum(len(e.candidate.pods) for e in state.editions)
    if youngest is None or youngest.year >= 9999:
        return refused(rollout, ask.act, "it has no pods")
    at = (youngest.astimezone(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"restart the {pods} pods of {state.rollout.metadata.name}",
        changes=(Change("pods", "as they are", f"evicted where made before {at}"),),
        requests=(spec_request(state, [op("add", pointer("spec", "restartAt"), at)]),),
        expected=(),
        undo="pods that were evicted do not come back",
        warnings=(
            "a few at a time, by maxUnavailable and disruption budgets; a new template ends it",
            *revert_warnings([state.rollout]),
        ),
        reaches=Milestone("pods being replaced", phases=(Phase.PROGRESSING,)) if not state.updating else None,
    )


def why_not_scale(state: State) -> str:
    if state.status.paused and state.strategy.is_canary:
        return "it is paused by hand, and the controller ignores another number of pods until it is resumed"
    return ""


def plan_scale(state: State, rollout: Rollout, ask: Ask) -> Plan | Refused:
    """One Rollout has one count; what of it is the canary's follows from its step."""
    counts = dict(ask.counts)
    names = {e.name for e in state.editions}
    if not counts:
        return refused(rollout, ask.act, "say how many: VERSION=COUNT, the number of pods of the whole Rollout")
    if unknown := set(counts) - names:
        return refused(rollout, ask.act, f"there is no version {sorted(unknown)[0]}")
    if len(set(counts.values())) > 1:
        return refused(rollout, ask.act, "a Rollout has one number of pods; the canary's part follows from its step")
    count = next(iter(counts.values()))
    if not 0 < count <= MOST_PODS:
        why = f"a count is 1 to {MOST_PODS}" if count else "without pods every request fails"
        return refused(rollout, ask.act, why)
    if state.scaler and (lost := state.scaler.why_not(count)):
        return refused(rollout, ask.act, lost)
    before = whole(state.rollout.spec, "replicas")
    if state.replicas == count:
        return refused(rollout, ask.act, "the count is so already")
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
        undo="the count of before",
        warnings=(
            *(("capacity: fewer pods carry the same traffic",) if count < state.replicas else ()),
            *((state.scaler.warning(count),) if state.scaler else ()),
            *revert_warnings([state.rollout]),
        ),
        pods=((settled, count),) if settled else (),
    )
