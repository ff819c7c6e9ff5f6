"""What an on-call wants told about a route: its status, its backends, what of it means something else than it seems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.objects import GrpcRoute, HttpRoute
from cockpit.model.objects.gateway_api import place_key
from cockpit.model.rollout import Finding, Lane, Severity
from cockpit.routers.gateway_api.intake import idle_gateway
from cockpit.routers.gateway_api.routes import AnyRoute, http_resource, place_text, rules_of
from cockpit.routers.gateway_api.split import Fan, Split
from cockpit.workloads.findings import finding, listed, percent
from cockpit.workloads.rolling import is_rolling
from cockpit.workloads.selectors import no_selector


def findings_of(split: Split, lanes: tuple[Lane, ...], objects: Objects) -> tuple[Finding, ...]:
    """All of them, the worst first."""
    what = name_of(split.route)
    found = [*_status(split.route, what, objects), *_rules_differ(split, what), *_mixes(split), *_rolling(split)]
    for fan in split.fans:
        found += [*_weights(fan, what), *_legs(fan, what), *_ports(fan, what), *_sticky(fan, what)]
    found += [
        finding(
            "lane-not-probed",
            Severity.INFO,
            f"{what}: {f'requests with {lane.match}' if lane.match else 'plain requests'} cannot be tried from here:"
            " another rule takes them, or it needs a query or a pattern",
        )
        for lane in lanes
        if lane.headers is None
    ]
    found += _rivals(split, what, objects)
    services = [side.service for side in split.sides if side.service]
    found += [told for service in services if (told := no_selector(service, objects))]
    rank = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
    return tuple(sorted(dict.fromkeys(found), key=lambda f: rank.index(f.severity)))


def name_of(route: AnyRoute) -> str:
    kind = "GRPCRoute" if isinstance(route, GrpcRoute) else "HTTPRoute"
    return f"{kind} {route.metadata.namespace}/{route.metadata.name}"


def is_pending(route: AnyRoute) -> bool:
    """True where a controller has looked at the route, but not at this generation of it."""
    seen = [c for c in _conditions(route) if c.get("type") == "Accepted"]
    return any(_generation(c) < route.metadata.generation for c in seen)


def is_refused(route: AnyRoute) -> bool:
    """True where every Gateway refuses the route as it is."""
    seen = [c for c in _conditions(route) if c.get("type") == "Accepted"]
    return bool(seen) and all(c.get("status") == "False" for c in seen)


def _status(route: AnyRoute, what: str, objects: Objects) -> Iterator[Finding]:
    seen = list(_conditions(route))
    if not seen:
        reason = idle_gateway(route, objects) or "does its Gateway exist, and does a controller run?"
        why = f"no gateway in {objects.context} has taken {what} in: {reason}"
        yield finding("route-not-taken", Severity.WARNING, why)
    elif is_pending(route):
        latest = max((_generation(c) for c in seen), default=0)
        text = (
            f"{what} is pending: the gateway has taken generation {latest} in, {route.metadata.generation} is written"
        )
        yield finding("pending", Severity.INFO, text)
    for condition in seen:
        if condition.get("status") != "False":
            continue
        told = f"{condition.get('reason')}: {condition.get('message') or 'no message'}"
        if condition.get("type") == "Accepted":
            text = f"a Gateway refuses {what} ({condition.get('reason')}): it sends no requests here"
            yield finding("not-accepted", Severity.CRITICAL, text, told)
        elif condition.get("type") == "ResolvedRefs":
            text = f"{what} has a backend that cannot be resolved: its share of the requests gets 500"
            yield finding("unresolved-refs", Severity.WARNING, text, told)


def _conditions(route: AnyRoute) -> Iterator[dict[str, Any]]:
    for parent in _mappings(route.status, "parents"):
        yield from _mappings(parent, "conditions")


def _generation(condition: dict[str, Any]) -> int:
    found = condition.get("observedGeneration")
    return found if isinstance(found, int) else 0


def _rules_differ(split: Split, what: str) -> Iterator[Finding]:
    shares = [{uid: round(part, 9) for uid, part in fan.written().items() if part} for fan in split.plain]
    if any(found != shares[0] for found in shares):
        places = [
            f"{place_text(fan.rule.matches[0])}: "
            + ", ".join(f"{split.version_of(uid).name} {percent(part)}" for uid, part in sorted(found.items()))
            for fan, found in zip(split.plain, shares, strict=True)
        ]
        text = f"the rules of {what} split differently ({listed(places[:5])}); the shares shown are the first one's"
        yield finding("rules-differ", Severity.WARNING, text)


def _rivals(split: Split, what: str, objects: Objects) -> Iterator[Finding]:
    """Other routes for the same host and path: of two equal matches the older route's gets all requests."""
    spec = rules_of(split.route)
    mine = {(m.path_type, m.path) for f in split.plain for m in f.rule.matches if m.is_plain}
    resource, here = http_resource(objects), split.route.metadata
    found = {
        other.metadata.name: other
        for host in spec.hostnames or ("",)
        for path_type, path in sorted(mine)
        for other in objects.keyed(resource, here.namespace, place_key(host, path_type, path))
        if isinstance(other, HttpRoute) and other.metadata.name != here.name
    }
    for name, other in sorted(found.items()):
        theirs = rules_of(other)
        same_gateway = {(p.namespace, p.name) for p in spec.parents} & {(p.namespace, p.name) for p in theirs.parents}
        places = {(m.path_type, m.path) for rule in theirs.rules for m in rule.matches if m.is_plain}
        if same_gateway and mine & places and not isinstance(split.route, GrpcRoute):
            ours, its = (here.creation_timestamp or "", here.name), (other.metadata.creation_timestamp or "", name)
            winner = what if ours < its else f"HTTPRoute {here.namespace}/{name}"
            text = f"{what} and HTTPRoute {here.namespace}/{name} have the same host and path: {winner} is older"
            severity = Severity.INFO if ours < its else Severity.CRITICAL
            yield finding("two-routes", severity, f"{text} and gets their requests")


