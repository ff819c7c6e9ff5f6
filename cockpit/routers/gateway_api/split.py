"""The splits that a route makes: its rules in groups of those that concern one thing, and the versions behind them.

Shares are those of the Gateway API: a backend keeps its part of the weights whatever becomes of it; requests for one
that cannot be resolved get 500, for one without endpoints 503.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import GrpcRoute
from cockpit.model.rollout import Lane, Role, Share, Version
from cockpit.routers.gateway_api.matching import example, wins
from cockpit.routers.gateway_api.routes import (
    AnyRoute,
    Backend,
    Match,
    Rule,
    find_route,
    match_text,
    place_text,
    rules_of,
)
from cockpit.routers.sides import Side, Upstream, faceless, side_of
from cockpit.workloads.doors import example_path
from cockpit.workloads.versions import Candidate, versions_of

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Leg:
    """One backend of a rule with what is behind it; `problem` says why requests for it get 500."""

    backend: Backend
    side: Side
    problem: str = ""

    @property
    def uids(self) -> tuple[str, ...]:
        return self.side.uids

    @property
    def sound(self) -> bool:
        """True where requests for it are answered."""
        return not self.problem and not self.side.empty


@dataclass(frozen=True, slots=True)
class Fan:
    """One rule with its legs."""

    rule: Rule
    legs: tuple[Leg, ...]

    @property
    def plain(self) -> bool:
        """True where requests that are nothing but plain meet it."""
        return any(match.is_plain for match in self.rule.matches)

    @property
    def uids(self) -> frozenset[str]:
        return frozenset(uid for leg in self.legs for uid in leg.uids)

    def written(self) -> Mapping[str, float]:
        """The share of each version by uid; nothing where all weights are zero."""
        found: dict[str, float] = {}
        for leg in self.legs if self.rule.total else ():
            parts = leg.side.fractions() or {uid: 1 / len(leg.uids) for uid in leg.uids}
            for uid, part in parts.items():
                found[uid] = found.get(uid, 0.0) + leg.backend.weight / self.rule.total * part
        return found


@dataclass(frozen=True, slots=True)
class Split:
    """Rules of a route that concern the same Services or paths, with the versions behind them, the oldest first.

    Plain requests for `path` meet the first of the `plain` rules; not where `shadowed`: another rule takes them all.
    """

    name: str
    route: AnyRoute
    fans: tuple[Fan, ...]
    candidates: tuple[Candidate, ...]
    versions: tuple[Version, ...]
    every: tuple[Rule, ...]
    path: str = "/"
    lead: int | None = None
    shadowed: bool = False

    @property
    def plain(self) -> tuple[Fan, ...]:
        found = (fan for fan in self.fans if fan.plain)
        return tuple(sorted(found, key=lambda fan: (fan.rule.index != self.lead, fan.rule.index)))

    @property
    def singled(self) -> tuple[Fan, ...]:
        return tuple(fan for fan in self.fans if not fan.plain)

    @property
    def legs(self) -> tuple[Leg, ...]:
        return tuple(leg for fan in self.fans for leg in fan.legs)

    @property
    def sides(self) -> tuple[Side, ...]:
        """Each Service once."""
        return tuple({(leg.backend.namespace, str(leg.side.upstream)): leg.side for leg in self.legs}.values())

    @property
    def stable(self) -> Version:
        return next(v for v in self.versions if v.role is Role.STABLE)

    def version_of(self, uid: str) -> Version:
        return next(v for v, c in zip(self.versions, self.candidates, strict=True) if c.uid == uid)

    def candidate(self, name: str) -> Candidate | None:
        return next((c for v, c in zip(self.versions, self.candidates, strict=True) if v.name == name), None)

    def behind(self, leg: Leg) -> tuple[Version, ...]:
        return tuple(map(self.version_of, leg.uids))


def splits_of(route: AnyRoute, objects: Objects) -> tuple[Split, ...]:
    """Groups of rules with more than one Service; none for a route that only leads somewhere."""
    rules = rules_of(route).rules
    found: list[Split] = []
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
    """The route's name; of a GRPCRoute beside an HTTPRoute of the same name with its kind."""
    name = route.metadata.name
    rival = isinstance(route, GrpcRoute) and find_route(objects, "HTTPRoute", route.metadata.namespace, name)
    return f"{name}.grpc" if rival else name


