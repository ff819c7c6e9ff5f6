"""Which canary Ingress belongs to which main: by host, path and path type, as gateways attach them.

ingress-nginx attaches a canary if host, path and pathType equal those of a main's location, and drops it
silently otherwise (controller.go, mergeAlternativeBackends). Only canaries of the main's namespace are seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.values import dataclass
from cockpit.routers.backends import Upstream
from cockpit.routers.ingress.annotations import CanaryRules, enabled, is_ruled, rules_of
from cockpit.routers.ingress.dialect_choice import NO_OVERRIDES, Overrides, choice_of, class_of
from cockpit.routers.ingress.dialects import Dialect
from cockpit.routers.ingress.locations import Location, Naming, Place, locations_of, seniority
from cockpit.workloads.lookups import ingresses_of_host

# The main Ingress of each host, path and path type.
Mains = dict[Place, Ingress]

# Mains of one Service that are looked at for canaries on their hosts.
_MOST_MAINS = 10


@dataclass(frozen=True, slots=True)
class CanaryIngress:
    """A canary Ingress of a main. `upstream` is None for one without a usable backend.

    `loose` says why it is not attached; "" if it is. `unmatched` are its locations that match no main.
    `blocks`: it was attached here before a unmatched path dropped it, so the gateway finds nothing in its place
    and tries no later canary. `unseen` says why one without a main here may take requests all the same.
    """

    ingress: Ingress
    rules: CanaryRules
    upstream: Upstream | None
    loose: str = ""
    unmatched: tuple[Location, ...] = ()
    blocks: bool = False
    ruled: bool = False  # it has a rule and therefore no weight
    unseen: str = ""


@dataclass(frozen=True, slots=True)
class CanaryPlacement:
    """The locations of a main Ingress that route to one upstream, and the canaries on them, oldest first."""

    name: str
    main: Ingress
    upstream: Upstream
    locations: tuple[Location, ...]
    canaries: tuple[CanaryIngress, ...]
    dialect: Dialect
    naming: Naming = field(compare=False, repr=False)
    rivals: tuple[Ingress, ...] = ()  # other mains for one of the locations
    doubt: str = ""  # why the dialect could be another one


def placements_of(main: Ingress, objects: Objects, overrides: Overrides = NO_OVERRIDES) -> tuple[CanaryPlacement, ...]:
    """The placements of a main Ingress; none for one without canaries."""
    choice = choice_of(main, objects, overrides)
    dialect = choice.dialect
    neighbours = neighbours_of(main, objects)
    if not any(enabled(i, dialect) for i in neighbours):
        return ()  # most Ingresses have no canary, and very many can share a host
    naming = Naming(main, dialect, objects)
    attached = _attached(main, neighbours, dialect, naming)
    elsewhere = _from_elsewhere(attached, main, objects, dialect, naming)
    groups = _groups(attached.own, [*attached.canaries, *elsewhere], dialect)
    several = len({loc.upstream for loc in naming.locations(main)}) > 1 or len(groups) > 1
    names, rivals = _Names(main), _Rivals(main, attached.sharing)
    return tuple(
        CanaryPlacement(
            names.of(chosen) if several else main.metadata.name,
            main,
            upstream,
            tuple(locations),
            chosen,
            dialect,
            naming,
            rivals.of(locations),
            choice.doubt,
        )
        for upstream, chosen, locations in groups
    )


@dataclass(frozen=True, slots=True)
class _Attached:
    """A main's own locations, the canaries on them, and the mains that share a location with it."""

    own: list[Location]
    canaries: list[tuple[Location, CanaryIngress]]
    sharing: Sequence[tuple[Ingress, Sequence[Location]]]


def _attached(main: Ingress, neighbours: list[Ingress], dialect: Dialect, naming: Naming) -> _Attached:
    places = [(i, naming.locations(i)) for i in neighbours if not enabled(i, dialect)]
    first, wanted = _first_mains(places), {loc.place for loc in naming.locations(main)}
    sharing = [(i, found) for i, found in places if any(loc.place in wanted for loc in found)]
    # A location whose upstream is hidden goes to the next main that has it.
    shown = [(i, [loc for loc in found if not naming.is_hidden(loc.upstream)]) for i, found in sharing]
    served = _first_mains(shown)
    own = [loc for loc in naming.locations(main) if loc.place in first and served.get(loc.place, main) is main]
    attaching = _Attaching(main, own, first, dialect, naming)
    return _Attached(own, [c for i in neighbours if enabled(i, dialect) for c in attaching.attach(i)], sharing)


