"""Which canary Ingress belongs to which main: by host, path and path type, as gateways attach them.

ingress-nginx attaches a canary where host, path and pathType equal those of a main's location, and drops it
silently elsewhere (controller.go, mergeAlternativeBackends). Only canaries of the main's namespace are seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects import BackendPort, Ingress
from cockpit.routers.ingress.dialects import Dialect, class_of, dialect_of
from cockpit.routers.ingress.rules import Rules, enabled, rules_of
from cockpit.workloads.lookups import ingresses_of_host


@dataclass(frozen=True, slots=True)
class Upstream:
    """A Service and its port, as a backend names them."""

    service: str
    number: int | None
    port_name: str | None

    @property
    def port(self) -> BackendPort:
        return BackendPort(self.number, self.port_name)

    def __str__(self) -> str:
        return f"{self.service}:{self.port_name or self.number}"


@dataclass(frozen=True, slots=True)
class Location:
    """One path of one rule, and where it stands in the object."""

    host: str
    path: str
    path_type: str
    upstream: Upstream
    rule: int
    index: int

    @property
    def place(self) -> tuple[str, str, str]:
        return (self.host, self.path, self.path_type)

    def __str__(self) -> str:
        return f"{self.path_type} {self.host or '*'}{self.path}"


@dataclass(frozen=True, slots=True)
class Canary:
    """A canary Ingress beside a main. `upstream` is None for one without a usable backend.

    `loose` says why it is not attached; "" where it is. `stray` are locations of it that match no main.
    """

    ingress: Ingress
    rules: Rules
    upstream: Upstream | None
    loose: str = ""
    stray: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True)
class Fork:
    """The locations of a main Ingress that lead to one upstream, and the canaries on them, oldest first."""

    name: str
    main: Ingress
    upstream: Upstream
    locations: tuple[Location, ...]
    canaries: tuple[Canary, ...]
    dialect: Dialect
    rivals: tuple[Ingress, ...] = ()  # other mains for one of the locations


def locations_of(ingress: Ingress) -> tuple[Location, ...]:
    """Paths with a Service behind them; an unspecific path type means Prefix in every dialect here."""
    found = []
    for rule_at, rule in enumerate(ingress.spec.rules or ()):
        for path_at, path in enumerate(rule.http.paths if rule.http else ()):
            backend = path.backend.service
            if backend is None:
                continue
            kind = path.path_type if path.path_type == "Exact" else "Prefix"
            upstream = Upstream(backend.name, backend.port.number, backend.port.name)
            found.append(Location(rule.host or "", path.path or "/", kind, upstream, rule_at, path_at))
    return tuple(found)


def seniority(ingress: Ingress) -> tuple[str, tuple[int, ...]]:
    """Sorts the oldest first; of the same second the last by name, as ingress-nginx does (store.go)."""
    name = f"{ingress.metadata.namespace}/{ingress.metadata.name}"
    return (ingress.metadata.creation_timestamp or "", (*(-ord(c) for c in name), 1))


def strictly_younger(ingress: Ingress, other: Ingress) -> bool:
    return (ingress.metadata.creation_timestamp or "") > (other.metadata.creation_timestamp or "")


def forks_of(main: Ingress, objects: Objects) -> tuple[Fork, ...]:
    """The forks of a main Ingress; none for one without canaries."""
    dialect = dialect_of(main, objects)
    neighbours = _neighbours(main, objects)
    mains = [i for i in neighbours if not enabled(i, dialect)]
    own = [loc for loc in locations_of(main) if _first_main(loc.place, mains) is main]
    found: dict[Upstream, list[Canary]] = {}
    for ingress in neighbours:
        if enabled(ingress, dialect):
            for upstream, canary in _attach(ingress, main, own, mains, dialect):
                found.setdefault(upstream, []).append(canary)
    upstreams = list(dict.fromkeys(loc.upstream for loc in locations_of(main)))
    forks: list[Fork] = []
    for upstream in upstreams:
        if upstream in found:
            locations = tuple(loc for loc in own if loc.upstream == upstream)
            canaries = tuple(found[upstream])
            name = main.metadata.name if len(upstreams) == 1 else _fork_name(main, canaries, [f.name for f in forks])
            rivals = _rivals(main, locations, mains)
            forks.append(Fork(name, main, upstream, locations, canaries, dialect, rivals))
    return tuple(forks)


def orphan_of(ingress: Ingress, objects: Objects) -> Canary | None:
    """A canary Ingress that has no main on any of its hosts; None for all others."""
    dialect = dialect_of(ingress, objects)
    if not enabled(ingress, dialect):
        return None
    if any(not enabled(i, dialect) for i in _neighbours(ingress, objects) if i is not ingress):
        return None
    locations = locations_of(ingress)
    upstream = locations[0].upstream if locations else None
    where = ", ".join(map(str, locations)) or "no path at all"
    return Canary(ingress, rules_of(ingress, dialect), upstream, f"no main Ingress has {where}", locations)


def _neighbours(ingress: Ingress, objects: Objects) -> list[Ingress]:
    """Ingresses of the same class that share a host, oldest first; `ingress` itself among them."""
    hosts = dict.fromkeys(loc.host for loc in locations_of(ingress))
    found = {ingress.metadata.name: ingress}
    for host in hosts:
        for other in ingresses_of_host(objects, ingress.metadata.namespace, host):
            if class_of(other) == class_of(ingress):
                found.setdefault(other.metadata.name, other)
    return sorted(found.values(), key=seniority)


def _first_main(place: tuple[str, str, str], mains: Iterable[Ingress]) -> Ingress | None:
    return next((m for m in mains if any(loc.place == place for loc in locations_of(m))), None)


def _attach(
    ingress: Ingress, main: Ingress, own: list[Location], mains: list[Ingress], dialect: Dialect
) -> list[tuple[Upstream, Canary]]:
    """The upstreams of `main` to which a canary attaches, or the one beside which it hangs loose."""
    locations = locations_of(ingress)
    rules = rules_of(ingress, dialect)
    stray = tuple(loc for loc in locations if _first_main(loc.place, mains) is None)
    foreign = _foreign(ingress, main, dialect)
    found: dict[Upstream, Canary] = {}
    for location in locations:
        target = next((o for o in own if o.place == location.place), None)
        if target is not None:
            found.setdefault(target.upstream, Canary(ingress, rules, location.upstream, foreign, stray))
    if found or len(stray) < len(locations):
        return list(found.items())
    nearest = _nearest(locations, mains)
    if nearest is None or nearest[0] is not main:
        return []
    _, target, location = nearest
    return [(target.upstream, Canary(ingress, rules, location.upstream, _mismatch(location, target), stray))]


def _foreign(ingress: Ingress, main: Ingress, dialect: Dialect) -> str:
    """Why two Ingresses that fit each other are not of one gateway instance."""
    ours, theirs = main.metadata.annotations or {}, ingress.metadata.annotations or {}
    for key in dialect.same_annotations:
        if ours.get(key) != theirs.get(key):
            return f"{key} is {theirs.get(key) or 'not set'}, the main's is {ours.get(key) or 'not set'}"
    return ""


def _nearest(locations: tuple[Location, ...], mains: list[Ingress]) -> tuple[Ingress, Location, Location] | None:
    """The main that a loose canary was probably meant for: same path first, then same host, oldest first."""
    near = [
        (loc.path != own.path, main, own, loc)
        for loc in locations
        for main in mains
        for own in locations_of(main)
        if own.host == loc.host
    ]
    best = min(near, key=lambda entry: entry[0], default=None)
    return best[1:] if best else None


def _mismatch(location: Location, target: Location) -> str:
    if location.path != target.path:
        return f"its path is {location.path}, the main's is {target.path}"
    return f"its pathType is {location.path_type}, the main's is {target.path_type}"


def _rivals(main: Ingress, locations: tuple[Location, ...], mains: list[Ingress]) -> tuple[Ingress, ...]:
    places = {loc.place for loc in locations}
    return tuple(m for m in mains if m is not main and any(loc.place in places for loc in locations_of(m)))


def _fork_name(main: Ingress, canaries: tuple[Canary, ...], taken: list[str]) -> str:
    """Of several forks each is named after its oldest canary, which stays when backends change."""
    wanted = f"{main.metadata.name}.{canaries[0].ingress.metadata.name}"
    number, name = 2, wanted
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name
