"""What an on-call engineer needs to know about a route: status, backends, and settings that mislead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cockpit.model.fields import text as text_of
from cockpit.model.lookup import Objects
from cockpit.model.objects import GrpcRoute, HttpRoute
from cockpit.model.objects.gateway_api import place_key
from cockpit.model.refs import HTTPROUTE_VERSIONS
from cockpit.model.rollout import Finding, Lane, Severity
from cockpit.model.text import safe_text
from cockpit.routers.gateway_api.acceptance import idle_gateway
from cockpit.routers.gateway_api.grpc_conflicts import grpc_conflicts
from cockpit.routers.gateway_api.listeners import at_one_listener, is_by_traefik
from cockpit.routers.gateway_api.routes import AnyRoute, place_text, rules_of
from cockpit.routers.gateway_api.split import HttpRouteSplit, RuleBackends
from cockpit.routers.traffic_findings import (
    empty_backend,
    invalid_backend,
    no_weight,
    other_ports,
    outside_names,
    picks_several,
    rolling_versions,
    spread_not_read,
    sticky,
)
from cockpit.routers.version_lookup import services_of
from cockpit.routers.written import rules_differ
from cockpit.workloads.findings import finding, listed, percent
from cockpit.workloads.lookups import served
from cockpit.workloads.selectors import no_selector

# Routes for one host and path that are looked at: without host names they can be all routes of a cluster.
_MOST_RIVALS = 100


def findings_of(split: HttpRouteSplit, lanes: tuple[Lane, ...], objects: Objects) -> tuple[Finding, ...]:
    """All findings, the worst first."""
    what = name_of(split.route)
    found = [
        *status_findings(split.route, what, objects, split.each_rule),
        *_rules_differ(split, what),
        *_mixes(split),
        *_rolling(split),
    ]
    for rule_backends in split.each_rule:
        found += [
            *backend_findings(rule_backends, what),
            *_ports(rule_backends, what),
            *(sticky(text) for text in kept_sessions(rule_backends, what)),
            *_unread(rule_backends, what),
        ]
    found += [
        finding(
            "lane-not-probed",
            Severity.INFO,
            f"{what}: the probe, which requests {split.path}, sends no"
            f" {f'requests with {lane.match}' if lane.match else 'plain requests'}: another rule takes them at that"
            " path, or they need a method, a query or a pattern",
        )
        for lane in lanes
        if lane.headers is None
    ]
    found += [*_rivals(split, what, objects), *grpc_conflicts(split.route, what, objects)]
    services = services_of(split)
    found += outside_names(services, Severity.WARNING)
    found += other_ports(services, (c.workload for c in split.candidates))
    found += [reported for service in services if (reported := no_selector(service, objects))]
    rank = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
    return tuple(sorted(dict.fromkeys(found), key=lambda f: rank.index(f.severity)))


def name_of(route: AnyRoute) -> str:
    kind = "GRPCRoute" if isinstance(route, GrpcRoute) else "HTTPRoute"
    return f"{kind} {route.metadata.namespace}/{route.metadata.name}"


def is_pending(route: AnyRoute) -> bool:
    """True if a controller has handled the route, but not this generation of it."""
    seen = [c for c in _conditions(route) if c.get("type") == "Accepted"]
    return any(_generation(c) < route.metadata.generation for c in seen)


def is_refused(route: AnyRoute) -> bool:
    """True if every Gateway rejects the route."""
    seen = [c for c in _conditions(route) if c.get("type") == "Accepted"]
    return bool(seen) and all(c.get("status") == "False" for c in seen)


def status_findings(
    route: AnyRoute, what: str, objects: Objects, each_rule: Sequence[RuleBackends] = ()
) -> Iterator[Finding]:
    """What the Gateways of a route say of it; `each_rule` are its rules, as far as they are read."""
    seen = list(_conditions(route))
    if not seen:
        reason = idle_gateway(route, objects) or "check that its Gateway exists and a controller runs"
        yield route_not_taken(what, reason, objects.context)
    elif is_pending(route):
        latest = max((_generation(c) for c in seen), default=0)
        text = (
            f"{what} is pending: the gateway has accepted generation {latest}, {route.metadata.generation} is written"
        )
        yield finding("pending", Severity.INFO, text)
    for condition in seen:
        if condition.get("status") != "False":
            continue
        reported = f"{condition.get('reason')}: {condition.get('message') or 'no message'}"
        if condition.get("type") == "Accepted":
            text = f"a Gateway rejects {what} ({condition.get('reason')}) and sends it no requests"
            yield finding("not-accepted", Severity.CRITICAL, text, reported)
        # What was said of an earlier generation may be mended.
        elif condition.get("type") == "ResolvedRefs" and _generation(condition) in (0, route.metadata.generation):
            idle = _only_idle_unresolved(route, each_rule)
            text = f"{what} has a backend that cannot be resolved: its share of the requests gets 500"
            if idle:
                text = f"{what} has a backend that cannot be resolved; its weight is 0, so it gets no requests"
            yield finding("unresolved-refs", Severity.INFO if idle else Severity.WARNING, text, reported)


def _only_idle_unresolved(route: AnyRoute, each_rule: Sequence[RuleBackends]) -> bool:
    """Whether what cannot be resolved is known and gets no requests, and all that gets some is certainly resolved."""
    backends = [weighted for rule_backends in each_rule for weighted in rule_backends.weighted_backends]
    taking = [weighted for weighted in backends if weighted.backend.weight]
    certain = all(
        each.backend.is_service and not each.problem and each.backend.namespace == route.metadata.namespace
        for each in taking
    )
    return certain and any(each.problem for each in backends if not each.backend.weight)


def route_not_taken(what: str, reason: str, context: str = "") -> Finding:
    """That no gateway has looked at a route, with the cluster where that is to be named."""
    where = f"no gateway in {context}" if context else "no gateway"
    return finding("route-not-taken", Severity.WARNING, f"{where} has accepted {what}: {reason}")


def _conditions(route: AnyRoute) -> Iterator[dict[str, Any]]:
    for parent in _mappings(route.status, "parents"):
        yield from _mappings(parent, "conditions")


def _generation(condition: dict[str, Any]) -> int:
    found = condition.get("observedGeneration")
    return found if isinstance(found, int) else 0


def _rules_differ(split: HttpRouteSplit, what: str) -> Iterator[Finding]:
    shares = [
        {uid: round(part, 9) for uid, part in rule_backends.written().items() if part} for rule_backends in split.plain
    ]
    if any(found != shares[0] for found in shares):
        places: dict[str, list[str]] = {}
        for rule_backends, found in zip(split.plain, shares, strict=True):
            parts = ", ".join(f"{v.name} {percent(found[c.uid])}" for v, c in split.named if c.uid in found)
            places.setdefault(parts, []).append(place_text(rule_backends.rule.matches[0]))
        each = "; ".join(f"{listed(at[:5])}: {parts or 'none'}" for parts, at in list(places.items())[:5])
        text = f"the rules of {what} split differently ({each}); the shares of the first are shown"
        yield rules_differ(text)


def _rivals(split: HttpRouteSplit, what: str, objects: Objects) -> Iterator[Finding]:
    """Other routes for the same host and path: of two equal matches the older route gets all requests."""
    if isinstance(split.route, GrpcRoute):
        return
    spec = rules_of(split.route)
    mine = {(m.path_type, m.path) for f in split.plain for m in f.rule.matches if m.is_plain}
    resource, here = served(objects, HTTPROUTE_VERSIONS), split.route.metadata
    found = {
        f"{other.metadata.namespace}/{other.metadata.name}": other
        for host in spec.hostnames or ("",)
        for path_type, path in sorted(mine)
        for other in objects.anywhere(resource, place_key(host, path_type, path))[:_MOST_RIVALS]
        if isinstance(other, HttpRoute)
    }
    own = f"{here.namespace}/{here.name}"
    for name, other in sorted(found.items()):
        if name == own:
            continue
        theirs = rules_of(other)
        places = {(m.path_type, m.path) for rule in theirs.rules for m in rule.matches if m.is_plain}
        if mine & places and at_one_listener(split.route, other):
            ours, its = (here.creation_timestamp or "", own), (other.metadata.creation_timestamp or "", name)
            winner = what if ours < its else f"HTTPRoute {name}"
            text = f"{what} and HTTPRoute {name} have the same host and path: {winner} is older"
            severity = Severity.INFO if ours < its else Severity.CRITICAL
            gets = "gets their requests"
            if is_by_traefik(split.route):
                # Seen on Traefik 3.7: of two equal routes the younger one took all requests.
                severity = Severity.WARNING
                gets = "should get their requests, but Traefik may choose the other one"
            yield finding("two-routes", severity, f"{text} and {gets}")


def backend_findings(rule_backends: RuleBackends, what: str) -> Iterator[Finding]:
    """Backends of a rule that get no requests or answer none."""
    yield from _weights(rule_backends, what)
    yield from (found for found, _ in _weighted_backends(rule_backends, what))


def _weights(rule_backends: RuleBackends, what: str) -> Iterator[Finding]:
    if rule_backends.rule.total == 0:
        where = f"rule {rule_backends.rule.index + 1} of {what}"
        text = f"all weights of {where} are 0: its requests get 500 (some gateways: 503)"
        if len(rule_backends.weighted_backends) == 1:
            text = f"the only backend of {where} has weight 0: it gets nothing and requests fail"
        yield no_weight(text)


def unserved_shares(each_rule: Sequence[RuleBackends], what: str) -> tuple[Finding, ...]:
    """Findings because of which a configured share of these rules is not served."""
    return tuple(
        found
        for rule_backends in each_rule
        for found in (
            *_weights(rule_backends, what),
            *(f for f, share in _weighted_backends(rule_backends, what) if share),
        )
    )


def _weighted_backends(rule_backends: RuleBackends, what: str) -> Iterator[tuple[Finding, float]]:
    """Problems of the backends of a rule, each with its share of the requests."""
    for weighted in rule_backends.weighted_backends:
        share = weighted.backend.weight / rule_backends.rule.total if rule_backends.rule.total else 0.0
        part = f"{percent(share)} of the requests of rule {rule_backends.rule.index + 1}" if share else "nothing yet"
        if weighted.problem:
            text = f"{what} sends {part} to an invalid backend: {weighted.problem}"
            yield invalid_backend(text + ("; they get 500" if share else ""), takes=share > 0), share
        elif weighted.side.empty and share:
            service = f"{weighted.backend.namespace}/{weighted.backend.service}"
            text = f"{what} sends {part} to Service {service}, which {weighted.side.nobody}; they get 503"
            yield empty_backend(text), share


def _ports(rule_backends: RuleBackends, what: str) -> Iterator[Finding]:
    """Ports that were meant as weights, such as 80 and 20 on Services that have other ports."""
    ports = [weighted.backend.port for weighted in rule_backends.weighted_backends]
    known = [port for port in ports if port is not None]
    usual = all(weighted.backend.written in (None, 1) for weighted in rule_backends.weighted_backends)
    if len(known) < 2 or len(set(known)) < 2 or not usual:
        return
    if (
        0 in known
        or sum(known) == 100
        or all(weighted.problem and weighted.side.service for weighted in rule_backends.weighted_backends)
    ):
        text = (
            f"ports {listed(list(map(str, known)))} in rule {rule_backends.rule.index + 1} of {what} look like"
            " weights: they are not, and without weights the backends share equally; write them as weight, with the"
            " Services' own ports"
        )
        yield finding("port-looks-like-weight", Severity.WARNING, text)


def kept_sessions(rule_backends: RuleBackends, what: str) -> Iterator[str]:
    """Clients that no weight moves, not even 0 (GEP-1619)."""
    if isinstance(rule_backends.rule.raw, dict) and rule_backends.rule.raw.get("sessionPersistence"):
        yield f"rule {rule_backends.rule.index + 1} of {what} keeps sessions: known clients stay on their version"


def _unread(rule_backends: RuleBackends, what: str) -> Iterator[Finding]:
    """Backends of other kinds, which some implementations serve."""
    for weighted in rule_backends.weighted_backends:
        if not weighted.backend.is_service and not weighted.problem:
            kind = safe_text(text_of(weighted.backend.raw, "kind"), 60)
            text = (
                f"{what} sends requests to {kind} {weighted.backend.namespace}/{weighted.backend.service}, which is no"
                " Service: what is behind it is not read here, and it is shown as one version"
            )
            yield spread_not_read(text)


def _mixes(split: HttpRouteSplit) -> Iterator[Finding]:
    for side in split.sides:
        if len(side.candidates) > 1:
            names = [split.version_of(uid).name for uid in side.uids]
            yield picks_several(f"Service {side.upstream.service}", names)


def _rolling(split: HttpRouteSplit) -> Iterator[Finding]:
    yield from rolling_versions(zip((v.name for v in split.versions), split.candidates, strict=True))


def _mappings(parent: Any, key: str) -> Iterator[dict[str, Any]]:
    found = parent.get(key) if isinstance(parent, dict) else None
    yield from (entry for entry in (found if isinstance(found, list) else ()) if isinstance(entry, dict))
