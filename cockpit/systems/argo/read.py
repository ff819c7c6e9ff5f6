"""An Argo Rollout as a rollout of the cockpit."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.fields import text
from cockpit.model.lookup import Objects
from cockpit.model.refs import INGRESSES, SERVICES, Ref, RolloutKey
from cockpit.model.rollout import Lane, PlannedStep, Rollout
from cockpit.planning.edits import ref_to
from cockpit.planning.ownership import owners_and_findings
from cockpit.planning.refusals import epoch_of
from cockpit.routers.degraded import degraded_by
from cockpit.systems.argo.acts import TABLE
from cockpit.systems.argo.awaited import awaited_of
from cockpit.systems.argo.findings import findings_of
from cockpit.systems.argo.phases import phase_of, step_of
from cockpit.systems.argo.probe_targets import way_in
from cockpit.systems.argo.runs import checks_of
from cockpit.systems.argo.split import ArgoSplit, split_of
from cockpit.systems.argo.state import ArgoState
from cockpit.systems.argo.trials import with_trials
from cockpit.workloads.others import with_others

_ROUTER_WORDS = {"nginx": "ingress", "alb": "ingress", "istio": "istio", "gateway-api": "gateway-api"}


def rollout_of(state: ArgoState, objects: Objects) -> Rollout:
    split = split_of(state, objects)
    subjects = (state.rollout, *((state.source,) if state.source else ()))
    owners, owned = owners_and_findings(subjects)
    metadata = state.rollout.metadata
    phase, message = degraded_by(*phase_of(state), split.written.unserved_shares if state.replicas else (), objects)
    way = way_in(state, split, objects)
    found = Rollout(
        key=RolloutKey(objects.context, metadata.namespace, metadata.name, "argo"),
        router=router_word(state),
        phase=phase,
        message=message,
        # Names of pods that another workload owns tell which version they run.
        versions=tuple(
            replace(e.version, marks=e.version.marks | set(split.doubled.get(e.uid, ()))) for e in state.editions
        ),
        lanes=_lanes(state, split),
        objects=_objects(state, split),
        epoch=_epoch(state, split),
        step=step_of(state),
        steps=_plan(state),
        findings=(*findings_of(state, split, objects), *owned),
        acts=TABLE.states(state, objects),
        owners=owners,
        probe_target=way.probe_target,
        incomplete_target=way.incomplete_target,
        probe_target_missing=way.missing,
        api_target=way.api_target,
        created=metadata.creation_timestamp,
        since=_since(state),
        checks=checks_of(state, objects),
        awaited=awaited_of(state, objects),
    )
    return with_others(with_trials(found, state.trials, state.strategy.top, split.trials), split.others)


def _lanes(state: ArgoState, split: ArgoSplit) -> tuple[Lane, ...]:
    """Without versions that have neither pods nor a share: they are only kept for a rollback."""
    idle = {e.name for e in state.editions if not (e.candidate.desired or e.version.ready)}
    busy = {s.version for lane in split.lanes for s in lane.shares if s.declared or s.written}
    kept = {e.name for e in (state.current, state.stable) if e}
    lanes = [replace(a, shares=tuple(s for s in a.shares if s.version not in idle - busy - kept)) for a in split.lanes]
    return tuple(lane for lane in lanes if lane.shares)


def _since(state: ArgoState) -> str | None:
    """When it was aborted or paused; the start of the oldest pause where there are several."""
    starts = [pause.since for pause in state.status.pauses if pause.since]
    return text(state.rollout.status, "abortedAt") or min(starts, default=None)


def router_word(state: ArgoState) -> str:
    """What splits the traffic, as the list of rollouts names it."""
    if not state.strategy.is_canary:
        return "service"
    routers = state.strategy.routers
    return _ROUTER_WORDS.get(routers[0].word, routers[0].word) if routers else "pods"


def _plan(state: ArgoState) -> tuple[PlannedStep, ...]:
    strategy = state.strategy
    if strategy.style == "blue-green":
        return (PlannedStep("switch the active Service", 1.0, strategy.promotes_after is None),)
    return tuple(
        PlannedStep(step.title, None if step.weight is None else step.weight / strategy.top, step.asks)
        for step in strategy.steps
    )


def _objects(state: ArgoState, split: ArgoSplit) -> tuple[Ref, ...]:
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


def _epoch(state: ArgoState, split: ArgoSplit) -> str:
    shares = [
        (lane.name, edition.uid, share.written)
        for lane in split.lanes
        for edition, share in zip(state.editions, lane.shares, strict=True)
    ]
    return epoch_of(state.rollout.metadata.uid, shares)
