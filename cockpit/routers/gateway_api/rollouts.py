"""The rollout of one split of a route: phase, message, lanes, door."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj
from cockpit.model.refs import SERVICES, Ref, RolloutKey
from cockpit.model.rollout import Lane, Phase, Rollout
from cockpit.routers.gateway_api.acts import OTHERWISE, stepping_on, whys
from cockpit.routers.gateway_api.doors import route_door
from cockpit.routers.gateway_api.findings import findings_of, is_pending, is_refused
from cockpit.routers.gateway_api.routes import ref_to_route
from cockpit.routers.gateway_api.split import DEFAULT, Split, lanes_of
from cockpit.workloads.answers import act_states, epoch_of
from cockpit.workloads.findings import percent
from cockpit.workloads.ownership import owners_and_findings
from cockpit.workloads.steps import Stepping

ID = "gateway-api"


def rollout_of(split: Split, objects: Objects) -> Rollout:
    metadata, lanes, stepping = split.route.metadata, lanes_of(split), stepping_on(split, objects)
    owners, owned = owners_and_findings(_owned(split), objects)
    way = route_door(split.route, split.path, objects)
    off = stepping.off_plan(_written(lanes, stepping))
    return Rollout(
        key=RolloutKey(objects.context, metadata.namespace, split.name, ID),
        router=ID,
        phase=_phase(split, lanes, stepping),
        message=_message(split, lanes, stepping),
        versions=split.versions,
        lanes=lanes,
        objects=_objects(split, objects),
        epoch=_epoch(split, lanes),
        step=stepping.step,
        steps=stepping.planned,
        findings=(*findings_of(split, lanes, objects), *stepping.problems, *([off] if off else []), *owned),
        acts=act_states(whys(split, objects), OTHERWISE),
        owners=owners,
        door=way.door,
        entrance=way.entrance,
        door_missing=way.missing,
        created=metadata.creation_timestamp,
    )


def _owned(split: Split) -> list[Obj]:
    found: list[Obj] = [split.route]
    found += [side.service for side in split.sides if side.service]
    found += [c.workload for c in split.candidates if c.workload]
    return found


def _objects(split: Split, objects: Objects) -> tuple[Ref, ...]:
    refs = [ref_to_route(split.route, objects)]
    refs += [Ref(SERVICES, s.service.metadata.namespace, s.service.metadata.name) for s in split.sides if s.service]
    refs += [c.ref for c in split.candidates if c.ref]
    return tuple(dict.fromkeys(refs))


def _epoch(split: Split, lanes: tuple[Lane, ...]) -> str:
    sides = [(str(side.upstream), side.service.spec.selector if side.service else None) for side in split.sides]
    uids = {v.name: c.uid for v, c in zip(split.versions, split.candidates, strict=True)}
    shares = [(lane.name, [(uids[s.version], round(s.written or 0.0, 9)) for s in lane.shares]) for lane in lanes]
    # While the gateway has not taken a change in, answers are those of the split before.
    return epoch_of(split.route.metadata.uid, sides, shares, is_pending(split.route))


def _written(lanes: tuple[Lane, ...], stepping: Stepping) -> float | None:
    plan = stepping.active
    lane = next((lane for lane in lanes if lane.name == DEFAULT), None)
    return next((s.written for s in lane.shares if plan and s.version == plan.version), None) if lane else None


def _phase(split: Split, lanes: tuple[Lane, ...], stepping: Stepping) -> Phase:
    taking = {s.version for lane in lanes for s in lane.shares if s.written}
    alive = any(leg.backend.weight and not leg.problem and not leg.side.empty for leg in split.legs)
    if is_refused(split.route) or not alive:
        return Phase.DEGRADED
    if stepping.active:
        return Phase.WAITING
    return Phase.CANARY if len(taking) > 1 else Phase.AT_REST


def _message(split: Split, lanes: tuple[Lane, ...], stepping: Stepping) -> str:
    if is_refused(split.route):
        return "no Gateway takes this route"
    parts = [_taking(lane) if lane.name == DEFAULT else f"{_taking(lane)} with {lane.match}" for lane in lanes]
    if stepping.message:
        parts.insert(0, stepping.message)
    if is_pending(split.route):
        parts.append("the gateway has not taken the last change in")
    return "; ".join(parts)


def _taking(lane: Lane) -> str:
    return ", ".join(f"{s.version} {percent(s.written)}" for s in lane.shares if s.written) or "nobody"
