"""Canary Ingresses that have no main where they are: most take no requests, some do by a main that is not shown."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.refs import INGRESSES
from cockpit.routers.ingress.annotations import enabled, rules_of
from cockpit.routers.ingress.dialect_choice import NO_OVERRIDES, Overrides, class_of, dialect_of
from cockpit.routers.ingress.dialects import Dialect
from cockpit.routers.ingress.locations import Location, locations_of
from cockpit.routers.ingress.placement import CanaryIngress, neighbours_of
from cockpit.workloads.lookups import of_kind


def orphan_of(ingress: Ingress, objects: Objects, overrides: Overrides = NO_OVERRIDES) -> CanaryIngress | None:
    """A canary Ingress that has no main on any of its hosts; None for all others."""
    dialect = dialect_of(ingress, objects, overrides)
    if not enabled(ingress, dialect):
        return None
    if any(not enabled(i, dialect) for i in neighbours_of(ingress, objects) if i is not ingress):
        return None
    locations = locations_of(ingress)
    upstream = locations[0].upstream if locations else None
    where = ", ".join(map(str, locations))
    why = f"no main Ingress has {where}" if where else "it has no path"
    why = _other_class(ingress, locations, objects) or why
    unseen = _why_unseen(ingress, locations, dialect, objects)
    return CanaryIngress(ingress, rules_of(ingress, dialect), upstream, why, locations, unseen=unseen)


def _other_class(ingress: Ingress, locations: tuple[Location, ...], objects: Objects) -> str:
    """That the Ingress which has its places is of another class, so of another controller; "" if none is."""
    wanted = {location.place for location in locations}
    for host in dict.fromkeys(location.host for location in locations):
        for main in of_kind(Ingress, objects.keyed(INGRESSES, ingress.metadata.namespace, f"host={host}")):
            if class_of(main) != class_of(ingress) and wanted & {loc.place for loc in locations_of(main)}:
                classes = f"its class is {class_of(ingress) or 'not set'}, that of Ingress {main.metadata.name}"
                return f"{classes}, which has its path, is {class_of(main) or 'not set'}"
    return ""


def _why_unseen(ingress: Ingress, locations: tuple[Location, ...], dialect: Dialect, objects: Objects) -> str:
    """Why it may take requests all the same; "" if it does not.

    ingress-nginx compares host, path and path type only, whatever the namespace, and merges a canary's default backend
    into every location without a host (controller.go, mergeAlternativeBackends).
    """
    default = ingress.spec.default_backend
    if not dialect.other_namespaces or (not locations and not (default and default.service)):
        return ""
    if not locations:
        return f"it has a default backend only, and {dialect.title} gives that its share of hosts that no Ingress names"
    wanted = {location.place for location in locations}
    for host in dict.fromkeys(location.host for location in locations):
        for main in of_kind(Ingress, objects.anywhere(INGRESSES, f"host={host}")):
            away = main.metadata.namespace != ingress.metadata.namespace and not enabled(main, dialect)
            if away and class_of(main) == class_of(ingress) and wanted & {loc.place for loc in locations_of(main)}:
                where = f"Ingress {main.metadata.namespace}/{main.metadata.name}"
                return f"its main is {where} of another namespace, and {dialect.title} gives it its share of that one"
    if objects.covers(""):
        return ""
    return f"no main of its namespace has its path, and {dialect.title} also takes one of a namespace that is not read"
