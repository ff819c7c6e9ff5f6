"""The shares of each version: what spec and status declare, and what the routers do."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import field, replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import Pod, Service
from cockpit.model.rollout import Finding, Lane, Severity, Share
from cockpit.model.values import dataclass
from cockpit.planning.mesh_hosts import mesh_findings
from cockpit.routers.degraded import before_pods
from cockpit.routers.written import WrittenSplit
from cockpit.systems.argo.editions import HASH, ArgoEdition
from cockpit.systems.argo.state import ArgoState
from cockpit.systems.argo.written import Written, written_of
from cockpit.workloads.endpoints import portless_pods, reached
from cockpit.workloads.findings import finding, listed, percent
from cockpit.workloads.lookups import find_service, services_selecting
from cockpit.workloads.others import NO_OTHERS, Others, outside, together
from cockpit.workloads.owners import home_of

DEFAULT = "default"
# Whole weights are at least a hundredth apart.
_CLOSE = 0.004
_NO_MORE: Mapping[str, int] = {}
Parts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ArgoSplit:
    """The lanes with what they were read from. `root` is the Service that users reach; None if none is known.

    `others` are further backends behind its Services and in its route. `trials` are the shares of an Experiment's
    ReplicaSets by lane and uid, where they are known. `doubled` are names of pods that another workload owns, by
    the uid of the edition whose template they run.
    """

    lanes: tuple[Lane, ...]
    written: Written
    root: Service | None
    services: tuple[Service, ...]
    findings: tuple[Finding, ...]
    others: Others = NO_OTHERS
    doubled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trials: Mapping[str, Parts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Behind:
    """How a Service spreads requests over the editions, and which other ready pods it has."""

    parts: Mapping[str, float]
    others: Others = NO_OTHERS
    doubled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def split_of(state: ArgoState, objects: Objects) -> ArgoSplit:
    namespace, strategy = state.rollout.metadata.namespace, state.strategy
    named = [name for name in dict.fromkeys((strategy.stable, strategy.canary)) if name]
    services = tuple(found for name in named if (found := find_service(objects, namespace, name)))
    if not strategy.is_canary:
        root = find_service(objects, namespace, strategy.stable) if strategy.stable else None
        if root is None:
            lane = _lane(state, DEFAULT, _declared(state), None)
            return ArgoSplit((lane,), Written(steered=False), None, services, ())
        behind = _spread(state, root, objects)
        lane = _lane(state, DEFAULT, _declared(state), behind.parts)
        reported = mesh_findings(root, objects)
        return ArgoSplit((lane,), Written(steered=False), root, services, reported, behind.others, behind.doubled)
    written = _unalarmed(state, written_of(state, objects))
    if not written.steered:
        return _by_pods(state, services, objects)
    root = find_service(objects, namespace, strategy.stable) if strategy.stable else None
    sides = _sides(state, written, objects)
    split, parts = written.split, (sides[0].parts, sides[1].parts) if sides else None
    mixed = _mixed(parts, split.share, split.others)
    lanes = [_lane(state, DEFAULT, _declared(state), mixed)]
    trials = {} if mixed is None else {DEFAULT: _of_trials(state, mixed, split)}
    for rule in split.lanes:
        declared = _declared(state) if rule.declared is None else _of_rule(state, rule.declared)
        shares = _mixed(parts, rule.share, rule.others)
        if all(lane.name != rule.match for lane in lanes):
            lanes.append(_lane(state, rule.match, declared, shares, rule.match, rule.headers))
            trials |= {rule.match: shares} if shares is not None else {}
    reported = (*written.findings, *_drift(state, written))
    route = Others(names=_strangers(state, split), through=listed(list(map(str, split.refs[:1]))))
    others = together([route, *(side.others for side in sides or ())])
    doubled = {uid: names for side in sides or () for uid, names in side.doubled.items()}
    return ArgoSplit(tuple(lanes), written, root, services, reported, others, doubled, trials)


def _unalarmed(state: ArgoState, written: Written) -> Written:
    """Without shares that are not served because its first pods start, or because it is scaled to 0 pods."""
    if state.replicas and not state.starts:
        return written
    return replace(written, findings=before_pods(written.findings, written.unserved_shares), unserved_shares=())


def _of_trials(state: ArgoState, parts: Parts, split: WrittenSplit) -> Parts:
    """The shares of an Experiment's ReplicaSets: what their own Services get, and what they get behind the others."""
    own, beside = state.rollout.metadata.namespace, dict(split.beside)
    return {t.uid: parts.get(t.uid, 0.0) + beside.get(f"{own}/{t.service}", 0.0) for t in state.trials}


