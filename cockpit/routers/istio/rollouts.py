"""The rollout of a VirtualService's routes: lanes, phase, message, door, acts."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.rollout import Lane, Phase, Role, Rollout
from cockpit.routers.istio.acts import NO_CONTROLLER, whys
from cockpit.routers.istio.doors import istio_door
from cockpit.routers.istio.findings import findings_of
from cockpit.routers.istio.routes import DESTINATION_RULES, gateways_of, hosts_of, rules_for, served
from cockpit.routers.istio.split import DEFAULT, Split, lanes_of
from cockpit.workloads.answers import act_states, epoch_of
from cockpit.workloads.edits import ref_to
from cockpit.workloads.findings import listed, percent
from cockpit.workloads.ownership import owners_and_findings


def rollout_of(split: Split, objects: Objects) -> Rollout:
    bundle = split.bundle
    meta, lanes = bundle.service.metadata, lanes_of(split)
    owners, owned = owners_and_findings(_owned(split), objects)
    way = istio_door(bundle, objects)
    return Rollout(
        key=RolloutKey(objects.context, meta.namespace, bundle.name, "istio"),
        router="istio",
        phase=_phase(split, lanes),
        message=_message(split, lanes),
        versions=split.versions,
        lanes=lanes,
        objects=_objects(split, objects),
        epoch=_epoch(split, lanes),
        step=split.stepping.step,
        steps=split.stepping.planned,
        findings=(*findings_of(split, lanes, objects), *owned),
        acts=act_states(whys(split, objects), NO_CONTROLLER),
        owners=owners,
        door=way.door,
        entrance=way.entrance,
        door_missing=way.missing,
        created=meta.creation_timestamp,
    )


def _owned(split: Split) -> list[Obj]:
    found: list[Obj] = [split.bundle.service]
    found += {s.subset.rule.metadata.name: s.subset.rule for s in split.sides if s.subset}.values()
    found += {s.service.metadata.name: s.service for s in split.sides if s.service}.values()
    found += [c.workload for c in split.candidates if c.workload]
    return found


def _objects(split: Split, objects: Objects) -> tuple[Ref, ...]:
    """The VirtualService first, then DestinationRules, Services and workloads."""
    resource, namespace = served(objects, DESTINATION_RULES), split.bundle.service.metadata.namespace
    refs = [split.ref]
    for host in dict.fromkeys(side.target.host for side in split.sides):
        rules = rules_for(host, namespace, objects)
        refs += [Ref(resource, rule.metadata.namespace, rule.metadata.name) for rule in rules]
    refs += [ref_to(side.service) for side in split.sides if side.service]
    refs += [c.ref for c in split.candidates if c.ref]
    return tuple(dict.fromkeys(refs))


def _epoch(split: Split, lanes: tuple[Lane, ...]) -> str:
    service = split.bundle.service
    uids = {v.name: c.uid for v, c in zip(split.versions, split.candidates, strict=True)}
    shares = [
        (lane.name, [(uids[s.version], s.written if s.written is None else round(s.written, 9)) for s in lane.shares])
        for lane in lanes
    ]
    return epoch_of(service.metadata.uid, hosts_of(service), gateways_of(service), shares)


def _phase(split: Split, lanes: tuple[Lane, ...]) -> Phase:
    default = split.bundle.default
    if default is None or not default.total or all(split.side(t).empty for t, share in default.shares() if share):
        return Phase.DEGRADED
    if split.stepping.active:
        return Phase.WAITING
    taking = {s.version for lane in lanes for s in lane.shares if s.written}
    return Phase.CANARY if len(taking) > 1 else Phase.AT_REST


def _message(split: Split, lanes: tuple[Lane, ...]) -> str:
    default = split.bundle.default
    if default and not default.total:
        return "no weight above 0: proxies go on as before"
    if default and all(split.side(t).empty for t, share in default.shares() if share):
        return f"nothing answers behind {listed([str(t) for t, share in default.shares() if share])}: requests get 503"
    parts = [split.stepping.message] if split.stepping.message else []
    plain = next((_taking(lane) for lane in lanes if lane.name == DEFAULT), "")
    for lane in lanes:
        if lane.name == DEFAULT:
            parts.append(plain)
        elif _taking(lane) != plain:
            parts.append(f"{_taking(lane)} with {lane.match}")
    old = [v.name for v in split.versions if v.role is Role.OLD]
    return "; ".join(parts) + (f"; {listed(old)} takes nothing" if old else "")


def _taking(lane: Lane) -> str:
    return ", ".join(f"{s.version} {percent(s.written)}" for s in lane.shares if s.written)
