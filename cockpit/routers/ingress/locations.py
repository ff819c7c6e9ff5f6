"""The paths of Ingresses, and which Ingresses name which Service and port."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.values import dataclass
from cockpit.routers.backends import Upstream
from cockpit.routers.ingress.annotations import enabled
from cockpit.routers.ingress.dialect_choice import class_of
from cockpit.routers.ingress.dialects import Dialect
from cockpit.workloads.lookups import ingresses_of_service

Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Location:
    """One path of one rule, and its position in the object."""

    host: str
    path: str
    path_type: str
    upstream: Upstream
    rule: int
    index: int
    bare: bool = False  # the path is not written

    @property
    def place(self) -> Place:
        return (self.host, self.path, self.path_type)

    def __str__(self) -> str:
        return f"{self.path_type} {self.host or '*'}{self.path}"


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
            text = path.path or "/"
            found.append(Location(rule.host or "", text, kind, upstream, rule_at, path_at, not path.path))
    return tuple(found)


def seniority(ingress: Ingress) -> tuple[str, tuple[int, ...]]:
    """Sorts the oldest first; within one second the last by name, as ingress-nginx does (store.go)."""
    return (ingress.metadata.creation_timestamp or "", _backwards(ingress.metadata.namespace, ingress.metadata.name))


@lru_cache(maxsize=1 << 14)
def _backwards(namespace: str, name: str) -> tuple[int, ...]:
    """Sorts the last by name first. Kept, because Ingresses of one host are sorted for each of them."""
    return (*(-ord(c) for c in f"{namespace}/{name}"), 1)


def strictly_younger(ingress: Ingress, other: Ingress) -> bool:
    return (ingress.metadata.creation_timestamp or "") > (other.metadata.creation_timestamp or "")


class Naming:
    """Who names a Service and port, among the Ingresses of the class and namespace of one. Made for one reading.

    Each Ingress is looked at once, however many of its paths ask: a gateway's Ingress can have thousands.
    """

    def __init__(self, beside: Ingress, dialect: Dialect, objects: Objects) -> None:
        self._namespace = beside.metadata.namespace
        self._class = class_of(beside)
        self._dialect = dialect
        self._objects = objects
        self._locations: dict[str, tuple[Location, ...]] = {}
        self._leading: dict[str, dict[Upstream, list[Location]]] = {}
        self._places: dict[tuple[str, ...], frozenset[Place]] = {}
        self._of_service: dict[str, tuple[Ingress, ...]] = {}
        self._naming: dict[Upstream, tuple[Ingress, ...]] = {}
        self._mains: dict[Upstream, tuple[Ingress, ...]] = {}

    def locations(self, ingress: Ingress) -> tuple[Location, ...]:
        name = ingress.metadata.name
        if name not in self._locations:
            self._locations[name] = locations_of(ingress)
        return self._locations[name]

    def leading(self, ingress: Ingress, upstream: Upstream) -> Sequence[Location]:
        """The locations of an Ingress that route to this Service and port."""
        name = ingress.metadata.name
        if name not in self._leading:
            found: dict[Upstream, list[Location]] = {}
            for location in self.locations(ingress):
                found.setdefault(location.upstream, []).append(location)
            self._leading[name] = found
        return self._leading[name].get(upstream, ())

    def places(self, ingresses: Iterable[Ingress]) -> frozenset[Place]:
        """Every host, path and path type of these Ingresses."""
        found = list(ingresses)
        key = tuple(ingress.metadata.name for ingress in found)
        if key not in self._places:
            self._places[key] = frozenset(loc.place for ingress in found for loc in self.locations(ingress))
        return self._places[key]

    def of_service(self, service: str) -> tuple[Ingress, ...]:
        """The Ingresses that name a Service as a backend, by name."""
        if service not in self._of_service:
            found = ingresses_of_service(self._objects, self._namespace, service)
            self._of_service[service] = tuple(i for i in found if class_of(i) == self._class)
        return self._of_service[service]

    def naming(self, upstream: Upstream) -> tuple[Ingress, ...]:
        """The Ingresses that route to a Service and port, oldest first."""
        if upstream not in self._naming:
            found = [i for i in self.of_service(upstream.service) if self.leading(i, upstream)]
            self._naming[upstream] = tuple(sorted(found, key=seniority))
        return self._naming[upstream]

    def mains(self, upstream: Upstream) -> tuple[Ingress, ...]:
        """Those of them that are no canaries."""
        if upstream not in self._mains:
            self._mains[upstream] = tuple(i for i in self.naming(upstream) if not enabled(i, self._dialect))
        return self._mains[upstream]

    def first(self, upstream: Upstream) -> Ingress | None:
        """The oldest that names it: for ingress-nginx it decides for all (controller.go, createUpstreams).

        None in dialects without that rule.
        """
        return next(iter(self.naming(upstream)), None) if self._dialect.first_names else None

    def is_hidden(self, upstream: Upstream) -> bool:
        """True if an older canary names the upstream first: then no server has it, and its locations vanish."""
        first = self.first(upstream)
        return first is not None and enabled(first, self._dialect)