def _strangers(state: ArgoState, split: WrittenSplit) -> tuple[str, ...]:
    """Names of backends that are neither of the two Services nor one of an Experiment."""
    trials = {trial.service for trial in state.trials}
    return tuple(name for name in split.strangers if re.split("[ /]", name)[-1] not in trials)


def _by_pods(state: ArgoState, services: tuple[Service, ...], objects: Objects) -> ArgoSplit:
    """Without a router, the ready pods behind the Service decide."""
    root = _root(state, services, objects)
    behind = _spread(state, root, objects) if root else _Behind(_ready(state, lambda _: True))
    lane = _lane(state, DEFAULT, _declared(state), behind.parts, derived=True)
    reported = (*_rounding(state, lane, root, behind), *(mesh_findings(root, objects) if root else ()))
    trials = {DEFAULT: behind.parts} if root else {}
    return ArgoSplit((lane,), Written(steered=False), root, services, reported, behind.others, behind.doubled, trials)


def _root(state: ArgoState, services: tuple[Service, ...], objects: Objects) -> Service | None:
    """The Service that selects every version, else the stable one. The canary's own is for tests, not for users."""
    labels = state.editions[-1].candidate.labels if state.editions else {}
    plain = {key: value for key, value in labels.items() if key != HASH}
    named = {s.metadata.name for s in services}
    picking = services_selecting(objects, state.rollout.metadata.namespace, plain)
    users = [s for s in (*services, *picking) if s.metadata.name != state.strategy.canary]
    return next((s for s in picking if s.metadata.name not in named), next(iter(users), None))


def _declared(state: ArgoState) -> Parts | None:
    """By the controller's own formulas (utils/replicaset/canary.go, rollout/trafficrouting.go)."""
    status = state.status
    if not state.strategy.is_canary:
        active = next((e for e in state.editions if e.hash == (status.active or status.stable)), None)
        return _only(state, active.uid, 1.0) if active else None
    if not state.strategy.style or not status.stable:
        return None
    if state.stable is None or state.current is None or status.promoted:
        only = state.current or state.stable
        return _only(state, only.uid, 1.0) if only else None
    extra = min(status.extra / state.strategy.top, 1.0)
    weight = state.weight
    if status.paused and status.weight is not None:
        # Paused by hand, the step gets no pods: what the controller reports is all that it intends for now.
        weight = min(weight, status.weight / state.strategy.top)
    return {
        **_only(state, state.current.uid, weight),
        state.stable.uid: max(1.0 - weight - extra, 0.0),
    }


def _sides(state: ArgoState, written: Written, objects: Objects) -> tuple[_Behind, _Behind] | None:
    """How requests to the stable and the canary Service spread over the versions; None if one is unknown."""
    if written.by_version:
        if state.stable is None or state.current is None:
            return None
        return _Behind(_only(state, state.stable.uid, 1.0)), _Behind(_only(state, state.current.uid, 1.0))
    found = [
        find_service(objects, state.rollout.metadata.namespace, name) if name else None
        for name in (state.strategy.stable, state.strategy.canary)
    ]
    if found[0] is None:
        return None
    spread = _spread(state, found[0], objects)
    return spread, _spread(state, found[1], objects) if found[1] else spread


def _spread(state: ArgoState, service: Service, objects: Objects) -> _Behind:
    """How a Service spreads requests: all to the version whose hash it selects, else by ready pods."""
    selector = service.spec.selector or {}
    pinned = selector.get(HASH)
    if pinned:
        return _Behind({e.uid: float(e.hash == pinned) for e in state.editions})
    others = outside(service, objects, {replica_set.metadata.uid for replica_set in state.sets})
    doubled = {e.uid: tuple(pod for pod in others.pods if _runs(state, pod, e, objects)) for e in state.editions}
    tried = {t.uid: tuple(p for p in others.pods if home_of(p, objects) == t.uid) for t in state.trials}
    rest = others.without([pod for pods in (*doubled.values(), *tried.values()) for pod in pods])
    more = {uid: len(pods) for uid, pods in (*doubled.items(), *tried.items())}
    portless = portless_pods(service, objects)
    parts = _ready(state, lambda labels: selector.items() <= labels.items(), more, rest.ready, portless)
    return _Behind(parts, rest, {uid: tuple(p.metadata.name for p in pods) for uid, pods in doubled.items() if pods})


def _runs(state: ArgoState, pod: Pod, edition: ArgoEdition, objects: Objects) -> bool:
    """Whether a pod of the workload in `workloadRef` runs this edition's template."""
    if state.source is None or home_of(pod, objects) != state.source.metadata.uid:
        return False
    # A pod may have more containers than the template: an injected sidecar.
    return set(edition.candidate.images) <= {c.image for c in pod.spec.containers}


