"""What is in the way of requests that IngressRoutes and TraefikServices send to one Service, where nothing is split."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.fields import entries, text
from cockpit.model.lookup import Objects
from cockpit.model.objects import IngressRoute, Service, TraefikService
from cockpit.model.refs import INGRESSROUTES, TRAEFIKSERVICE_VERSIONS
from cockpit.model.rollout import Finding
from cockpit.routers.traefik.split import service_end
from cockpit.routers.traffic_findings import invalid_backend
from cockpit.workloads.lookups import of_kind, served

_MOST_ROUTES, _MOST_ENTRIES = 5, 100


def traefik_findings(service: Service, objects: Objects) -> Iterator[Finding]:
    """Each of them that names the Service by a port that it does not have: Traefik drops all that names it so."""
    own = service.metadata
    for what, place, named in _naming(service, objects):
        for entry in named[:_MOST_ENTRIES]:
            at = (text(entry, "namespace") or place, text(entry, "name"))
            if text(entry, "kind") != "TraefikService" and at == (own.namespace, own.name):
                fault = service_end(entry, 1.0, *at, objects).fault
                if fault:
                    why = f"{what} {fault}: Traefik drops it there, and its requests get 404"
                    yield invalid_backend(why, takes=True)


def _naming(service: Service, objects: Objects) -> Iterator[tuple[str, str, list[object]]]:
    """What leads to a Service, with its namespace and each list of services in which it does."""
    own = service.metadata
    for resource in (INGRESSROUTES, served(objects, TRAEFIKSERVICE_VERSIONS)):
        leading = (
            *objects.keyed(resource, own.namespace, f"service={own.name}"),
            *objects.anywhere(resource, f"service={own.namespace}/{own.name}"),
        )
        for route in of_kind(IngressRoute, leading)[:_MOST_ROUTES]:
            place = route.metadata.namespace
            for rule in entries(route.spec, "routes")[:_MOST_ENTRIES]:
                yield f"IngressRoute {place}/{route.metadata.name}", place, entries(rule, "services")
        for spread in of_kind(TraefikService, leading)[:_MOST_ROUTES]:
            place = spread.metadata.namespace
            yield f"TraefikService {place}/{spread.metadata.name}", place, entries(spread.spec, "weighted", "services")
