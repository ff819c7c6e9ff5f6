"""Finish: remove the old versions from the routes, then their subsets, then their workloads, in this order.

If a subset is deleted before the route that names it, that route's share gets 503.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from cockpit.model.advice import telling
from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj, Service, VirtualService, Workload
from cockpit.model.objects.istio import full_host, service_of
from cockpit.model.plan import Act, Ask, Change, Plan, Refused
from cockpit.model.refs import VIRTUALSERVICE_VERSIONS
from cockpit.model.rollout import Rollout, Version
from cockpit.model.values import dataclass
from cockpit.planning.edits import Edit, deletion, json_patch, ref_to
from cockpit.planning.finish import CleanUp, Leftovers, Released, RemovableVersions, removable_versions
from cockpit.planning.ownership import revert_warnings, why_managed
from cockpit.planning.refusals import refused
from cockpit.planning.step_acts import removal
from cockpit.routers.istio.delegates import root_of
from cockpit.routers.istio.destination_rules import is_for_one_host, rules_naming
from cockpit.routers.istio.destinations import DestinationVersions
from cockpit.routers.istio.roll_back import keeps_one
from cockpit.routers.istio.routes import (
    MESH,
    PROTOCOLS,
    Destination,
    Subset,
    gateways_of,
    hosts_of,
    is_cut,
    mirrors_of,
    routes_of,
    subsets_of,
)
from cockpit.routers.istio.split import VirtualServiceSplit, no_destination
from cockpit.routers.istio.write import http_edit, http_of, subsets_edit, with_extra
from cockpit.workloads.findings import listed
from cockpit.workloads.lookups import find_service, of_kind, served


@dataclass(frozen=True, slots=True)
class IstioLeftovers:
    """What finish removes: destinations, subsets and objects of the old versions.

    `used` says which destinations stay and why, `http` are the routes without the removed ones.
    """

    sides: tuple[DestinationVersions, ...]
    subsets: tuple[Subset, ...]
    used: tuple[str, ...]
    http: list[Any]
    objects: Leftovers

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self.used, *self.objects.warnings)


def why_not_finish(split: VirtualServiceSplit, objects: Objects) -> str:
    """Why nothing can be deleted yet."""
    found = _goal(split, None, objects)
    return found if isinstance(found, str) else ""


def _goal(split: VirtualServiceSplit, asked: str | None, objects: Objects) -> tuple[Version, IstioLeftovers] | str:
    """The version that stays and what goes; as text, why nothing can go yet."""
    if is_cut(split.group.service):
        return "it has too many routes to read all: one that is not read may use what would be deleted"
    kept = keeps_one(split)
    if kept is None:
        return telling(
            "several versions take requests: promote one fully or roll back first", Act.PROMOTE, Act.ROLLBACK
        )
    if split.alone(kept.name) is None:
        return no_destination(kept.name)
    if why := split.why_failing(kept):
        return why
    versions = removable_versions(split.named, kept.name, asked)
    if isinstance(versions, str):
        return versions
    found = _leftovers(split, kept, versions, asked, objects)
    if found.sides or found.subsets or found.objects.gone:
        return kept, found
    return versions.why_none or f"nothing to clean up: {listed(list(found.warnings))}"


def plan_finish(split: VirtualServiceSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    goal = _goal(split, ask.version, objects)
    if isinstance(goal, str):
        return refused(rollout, ask.act, goal)
    kept, found = goal
    if why := why_managed([s.rule for s in found.subsets], objects):
        return refused(rollout, ask.act, why)
    edits = [*_route_edit(split, found), *_subset_edits(found, objects)]
    gone = found.objects.gone
    changes = [Change(f"route to {s.target}", "0%", "removed") for s in found.sides]
    changes += [Change(f"subset {s.name} of {s.rule.metadata.name}", "unused", "removed") for s in found.subsets]
    changes += [Change(str(ref_to(o)), "unused", "deleted") for o in gone]
    names = [str(ref_to(o)) for o in gone] or [f"the subset {s.name}" for s in found.subsets]
    names = names or [f"the route to {side.target}" for side in found.sides]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"remove {listed(names)}; {kept.name} stays",
        changes=tuple(changes),
        requests=(*(e.request for e in edits), *(deletion(o).request for o in gone)),
        expected=(),
        gone=tuple(ref_to(o) for o in gone),
        inverse=tuple(e.inverse for e in reversed(edits) if e.inverse),
        undo="create what was deleted again, with its subset and route; pods need time to get ready",
        warnings=(*found.warnings, *revert_warnings([split.group.service, *gone], objects)),
        final=True,
    )


def _route_edit(split: VirtualServiceSplit, found: IstioLeftovers) -> list[Edit]:
    """Remove the unused destinations from every route, and a finished step plan from the object."""
    edit, plan = http_edit(split, found.http), removal(split.stepping)
    if edit:
        return [with_extra(edit, plan)]
    if not plan:
        return []
    return [Edit(json_patch(split.ref, plan, "the step plan"), None)]


def _without(split: VirtualServiceSplit, sides: Iterable[DestinationVersions]) -> list[Any]:
    """The HTTP routes without these destinations; a route with no other destination keeps its own."""
    places = {side.target.place for side in sides}
    http: list[Any] = http_of(split)
    for route in split.group.routes:
        gone = {n for n, entry in enumerate(route.weighted) if entry.target.place in places}
        if gone and len(gone) < len(route.weighted):
            named = [e for e in route.raw["route"] if isinstance(e, dict) and isinstance(e.get("destination"), dict)]
            http[route.index] = {**route.raw, "route": [e for n, e in enumerate(named) if n not in gone]}
    return http


def _subset_edits(found: IstioLeftovers, objects: Objects) -> list[Edit]:
    """One edit for each DestinationRule that loses subsets."""
    rules = {s.rule.metadata.uid or s.rule.metadata.name: s for s in found.subsets}
    edits = []
    for key, first in rules.items():
        gone = {s.index for s in found.subsets if (s.rule.metadata.uid or s.rule.metadata.name) == key}
        kept = [raw for index, raw in enumerate(first.rule.spec["subsets"]) if index not in gone]
        edits.append(subsets_edit(first, kept, objects))
    return edits


def _leftovers(
    split: VirtualServiceSplit, kept: Version, versions: RemovableVersions, asked: str | None, objects: Objects
) -> IstioLeftovers:
    """What only these versions need; unasked also destinations that lead nowhere."""
    old = {split.version_of(uid).name for uid in versions.uids}
    sides, subsets, used = [], [], []
    for side in split.sides:
        names = {v.name for v in split.behind(side)}
        if kept.name in names or not (names <= old or (side.missing and asked is None)):
            continue
        users = _users(split, side, objects)
        if users:
            used.append(f"{side.target} stays: VirtualService {listed(users)} routes to it")
            old -= names
            continue
        if any(entry.target.place == side.target.place for r in split.group.routes for entry in r.weighted):
            sides.append(side)
        if side.subset and is_for_one_host(side.subset.rule):
            subsets.append(side.subset)
        elif side.subset:
            used.append(f"subset {side.subset.name} stays: its DestinationRule is for more hosts than this one")
    if subsets and not objects.covers(""):
        unseen = listed([f"subset {s.name}" for s in subsets])
        used.append(f"other namespaces are not read: requests by a VirtualService there to {unseen} would get 503")
    http = _without(split, sides)
    chosen = [c.workload for c in split.candidates if c.workload and split.version_of(c.uid).name in old]
    services = {s.service.metadata.name: s.service for s in sides if s.service and not s.subset}
    clean_up = CleanUp(
        namespace=split.group.service.metadata.namespace,
        services=[services[name] for name in sorted(services)],
        workloads=chosen,
        shared=_shared(split, kept, objects),
        released=_released(split, http, objects),
        kept=versions.kept,
    )
    return IstioLeftovers(tuple(sides), tuple(subsets), tuple(used), http, clean_up.leftovers(objects))


def _shared(split: VirtualServiceSplit, kept: Version, objects: Objects) -> tuple[Service, ...]:
    """Services whose requests the routes divide: hosts of subsets, and the hosts that this VirtualService is for.

    Only those that select the version that stays, so that none loses its last pod.
    """
    stays = split.candidate(kept.name)
    found = [side.service for side in split.sides if side.service and side.target.subset]
    if MESH in gateways_of(split.group.service):
        named = [place for host in hosts_of(split.group.service) if (place := service_of(host))]
        found += [service for place in named if (service := find_service(objects, *place))]
    selects = [s for s in found if stays and (s.spec.selector or {}).items() <= stays.labels.items()]
    return tuple({s.metadata.uid: s for s in selects}.values())


def _released(split: VirtualServiceSplit, http: list[Any], objects: Objects) -> Released:
    """Whether a route stops using a workload: this VirtualService by what is left of it, another by its subsets."""
    own = split.group.service
    after = replace(own, spec={**own.spec, "http": http})

    def released(user: Obj, service: Service, workload: Workload | None) -> bool:
        if not isinstance(user, VirtualService):
            return False
        rest = after if user.metadata.uid == own.metadata.uid else user
        host = full_host(service.metadata.name, service.metadata.namespace)
        named = [target for target in _named(rest) if target.host == host]
        if workload is None:
            return not is_cut(rest) and not named
        labels = workload.template_labels
        return not is_cut(rest) and not any(
            _picks(target, labels, rest.metadata.namespace, objects) for target in named
        )

    return released


def _named(service: VirtualService) -> Iterator[Destination]:
    """Every destination and mirror of a VirtualService."""
    for protocol in PROTOCOLS:
        for route in routes_of(service, protocol):
            yield from (entry.target for entry in route.weighted)
            yield from mirrors_of(route, service.metadata.namespace)


def _picks(target: Destination, labels: Mapping[str, str], namespace: str, objects: Objects) -> bool:
    """Whether a destination has pods with these labels among those of its host."""
    if not target.subset:
        return True
    subsets = [s for rule in rules_naming(target.host, namespace, objects) for s in subsets_of(rule)]
    return any(s.name == target.subset and s.labels.items() <= labels.items() for s in subsets)


def _users(split: VirtualServiceSplit, side: DestinationVersions, objects: Objects) -> list[str]:
    """Other VirtualServices and other routes of this one that use, or may use, the same destination; and mirrors."""
    own, resource = split.group.service, served(objects, VIRTUALSERVICE_VERSIONS)
    namespace, key = own.metadata.namespace, f"to={side.target.host}"
    mine = {(r.protocol, r.index) for r in split.group.routes}
    found = []
    others = of_kind(VirtualService, (*objects.keyed(resource, namespace, key), *objects.anywhere(resource, key)))
    for other in {(o.metadata.namespace, o.metadata.name): o for o in others}.values():
        place = other.metadata.namespace
        itself = (place, other.metadata.name) == (namespace, own.metadata.name)
        routes = [r for protocol in PROTOCOLS for r in routes_of(other, protocol)]
        targets = [
            entry.target for r in routes if not (itself and (r.protocol, r.index) in mine) for entry in r.weighted
        ]
        targets += [mirror for r in routes for mirror in mirrors_of(r, place)]
        if is_cut(other) or any(target.place == side.target.place for target in targets):
            found.append(other.metadata.name if place == namespace else f"{place}/{other.metadata.name}")
    root = root_of(own, objects)
    if root and any(
        entry.target.place == side.target.place for route in split.group.outside for entry in route.weighted
    ):
        found.append(f"{root.metadata.namespace}/{root.metadata.name}")
    return list(dict.fromkeys(found))