def _from_elsewhere(
    attached: _Attached, main: Ingress, objects: Objects, dialect: Dialect, naming: Naming
) -> list[tuple[Location, CanaryIngress]]:
    """Canaries on other hosts whose main routes to the same Service and port: there the split is one for all."""
    if not dialect.leaks:
        return []
    found: list[tuple[Location, CanaryIngress]] = []
    for upstream in dict.fromkeys(at.upstream for at, canary in attached.canaries if not canary.loose):
        here = next(location for location in attached.own if location.upstream == upstream)
        for other in naming.mains(upstream)[:_MOST_MAINS]:
            if other.metadata.name == main.metadata.name:
                continue
            theirs = _attached(other, neighbours_of(other, objects), dialect, naming)
            found += [(here, c) for at, c in theirs.canaries if at.upstream == upstream and not c.loose]
    return found


def _groups(
    own: Iterable[Location], canaries: Iterable[tuple[Location, CanaryIngress]], dialect: Dialect
) -> list[tuple[Upstream, tuple[CanaryIngress, ...], list[Location]]]:
    """The locations that have canaries, together where upstream and canaries are the same.

    A location has each canary once: if one has several Services for it, the first in its Ingress counts. If the split
    belongs to Service and port, it has the canaries of every location that routes there.
    """
    beside: dict[object, dict[str, CanaryIngress]] = {}
    for at, canary in canaries:
        mark = at.upstream if dialect.leaks else at
        beside.setdefault(mark, {}).setdefault(canary.ingress.metadata.name, canary)
    keys = {mark: tuple((name, c.upstream) for name, c in found.items()) for mark, found in beside.items()}
    groups: dict[object, tuple[Upstream, tuple[CanaryIngress, ...], list[Location]]] = {}
    for location in own:
        mark = location.upstream if dialect.leaks else location
        if mark in beside:
            # All locations of an upstream have the same canaries where it leaks.
            key = location.upstream if dialect.leaks else (location.upstream, keys[mark])
            found = groups.setdefault(key, (location.upstream, tuple(beside[mark].values()), []))
            found[2].append(location)
    return list(groups.values())


def neighbours_of(ingress: Ingress, objects: Objects) -> list[Ingress]:
    """Ingresses of the same class that share a host, oldest first, including `ingress` itself."""
    hosts = dict.fromkeys(loc.host for loc in locations_of(ingress))
    found = {ingress.metadata.name: ingress}
    for host in hosts:
        for other in ingresses_of_host(objects, ingress.metadata.namespace, host):
            if class_of(other) == class_of(ingress):
                found.setdefault(other.metadata.name, other)
    return sorted(found.values(), key=seniority)


def _first_mains(places: Iterable[tuple[Ingress, Sequence[Location]]]) -> Mains:
    """The main that gets each location, out of mains with their locations, oldest first."""
    found: Mains = {}
    for main, locations in places:
        for location in locations:
            found.setdefault(location.place, main)
    return found


