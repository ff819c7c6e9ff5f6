"""Routing by HTTPRoutes: all rules of all attached routes compete, the most specific match wins.

Source: Gateway API, apis/v1/httproute_types.go: precedence of matches, and what becomes of the share of backends that
do not exist (500), are empty (503) or all have weight 0 (500).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from cockpit.demo.controllers.attachment import (
    Problem,
    attach,
    backend_problem,
    covers,
    is_ours,
    mappings,
    parents_of,
    place_of,
)
from cockpit.demo.gateway.decisions import Decision, HasEndpoints
from cockpit.demo.gateway.filters import Filters, read
from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.patterns import full_match
from cockpit.demo.gateway.rules import Upstream

Json = Mapping[str, Any]
NO_BACKEND = 500
EMPTY_BACKEND = 503


@dataclass(frozen=True)
class Condition:
    """One header or query parameter that a request must have."""

    name: str
    value: str
    is_pattern: bool

    def holds(self, value: str | None) -> bool:
        """Whether the value of a request fits; values are case-sensitive, patterns match the whole of them."""
        if value is None:
            return False
        return full_match(self.value, value) if self.is_pattern else value == self.value


@dataclass(frozen=True)
class Entry:
    """One match of one rule under one host name; entries are sorted by `rank`, the first that fits wins."""

    rank: tuple[Any, ...]
    host: str
    path_type: str
    path: str
    method: str
    headers: tuple[Condition, ...]
    query: tuple[Condition, ...]
    targets: tuple[tuple[int, Upstream | None], ...]
    scheme: str = "http"
    filters: Filters = field(default_factory=Filters)

    def fits(self, request: Request) -> bool:
        """Whether a request meets every condition."""
        if self.scheme != request.scheme or not covers(self.host, request.host):
            return False
        if self.method and self.method != request.method:
            return False
        if not self._fits_path(request.path):
            return False
        if not all(c.holds(request.headers.get(c.name)) for c in self.headers):
            return False
        asked: dict[str, str] = {}
        for name, value in parse_qsl(request.query, keep_blank_values=True, max_num_fields=None):
            asked.setdefault(name, value)
        return all(c.holds(asked.get(c.name)) for c in self.query)

    def _fits_path(self, path: str) -> bool:
        if self.path_type == "Exact":
            return path == self.path
        if self.path_type == "RegularExpression":
            return full_match(self.path, path)
        prefix = self.path.rstrip("/")
        return path == prefix or path.startswith(prefix + "/")

    def answer(self, request: Request, rng: random.Random, has_endpoints: HasEndpoints) -> Decision:
        """The decision on a request that matches."""
        own = self.filters.answer(request, self.path)
        if own is not None:
            return own
        found = self.pick(rng, has_endpoints)
        return found if isinstance(found, int) else self.filters.sent(found, request, self.path, rng)

    def pick(self, rng: random.Random, has_endpoints: HasEndpoints) -> Upstream | int:
        """Draw a backend by weight; whatever is wrong with it, its share stays its own."""
        total = sum(weight for weight, _ in self.targets)
        if total <= 0:
            return NO_BACKEND
        draw = rng.randint(1, total)
        for weight, upstream in self.targets:
            draw -= weight
            if draw <= 0:
                if upstream is None:
                    return NO_BACKEND
                return upstream if has_endpoints(upstream) else EMPTY_BACKEND
        return NO_BACKEND


@dataclass(frozen=True)
class RouteTable:
    """Compiled routes, the most specific first."""

    entries: tuple[Entry, ...]

    def serves(self, host: str) -> bool:
        """Whether a route has the host by name or by wildcard, on a listener of any protocol."""
        return any(entry.host and covers(entry.host, host) for entry in self.entries)

    def decide(self, request: Request, rng: random.Random, has_endpoints: HasEndpoints) -> Decision:
        """The backend of the first entry that fits, or what its filters answer; 404 without one."""
        found = next((entry for entry in self.entries if entry.fits(request)), None)
        return found.answer(request, rng, has_endpoints) if found else 404


def compile_table(
    routes: Iterable[Json],
    gateways: Iterable[Json],
    classes: Iterable[Json],
    grants: Iterable[Json],
    ports: Callable[[str, str], list[int] | None],
) -> RouteTable:
    """The routes that hang on a Gateway that is obeyed; `ports` answers a Service's ports, None where there is none."""
    known, allowed = list(classes), list(grants)
    ours = {
        (g["metadata"].get("namespace"), g["metadata"]["name"]): g
        for g in gateways
        if is_ours(g, known) and not g["metadata"].get("deletionTimestamp")
    }
    found = [
        entry
        for route in routes
        if not route["metadata"].get("deletionTimestamp")
        for scheme in ("http", "https")
        for host in _hosts(route, ours, scheme)
        for entry in _entries(route, host, scheme, allowed, ports)
    ]
    return RouteTable(tuple(sorted(found, key=lambda entry: entry.rank)))