def _ready(
    state: ArgoState,
    picks: Callable[[Mapping[str, str]], bool],
    more: Mapping[str, int] = _NO_MORE,
    others: int = 0,
    portless: Collection[str] = (),
) -> Parts:
    """Shares by ready pods: those of each edition, with `more` that run its template, and the number of `others`.

    Pods that are `portless` get no requests.
    """
    own = {
        e.uid: reached(e.candidate.pods, e.version.ready, portless) if picks(e.candidate.labels) else 0
        for e in state.editions
    }
    ready = {uid: own.get(uid, 0) + more.get(uid, 0) for uid in dict.fromkeys((*own, *more))}
    total = sum(ready.values()) + others
    return {uid: count / total if total else 0.0 for uid, count in ready.items()}


def _only(state: ArgoState, uid: str, share: float) -> dict[str, float]:
    return {e.uid: share if e.uid == uid else 0.0 for e in state.editions}


def _of_rule(state: ArgoState, share: float) -> Parts:
    """What requests that match a rule should get: `share` from the new version, the rest from the stable one."""
    new = _only(state, state.current.uid if state.current else "", share)
    if state.stable is None:
        return new
    return {**new, state.stable.uid: new.get(state.stable.uid, 0.0) + 1.0 - share}


def _mixed(sides: tuple[Parts, Parts] | None, share: float | None, others: float) -> Parts | None:
    if sides is None or share is None:
        return None
    stable, canary = sides
    rest = max(1.0 - share - others, 0.0)
    uids = dict.fromkeys((*stable, *canary))
    return {uid: rest * stable.get(uid, 0.0) + share * canary.get(uid, 0.0) for uid in uids}


def _lane(
    state: ArgoState,
    name: str,
    declared: Parts | None,
    written: Parts | None,
    match: str = "",
    headers: tuple[tuple[str, str], ...] | None = (),
    *,
    derived: bool = False,
) -> Lane:
    def part(parts: Parts | None, uid: str) -> float | None:
        return None if parts is None else min(max(parts.get(uid, 0.0), 0.0), 1.0)

    shares = tuple(Share(e.name, part(declared, e.uid), part(written, e.uid)) for e in state.editions)
    return Lane(name, match, shares, headers, derived)


def _drift(state: ArgoState, written: Written) -> tuple[Finding, ...]:
    """The router differs from what the controller reports to have written."""
    said, share = state.status.weight, written.split.share
    if said is None or share is None or not state.updating or not state.status.observed:
        return ()
    if abs(said / state.strategy.top - share) <= _CLOSE:
        return ()
    objects = ", ".join(map(str, written.refs))
    return (
        finding(
            "written-elsewhere",
            Severity.WARNING,
            f"{objects} gives the canary {percent(share)}, but the controller reports"
            f" {percent(said / state.strategy.top)}: someone else edited it, or the controller's edit is still pending",
            f"status.canary.weights.canary.weight {said}",
        ),
    )


def _rounding(state: ArgoState, lane: Lane, root: Service | None, behind: _Behind) -> tuple[Finding, ...]:
    """Why the pods give another share than declared: too few to make it, or a Service that selects one version only."""
    current = state.current
    share = next((s for s in lane.shares if current and s.version == current.name), None)
    if share is None or share.declared is None or share.written is None or not state.updating:
        return ()
    if abs(share.declared - share.written) <= _CLOSE:
        return ()
    if root is not None and HASH in (root.spec.selector or {}) and not share.written:
        return (_unreached(state, root, share.version, share.declared),)
    counts = [(e.name, e.version.ready + len(behind.doubled.get(e.uid, ()))) for e in state.editions]
    pods = ", ".join(f"{name} {count}" for name, count in counts if count)
    return (
        finding(
            "rounded",
            Severity.INFO,
            f"{percent(share.declared)} is declared for {share.version}, its ready pods give {percent(share.written)}:"
            " without a router only the number of ready pods splits the traffic",
            f"ready pods: {pods or 'none'}",
        ),
    )


def _unreached(state: ArgoState, root: Service, version: str, declared: float) -> Finding:
    """The controller pins the stable Service to one version also where no router splits (rollout/service.go)."""
    stable = state.stable.name if state.stable else "the stable version"
    return finding(
        "canary-unreached",
        Severity.WARNING,
        f"{percent(declared)} is declared for {version}, but Service {root.metadata.namespace}/{root.metadata.name}"
        f" sends everybody to {stable}: Argo Rollouts pins stableService, and no router is configured; at the end of"
        f" the release {version} gets all requests at once",
        f"selector {HASH}={(root.spec.selector or {}).get(HASH, '')}",
    )
