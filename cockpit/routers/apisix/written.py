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
from cockpit.routers.written import HeaderLane, WrittenSplit, shares_that_differ, split_of_some
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
        return missing_route(ref, objects)
    wanted = tuple(rules) or (name,)
    steered = [rule for rule in _rules(found) if text(rule, "name") in wanted]
    lanes = [lane for other in managed for lane in _lanes(_find(objects, namespace, other), canary)]
    if not steered:
        why = f"{ref} has no rule named {listed([safe_text(each, 80) for each in wanted])}, so no share is set"
        return WrittenSplit(None, tuple(lanes), (ref,), (route_elsewhere(why),))
    plain = [rule for rule in steered if not _conditions(rule)]
    some = [_steered_lane(rule, share) for rule in steered if (share := _share(rule, canary)) is not None]
    lanes += [lane for lane in some if lane]
    if not plain:
        words = listed([safe_text(text(rule, "name"), 80) for rule in steered])
        why = f"{ref}: {words} split only requests with conditions: what all others get is not written there"
        return WrittenSplit(None, tuple(lanes), (ref,), (split_of_some(why),))
    shares = [share for rule in plain if (share := _share(rule, canary)) is not None]
    problems: list[Finding] = [*shares_that_differ(f"the rules of {ref}", canary, shares)]
    return weights_split(ref, _weights(plain[0]), stable, canary, lanes=lanes, problems=problems)


def _find(objects: Objects, namespace: str, name: str) -> ApisixRoute | None:
    found = objects.get(APISIXROUTES, namespace, name) if name else None
    return found if isinstance(found, ApisixRoute) else None


def _rules(route: ApisixRoute) -> list[Any]:
    return entries(route.spec, "http")[:_MOST_RULES]


def _weights(rule: Any) -> Iterator[tuple[str, float]]:
    for entry in entries(rule, "backends")[:_MOST_BACKENDS]:
        weight = whole(entry, "weight")
        yield text(entry, "serviceName"), float(_DEFAULT_WEIGHT if weight is None else max(weight, 0))
    # An ApisixUpstream beside them, as for a host outside, has a part of the same sum.
    for entry in entries(rule, "upstreams")[:_MOST_BACKENDS]:
        weight = whole(entry, "weight")
        yield f"ApisixUpstream {text(entry, 'name')}", float(_DEFAULT_WEIGHT if weight is None else max(weight, 0))


def _share(rule: Any, service: str) -> float | None:
    """A Service's part of a rule; None if the rule gives nothing to anybody."""
    weights = list(_weights(rule))
    total = sum(weight for _, weight in weights)
    return sum(weight for name, weight in weights if name == service) / total if total else None


def _conditions(rule: Any) -> list[str]:
    """What a rule asks of a request besides host and path: names of the fields of its match."""
    match = mapping(rule, "match")
    asked = [field for field in ("exprs", "remoteAddrs") if entries(match, field)]
    methods = [method for method in entries(match, "methods") if isinstance(method, str)]
    return [*asked, *(["methods"] if methods and "GET" not in methods else []), *_function(match)]


def _function(match: dict[str, Any]) -> list[str]:
    return ["filter_func"] if text(match, "filter_func") else []


def _steered_lane(rule: Any, share: float) -> HeaderLane | None:
    """The requests with conditions that a steered rule splits, as the controller sets its weights too."""
    asked = _conditions(rule)
    if not asked:
        return None
    words, example = _tested(rule) if asked == ["exprs"] else (f"{listed(asked)} of {text(rule, 'name')}", None)
    return HeaderLane(safe_text(words, 200), example, share, declared=share)


def _lanes(route: ApisixRoute | None, canary: str) -> Iterator[HeaderLane]:
    """Requests that another route takes out of the split by their headers."""
    for rule in _rules(route) if route else ():
        if entries(rule, "match", "exprs") and (share := _share(rule, canary)) is not None:
            words, example = _tested(rule)
            yield HeaderLane(safe_text(words, 200), example, share)


def _tested(rule: Any) -> tuple[str, tuple[tuple[str, str], ...] | None]:
    """The expressions of a rule in words, and headers that meet them; None if it takes more."""
    expressions = [mapping(entry) for entry in entries(rule, "match", "exprs")[:20]]
    tests = [(text(e, "subject", "name"), text(e, "op"), text(e, "value")) for e in expressions]
    scopes = [text(e, "subject", "scope") for e in expressions]
    words = " and ".join(_words(scope, *test) for scope, test in zip(scopes, tests, strict=True))
    exact = all(scope == "Header" for scope in scopes) and all(op == "Equal" and n and v for n, op, v in tests)
    return words, tuple((name, value) for name, _, value in tests) if exact else None


def _words(scope: str, name: str, op: str, value: str) -> str:
    sign = "=" if op == "Equal" else "~"
    return f"header {name}{sign}{value}" if scope == "Header" else f"{scope.lower()} {name}{sign}{value}"
