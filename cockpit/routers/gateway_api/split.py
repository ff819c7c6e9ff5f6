"""The splits of a route: its rules in groups that share Services or paths, and the versions behind them.

Shares follow the Gateway API: a backend keeps its part of the weights whatever its state; requests for one that
cannot be resolved get 500, for one without endpoints 503.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from cockpit.model.lookup import Objects
from cockpit.model.objects import GrpcRoute
from cockpit.model.rollout import Lane, Role, Share, Version
from cockpit.model.values import dataclass
from cockpit.planning.stable_version import oldest_first, stable_of
from cockpit.routers.backends import BackendVersions, Upstream, faceless, side_of
from cockpit.routers.gateway_api.matching import MOST_PATTERNS, example, paths_of, wins
from cockpit.routers.gateway_api.routes import (
    AnyRoute,
    RouteBackend,
    RouteMatch,
    RouteRule,
    UnresolvedRefs,
    find_route,
    match_text,
    place_text,
    rules_of,
    unresolved_refs,
)
from cockpit.routers.rule_groups import grouped
from cockpit.routers.version_lookup import VersionLookup
from cockpit.workloads.endpoints import Backing
from cockpit.workloads.versions import Candidate, versions_of

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class WeightedBackend:
    """One backend of a rule and what is behind it; `problem` says why requests for it get 500."""

    backend: RouteBackend
    side: BackendVersions
    problem: str = ""

    @property
    def uids(self) -> tuple[str, ...]:
        return self.side.uids

    @property
    def sound(self) -> bool:
        """True if requests for it are answered."""
        return not self.problem and not self.side.empty


@dataclass(frozen=True, slots=True)
class RuleBackends:
    """One rule with its weighted_backends."""

    rule: RouteRule
    weighted_backends: tuple[WeightedBackend, ...]

    @property
    def plain(self) -> bool:
        """True if plain requests match it."""
        return any(match.is_plain for match in self.rule.matches)

    @property
    def uids(self) -> frozenset[str]:
        return frozenset(uid for weighted in self.weighted_backends for uid in weighted.uids)

    def written(self) -> Mapping[str, float]:
        """The share of each version by uid; empty if all weights are zero."""
        found: dict[str, float] = {}
        for weighted in self.weighted_backends if self.rule.total else ():
            parts = weighted.side.fractions() or {uid: 1 / len(weighted.uids) for uid in weighted.uids}
            for uid, part in parts.items():
                found[uid] = found.get(uid, 0.0) + weighted.backend.weight / self.rule.total * part
        return found


@dataclass(frozen=True, slots=True)
class HttpRouteSplit(VersionLookup):
    """Rules of a route that concern the same Services or paths, with the versions behind them, the oldest first.

    Plain requests for `path` match the first of the `plain` rules, unless `shadowed`: then another rule takes them all.
    """

    name: str
    route: AnyRoute
    each_rule: tuple[RuleBackends, ...]
    candidates: tuple[Candidate, ...]
    versions: tuple[Version, ...]
    every: tuple[RouteRule, ...]
    path: str = "/"
    lead: int | None = None
    shadowed: bool = False

    @property
    def plain(self) -> tuple[RuleBackends, ...]:
        found = (rule_backends for rule_backends in self.each_rule if rule_backends.plain)
        return tuple(
            sorted(found, key=lambda rule_backends: (rule_backends.rule.index != self.lead, rule_backends.rule.index))
        )

    @property
    def singled(self) -> tuple[RuleBackends, ...]:
        return tuple(rule_backends for rule_backends in self.each_rule if not rule_backends.plain)

    @property
    def weighted_backends(self) -> tuple[WeightedBackend, ...]:
        return tuple(weighted for rule_backends in self.each_rule for weighted in rule_backends.weighted_backends)

    @property
    def sides(self) -> tuple[BackendVersions, ...]:
        """Each Service once."""
        return tuple(
            {
                (weighted.backend.namespace, str(weighted.side.upstream)): weighted.side
                for weighted in self.weighted_backends
            }.values()
        )

    @property
    def place(self) -> str:
        """The rollout as "namespace/name"."""
        return f"{self.route.metadata.namespace}/{self.name}"

    @property
    def stable(self) -> Version:
        return next(v for v in self.versions if v.role is Role.STABLE)

    def behind(self, weighted: WeightedBackend) -> tuple[Version, ...]:
        return tuple(map(self.version_of, weighted.uids))


def splits_of(route: AnyRoute, objects: Objects) -> tuple[HttpRouteSplit, ...]:
    """Groups of rules with more than one Service; none for a route that splits nothing."""
    rules = rules_of(route).rules
    found: list[HttpRouteSplit] = []
    groups = [group for group in _groups(rules) if len({_service(b) for r in group for b in r.backends}) > 1]
    for group in groups:
        name = _name(route, objects)
        if len(groups) > 1:
            first = next(b for r in group for b in r.backends)
            place = "" if first.namespace == route.metadata.namespace else f"{first.namespace}."
            name = f"{name}.{place}{first.service}"
        found.append(_split(name, route, group, rules, objects))
    return tuple(found)


def _name(route: AnyRoute, objects: Objects) -> str:
    """The route's name; with its kind for a GRPCRoute if an HTTPRoute has the same name."""
    name = route.metadata.name
    rival = isinstance(route, GrpcRoute) and find_route(objects, "HTTPRoute", route.metadata.namespace, name)
    return f"{name}.grpc" if rival else name