class _Attaching:
    """To which locations of one main the canaries of its hosts attach."""

    def __init__(self, main: Ingress, own: Iterable[Location], first: Mains, dialect: Dialect, naming: Naming) -> None:
        self._main = main
        self._first = first
        self._dialect = dialect
        self._naming = naming
        self._hosts = {host for host, _, _ in first}
        self._own: dict[Place, list[Location]] = {}
        for location in own:
            self._own.setdefault(location.place, []).append(location)
        self._near: dict[tuple[str, str | None], tuple[Ingress, Location]] | None = None

    def attach(self, ingress: Ingress) -> list[tuple[Location, CanaryIngress]]:
        """The locations of the main to which a canary attaches, or the one that it was probably meant for."""
        locations = self._naming.locations(ingress)
        rules = rules_of(ingress, self._dialect)
        unmatched = tuple(loc for loc in locations if self._is_unmatched(loc))
        left = set(unmatched)
        foreign = _foreign(ingress, self._main, self._dialect)
        lost = self._lost(unmatched) if self._dialect.unmatched_drops else {}
        ruled = is_ruled(ingress, self._dialect)
        missed: set[Upstream] = set()
        found = []
        for location in locations:
            if location in left:
                missed.add(location.upstream)
            why = lost.get(location.upstream, "")
            # It blocks where no unmatched path of the same upstream precedes this one in its Ingress.
            blocks = bool(why) and location.upstream not in missed
            canary = None
            for target in () if location in left else self._own.get(location.place, ()):
                canary = canary or CanaryIngress(
                    ingress, rules, location.upstream, foreign or why, unmatched, blocks=blocks, ruled=ruled
                )
                found.append((target, canary))
        if found or len(unmatched) < len(locations):
            return found
        nearest = self._nearest(locations)
        if nearest is None or nearest[0] is not self._main:
            return []
        _, target, location = nearest
        return [(target, CanaryIngress(ingress, rules, location.upstream, _mismatch(location, target), unmatched))]

    def _is_unmatched(self, location: Location) -> bool:
        return location.place not in self._first or (location.bare and self._dialect.needs_path)

    def _lost(self, unmatched: Iterable[Location]) -> dict[Upstream, str]:
        """Why a canary with some matching paths is detached anyway (controller.go, mergeAlternativeBackends)."""
        lost: dict[Upstream, str] = {}
        for location in unmatched:
            if location.host in self._hosts and location.upstream not in lost:
                service = location.upstream.service
                why = f"no main has its path {location}, so the gateway drops {service} from all paths"
                lost[location.upstream] = why
        return lost

    def _nearest(self, locations: tuple[Location, ...]) -> tuple[Ingress, Location, Location] | None:
        """The main that an unattached canary was probably meant for: same path first, then same host, oldest first."""
        if self._near is None:
            self._near = {}
            for main in sorted({m.metadata.name: m for m in self._first.values()}.values(), key=seniority):
                for own in self._naming.locations(main):
                    self._near.setdefault((own.host, own.path), (main, own))
                    self._near.setdefault((own.host, None), (main, own))
        for exact in (True, False):
            for location in locations:
                if near := self._near.get((location.host, location.path if exact else None)):
                    return (*near, location)
        return None


def _foreign(ingress: Ingress, main: Ingress, dialect: Dialect) -> str:
    """Why two matching Ingresses do not belong to one gateway instance."""
    ours, theirs = main.metadata.annotations or {}, ingress.metadata.annotations or {}
    for key in dialect.same_annotations:
        if ours.get(key) != theirs.get(key):
            return f"{key} is {theirs.get(key) or 'not set'}, the main's is {ours.get(key) or 'not set'}"
    return ""


def _mismatch(location: Location, target: Location) -> str:
    if location.bare and location.place == target.place:
        return f"its path is empty, the main's is {target.path}"
    if location.path != target.path:
        return f"its path is {location.path}, the main's is {target.path}"
    return f"its pathType is {location.path_type}, the main's is {target.path_type}"


class _Rivals:
    """The other mains for locations of one, oldest first."""

    def __init__(self, main: Ingress, sharing: Iterable[tuple[Ingress, Iterable[Location]]]) -> None:
        self._others = [other for other, _ in sharing]
        self._holders: dict[Place, list[int]] = {}
        for at, (other, locations) in enumerate(sharing):
            for location in locations if other is not main else ():
                self._holders.setdefault(location.place, []).append(at)

    def of(self, locations: Iterable[Location]) -> tuple[Ingress, ...]:
        found = {at for location in locations for at in self._holders.get(location.place, ())}
        return tuple(self._others[at] for at in sorted(found))


class _Names:
    """If there are several placements, each is named after its oldest canary, which stays when backends change."""

    def __init__(self, main: Ingress) -> None:
        self._main = main.metadata.name
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def of(self, canaries: tuple[CanaryIngress, ...]) -> str:
        wanted = name = f"{self._main}.{canaries[0].ingress.metadata.name}"
        while name in self._taken:
            number = self._next.get(wanted, 2)
            name, self._next[wanted] = f"{wanted}-{number}", number + 1
        self._taken.add(name)
        return name
