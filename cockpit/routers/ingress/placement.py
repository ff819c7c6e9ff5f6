"""Which canary Ingress belongs to which main: by host, path and path type, as gateways attach them.

ingress-nginx attaches a canary where host, path and pathType equal those of a main's location, and drops it
silently elsewhere (controller.go, mergeAlternativeBackends). Only canaries of the main's namespace are seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.routers.ingress.choosing import NO_OVERRIDES, Overrides, choice_of, class_of, dialect_of
from cockpit.routers.ingress.dialects import Dialect
from cockpit.routers.ingress.rules import Rules, enabled, is_ruled, rules_of
from cockpit.routers.sides import Upstream
from cockpit.workloads.lookups import ingresses_of_host, ingresses_of_service


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


# The main Ingress of each host, path and path type.
Mains = dict[tuple[str, str, str], Ingress]


@dataclass(frozen=True, slots=True)
class Canary:
    """A canary Ingress beside a main. `upstream` is None for one without a usable backend.

    `loose` says why it is not attached; "" where it is. `stray` are locations of it that match no main.
    `blocks`: it was attached here before a stray path dropped it, so that the gateway finds nobody in its place
    and asks no later canary.
    """

    ingress: Ingress
    rules: Rules
    upstream: Upstream | None
    loose: str = ""
    stray: tuple[Location, ...] = ()
    blocks: bool = False
    ruled: bool = False  # it has a rule, and with that no weight


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
    doubt: str = ""  # why the dialect may be another one


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


def naming(upstream: Upstream, beside: Ingress, objects: Objects) -> list[Ingress]:
    """Ingresses of the class of `beside` that lead to a Service and port, oldest first."""
    found = ingresses_of_service(objects, beside.metadata.namespace, upstream.service)
    leading = [
        i for i in found if class_of(i) == class_of(beside) and any(loc.upstream == upstream for loc in locations_of(i))
    ]
    return sorted(leading, key=seniority)


def first_naming(upstream: Upstream, beside: Ingress, dialect: Dialect, objects: Objects) -> Ingress | None:
    """The oldest Ingress that names an upstream: ingress-nginx takes its word for all (controller.go, createUpstreams).

    None in dialects without that rule.
    """
    return next(iter(naming(upstream, beside, objects)), None) if dialect.first_names else None


def is_hidden(upstream: Upstream, main: Ingress, dialect: Dialect, objects: Objects) -> bool:
    """True where an older canary names the upstream first: then it is no server's, and its locations vanish."""
    first = first_naming(upstream, main, dialect, objects)
    return first is not None and enabled(first, dialect)


def forks_of(main: Ingress, objects: Objects, overrides: Overrides = NO_OVERRIDES) -> tuple[Fork, ...]:
    """The forks of a main Ingress; none for one without canaries."""
    choice = choice_of(main, objects, overrides)
    dialect = choice.dialect
    neighbours = _neighbours(main, objects)
    if not any(enabled(i, dialect) for i in neighbours):
        return ()  # most Ingresses have no canary, and a host may be shared by very many
    mains = [i for i in neighbours if not enabled(i, dialect)]
    places = [(i, locations_of(i)) for i in mains]
    first, wanted = _first_mains(places), {loc.place for loc in locations_of(main)}
    sharing = [(i, found) for i, found in places if any(loc.place in wanted for loc in found)]
    # A location whose upstream is hidden is left to the next main that has it.
    shown = [(i, [loc for loc in found if not is_hidden(loc.upstream, i, dialect, objects)]) for i, found in sharing]
    served = _first_mains(shown)
    own = [loc for loc in locations_of(main) if loc.place in first and served.get(loc.place, main) is main]
    canaries = [c for i in neighbours if enabled(i, dialect) for c in _attach(i, main, own, first, dialect)]
    groups: dict[tuple[Upstream, tuple[tuple[str, Upstream | None], ...]], list[Location]] = {}
    beside: dict[tuple[Upstream, tuple[tuple[str, Upstream | None], ...]], tuple[Canary, ...]] = {}
    for location in own:
        chosen = _beside(location, canaries, dialect)
        if chosen:
            group = (location.upstream, tuple((c.ingress.metadata.name, c.upstream) for c in chosen))
            groups.setdefault(group, []).append(location)
            beside.setdefault(group, chosen)
    several = len({loc.upstream for loc in locations_of(main)}) > 1 or len(groups) > 1
    forks: list[Fork] = []
    for group, locations in groups.items():
        upstream, chosen = group[0], beside[group]
        name = _fork_name(main, chosen, [f.name for f in forks]) if several else main.metadata.name
        rivals = _rivals(main, locations, mains)
        forks.append(Fork(name, main, upstream, tuple(locations), chosen, dialect, rivals, choice.doubt))
    return tuple(forks)


