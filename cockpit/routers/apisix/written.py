"""What an ApisixRoute says about the two Services of a controller's rollout (apisix.apache.org/v2).

Each rule has a name, and splits between its backends by weight; a backend without a weight has 100
(apisix-ingress-controller).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from cockpit.model.fields import entries, mapping, text, whole
from cockpit.model.lookup import Objects
from cockpit.model.objects import ApisixRoute
from cockpit.model.refs import APISIXROUTES, Ref
from cockpit.model.rollout import Finding
from cockpit.model.text import safe_text
from cockpit.routers.traffic_findings import missing_route, route_elsewhere
from cockpit.routers.weights import weights_split
from cockpit.routers.written import HeaderLane, WrittenSplit, shares_that_differ
from cockpit.workloads.findings import listed

_MOST_RULES, _MOST_BACKENDS = 150, 100
_DEFAULT_WEIGHT = 100


def apisixroute_split(
    objects: Objects,
    namespace: str,
    name: str,
    stable: str,
    canary: str,
    *,
    rules: Sequence[str] = (),
    managed: Collection[str] = (),
) -> WrittenSplit:
    """The split of the rules with these names, as a controller steers them; without names, of that named as the route.

    `managed` are names of further ApisixRoutes, by which a controller sends requests with certain headers elsewhere.
    """
    ref = Ref(APISIXROUTES, namespace, name)
    found = _find(objects, namespace, name)
    if found is None:
        return missing_route(ref, objects.context)
    wanted = tuple(rules) or (name,)
    steered = [rule for rule in _rules(found) if text(rule, "name") in wanted]
    lanes = [lane for other in managed for lane in _lanes(_find(objects, namespace, other), canary)]
    if not steered:
        why = f"{ref} has no rule named {listed([safe_text(each, 80) for each in wanted])}, so no share is set"
        return WrittenSplit(None, tuple(lanes), (ref,), (route_elsewhere(why),))
    shares = [share for rule in steered if (share := _share(rule, canary)) is not None]
    problems: list[Finding] = [*shares_that_differ(f"the rules of {ref}", canary, shares)]
    return weights_split(ref, _weights(steered[0]), stable, canary, lanes=lanes, problems=problems)


def _find(objects: Objects, namespace: str, name: str) -> ApisixRoute | None:
    found = objects.get(APISIXROUTES, namespace, name) if name else None
    return found if isinstance(found, ApisixRoute) else None


def _rules(route: ApisixRoute) -> list[Any]:
    return entries(route.spec, "http")[:_MOST_RULES]


def _weights(rule: Any) -> Iterator[tuple[str, float]]:
    for entry in entries(rule, "backends")[:_MOST_BACKENDS]:
        weight = whole(entry, "weight")
        yield text(entry, "serviceName"), float(_DEFAULT_WEIGHT if weight is None else max(weight, 0))


def _share(rule: Any, service: str) -> float | None:
    """A Service's part of a rule; None if the rule gives nothing to anybody."""
    weights = list(_weights(rule))
    total = sum(weight for _, weight in weights)
    return sum(weight for name, weight in weights if name == service) / total if total else None


def _lanes(route: ApisixRoute | None, canary: str) -> Iterator[HeaderLane]:
    """Requests that another route takes out of the split by their headers."""
    for rule in _rules(route) if route else ():
        expressions = [mapping(entry) for entry in entries(rule, "match", "exprs")[:20]]
        if not expressions or (share := _share(rule, canary)) is None:
            continue
        tests = [(text(e, "subject", "name"), text(e, "op"), text(e, "value")) for e in expressions]
        by_header = all(text(e, "subject", "scope") == "Header" for e in expressions)
        words = " and ".join(f"header {name}{'=' if op == 'Equal' else '~'}{value}" for name, op, value in tests)
        exact = by_header and all(op == "Equal" and name and value for name, op, value in tests)
        example = tuple((name, value) for name, _, value in tests) if exact else None
        yield HeaderLane(safe_text(words, 200), example, share)
