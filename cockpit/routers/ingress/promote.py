"""Promotion: all requests to the canary's version, by the main Ingress's backend or by the main Service's selector."""

from __future__ import annotations

from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.plan import ActWay, Ask, Change, Expected, Plan, Refused, Request
from cockpit.model.rollout import Rollout, Version
from cockpit.model.text import safe_text
from cockpit.planning.capacity import capacity_warnings
from cockpit.planning.edits import Edit, json_patch, op, pointer, ref_to, selector_edit
from cockpit.planning.ownership import revert_warnings, why_managed
from cockpit.planning.refusals import refused
from cockpit.routers.backends import BackendVersions, Upstream
from cockpit.routers.ingress.locations import locations_of, strictly_younger
from cockpit.routers.ingress.pairing import service_name, shares_of, two_versions
from cockpit.routers.ingress.split import CanarySplit, PlacedCanary, lanes_of
from cockpit.workloads.endpoints import port_of
from cockpit.workloads.findings import listed
from cockpit.workloads.lookups import ingresses_of_service

BACKEND, SELECTOR = "backend", "selector"
_WAYS = {
    BACKEND: "the Ingress sends all requests to the new Service",
    SELECTOR: "the Service selects the pods of the new version",
}


def why_not_promote(split: CanarySplit, objects: Objects) -> str:
    found = two_versions(split)
    if isinstance(found, str):
        return found
    if why := split.why_failing(found[1]):
        return why
    reasons = [way.why for way in ways(split, objects)]
    return "" if "" in reasons else reasons[0]


def ways(split: CanarySplit, objects: Objects) -> tuple[ActWay, ...]:
    """The ways to point main at the canary's version, the safe one for these Ingresses first."""
    placed = split.canary
    if placed is None:
        return ()
    order = (BACKEND, SELECTOR) if _way(split, placed) == BACKEND else (SELECTOR, BACKEND)
    return tuple(ActWay(way, _WAYS[way], _why_not_by(split, placed, way, objects)) for way in order)


def plan_promote(split: CanarySplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    pair, placed = two_versions(split), split.canary
    if isinstance(pair, str) or placed is None or placed.side is None:
        return refused(rollout, ask.act, str(pair))
    main, canary = pair
    if ask.version not in (None, canary.name):
        return refused(rollout, ask.act, f"only the canary's version {canary.name} can be promoted")
    if why := split.why_failing(canary):
        return refused(rollout, ask.act, why)
    way = ask.by or _way(split, placed)
    why = _why_not_by(split, placed, way, objects)
    edit = None if why else _edit(split, placed.side, way)
    if why or edit is None:
        return refused(rollout, ask.act, why or "main already routes there")
    what = "backend" if way == BACKEND else "selector"
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"all traffic to {canary.name}, by {what}",
        changes=(Change("all requests", main.name, canary.name), *_changes(split, placed.side, way)),
        requests=(edit.request,),
        expected=everything_to(split, canary),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo=f"point {what} back to {main.name}",
        warnings=_warnings(split, placed, main, canary, way, objects),
        raises=True,
        final=True,
    )


def everything_to(split: CanarySplit, version: Version) -> tuple[Expected, ...]:
    """The expectation that every lane routes to one version."""
    return tuple(
        Expected(lane.name, v.name, float(v.name == version.name)) for lane in lanes_of(split) for v in split.versions
    )


def _way(split: CanarySplit, placed: PlacedCanary) -> str:
    """Naming one Service in both Ingresses is safe only if the canary is younger than the main."""
    return BACKEND if strictly_younger(placed.canary.ingress, split.placement.main) else SELECTOR


def _why_not_by(split: CanarySplit, placed: PlacedCanary, way: str, objects: Objects) -> str:
    if way == BACKEND:
        return _why_not_backend(split, placed)
    if way == SELECTOR:
        return _why_not_selector(split, placed, objects)
    return f"no way {safe_text(way, 40)!r} to promote: use {BACKEND} or {SELECTOR}"


def _why_not_backend(split: CanarySplit, placed: PlacedCanary) -> str:
    side, canary = placed.side, placed.canary.ingress
    if side is None or side.service is None or not side.has_port:
        return f"Service {service_name(placed)} does not exist or lacks the port that the canary names: fix that first"
    if split.placement.dialect.first_names and not strictly_younger(canary, split.placement.main):
        return (
            f"canary {canary.metadata.name} is not younger than its main: with one Service in both the gateway"
            " would answer 404; promote by selector"
        )
    return ""