def _groups(rules: Sequence[RouteRule]) -> list[list[RouteRule]]:
    """Rules that share a Service, or a path: a header rule belongs to the rule that it takes requests from."""
    return grouped(
        (rule, (*map(_service, rule.backends), *(("path", m.path_type, m.path) for m in rule.matches)))
        for rule in sorted(rules, key=lambda rule: rule.index)
        if rule.backends
    )


def _service(backend: RouteBackend) -> tuple[str, str]:
    return (backend.namespace, backend.service)


def _split(
    name: str, route: AnyRoute, group: list[RouteRule], every: Sequence[RouteRule], objects: Objects
) -> HttpRouteSplit:
    sides: Sides = {}
    unresolved = unresolved_refs(route)
    each_rule = tuple(rule_backends_of(rule, unresolved, objects, sides) for rule in group)
    found = {
        c.uid: c
        for rule_backends in each_rule
        for weighted in rule_backends.weighted_backends
        for c in weighted.side.candidates
    }
    candidates = tuple(sorted(found.values(), key=lambda c: (not c.born, c.age_key)))
    stable = _stable(
        [rule_backends for rule_backends in each_rule if rule_backends.plain] or each_rule,
        {c.uid: c.born for c in candidates},
    )
    roles = {c.uid: Role.STABLE if c.uid == stable else Role.CANARY for c in candidates}
    split = HttpRouteSplit(name, route, each_rule, candidates, versions_of(candidates, roles), tuple(every))
    # Rules that split come first: one with a single version has no weights to show.
    plain = sorted(split.plain, key=lambda rule_backends: len(rule_backends.uids) < 2)
    matches = islice(
        ((m, rule_backends.rule.index) for rule_backends in plain for m in rule_backends.rule.matches if m.is_plain),
        MOST_PATTERNS,
    )
    ways = [(path, index) for match, index in matches for path in paths_of(match)][:_MOST_WAYS]
    if not ways:
        return split
    # Of several rules for plain requests, the first that actually gets them.
    reached = next(((path, index) for path, index in ways if wins(every, path, {}) == index), None)
    path, lead = reached or ways[0]
    return replace(split, path=path, lead=lead, shadowed=reached is None)


# Each way is tried against every match of the route, patterns among them.
_MOST_WAYS = 16


