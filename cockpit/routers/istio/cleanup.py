"""Finish: take the old versions out of the routes, then their subsets, then their workloads, in this order.

A subset that goes before the route that names it turns that route's share into 503.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service, VirtualService, Workload
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Role, Rollout, Version
from cockpit.routers.istio.edits import http_edit, http_of, subsets_edit, with_extra
from cockpit.routers.istio.rollback import keeps_one
from cockpit.routers.istio.routes import PROTOCOLS, VIRTUAL_SERVICES, Subset, is_cut, routes_of, served
from cockpit.routers.istio.sides import Side
from cockpit.routers.istio.split import Split
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import Edit, deletion, json_patch, ref_to
from cockpit.workloads.findings import listed
from cockpit.workloads.lookups import of_kind, services_selecting
from cockpit.workloads.ownership import controller_ownership, revert_warnings
from cockpit.workloads.step_acts import removal


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What finish takes away: destinations, subsets and objects of the old versions; `kept` says what stays and why."""

    sides: tuple[Side, ...]
    subsets: tuple[Subset, ...]
    services: tuple[Service, ...]
    workloads: tuple[Workload, ...]
    kept: tuple[str, ...]


def why_not_finish(split: Split, objects: Objects) -> str:
    """Why nothing may be deleted yet."""
    if is_cut(split.bundle.service):
        return "it has more routes than are read: some that are not may lead to what would be deleted"
    kept = keeps_one(split)
    if kept is None:
        return "several versions take requests: promote one fully, or roll back, before anything is deleted"
    side = split.alone(kept.name)
    if side is None or side.empty:
        return f"{kept.name} must have ready pods before anything is deleted"
    found = leftovers(split, kept, objects)
    if not (found.sides or found.subsets or found.workloads or found.services):
        why = listed(list(found.kept)) if found.kept else f"there is nothing beside {kept.name}"
        return f"nothing is left to clean up: {why}"
    return ""


def plan_finish(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    why, kept = why_not_finish(split, objects), keeps_one(split)
    if why or kept is None:
        return refused(rollout, ask.act, why)
    found = leftovers(split, kept, objects)
    owner = controller_ownership([*(s.rule for s in found.subsets), *found.services, *found.workloads], objects)
    if owner:
        return refused(rollout, ask.act, owner.text)
    edits = [*_route_edit(split, found), *_subset_edits(found, objects)]
    gone: tuple[Service | Workload, ...] = (*found.services, *found.workloads)
    changes = [Change(f"route to {s.target}", "0%", "removed") for s in found.sides]
    changes += [Change(f"subset {s.name} of {s.rule.metadata.name}", "unused", "removed") for s in found.subsets]
    changes += [Change(str(ref_to(o)), "unused", "deleted") for o in gone]
    names = [str(ref_to(o)) for o in gone] or [f"the subset {s.name}" for s in found.subsets]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"remove {listed(names or [str(s.target) for s in found.sides])}; {kept.name} stays",
        changes=tuple(changes),
        requests=(*(e.request for e in edits), *(deletion(o).request for o in gone)),
        expected=(),
        gone=tuple(ref_to(o) for o in gone),
        inverse=tuple(e.inverse for e in reversed(edits) if e.inverse),
        undo="create what was deleted again, with its subset and route; pods need time to get ready",
        warnings=(*found.kept, *revert_warnings([split.bundle.service, *gone], objects)),
        final=True,
    )


def _route_edit(split: Split, found: Leftovers) -> list[Edit]:
    """Take the unused destinations out of every route, and a step plan that is over off the object."""
    places = {side.target.place for side in found.sides}
    http: list[Any] = http_of(split)
    for route in split.bundle.routes:
        gone = {n for n, leg in enumerate(route.legs) if leg.target.place in places}
        if gone and len(gone) < len(route.legs):
            named = [e for e in route.raw["route"] if isinstance(e, dict) and isinstance(e.get("destination"), dict)]
            http[route.index] = {**route.raw, "route": [e for n, e in enumerate(named) if n not in gone]}
    edit, plan = http_edit(split, http), removal(split.stepping)
    if edit:
        return [with_extra(edit, plan)]
    if not plan:
        return []
    return [Edit(json_patch(split.ref, plan, "the step plan"), None)]


def _subset_edits(found: Leftovers, objects: Objects) -> list[Edit]:
    """One edit for each DestinationRule that loses subsets."""
    rules = {s.rule.metadata.uid or s.rule.metadata.name: s for s in found.subsets}
    edits = []
    for key, first in rules.items():
        gone = {s.index for s in found.subsets if (s.rule.metadata.uid or s.rule.metadata.name) == key}
        kept = [raw for index, raw in enumerate(first.rule.spec["subsets"]) if index not in gone]
        edits.append(subsets_edit(first, kept, objects))
    return edits


def leftovers(split: Split, kept: Version, objects: Objects) -> Leftovers:
    """Old versions only: what nobody gets yet may be one that somebody prepares."""
    old = {v.name for v in split.versions if v.role is Role.OLD}
    sides, subsets, stays = [], [], []
    for side in split.sides:
        names = {v.name for v in split.behind(side)}
        if kept.name in names or not (names <= old or side.missing):
            continue
        users = _users(split, side, objects)
        if users:
            stays.append(f"{side.target} stays: VirtualService {listed(users)} leads there")
            old -= names
            continue
        if any(leg.target.place == side.target.place for r in split.bundle.routes for leg in r.legs):
            sides.append(side)
        if side.subset:
            subsets.append(side.subset)
    if subsets:
        unseen = listed([f"subset {s.name}" for s in subsets])
        stays.append(f"other namespaces are not looked at: a VirtualService there that names {unseen} would give 503")
    workloads, services = [], []
    for version in split.versions:
        candidate = split.candidate(version.name)
        if version.name in old and candidate and candidate.workload:
            workloads.append(candidate.workload)
    targets = {s.service.metadata.name: s.service for s in sides if s.service and not s.subset}
    namespace = split.bundle.service.metadata.namespace
    for name, service in sorted(targets.items()):
        shared = [w for c in split.candidates if (w := c.workload) and w not in workloads]
        still = any(service in services_selecting(objects, namespace, w.template_labels) for w in shared)
        if service.spec.type in {"LoadBalancer", "NodePort"} or still:
            stays.append(f"Service {name} stays: it can be reached otherwise, or has other pods")
        else:
            stays.append(f"Service {name} may be called by name inside the cluster: nothing here can tell")
            services.append(service)
    return Leftovers(tuple(sides), tuple(subsets), tuple(services), tuple(workloads), tuple(stays))


def _users(split: Split, side: Side, objects: Objects) -> list[str]:
    """Other VirtualServices, and other routes of this one, that lead to the same destination, or may."""
    own = split.bundle.service
    namespace, resource = own.metadata.namespace, served(objects, VIRTUAL_SERVICES)
    mine = {(r.protocol, r.index) for r in split.bundle.routes}
    found = []
    for other in of_kind(VirtualService, objects.keyed(resource, namespace, f"to={side.target.host}")):
        itself = other.metadata.name == own.metadata.name
        routes = [r for protocol in PROTOCOLS for r in routes_of(other, protocol)]
        legs = [leg for r in routes if not (itself and (r.protocol, r.index) in mine) for leg in r.legs]
        if is_cut(other) or any(leg.target.place == side.target.place for leg in legs):
            found.append(other.metadata.name)
    return found
