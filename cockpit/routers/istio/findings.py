"""What an on-call engineer needs to know about a VirtualService and its destinations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cockpit.model.advice import telling
from cockpit.model.fields import mapping
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act
from cockpit.model.rollout import Finding, Lane, Severity
from cockpit.routers.istio.delegates import delegates_of, roots_of, routes_to
from cockpit.routers.istio.destination_rules import viewer_of
from cockpit.routers.istio.destinations import DestinationVersions
from cockpit.routers.istio.exposure import exposure_findings
from cockpit.routers.istio.gateway_pods import gateway_findings
from cockpit.routers.istio.hidden_services import hidden_services
from cockpit.routers.istio.rivals import rival_findings
from cockpit.routers.istio.routes import Destination, IstioRoute, find_virtual_service, is_cut, routes_of
from cockpit.routers.istio.split import DEFAULT, VirtualServiceSplit
from cockpit.routers.istio.upstream_tls import tls_findings
from cockpit.routers.traffic_findings import (
    answered_by_route,
    no_weight,
    other_ports,
    outside_names,
    picks_several,
    rolling_versions,
)
from cockpit.routers.version_lookup import services_of
from cockpit.workloads.findings import finding, listed, percent
from cockpit.workloads.selectors import no_selector

# The fraction of failed requests above which users are hurt, as for those that a probe sees (docs/verdicts.md).
_NOTICED = 0.01
_SERVER_ERROR = 500


def findings_of(split: VirtualServiceSplit, lanes: tuple[Lane, ...], objects: Objects) -> tuple[Finding, ...]:
    """All findings, the worst first."""
    viewer = viewer_of(split.group.service, objects)
    found = [
        *_routes(split),
        *_sides(split),
        *exposure_findings(split.group.service, objects),
        *gateway_findings(split.group.service, objects),
        *rival_findings(split.group, objects),
        *_parents(split, objects),
        *_waiting(split),
        *_mixes(split),
        *tls_findings(_used(split), viewer, objects),
        *hidden_services(_used(split), viewer),
        *outside_names(services_of(split), Severity.WARNING),
        *other_ports(services_of(split), (c.workload for c in split.candidates)),
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


def name_of(split: VirtualServiceSplit) -> str:
    meta = split.group.service.metadata
    return f"VirtualService {meta.namespace}/{meta.name}"


def _routes(split: VirtualServiceSplit) -> Iterator[Finding]:
    what = name_of(split)
    for route in split.group.routes:
        where = f"{what} route {route.index + 1}"
        if not route.total:
            why = (
                f"{where} has no weight above 0: proxies keep the previous routes, and changes of other routes at the"
                " same gateway may not reach them either; set the weights"
            )
            yield no_weight(why, _weights(route))
        elif len(route.weighted) > 1 and route.total != 100:
            why = f"the weights of {where} add up to {route.total}, not 100: older meshes reject that"
            yield finding("weights-sum", Severity.WARNING, why, _weights(route))
        shadow = split.group.shadow_of(route)
        if shadow:
            why = f"{where} is never reached: route {shadow.index + 1} takes its requests first; move it up"
            yield _unreached(why, route)
        if fault := mapping(route.raw, "fault"):
            aborted = aborted_of(route)
            done = f"{percent(aborted)} of its requests are failed on purpose" if aborted else "requests are delayed"
            if not aborted and "delay" not in fault:
                done = "it names no percentage, so no request is failed"
            why = f"{where} injects faults ({listed(sorted(map(str, fault)))}): {done}"
            # Where plain requests fail, users are hurt; a test of single requests hurts nobody.
            severe = route == split.group.default and aborted > _NOTICED
            yield finding("fault-injection", Severity.CRITICAL if severe else Severity.WARNING, why)
        if route in split.group.dropped:
            why = f"{where} is dropped: its match is not within that of the VirtualService that delegates to it"
            yield _unreached(why, route)
    if is_cut(split.group.service):
        read = len(routes_of(split.group.service))
        why = f"{what} has too many routes, conditions and destinations: only its first {read} routes are read"
        yield finding("too-many-routes", Severity.WARNING, why)
    if split.group.default is None and not split.group.dropped:
        yield _answered(split) or finding(
            "no-default-route",
            Severity.WARNING,
            f"{what} has no default route: requests that match no rule get 404",
        )


def _answered(split: VirtualServiceSplit) -> Finding | None:
    """Plain requests get to no version, because an earlier route answers them itself or sends them elsewhere."""
    plain = (r for r in split.group.routes if any(not match.singles_out for match in r.matches))
    taker = next((taker for route in plain if (taker := split.group.shadow_of(route)) and taker.other), None)
    if taker is None or taker.other not in ("directResponse", "redirect"):
        return None
    where = f"{name_of(split)} route {taker.index + 1}"
    status = mapping(taker.raw, "directResponse").get("status")
    failing = isinstance(status, int) and status >= _SERVER_ERROR
    why = f"{where} redirects all plain requests: none of them gets to a version"
    if isinstance(status, int):
        why = f"{where} answers all plain requests with status {status}: none of them gets to a version"
    return answered_by_route(Severity.CRITICAL if failing else Severity.WARNING, why)


def aborted_of(route: IstioRoute) -> float:
    """The fraction of a route's requests that it fails on purpose; none without a percentage (route.go)."""
    abort = mapping(route.raw, "fault", "abort")
    part = mapping(abort, "percentage").get("value", 0) if {"httpStatus", "grpcStatus"} & abort.keys() else 0
    return min(max(part, 0), 100) / 100 if isinstance(part, int | float) else 0.0


