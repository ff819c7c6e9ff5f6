"""Promotion: all requests to the canary's version, by the main Ingress's backend or by the main Service's selector."""

from __future__ import annotations

from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.plan import Ask, Change, Expected, Plan, Refused, Request
from cockpit.model.rollout import Rollout, Version
from cockpit.model.text import safe_text
from cockpit.routers.ingress.pairing import service_name, two_versions
from cockpit.routers.ingress.placement import locations_of, strictly_younger
from cockpit.routers.ingress.split import Branch, Split, lanes_of
from cockpit.routers.sides import Side, Upstream
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import Edit, json_patch, op, pointer, ref_to, selector_edit
from cockpit.workloads.endpoints import port_of
from cockpit.workloads.findings import listed
from cockpit.workloads.lookups import ingresses_of_service
from cockpit.workloads.ownership import controller_ownership, revert_warnings

BACKEND, SELECTOR = "backend", "selector"


def why_not_promote(split: Split, objects: Objects) -> str:
    found = two_versions(split)
    if isinstance(found, str):
        return found
    branch = split.canary
    if branch is None or branch.side is None or branch.side.empty:
        return f"{found[1].name} has no ready pods: every request would fail; wait until they are ready"
    return _why_not_by(split, branch, _way(split, branch), objects)


def plan_promote(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    pair, branch = two_versions(split), split.canary
    if isinstance(pair, str) or branch is None or branch.side is None:
        return refused(rollout, ask.act, str(pair))
    main, canary = pair
    if ask.version not in (None, canary.name):
        return refused(rollout, ask.act, f"only the canary's version {canary.name} can be promoted")
    if branch.side.empty:
        return refused(rollout, ask.act, why_not_promote(split, objects))
    way = ask.by or _way(split, branch)
    why = _why_not_by(split, branch, way, objects)
    edit = None if why else _edit(split, branch.side, way)
    if why or edit is None:
        return refused(rollout, ask.act, why or "the main leads there already")
    what = "backend" if way == BACKEND else "selector"
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"all traffic to {canary.name}, by {what}",
        changes=(Change("all requests", main.name, canary.name), *_changes(split, branch.side, way)),
        requests=(edit.request,),
        expected=everything_to(split, canary),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo=f"{what} back to {main.name}",
        warnings=_warnings(split, branch, main, canary, way, objects),
        raises=True,
        final=True,
    )


def everything_to(split: Split, version: Version) -> tuple[Expected, ...]:
    """Every lane that there is leads to one version."""
    return tuple(
        Expected(lane.name, v.name, float(v.name == version.name)) for lane in lanes_of(split) for v in split.versions
    )


def _way(split: Split, branch: Branch) -> str:
    """Naming one Service in both Ingresses is safe only where the canary is younger than the main."""
    return BACKEND if strictly_younger(branch.canary.ingress, split.fork.main) else SELECTOR


def _why_not_by(split: Split, branch: Branch, way: str, objects: Objects) -> str:
    if way == BACKEND:
        return _why_not_backend(split, branch)
    if way == SELECTOR:
        return _why_not_selector(split, branch, objects)
    return f"there is no way {safe_text(way, 40)!r}: promote by {BACKEND} or by {SELECTOR}"


def _why_not_backend(split: Split, branch: Branch) -> str:
    side, canary = branch.side, branch.canary.ingress
    if side is None or side.service is None or not side.has_port:
        return f"Service {service_name(branch)} does not exist or lacks the port that the canary names"
    if split.fork.dialect.first_names and not strictly_younger(canary, split.fork.main):
        return (
            f"canary {canary.metadata.name} is not younger than its main: with one Service in both the gateway"
            " would answer 404; promote by selector"
        )
    return ""


def _why_not_selector(split: Split, branch: Branch, objects: Objects) -> str:
    main, canary = split.main.service, branch.side.service if branch.side else None
    if main is None or canary is None:
        return "both Services must exist to point one at the other's pods"
    for service in (main, canary):
        if not service.spec.selector:
            return f"Service {service.metadata.name} has no selector: others manage its endpoints"
    owner = controller_ownership([main], objects)
    if owner:
        return owner.text
    ports = [port_of(s, u.port) for s, u in ((main, split.fork.upstream), (canary, branch.canary.upstream)) if u]
    targets = [(p.target_port if p.target_port is not None else p.port) if p else None for p in ports]
    if len(set(targets)) > 1:
        return (
            f"Service {main.metadata.name} sends to port {targets[0]}, {canary.metadata.name} to {targets[1]}:"
            " promote by backend"
        )
    return ""


def _edit(split: Split, target: Side, way: str) -> Edit | None:
    if way == BACKEND:
        return backend_edit(split.fork.main, split.fork.upstream, target.upstream)
    if split.main.service is None or target.service is None:
        return None
    return selector_edit(split.main.service, target.service.spec.selector or {})


def backend_edit(main: Ingress, before: Upstream, after: Upstream) -> Edit | None:
    """Point every path of an Ingress (and its default backend) that leads to `before` at `after`."""
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


def _changes(split: Split, target: Side, way: str) -> tuple[Change, ...]:
    if way == BACKEND:
        name = split.fork.main.metadata.name
        return (Change(f"backend of {name}", str(split.fork.upstream), str(target.upstream)),)
    before = split.main.service.spec.selector if split.main.service else None
    after = target.service.spec.selector if target.service else None
    return (Change(f"selector of {split.main.upstream.service}", shown(before), shown(after)),)


def shown(selector: dict[str, str] | None) -> str:
    return safe_text(",".join(f"{k}={v}" for k, v in sorted((selector or {}).items())) or "none", 200)


def _warnings(
    split: Split, branch: Branch, main: Version, canary: Version, way: str, objects: Objects
) -> tuple[str, ...]:
    found = []
    if canary.ready < main.ready:
        found.append(f"capacity: 100% of the traffic on {canary.ready} pods, {main.name} has {main.ready}")
    upstream, namespace = split.fork.upstream, split.fork.main.metadata.namespace
    others = [
        i.metadata.name
        for i in ingresses_of_service(objects, namespace, upstream.service)
        if i.metadata.name not in {split.fork.main.metadata.name, branch.canary.ingress.metadata.name}
    ]
    if others and way == SELECTOR:
        found.append(f"Service {upstream.service} also serves {listed(others[:5])}: they change with it")
    elif others:
        found.append(f"{listed(others[:5])} still lead to Service {upstream.service}: they stay with {main.name}")
    if way == BACKEND and not strictly_younger(branch.canary.ingress, split.fork.main):
        found.append("the canary is not younger than its main: some gateways answer 404 when both name one Service")
    edited = split.fork.main if way == BACKEND else split.main.service
    return (*found, *(revert_warnings([edited], objects) if edited else ()))
