"""Guarded writes to VirtualServices and DestinationRules, each with the request that undoes it.

Lists have no keys in these kinds, so a patch tests everything that it was planned on: it is refused if routes moved or
changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import structs

from cockpit.model.lookup import Objects
from cockpit.model.plan import Expected, Request
from cockpit.model.refs import DESTINATIONRULE_VERSIONS, Ref
from cockpit.planning.edits import Edit, Operation, json_patch, op, pointer
from cockpit.routers.istio.route_groups import route_groups_of
from cockpit.routers.istio.routes import Destination, IstioRoute, Subset
from cockpit.routers.istio.split import VirtualServiceSplit, lanes_of
from cockpit.workloads.lookups import served

Raw = dict[str, Any]


def http_of(split: VirtualServiceSplit) -> list[Any]:
    """The http routes as the API has them."""
    return list(split.group.service.spec["http"])


def http_edit(split: VirtualServiceSplit, after: Sequence[Any]) -> Edit | None:
    """Set the http routes to `after`; None if they are already. Of one changed route only the destinations are sent."""
    before, wanted = http_of(split), list(after)
    if before == wanted:
        return None
    changed = [i for i, (old, new) in enumerate(zip(before, wanted, strict=False)) if old != new]
    if len(before) == len(wanted) and len(changed) == 1:
        index = changed[0]
        old, new = before[index], wanted[index]
        if {**old, "route": None} == {**new, "route": None}:
            place = pointer("spec", "http", index)
            return _swap(split.ref, place, old, new, f"{place}/route", old["route"], new["route"])
    place = pointer("spec", "http")
    return _swap(split.ref, place, before, wanted, place, before, wanted)


def _swap(ref: Ref, tested: str, old: Any, new: Any, place: str, before: Any, after: Any) -> Edit:
    def patch(is_now: Any, value: Any) -> Request:
        return json_patch(ref, [op("test", tested, is_now), op("replace", place, value)], f"{tested} as it was read")

    return Edit(patch(old, after), patch(new, before))


def with_extra(edit: Edit, operations: Sequence[Operation]) -> Edit:
    """The edit with more operations in its request, which its inverse does not revert."""
    request = json_patch(edit.request.ref, [*edit.request.body, *operations], edit.request.guard)
    return Edit(request, edit.inverse)


def weighted_with(split: VirtualServiceSplit, route: IstioRoute, weights: Mapping[str, int]) -> list[Raw]:
    """The destinations of a route with these weights by version; destinations of other versions get 0.

    Other fields of an entry (header operations) stay; a version without an entry gets one.
    """
    weighted, left = [], dict(weights)
    for raw, entry in zip(_entries(route), route.weighted, strict=True):
        names = [v.name for v in split.behind(split.side(entry.target))]
        weight = left.pop(names[0], 0) if len(names) == 1 else 0
        weighted.append({**raw, "weight": weight})
    for name, weight in left.items():
        side = split.alone(name)
        if side and weight:
            weighted.append({"destination": destination(split, side.target), "weight": weight})
    return weighted


def destination(split: VirtualServiceSplit, target: Destination) -> Raw:
    """A destination as the VirtualService writes hosts: as it already names the host, else short, else in full."""
    for route in split.group.routes:
        for raw, entry in zip(_entries(route), route.weighted, strict=True):
            if entry.target.host == target.host:
                kept = {k: v for k, v in raw["destination"].items() if k != "subset"}
                return {**kept, **({"subset": target.subset} if target.subset else {})}
    service = target.service
    own = split.group.service.metadata.namespace
    host = service[1] if service and service[0] == own else target.host
    port = {"port": {"number": target.port}} if target.port else {}
    return {"host": host, **({"subset": target.subset} if target.subset else {}), **port}


def _entries(route: IstioRoute) -> list[Raw]:
    """The entries of a route that were read as destinations."""
    entries = route.raw.get("route")
    return [
        e
        for e in (entries if isinstance(entries, list) else ())
        if isinstance(e, dict) and isinstance(e.get("destination"), dict)
        if isinstance(host := e["destination"].get("host"), str) and host
    ]


def replaced(split: VirtualServiceSplit, route: IstioRoute, weighted: Sequence[Raw]) -> list[Any]:
    """The http routes with new destinations in one of them."""
    http = http_of(split)
    http[route.index] = {**route.raw, "route": list(weighted)}
    return http


def subsets_edit(subset: Subset, after: Sequence[Raw], objects: Objects) -> Edit:
    """Set the subsets of the DestinationRule that has `subset`."""
    rule, place = subset.rule, pointer("spec", "subsets")
    ref = Ref(served(objects, DESTINATIONRULE_VERSIONS), rule.metadata.namespace, rule.metadata.name)
    before = rule.spec["subsets"]
    return _swap(ref, place, before, list(after), place, before, list(after))


def expected_after(split: VirtualServiceSplit, http: Sequence[Any]) -> tuple[Expected, ...]:
    """The written shares of each lane once these are the http routes."""
    service = structs.replace(split.group.service, spec={**split.group.service.spec, "http": list(http)})
    found = next((b for b in route_groups_of(service) if b.name == split.group.name), None)
    after = replace(found, outside=split.group.outside, before=split.group.before) if found else None
    return tuple(
        Expected(lane.name, share.version, share.written)
        for lane in (lanes_of(replace(split, group=after)) if after else ())
        for share in lane.shares
        if share.written is not None
    )
