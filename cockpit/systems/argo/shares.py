"""The shares of each version: what spec and status ask for, and what the routers make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.rollout import Finding, Lane, Severity, Share
from cockpit.systems.argo.editions import HASH
from cockpit.systems.argo.reading import State
from cockpit.systems.argo.written import Written, written_of
from cockpit.workloads.findings import finding, percent
from cockpit.workloads.lookups import find_service, services_selecting

DEFAULT = "default"
# Whole weights are at least a hundredth apart.
_CLOSE = 0.004


@dataclass(frozen=True, slots=True)
class Split:
    """The lanes with what they were read from. `root` is the Service that users come by; None where none is known."""

    lanes: tuple[Lane, ...]
    written: Written
    root: Service | None
    services: tuple[Service, ...]
    findings: tuple[Finding, ...]


Parts = Mapping[str, float]


def split_of(state: State, objects: Objects) -> Split:
    namespace, strategy = state.rollout.metadata.namespace, state.strategy
    named = [name for name in dict.fromkeys((strategy.stable, strategy.canary)) if name]
    services = tuple(found for name in named if (found := find_service(objects, namespace, name)))
    if not strategy.is_canary:
        root = find_service(objects, namespace, strategy.stable) if strategy.stable else None
        lane = _lane(state, DEFAULT, _declared(state), _spread(state, root) if root else None)
        return Split((lane,), Written(steered=False), root, services, ())
    written = written_of(state, objects)
    if not written.steered:
        return _by_pods(state, services, objects)
    root = find_service(objects, namespace, strategy.stable) if strategy.stable else None
    sides = _sides(state, written, objects)
    lanes = [_lane(state, DEFAULT, _declared(state), _mixed(sides, written.split.share))]
    for rule in written.split.lanes:
        declared = _only(state, state.current.uid if state.current else "", 1.0)
        shares = _mixed(sides, rule.share)
        if all(lane.name != rule.match for lane in lanes):
            lanes.append(_lane(state, rule.match, declared, shares, rule.match, rule.headers))
    return Split(tuple(lanes), written, root, services, (*written.findings, *_drift(state, written)))


def _by_pods(state: State, services: tuple[Service, ...], objects: Objects) -> Split:
    """Without a router ready pods behind the Service that users come by decide."""
    root = _root(state, services, objects)
    parts = _spread(state, root) if root else _ready(state, lambda _: True)
    lane = _lane(state, DEFAULT, _declared(state), parts, derived=True)
    return Split((lane,), Written(steered=False), root, services, _rounding(state, lane))


def _root(state: State, services: tuple[Service, ...], objects: Objects) -> Service | None:
    """The Service that picks every version; the stable one where only that is named."""
    labels = state.editions[-1].candidate.labels if state.editions else {}
    plain = {key: value for key, value in labels.items() if key != HASH}
    named = {s.metadata.name for s in services}
    picking = services_selecting(objects, state.rollout.metadata.namespace, plain)
    return next((s for s in picking if s.metadata.name not in named), next(iter((*services[:1], *picking)), None))


def _declared(state: State) -> Parts | None:
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
    return {
        **_only(state, state.current.uid, weight),
        state.stable.uid: max(1.0 - weight - extra, 0.0),
    }


def _sides(state: State, written: Written, objects: Objects) -> tuple[Parts, Parts] | None:
    """How requests to the stable and to the canary Service spread over the versions; None where one is unknown."""
    if written.by_version:
        if state.stable is None or state.current is None:
            return None
        return _only(state, state.stable.uid, 1.0), _only(state, state.current.uid, 1.0)
    found = [
        find_service(objects, state.rollout.metadata.namespace, name) if name else None
        for name in (state.strategy.stable, state.strategy.canary)
    ]
    if found[0] is None:
        return None
    spread = _spread(state, found[0])
    return spread, _spread(state, found[1]) if found[1] else spread


def _spread(state: State, service: Service) -> Parts:
    """How a Service spreads requests: all to the version whose hash it is pinned to, else by ready pods."""
    selector = service.spec.selector or {}
    pinned = selector.get(HASH)
    if pinned:
        return {e.uid: float(e.hash == pinned) for e in state.editions}
    return _ready(state, lambda labels: selector.items() <= labels.items())


def _ready(state: State, picks: Callable[[Mapping[str, str]], bool]) -> Parts:
    ready = {e.uid: e.version.ready if picks(e.candidate.labels) else 0 for e in state.editions}
    total = sum(ready.values())
    return {uid: count / total if total else 0.0 for uid, count in ready.items()}


def _only(state: State, uid: str, share: float) -> dict[str, float]:
    return {e.uid: share if e.uid == uid else 0.0 for e in state.editions}


def _mixed(sides: tuple[Parts, Parts] | None, share: float | None) -> Parts | None:
    if sides is None or share is None:
        return None
    stable, canary = sides
    return {uid: (1.0 - share) * part + share * canary.get(uid, 0.0) for uid, part in stable.items()}


def _lane(
    state: State,
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


def _drift(state: State, written: Written) -> tuple[Finding, ...]:
    """The router says something else than what the controller reports to have written."""
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
            f"{objects} gives the canary {percent(share)}, the controller reports to have written"
            f" {percent(said / state.strategy.top)}: somebody else edited it, or the edit is on its way",
            f"status.canary.weights.canary.weight {said}",
        ),
    )


def _rounding(state: State, lane: Lane) -> tuple[Finding, ...]:
    """Why pods make another share than the one that is declared."""
    current = state.current
    share = next((s for s in lane.shares if current and s.version == current.name), None)
    if share is None or share.declared is None or share.written is None or not state.updating:
        return ()
    if abs(share.declared - share.written) <= _CLOSE:
        return ()
    pods = ", ".join(f"{e.name} {e.version.ready}" for e in state.editions if e.version.ready)
    return (
        finding(
            "rounded",
            Severity.INFO,
            f"{percent(share.declared)} is declared for {share.version}, pods make it {percent(share.written)}:"
            " without a router only their numbers split the traffic",
            f"ready pods: {pods or 'none'}",
        ),
    )