def _beside(location: Location, canaries: list[tuple[Location, Canary]], dialect: Dialect) -> tuple[Canary, ...]:
    """The canaries on a location, each once: of one that has several Services for it the first in its Ingress.

    Where the split belongs to Service and port, those on every location that leads there.
    """
    found: dict[str, Canary] = {}
    for at, canary in canaries:
        if at == location or (dialect.leaks and at.upstream == location.upstream):
            found.setdefault(canary.ingress.metadata.name, canary)
    return tuple(found.values())


def orphan_of(ingress: Ingress, objects: Objects, overrides: Overrides = NO_OVERRIDES) -> Canary | None:
    """A canary Ingress that has no main on any of its hosts; None for all others."""
    dialect = dialect_of(ingress, objects, overrides)
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


def _first_mains(places: Iterable[tuple[Ingress, Sequence[Location]]]) -> Mains:
    """The main that gets each place, of mains with their locations, oldest first."""
    found: Mains = {}
    for main, locations in places:
        for location in locations:
            found.setdefault(location.place, main)
    return found


def _attach(
    ingress: Ingress, main: Ingress, own: list[Location], first: Mains, dialect: Dialect
) -> list[tuple[Location, Canary]]:
    """The locations of `main` to which a canary attaches, or the one beside which it hangs loose."""
    locations = locations_of(ingress)
    rules = rules_of(ingress, dialect)
    stray = tuple(loc for loc in locations if loc.place not in first)
    foreign = _foreign(ingress, main, dialect)
    lost = {loc.upstream: _dropped(loc.upstream, stray, first) if dialect.stray_drops else "" for loc in locations}
    found = [
        (
            target,
            Canary(
                ingress,
                rules,
                location.upstream,
                foreign or lost[location.upstream],
                stray,
                blocks=bool(lost[location.upstream]) and _comes_first(location, locations, stray),
                ruled=is_ruled(ingress, dialect),
            ),
        )
        for location in locations
        for target in own
        if target.place == location.place
    ]
    if found or len(stray) < len(locations):
        return found
    nearest = _nearest(locations, sorted({m.metadata.name: m for m in first.values()}.values(), key=seniority))
    if nearest is None or nearest[0] is not main:
        return []
    _, target, location = nearest
    return [(target, Canary(ingress, rules, location.upstream, _mismatch(location, target), stray))]


def _dropped(upstream: Upstream, stray: tuple[Location, ...], first: Mains) -> str:
    """Why a canary with some fitting paths is detached all the same (controller.go, mergeAlternativeBackends)."""
    hosts = {host for host, _, _ in first}
    lost = next((loc for loc in stray if loc.host in hosts and loc.upstream == upstream), None)
    return (
        f"no main has its path {lost}, and with that the gateway drops {upstream.service} from all paths"
        if lost
        else ""
    )


def _comes_first(location: Location, locations: tuple[Location, ...], stray: tuple[Location, ...]) -> bool:
    """Whether no stray path of the same upstream stands before this one in its Ingress."""
    before = locations[: locations.index(location)]
    return not any(loc in stray and loc.upstream == location.upstream for loc in before)


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


def _rivals(main: Ingress, locations: Iterable[Location], mains: list[Ingress]) -> tuple[Ingress, ...]:
    places = {loc.place for loc in locations}
    return tuple(m for m in mains if m is not main and any(loc.place in places for loc in locations_of(m)))


def _fork_name(main: Ingress, canaries: tuple[Canary, ...], taken: list[str]) -> str:
    """Of several forks each is named after its oldest canary, which stays when backends change."""
    wanted = f"{main.metadata.name}.{canaries[0].ingress.metadata.name}"
    number, name = 2, wanted
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name
