"""The rollout of one split of a route: phase, message, lanes, probe target."""

from __future__ import annotations

from cockpit.model.awaited import Awaited
from cockpit.model.lookup import Objects
from cockpit.model.refs import SERVICES, Ref, RolloutKey
from cockpit.model.rollout import Lane, Phase, Rollout
from cockpit.planning.ownership import owners_and_findings
from cockpit.planning.refusals import epoch_of
from cockpit.planning.steps import Stepping
from cockpit.planning.writers import last_write
from cockpit.routers.backends import outside_sides
from cockpit.routers.degraded import degraded_by
from cockpit.routers.gateway_api.acts import TABLE, stepping_on
from cockpit.routers.gateway_api.findings import findings_of, is_pending, is_refused, name_of, unserved_shares
from cockpit.routers.gateway_api.probe_targets import route_target
from cockpit.routers.gateway_api.routes import ref_to_route
from cockpit.routers.gateway_api.split import DEFAULT, HttpRouteSplit, lanes_of
from cockpit.routers.version_lookup import owned_by
from cockpit.workloads.findings import percent
from cockpit.workloads.others import with_others

ID = "gateway-api"


def rollout_of(split: HttpRouteSplit, objects: Objects) -> Rollout:
    metadata, lanes, stepping = split.route.metadata, lanes_of(split), stepping_on(split, objects)
    owners, owned = owners_and_findings(owned_by(split, split.route), objects)
    way = route_target(split.route, split.path, objects)
    off = stepping.off_plan(_written(lanes, stepping))
    unserved = unserved_shares(split.each_rule, name_of(split.route))
    phase, message = degraded_by(_phase(split, lanes, stepping), _message(split, lanes, stepping), unserved, objects)
    found = Rollout(
        key=RolloutKey(objects.context, metadata.namespace, split.name, ID),
        router=ID,
        phase=phase,
        message=message,
        versions=split.versions,
        lanes=lanes,
        objects=_objects(split, objects),
        epoch=_epoch(split, lanes),
        step=stepping.step,
        steps=stepping.planned,
        findings=(*findings_of(split, lanes, objects), *stepping.problems, *([off] if off else []), *owned),
        acts=TABLE.states(split, objects),
        owners=owners,
        probe_target=way.probe_target,
        incomplete_target=way.incomplete_target,
        probe_target_missing=way.missing,
        created=metadata.creation_timestamp,
        awaited=_awaited(split, objects),
    )
    return with_others(found, outside_sides(split.sides, objects), planned=False)


def _awaited(split: HttpRouteSplit, objects: Objects) -> tuple[Awaited, ...]:
    if not is_pending(split.route):
        return ()
    what, token = str(ref_to_route(split.route, objects)), ("generation", str(split.route.metadata.generation))
    controller = "the controller of its Gateway"
    return (Awaited(what, controller, "accepted the last change", token, last_write(split.route)),)


def _objects(split: HttpRouteSplit, objects: Objects) -> tuple[Ref, ...]:
    refs = [ref_to_route(split.route, objects)]
    refs += [Ref(SERVICES, s.service.metadata.namespace, s.service.metadata.name) for s in split.sides if s.service]
    refs += [c.ref for c in split.candidates if c.ref]
    return tuple(dict.fromkeys(refs))


def _epoch(split: HttpRouteSplit, lanes: tuple[Lane, ...]) -> str:
    sides = [(str(side.upstream), side.service.spec.selector if side.service else None) for side in split.sides]
    uids = {v.name: c.uid for v, c in split.named}
    shares = [(lane.name, [(uids[s.version], round(s.written or 0.0, 9)) for s in lane.shares]) for lane in lanes]
    # Until the gateway has accepted a change, answers come from the previous split.
    return epoch_of(split.route.metadata.uid, sides, shares, is_pending(split.route))


def _written(lanes: tuple[Lane, ...], stepping: Stepping) -> float | None:
    plan = stepping.active
    lane = next((lane for lane in lanes if lane.name == DEFAULT), None)
    return next((s.written for s in lane.shares if plan and s.version == plan.version), None) if lane else None


def _phase(split: HttpRouteSplit, lanes: tuple[Lane, ...], stepping: Stepping) -> Phase:
    taking = {s.version for lane in lanes for s in lane.shares if s.written}
    if is_refused(split.route):
        return Phase.DEGRADED
    if stepping.active:
        return Phase.WAITING
    return Phase.CANARY if len(taking) > 1 else Phase.AT_REST


def _message(split: HttpRouteSplit, lanes: tuple[Lane, ...], stepping: Stepping) -> str:
    if is_refused(split.route):
        return "no Gateway accepts this route"
    plain = next((_taking(lane) for lane in lanes if lane.name == DEFAULT), "")
    parts = [plain] if plain else []
    # A rule that splits like all others adds nothing.
    parts += [
        f"{taken} with {lane.match}" for lane in lanes if lane.name != DEFAULT and (taken := _taking(lane)) != plain
    ]
    if stepping.message:
        parts.insert(0, stepping.message)
    if is_pending(split.route):
        parts.append("the gateway has not accepted the last change yet")
    return "; ".join(parts)


def _taking(lane: Lane) -> str:
    return ", ".join(f"{s.version} {percent(s.written)}" for s in lane.shares if s.written) or "none"
