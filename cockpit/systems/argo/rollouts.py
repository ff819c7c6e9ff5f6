"""The rollout that operators see of an Argo Rollout."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.refs import INGRESSES, SERVICES, Ref, RolloutKey
from cockpit.model.rollout import Lane, PlannedStep, Rollout
from cockpit.systems.argo.acts import STEERED, whys
from cockpit.systems.argo.doors import way_in
from cockpit.systems.argo.findings import findings_of
from cockpit.systems.argo.phases import phase_of, step_of
from cockpit.systems.argo.reading import State
from cockpit.systems.argo.shares import Split, split_of
from cockpit.workloads.answers import act_states, epoch_of
from cockpit.workloads.edits import ref_to
from cockpit.workloads.ownership import owners_and_findings

_ROUTER_WORDS = {"nginx": "ingress", "alb": "ingress", "istio": "istio", "gateway-api": "gateway-api"}


def rollout_of(state: State, objects: Objects) -> Rollout:
    split = split_of(state, objects)
    subjects = (state.rollout, *((state.source,) if state.source else ()))
    owners, owned = owners_and_findings(subjects)
    metadata = state.rollout.metadata
    phase, message = phase_of(state)
    way = way_in(state, split, objects)
    return Rollout(
        key=RolloutKey(objects.context, metadata.namespace, metadata.name, "argo"),
        router=router_word(state),
        phase=phase,
        message=message,
        versions=tuple(e.version for e in state.editions),
        lanes=_lanes(state, split),
        objects=_objects(state, split),
        epoch=_epoch(state, split),
        step=step_of(state),
        steps=_plan(state),
        findings=(*findings_of(state, split, objects), *owned),
        acts=act_states(whys(state), STEERED),
        owners=owners,
        door=way.door,
        entrance=way.entrance,
        door_missing=way.missing,
        created=metadata.creation_timestamp,
    )


def _lanes(state: State, split: Split) -> tuple[Lane, ...]:
    """Without versions that have neither pods nor a share: they are there to go back to, and take no part."""
    idle = {e.name for e in state.editions if not (e.candidate.desired or e.version.ready)}
    busy = {s.version for lane in split.lanes for s in lane.shares if s.declared or s.written}
    kept = {e.name for e in (state.current, state.stable) if e}
    lanes = [replace(a, shares=tuple(s for s in a.shares if s.version not in idle - busy - kept)) for a in split.lanes]
    return tuple(lane for lane in lanes if lane.shares)


def router_word(state: State) -> str:
    """What splits the traffic, in the words of the list of rollouts."""
    if not state.strategy.is_canary:
        return "service"
    routers = state.strategy.routers
    return _ROUTER_WORDS.get(routers[0].word, routers[0].word) if routers else "pods"


def _plan(state: State) -> tuple[PlannedStep, ...]:
    strategy = state.strategy
    if strategy.style == "blue-green":
        return (PlannedStep("switch the active Service", 1.0, strategy.promotes_after is None),)
    return tuple(
        PlannedStep(step.title, None if step.weight is None else step.weight / strategy.top, step.asks)
        for step in strategy.steps
    )


def _objects(state: State, split: Split) -> tuple[Ref, ...]:
    root = (split.root,) if split.root else ()
    made = [Ref(INGRESSES, ns, name) for kind, ns, name in state.rollout.driven() if kind == "Ingress"]
    found = (
        state.ref,
        *(ref_to(e.replica_set) for e in state.editions),
        *(Ref(SERVICES, s.metadata.namespace, s.metadata.name) for s in (*split.services, *root)),
        *split.written.refs,
        *made,
        *((ref_to(state.source),) if state.source else ()),
    )
    return tuple(dict.fromkeys(found))


def _epoch(state: State, split: Split) -> str:
    shares = [
        (lane.name, edition.uid, share.written)
        for lane in split.lanes
        for edition, share in zip(state.editions, lane.shares, strict=True)
    ]
    return epoch_of(state.rollout.metadata.uid, shares)