def _hosts(route: Json, ours: Mapping[Any, Json], scheme: str) -> list[str]:
    names: dict[str, None] = {}
    for parent in parents_of(route):
        gateway = ours.get(place_of(route, parent))
        attached = attach(route, parent, _of_scheme(gateway, scheme)) if gateway else None
        if attached and not isinstance(attached, Problem):
            names.update(dict.fromkeys(attached.hostnames))
    return list(names)


def _of_scheme(gateway: Json, scheme: str) -> Json:
    """A Gateway with those of its listeners alone that take requests of a scheme."""
    spec = gateway.get("spec") or {}
    listeners = [one for one in mappings(spec.get("listeners")) if one.get("protocol") == scheme.upper()]
    return {**gateway, "spec": {**spec, "listeners": listeners}}


def _entries(
    route: Json, host: str, scheme: str, grants: list[Json], ports: Callable[[str, str], list[int] | None]
) -> Iterator[Entry]:
    meta = route["metadata"]
    name = f"{meta.get('namespace')}/{meta['name']}"
    for number, rule in enumerate(mappings((route.get("spec") or {}).get("rules"))):
        targets = tuple(_target(route, b, grants, ports) for b in mappings(rule.get("backendRefs")))
        filters = read(rule.get("filters"), lambda ref: _target(route, ref, grants, ports)[1])
        for match in list(mappings(rule.get("matches"))) or [{}]:
            path = match.get("path") or {}
            kind, text = str(path.get("type", "PathPrefix")), str(path.get("value", "/"))
            method = str(match.get("method") or "")
            headers, query = _conditions(match.get("headers"), fold=True), _conditions(match.get("queryParams"))
            age = (str(meta.get("creationTimestamp", "")), name, number)
            rank = (*_host_rank(host), *_path_rank(kind, text), not method, -len(headers), -len(query), *age)
            yield Entry(rank, host, kind, text, method, headers, query, targets, scheme, filters)


def _host_rank(host: str) -> tuple[int, int]:
    """Whole names before wildcards before none, the longer the earlier."""
    kind = 2 if not host else 1 if host.startswith("*.") else 0
    return (kind, -len(host))


def _path_rank(kind: str, path: str) -> tuple[int, int]:
    return ({"Exact": 0, "RegularExpression": 1}.get(kind, 2), -len(path))


def _target(
    route: Json, backend: Json, grants: list[Json], ports: Callable[[str, str], list[int] | None]
) -> tuple[int, Upstream | None]:
    weight = backend.get("weight", 1)
    weight = weight if isinstance(weight, int) and weight > 0 else 0
    if backend_problem(route, backend, grants, ports):
        return (weight, None)
    return (weight, Upstream(*place_of(route, backend), str(backend.get("port"))))


def _conditions(entries: Any, *, fold: bool = False) -> tuple[Condition, ...]:
    """Conditions by name, of which the first of a name counts; names of headers have no case."""
    found: dict[str, Condition] = {}
    for entry in mappings(entries):
        name = str(entry.get("name", ""))
        name = name.lower() if fold else name
        pattern = entry.get("type") == "RegularExpression"
        found.setdefault(name, Condition(name, str(entry.get("value", "")), pattern))
    return tuple(found.values())