def _stable(each_rule: Sequence[RuleBackends], born: Mapping[str, str]) -> str:
    """The version to go back to: the oldest that takes requests or, if one takes all, the next older one.

    `born` is when each came, in order of age. Versions kept at weight 0 from earlier releases are not part of this one.
    """
    weighted_backends = [weighted for rule_backends in each_rule for weighted in rule_backends.weighted_backends]
    serving = {
        uid
        for weighted in weighted_backends
        if not weighted.problem
        for uid, part in weighted.side.fractions().items()
        if part
    }
    # A version of unknown age that answers nobody, such as a Service that does not exist, is not the stable version.
    shares = {uid: share for uid, share in each_rule[0].written().items() if uid in serving} if each_rule else {}
    led = {uid for weighted in weighted_backends for uid in weighted.uids}
    known = [uid for uid in oldest_first(born, shares) if uid in led]
    taking = {uid for uid in known if any(rule_backends.written().get(uid) for rule_backends in each_rule)}
    if len(taking) == 1 and (older := known[: known.index(next(iter(taking)))]) and older[-1] in serving:
        return older[-1]
    return stable_of(known, taking, serving)


Sides = dict[tuple[str, Upstream], BackendVersions]


def rule_backends_of(rule: RouteRule, unresolved: UnresolvedRefs, objects: Objects, sides: Sides) -> RuleBackends:
    """A rule and what is behind its backends; `sides` keeps each Service and port that was looked at."""
    return RuleBackends(rule, tuple(_weighted_backend(each, unresolved, objects, sides) for each in rule.backends))


def _weighted_backend(
    backend: RouteBackend, unresolved: UnresolvedRefs, objects: Objects, sides: Sides
) -> WeightedBackend:
    upstream = Upstream(backend.service, backend.port, None)
    if not backend.is_service and "InvalidKind" not in unresolved.reasons:
        # Some implementations send requests to kinds of their own; what is behind them is not read.
        nobody = faceless(upstream, 1)
        return WeightedBackend(backend, BackendVersions(upstream, None, True, Backing((("", 1),)), (nobody,)))
    if (side := sides.get((backend.namespace, upstream))) is None:
        side = sides[backend.namespace, upstream] = side_of(upstream, backend.namespace, objects)
    problem = ""
    if not backend.is_service:
        problem = f"{backend.service} is not a Service"
    elif side.service is None or not side.has_port:
        problem = f"Service {backend.namespace}/{backend.service} {side.trouble}"
    elif unresolved.not_granted(backend.namespace):
        problem = f"namespace {backend.namespace} has no ReferenceGrant for Service {backend.service}"
    if not side.candidates:
        side = replace(side, candidates=(faceless(upstream, 0),))
    return WeightedBackend(backend, side, problem)


def lanes_of(split: HttpRouteSplit) -> tuple[Lane, ...]:
    """The lane of plain requests, and one per match that singles requests out."""
    lanes = [_lane(split, split.plain[0], DEFAULT, "", None if split.shadowed else ())] if split.plain else []
    names = {lane.name for lane in lanes}
    for rule_backends in split.singled:
        for match in rule_backends.rule.matches:
            name = match_text(match).removeprefix("header ")
            if name in names:
                name = f"{name} at {place_text(match)}"
            if name not in names:
                names.add(name)
                lanes.append(
                    _lane(split, rule_backends, name, match_text(match), lane_headers(split, rule_backends, match))
                )
    return tuple(lanes)


def lane_headers(
    split: HttpRouteSplit, rule_backends: RuleBackends, match: RouteMatch
) -> tuple[tuple[str, str], ...] | None:
    """Headers with which a request for the split's path reaches this rule; None if there are none."""
    found = example(match)
    if found is None or wins(split.every, split.path, dict(found)) != rule_backends.rule.index:
        return None
    return found


def _lane(
    split: HttpRouteSplit,
    rule_backends: RuleBackends,
    name: str,
    match: str,
    headers: tuple[tuple[str, str], ...] | None,
) -> Lane:
    written = rule_backends.written()
    shares = tuple(Share(v.name, written.get(c.uid, 0.0), written.get(c.uid, 0.0)) for v, c in split.named)
    mixed = any(len(weighted.side.fractions()) > 1 for weighted in rule_backends.weighted_backends)
    return Lane(name, match, shares, headers, derived=mixed)
