"""What an on-call wants told about a VirtualService and where it leads."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.lookup import Objects
from cockpit.model.objects import VirtualService
from cockpit.model.rollout import Finding, Lane, Severity
from cockpit.routers.istio.routes import (
    MESH,
    VIRTUAL_SERVICES,
    Route,
    gateways_of,
    hosts_of,
    is_cut,
    routes_of,
    served,
)
from cockpit.routers.istio.split import DEFAULT, Split
from cockpit.workloads.findings import finding, listed, percent
from cockpit.workloads.lookups import of_kind
from cockpit.workloads.rolling import is_rolling
from cockpit.workloads.selectors import no_selector


def findings_of(split: Split, lanes: tuple[Lane, ...], objects: Objects) -> tuple[Finding, ...]:
    """All of them, the worst first."""
    found = [
        *_routes(split),
        *_sides(split),
        *_rivals(split, objects),
        *_parents(split, objects),
        *_waiting(split),
        *_mixes(split),
        *split.stepping.problems,
    ]
    default = next((lane for lane in lanes if lane.name == DEFAULT), None)
    plan = split.stepping.active
    if plan and default:
        written = next((s.written for s in default.shares if s.version == plan.version), None)
        off = split.stepping.off_plan(written)
        found += [off] if off else []
    found += [f for side in split.sides if side.service and (f := no_selector(side.service, objects))]
    rank = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
    return tuple(sorted(dict.fromkeys(found), key=lambda f: rank.index(f.severity)))


def name_of(split: Split) -> str:
    meta = split.bundle.service.metadata
    return f"VirtualService {meta.namespace}/{meta.name}"


def _routes(split: Split) -> Iterator[Finding]:
    what = name_of(split)
    for route in split.bundle.routes:
        where = f"{what} route {route.index + 1}"
        if not route.total:
            why = f"{where} has no weight above 0: proxies refuse the whole change and go on as before; set the weights"
            yield finding("no-weight", Severity.CRITICAL, why, _weights(route))
        elif len(route.legs) > 1 and route.total != 100:
            why = f"the weights of {where} sum to {route.total}, not to 100: older meshes refuse that"
            yield finding("weights-sum", Severity.WARNING, why, _weights(route))
        shadow = split.bundle.shadow_of(route)
        if shadow:
            why = f"{where} is never reached: route {shadow.index + 1} before it takes its requests; move it up"
            yield finding("shadowed-route", Severity.WARNING, why, " or ".join(m.text for m in route.matches))
        if isinstance(fault := route.raw.get("fault"), dict) and fault:
            why = f"{where} injects faults ({listed(sorted(map(str, fault)))}): requests fail or wait on purpose"
            yield finding("fault-injection", Severity.WARNING, why)
    if is_cut(split.bundle.service):
        read = len(routes_of(split.bundle.service))
        why = f"{what} has more routes, conditions and destinations than are read: only its first {read} routes count"
        yield finding("too-many-routes", Severity.WARNING, why)
    if split.bundle.default is None:
        why = f"no route of {what} takes requests that ask for nothing special: they get 404"
        yield finding("no-default-route", Severity.WARNING, why)


def _weights(route: Route) -> str:
    return ", ".join(f"{leg.target} {'-' if leg.weight is None else leg.weight}" for leg in route.legs)


def _sides(split: Split) -> Iterator[Finding]:
    """Destinations that get requests and answer none of them."""
    for route in split.bundle.routes:
        for target, share in route.shares():
            side = split.side(target)
            if not share or not side.empty:
                continue
            why = side.missing or f"{target} has no ready pods"
            part = "requests" if route.index != getattr(split.bundle.default, "index", None) else "all requests"
            yield finding(
                "dangling-destination" if side.missing else "empty-destination",
                Severity.CRITICAL,
                f"{percent(share)} of {part} of {name_of(split)} route {route.index + 1} get 503: {why}",
                str(target),
            )
        for target, share in route.shares():
            if not share and split.side(target).missing:
                why = f"{name_of(split)} names {target} with weight 0, and {split.side(target).missing}"
                yield finding("dangling-subset", Severity.INFO, f"{why}; finish takes it away")
    for side in split.sides:
        if side.target.service is None:
            why = (
                f"{side.target.host} is no Service of this cluster: a ServiceEntry must say where it is, else it is 503"
            )
            yield finding("outside-host", Severity.INFO, why)


def _rivals(split: Split, objects: Objects) -> Iterator[Finding]:
    """Other VirtualServices for a host: sidecars take one of them, gateways merge them."""
    own = split.bundle.service
    resource, namespace = served(objects, VIRTUAL_SERVICES), own.metadata.namespace
    for host in hosts_of(own):
        others = [
            other
            for other in of_kind(VirtualService, objects.keyed(resource, namespace, f"host={host}"))
            if other.metadata.name != own.metadata.name
        ]
        for other in others:
            both = set(gateways_of(own)) & set(gateways_of(other))
            if MESH in both:
                first = min((own, other), key=lambda vs: vs.metadata.creation_timestamp or "").metadata.name
                why = (
                    f"{name_of(split)} and VirtualService {other.metadata.name} are both for {host} in the mesh: which"
                    f" one counts is undefined, mostly the older ({first}); merge them into one"
                )
                yield finding("two-virtual-services", Severity.CRITICAL, why, host)
            elif both:
                why = f"VirtualService {other.metadata.name} is for {host} at the same gateway: their routes are merged"
                yield finding("merged-at-gateway", Severity.INFO, why, host)


def _parents(split: Split, objects: Objects) -> Iterator[Finding]:
    """Of a delegate, who hands requests to it and which."""
    own = split.bundle.service
    namespace, name = own.metadata.namespace, own.metadata.name
    key = f"delegate={namespace}/{name}"
    for parent in of_kind(VirtualService, objects.keyed(served(objects, VIRTUAL_SERVICES), namespace, key)):
        for route in routes_of(parent):
            delegate = route.raw.get("delegate")
            if route.other == "delegate" and isinstance(delegate, dict) and delegate.get("name") == name:
                asked = " or ".join(m.text or "every request" for m in route.matches)
                why = f"{name_of(split)} gets its requests from VirtualService {parent.metadata.name}: {asked}"
                yield finding("delegated", Severity.INFO, why)


def _waiting(split: Split) -> Iterator[Finding]:
    """Versions that no destination picks alone, so that no share can be given to them."""
    for version in split.versions:
        candidate = split.candidate(version.name)
        picked = any(candidate and candidate.uid in side.uids for side in split.sides)
        if not picked:
            why = f"no subset picks the pods of {version.name}: no share can be sent to it before one does"
            yield finding("no-subset", Severity.INFO, f"{why}; add it to the DestinationRule, or set its weight here")


def _mixes(split: Split) -> Iterator[Finding]:
    used = {target.place for route in split.bundle.routes for target, share in route.shares() if share}
    for side in split.sides:
        if side.target.place in used and len(side.candidates) > 1:
            names = listed([v.name for v in split.behind(side)])
            why = f"{side.target} picks several versions: {names} share by number of ready pods"
            yield finding("not-pinned", Severity.WARNING, why)
    for version, candidate in zip(split.versions, split.candidates, strict=True):
        if candidate.workload and candidate.ready and is_rolling(candidate.workload):
            why = f"{version.name} is itself being replaced by a rolling update: its pods are of two templates"
            yield finding("rolling", Severity.WARNING, why, str(candidate.ref))
