"""Guarded writes to VirtualServices and DestinationRules, each with the request that undoes it.

Lists have no keys in these kinds, so that a patch tests the whole of what it was planned on: routes that moved or
changed meanwhile refuse it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import structs

from cockpit.model.lookup import Objects
from cockpit.model.plan import Expected, Request
from cockpit.model.refs import Ref
from cockpit.routers.istio.bundles import bundles_of
from cockpit.routers.istio.routes import DESTINATION_RULES, Route, Subset, Target, served
from cockpit.routers.istio.split import Split, lanes_of
from cockpit.workloads.edits import Edit, Operation, json_patch, op, pointer

Raw = dict[str, Any]


def http_of(split: Split) -> list[Any]:
    """The http routes as the API has them."""
    return list(split.bundle.service.spec["http"])


def http_edit(split: Split, after: Sequence[Any]) -> Edit | None:
    """Make the http routes `after`; None where they are. Of one changed route only its destinations are sent."""
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
    """The edit with further operations in its request, which its inverse does not take back."""
    request = json_patch(edit.request.ref, [*edit.request.body, *operations], edit.request.guard)
    return Edit(request, edit.inverse)


def legs_with(split: Split, route: Route, percents: Mapping[str, int]) -> list[Raw]:
    """The destinations of a route with these whole percents by version; those of no named version get 0.

    Other fields of an entry (header operations) stay; a version without an entry gets one.
    """
    legs, left = [], dict(percents)
    for raw, leg in zip(_entries(route), route.legs, strict=True):
        names = [v.name for v in split.behind(split.side(leg.target))]
        weight = left.pop(names[0], 0) if len(names) == 1 else 0
        legs.append({**raw, "weight": weight})
    for name, weight in left.items():
        side = split.alone(name)
        if side and weight:
            legs.append({"destination": destination(split, side.target), "weight": weight})
    return legs


def destination(split: Split, target: Target) -> Raw:
    """A destination as the VirtualService writes hosts: as it names the host already, else short, else in full."""
    for route in split.bundle.routes:
        for raw, leg in zip(_entries(route), route.legs, strict=True):
            if leg.target.host == target.host:
                kept = {k: v for k, v in raw["destination"].items() if k != "subset"}
                return {**kept, **({"subset": target.subset} if target.subset else {})}
    service = target.service
    own = split.bundle.service.metadata.namespace
    host = service[1] if service and service[0] == own else target.host
    port = {"port": {"number": target.port}} if target.port else {}
    return {"host": host, **({"subset": target.subset} if target.subset else {}), **port}


def _entries(route: Route) -> list[Raw]:
    """The entries of a route that were read as destinations."""
    entries = route.raw.get("route")
    return [
        e
        for e in (entries if isinstance(entries, list) else ())
        if isinstance(e, dict) and isinstance(e.get("destination"), dict)
        if isinstance(host := e["destination"].get("host"), str) and host
    ]


def replaced(split: Split, route: Route, legs: Sequence[Raw]) -> list[Any]:
    """The http routes with other destinations in one of them."""
    http = http_of(split)
    http[route.index] = {**route.raw, "route": list(legs)}
    return http


def subsets_edit(subset: Subset, after: Sequence[Raw], objects: Objects) -> Edit:
    """Make the subsets of the DestinationRule that has `subset` these."""
    rule, place = subset.rule, pointer("spec", "subsets")
    ref = Ref(served(objects, DESTINATION_RULES), rule.metadata.namespace, rule.metadata.name)
    before = rule.spec["subsets"]
    return _swap(ref, place, before, list(after), place, before, list(after))


def expected_after(split: Split, http: Sequence[Any]) -> tuple[Expected, ...]:
    """What is written in each lane once the http routes are these."""
    service = structs.replace(split.bundle.service, spec={**split.bundle.service.spec, "http": list(http)})
    after = next((b for b in bundles_of(service) if b.name == split.bundle.name), None)
    return tuple(
        Expected(lane.name, share.version, share.written)
        for lane in (lanes_of(replace(split, bundle=after)) if after else ())
        for share in lane.shares
        if share.written is not None
    )