def _groups(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Rules that share a Service, or a path: a rule for a header belongs to the one that it takes requests from."""
    groups: list[tuple[set[object], list[Rule]]] = []
    for rule in rules:
        if not rule.backends:
            continue
        marks: set[object] = {_service(b) for b in rule.backends}
        marks |= {(m.path_type, m.path) for m in rule.matches}
        joined = [group for group in groups if group[0] & marks]
        for group in joined:
            groups.remove(group)
            marks |= group[0]
        members = sorted([rule, *(r for group in joined for r in group[1])], key=lambda r: r.index)
        groups.append((marks, members))
    return sorted((members for _, members in groups), key=lambda members: members[0].index)


def _service(backend: Backend) -> tuple[str, str]:
    return (backend.namespace, backend.service)


def _split(name: str, route: AnyRoute, group: list[Rule], every: Sequence[Rule], objects: Objects) -> Split:
    fans = tuple(Fan(rule, tuple(_leg(b, objects) for b in rule.backends)) for rule in group)
    found = {c.uid: c for fan in fans for leg in fan.legs for c in leg.side.candidates}
    # What nobody knows the age of, such as a Service that is not there, is not the stable version.
    candidates = tuple(sorted(found.values(), key=lambda c: (not c.born, c.age_key)))
    stable = _stable([fan for fan in fans if fan.plain] or fans, [c.uid for c in candidates])
    roles = {c.uid: Role.STABLE if c.uid == stable else Role.CANARY for c in candidates}
    split = Split(name, route, fans, candidates, versions_of(candidates, roles), tuple(every))
    # The rules that split come first: one that leads to a single version has no weights to show.
    plain = sorted(split.plain, key=lambda fan: len(fan.uids) < 2)
    ways = [(example_path(m.path), fan.rule.index) for fan in plain for m in fan.rule.matches if m.is_plain]
    if not ways:
        return split
    # Of several rules for plain requests the first one that really gets them.
    reached = next(((path, index) for path, index in ways if wins(every, path, {}) == index), None)
    path, lead = reached or ways[0]
    return replace(split, path=path, lead=lead, shadowed=reached is None)


def _stable(fans: Sequence[Fan], uids: Sequence[str]) -> str:
    """The version to go back to: the oldest that takes requests, or before one that takes all the next older.

    `uids` are oldest first. What is kept at weight 0 from releases before is no part of this one.
    """
    served = {uid for fan in fans for leg in fan.legs for uid in leg.uids}
    known = [uid for uid in uids if uid in served]
    taking = [uid for uid in known if any(fan.written().get(uid) for fan in fans)]
    first = known.index(taking[0]) if taking else 0
    return known[max(first - 1, 0)] if len(taking) == 1 else known[first]


def _leg(backend: Backend, objects: Objects) -> Leg:
    upstream = Upstream(backend.service, backend.port, None)
    side = side_of(upstream, backend.namespace, objects)
    problem = ""
    if not backend.is_service:
        problem = f"{backend.service} is no Service"
    elif side.service is None:
        problem = f"Service {backend.namespace}/{backend.service} does not exist"
    elif not side.has_port:
        problem = f"Service {backend.namespace}/{backend.service} has no port {backend.port}"
    if not side.candidates:
        side = replace(side, candidates=(faceless(upstream, 0),))
    return Leg(backend, side, problem)


def lanes_of(split: Split) -> tuple[Lane, ...]:
    """The lane of plain requests, and one per match that singles requests out."""
    lanes = [_lane(split, split.plain[0], DEFAULT, "", None if split.shadowed else ())] if split.plain else []
    names = {lane.name for lane in lanes}
    for fan in split.singled:
        for match in fan.rule.matches:
            name = match_text(match).removeprefix("header ")
            if name in names:
                name = f"{name} at {place_text(match)}"
            if name not in names:
                names.add(name)
                lanes.append(_lane(split, fan, name, match_text(match), lane_headers(split, fan, match)))
    return tuple(lanes)


def lane_headers(split: Split, fan: Fan, match: Match) -> tuple[tuple[str, str], ...] | None:
    """Headers by which a request for the split's path ends up in this rule; None where none can be given."""
    found = example(match)
    if found is None or wins(split.every, split.path, dict(found)) != fan.rule.index:
        return None
    return found


def _lane(split: Split, fan: Fan, name: str, match: str, headers: tuple[tuple[str, str], ...] | None) -> Lane:
    written = fan.written()
    shares = tuple(
        Share(v.name, written.get(c.uid, 0.0), written.get(c.uid, 0.0))
        for v, c in zip(split.versions, split.candidates, strict=True)
    )
    mixed = any(len(leg.side.fractions()) > 1 for leg in fan.legs)
    return Lane(name, match, shares, headers, derived=mixed)