def _unreached(why: str, route: IstioRoute) -> Finding:
    return finding("shadowed-route", Severity.WARNING, why, " or ".join(m.text for m in route.matches))


def _weights(route: IstioRoute) -> str:
    return ", ".join(f"{entry.target} {'-' if entry.weight is None else entry.weight}" for entry in route.weighted)


def unserved_shares(split: VirtualServiceSplit) -> tuple[Finding, ...]:
    """Findings because of which a configured share is not served; routes that are never reached do not count."""
    reached = [r for r in split.group.routes if r not in split.group.dropped and not split.group.shadow_of(r)]
    default = getattr(split.group.default, "index", None)
    return tuple(
        found
        for route in reached
        for found in empty_destinations(name_of(split), route, split.side, plain=route.index == default)
    )


def empty_destinations(
    what: str, route: IstioRoute, side_of: Callable[[Destination], DestinationVersions], *, plain: bool
) -> Iterator[Finding]:
    """Destinations of a route that get requests but answer none."""
    for target, share in route.shares():
        side = side_of(target)
        if share and side.empty:
            why = side.missing or side.unserved or f"{target} has no ready pods"
            part = f"{percent(share)} of {'all requests' if plain else 'requests'}"
            yield finding(
                "dangling-destination" if side.missing else "empty-destination",
                Severity.CRITICAL,
                f"{part} of {what} route {route.index + 1} get 503: {why}",
                str(target),
            )


def _sides(split: VirtualServiceSplit) -> Iterator[Finding]:
    """Destinations that answer nothing, and unknown ones."""
    yield from unserved_shares(split)
    for route in split.group.routes:
        for target, share in route.shares():
            if not share and split.side(target).missing:
                why = f"{name_of(split)} names {target} with weight 0, and {split.side(target).missing}"
                yield finding("dangling-subset", Severity.INFO, telling(f"{why}; finish removes it", Act.FINISH))
    for side in split.sides:
        if side.target.service is None:
            why = (
                f"{side.target.host} is not a Service of this cluster; whether a ServiceEntry says where it is, is not"
                " read here: without one its requests get 503"
            )
            yield finding("outside-host", Severity.INFO, why)


def _parents(split: VirtualServiceSplit, objects: Objects) -> Iterator[Finding]:
    """For a delegate, which root sends it which requests; for a root, which delegates are not shown."""
    own = split.group.service
    for root in roots_of(own, objects):
        for route in routes_to(root, own):
            asked = " or ".join(m.text or "every request" for m in route.matches)
            where = f"{root.metadata.namespace}/{root.metadata.name}"
            why = f"{name_of(split)} gets its requests from VirtualService {where}: {asked}"
            yield finding("delegated", Severity.INFO, why)
    for namespace, name in delegates_of(own):
        if find_virtual_service(objects, namespace, name):
            continue
        what = f"{name_of(split)} delegates requests to VirtualService {namespace}/{name}, which"
        if objects.covers(namespace):
            why = f"{what} does not exist: later routes take those requests, or they get 404"
            yield finding("delegate-missing", Severity.WARNING, why)
        else:
            why = f"{what} was not read: namespace {namespace} is not read; try -A for all namespaces"
            yield finding("delegate-unread", Severity.INFO, why)


def _waiting(split: VirtualServiceSplit) -> Iterator[Finding]:
    """Versions without a destination of their own, so that no share can be given to them."""
    for version in split.versions:
        candidate = split.candidate(version.name)
        picked = any(candidate and candidate.uid in side.uids for side in split.sides)
        if not picked:
            why = f"no subset selects the pods of {version.name}, so it can get no share"
            yield finding("no-subset", Severity.INFO, f"{why}; add it to the DestinationRule, or set its weight here")


def _used(split: VirtualServiceSplit) -> list[DestinationVersions]:
    """The destinations that get requests."""
    used = {target.place for route in split.group.routes for target, share in route.shares() if share}
    return [side for side in split.sides if side.target.place in used]


def _mixes(split: VirtualServiceSplit) -> Iterator[Finding]:
    for side in _used(split):
        if len(side.candidates) > 1:
            yield picks_several(f"{side.target}", [v.name for v in split.behind(side)])
    yield from rolling_versions(zip((v.name for v in split.versions), split.candidates, strict=True))
