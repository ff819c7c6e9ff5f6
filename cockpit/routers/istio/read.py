"""The rollout of a VirtualService's routes: lanes, phase, message, probe target, acts."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.refs import DESTINATIONRULE_VERSIONS, Ref, RolloutKey
from cockpit.model.rollout import Lane, Phase, Role, Rollout
from cockpit.planning.edits import ref_to
from cockpit.planning.ownership import owners_and_findings
from cockpit.planning.refusals import epoch_of
from cockpit.routers.degraded import degraded_by
from cockpit.routers.istio.acts import TABLE
from cockpit.routers.istio.delegates import root_of
from cockpit.routers.istio.destination_rules import rules_naming
from cockpit.routers.istio.exposure import is_unreachable
from cockpit.routers.istio.findings import aborted_of, findings_of, unserved_shares
from cockpit.routers.istio.probe_targets import virtualservice_target
from cockpit.routers.istio.routes import gateways_of, hosts_of
from cockpit.routers.istio.split import AT_ROOT, DEFAULT, VirtualServiceSplit, lanes_of
from cockpit.routers.version_lookup import owned_by
from cockpit.workloads.findings import listed, percent
from cockpit.workloads.lookups import served
from cockpit.workloads.others import together, with_others


def rollout_of(split: VirtualServiceSplit, objects: Objects) -> Rollout:
    group = split.group
    meta, lanes = group.service.metadata, lanes_of(split)
    rules = {s.subset.rule.metadata.name: s.subset.rule for s in split.sides if s.subset}.values()
    owners, owned = owners_and_findings(owned_by(split, group.service, *rules), objects)
    way = virtualservice_target(group, objects)
    phase, message = degraded_by(
        _phase(split, lanes, objects), _message(split, lanes, objects), unserved_shares(split), objects
    )
    found = Rollout(
        key=RolloutKey(objects.context, meta.namespace, group.name, "istio"),
        router="istio",
        phase=phase,
        message=message,
        versions=split.versions,
        lanes=lanes,
        objects=_objects(split, objects),
        epoch=_epoch(split, lanes),
        step=split.stepping.step,
        steps=split.stepping.planned,
        findings=(*findings_of(split, lanes, objects), *owned),
        acts=TABLE.states(split, objects),
        owners=owners,
        probe_target=way.probe_target,
        incomplete_target=way.incomplete_target,
        probe_target_missing=way.missing,
        created=meta.creation_timestamp,
    )
    return with_others(found, together([side.others for side in split.sides]), planned=False)


def _objects(split: VirtualServiceSplit, objects: Objects) -> tuple[Ref, ...]:
    """The VirtualService first, then DestinationRules, Services and workloads."""
    resource, namespace = served(objects, DESTINATIONRULE_VERSIONS), split.group.service.metadata.namespace
    root = root_of(split.group.service, objects)
    refs = [
        split.ref,
        *([replace(split.ref, namespace=root.metadata.namespace, name=root.metadata.name)] if root else []),
    ]
    for host in dict.fromkeys(side.target.host for side in split.sides):
        rules = rules_naming(host, namespace, objects)
        refs += [Ref(resource, rule.metadata.namespace, rule.metadata.name) for rule in rules]
    refs += [ref_to(side.service) for side in split.sides if side.service]
    refs += [c.ref for c in split.candidates if c.ref]
    return tuple(dict.fromkeys(refs))


def _epoch(split: VirtualServiceSplit, lanes: tuple[Lane, ...]) -> str:
    service = split.group.service
    uids = {v.name: c.uid for v, c in split.named}
    shares = [
        (lane.name, [(uids[s.version], s.written if s.written is None else round(s.written, 9)) for s in lane.shares])
        for lane in lanes
    ]
    return epoch_of(service.metadata.uid, hosts_of(service), gateways_of(service), shares)


def _phase(split: VirtualServiceSplit, lanes: tuple[Lane, ...], objects: Objects) -> Phase:
    default = split.group.default
    if default is None or not default.total or aborted_of(default) >= 1:
        return Phase.DEGRADED
    if is_unreachable(split.group.service, objects):
        return Phase.DEGRADED
    if split.stepping.active:
        return Phase.WAITING
    taking = {s.version for lane in lanes for s in lane.shares if s.written}
    return Phase.CANARY if len(taking) > 1 else Phase.AT_REST


def _message(split: VirtualServiceSplit, lanes: tuple[Lane, ...], objects: Objects) -> str:
    default = split.group.default
    if is_unreachable(split.group.service, objects):
        return "none of its Gateways sends it requests"
    if default is None and split.group.dropped:
        return "Istio drops its routes: their matches are not within its root's"
    if default and aborted_of(default) >= 1:
        return "it fails all plain requests on purpose (fault injection)"
    if default and not default.total:
        return "no weight above 0: proxies keep the previous routes"
    parts = [split.stepping.message] if split.stepping.message else []
    plain = next((_taking(lane) for lane in lanes if lane.name == DEFAULT), "")
    for lane in lanes:
        if lane.name == DEFAULT:
            parts.append(plain)
        elif _taking(lane) != plain:
            word = "for " if lane.name.startswith(AT_ROOT) else "" if lane.match.startswith("at ") else "with "
            parts.append(f"{_taking(lane)} {word}{lane.match}")
    taking = {s.version for lane in lanes for s in lane.shares if s.written}
    old = [v.name for v in split.versions if v.role is Role.OLD and v.name not in taking]
    return "; ".join(parts) + (f"; {listed(old)} takes nothing" if old else "")


def _taking(lane: Lane) -> str:
    return ", ".join(f"{s.version} {percent(s.written)}" for s in lane.shares if s.written)