def _weights(fan: Fan, what: str) -> Iterator[Finding]:
    if fan.rule.total == 0:
        where = f"rule {fan.rule.index + 1} of {what}"
        text = f"all weights of {where} are 0: its requests get 500 (503 from some gateways)"
        if len(fan.legs) == 1:
            text = f"the only backend of {where} has weight 0: by the API it gets nothing and requests fail"
        yield finding("no-weight", Severity.CRITICAL, text)


def _legs(fan: Fan, what: str) -> Iterator[Finding]:
    for leg in fan.legs:
        share = leg.backend.weight / fan.rule.total if fan.rule.total else 0.0
        severity = Severity.CRITICAL if share else Severity.WARNING
        part = f"{percent(share)} of the requests of rule {fan.rule.index + 1}" if share else "nothing yet"
        if leg.problem:
            text = f"{what} sends {part} to a backend that is not there: {leg.problem}"
            yield finding("invalid-backend", severity, text + ("; they get 500" if share else ""))
        elif leg.side.empty and share:
            service = f"{leg.backend.namespace}/{leg.backend.service}"
            text = f"{what} sends {part} to Service {service}, which has no ready pods: they get 503"
            yield finding("empty-backend", severity, text)


def _ports(fan: Fan, what: str) -> Iterator[Finding]:
    """Ports where weights were meant, such as 80 and 20 of Services that have other ports."""
    ports = [leg.backend.port for leg in fan.legs]
    known = [port for port in ports if port is not None]
    usual = all(leg.backend.written in (None, 1) for leg in fan.legs)
    if len(known) < 2 or len(set(known)) < 2 or not usual:
        return
    if 0 in known or sum(known) == 100 or all(leg.problem and leg.side.service for leg in fan.legs):
        text = (
            f"ports {listed(list(map(str, known)))} in rule {fan.rule.index + 1} of {what} look like weights: they are"
            " not, and without weights the backends share alike; write them as weight, and the Services' own ports"
        )
        yield finding("port-looks-like-weight", Severity.WARNING, text)


def _sticky(fan: Fan, what: str) -> Iterator[Finding]:
    if isinstance(fan.rule.raw, dict) and fan.rule.raw.get("sessionPersistence"):
        text = f"rule {fan.rule.index + 1} of {what} keeps sessions: known clients stay where they are"
        yield finding("sticky", Severity.INFO, text)


def _mixes(split: Split) -> Iterator[Finding]:
    for side in split.sides:
        if len(side.candidates) > 1:
            names = listed([split.version_of(uid).name for uid in side.uids])
            text = f"Service {side.upstream.service} picks several versions: {names} share by number of ready pods"
            yield finding("not-pinned", Severity.WARNING, text)


def _rolling(split: Split) -> Iterator[Finding]:
    for version, candidate in zip(split.versions, split.candidates, strict=True):
        if candidate.workload and candidate.ready and is_rolling(candidate.workload):
            text = f"{version.name} is itself being replaced by a rolling update: its pods are of two templates"
            yield finding("rolling", Severity.WARNING, text, str(candidate.ref))


def _mappings(parent: Any, key: str) -> Iterator[dict[str, Any]]:
    found = parent.get(key) if isinstance(parent, dict) else None
    yield from (entry for entry in (found if isinstance(found, list) else ()) if isinstance(entry, dict))