def _why_not_selector(split: CanarySplit, placed: PlacedCanary, objects: Objects) -> str:
    main, canary = split.main.service, placed.side.service if placed.side else None
    if main is None or canary is None:
        return "a Service is missing, and both are needed to copy the selector: create it, or promote by backend"
    for service in (main, canary):
        if not service.spec.selector:
            return f"Service {service.metadata.name} has no selector: others manage its endpoints; promote by backend"
    if why := why_managed([main], objects):
        return why
    named = ((main, split.placement.upstream), (canary, placed.canary.upstream))
    by_target = split.placement.dialect.target_ports
    ports = [port_of(service, u.port, by_target=by_target) for service, u in named if u]
    targets = [(p.target_port if p.target_port is not None else p.port) if p else None for p in ports]
    if len(set(targets)) > 1:
        return (
            f"Service {main.metadata.name} sends to port {targets[0]}, {canary.metadata.name} to {targets[1]}:"
            " promote by backend"
        )
    return ""


def _edit(split: CanarySplit, target: BackendVersions, way: str) -> Edit | None:
    if way == BACKEND:
        return backend_edit(split.placement.main, split.placement.upstream, target.upstream)
    if split.main.service is None or target.service is None:
        return None
    return selector_edit(split.main.service, target.service.spec.selector or {})


def backend_edit(main: Ingress, before: Upstream, after: Upstream) -> Edit | None:
    """Point every path of an Ingress (and its default backend) that routes to `before` at `after`."""
    places = [
        pointer("spec", "rules", loc.rule, "http", "paths", loc.index, "backend", "service")
        for loc in locations_of(main)
        if loc.upstream == before
    ]
    default = main.spec.default_backend.service if main.spec.default_backend else None
    if default and Upstream(default.name, default.port.number, default.port.name) == before:
        places.append(pointer("spec", "defaultBackend", "service"))
    if not places or before == after:
        return None

    def patch(old: Upstream, new: Upstream) -> Request:
        operations = [o for place in places for o in _swap(place, old, new)]
        return json_patch(ref_to(main), operations, f"every backend is {old.service}")

    return Edit(patch(before, after), patch(after, before))


def _swap(place: str, old: Upstream, new: Upstream) -> list[dict[str, Any]]:
    found = [op("test", f"{place}/name", old.service), op("replace", f"{place}/name", new.service)]
    if (old.number, old.port_name) != (new.number, new.port_name):
        found += [op("test", f"{place}/port", _port(old)), op("replace", f"{place}/port", _port(new))]
    return found


def _port(upstream: Upstream) -> dict[str, Any]:
    return {"name": upstream.port_name} if upstream.port_name is not None else {"number": upstream.number}


def _changes(split: CanarySplit, target: BackendVersions, way: str) -> tuple[Change, ...]:
    if way == BACKEND:
        name = split.placement.main.metadata.name
        return (Change(f"backend of {name}", str(split.placement.upstream), str(target.upstream)),)
    before = split.main.service.spec.selector if split.main.service else None
    after = target.service.spec.selector if target.service else None
    return (Change(f"selector of {split.main.upstream.service}", shown(before), shown(after)),)


def shown(selector: dict[str, str] | None) -> str:
    return safe_text(",".join(f"{k}={v}" for k, v in sorted((selector or {}).items())) or "none", 200)


def _warnings(
    split: CanarySplit, placed: PlacedCanary, main: Version, canary: Version, way: str, objects: Objects
) -> tuple[str, ...]:
    pair = (main, canary)
    found = [*capacity_warnings(pair, shares_of(pair, placed.canary.rules.share), shares_of(pair, 1.0))]
    upstream, namespace = split.placement.upstream, split.placement.main.metadata.namespace
    others = [
        i.metadata.name
        for i in ingresses_of_service(objects, namespace, upstream.service)
        if i.metadata.name not in {split.placement.main.metadata.name, placed.canary.ingress.metadata.name}
    ]
    if others and way == SELECTOR:
        found.append(f"Service {upstream.service} also serves {listed(others[:5])}: they switch too")
    elif others:
        found.append(f"{listed(others[:5])} still route to Service {upstream.service}: they stay on {main.name}")
    if way == BACKEND and not strictly_younger(placed.canary.ingress, split.placement.main):
        found.append("the canary is not younger than its main: some gateways answer 404 when both name one Service")
    edited = split.placement.main if way == BACKEND else split.main.service
    return (*found, *(revert_warnings([edited], objects) if edited else ()))
