"""Typed lookups in the store: objects of the requested kind, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from cockpit.model.kinds import KINDS, families
from cockpit.model.lookup import Objects
from cockpit.model.objects import Deployment, EndpointSlice, Ingress, IngressClass, Obj, Pod, ReplicaSet, Service
from cockpit.model.objects.istio import full_host
from cockpit.model.refs import (
    DEPLOYMENTS,
    ENDPOINTSLICES,
    INGRESSCLASSES,
    INGRESSES,
    PODS,
    REPLICASETS,
    SERVICES,
    Ref,
    Resource,
)
from cockpit.model.text import safe_text

T = TypeVar("T")
# Kinds whose objects name a Service, each with all versions of its API. Any of them may depend on a Service.
NAMING_SERVICES: tuple[tuple[Resource, ...], ...] = families(
    [row.resource for row in KINDS if row.service_key or row.policy_key]
)

# The same kinds, and those whose objects name one in another namespace or rule its host, by the keys that tell.
_NAMING = tuple((row.resource, row.service_key) for row in KINDS if row.service_key)
_NAMING_AWAY = tuple((row.resource, row.away_key) for row in KINDS if row.away_key)
_RULING = tuple((row.resource, row.policy_key) for row in KINDS if row.policy_key)


def served(objects: Objects, versions: tuple[Resource, ...]) -> Resource:
    """The API version of a kind that is watched; the first if none is."""
    return next((resource for resource in versions if objects.known(resource)), versions[0])


def of_kind(kind: type[T], objects: Iterable[Obj]) -> tuple[T, ...]:
    """The `objects` of type `kind`."""
    return tuple([o for o in objects if isinstance(o, kind)])


def find_service(objects: Objects, namespace: str, name: str) -> Service | None:
    found = objects.get(SERVICES, namespace, name)
    return found if isinstance(found, Service) else None


def find_deployment(objects: Objects, namespace: str, name: str) -> Deployment | None:
    found = objects.get(DEPLOYMENTS, namespace, name)
    return found if isinstance(found, Deployment) else None


def find_replica_set(objects: Objects, namespace: str, name: str) -> ReplicaSet | None:
    found = objects.get(REPLICASETS, namespace, name)
    return found if isinstance(found, ReplicaSet) else None


def find_pod(objects: Objects, namespace: str, name: str) -> Pod | None:
    found = objects.get(PODS, namespace, name)
    return found if isinstance(found, Pod) else None


def find_ingress(objects: Objects, namespace: str, name: str) -> Ingress | None:
    found = objects.get(INGRESSES, namespace, name)
    return found if isinstance(found, Ingress) else None


def find_ingress_class(objects: Objects, name: str) -> IngressClass | None:
    found = objects.get(INGRESSCLASSES, "", name)
    return found if isinstance(found, IngressClass) else None


def slices_of(objects: Objects, namespace: str, service: str) -> tuple[EndpointSlice, ...]:
    """The EndpointSlices of a Service, found by label; their names mean nothing."""
    return of_kind(EndpointSlice, objects.keyed(ENDPOINTSLICES, namespace, f"kubernetes.io/service-name={service}"))


def ingresses_of_host(objects: Objects, namespace: str, host: str) -> tuple[Ingress, ...]:
    """Ingresses with a rule for exactly this host; "" for rules without one."""
    return of_kind(Ingress, objects.keyed(INGRESSES, namespace, f"host={host}"))


def ingresses_of_service(objects: Objects, namespace: str, service: str) -> tuple[Ingress, ...]:
    """Ingresses that name the Service as a backend."""
    return of_kind(Ingress, objects.keyed(INGRESSES, namespace, f"service={service}"))


def leading_to(objects: Objects, namespace: str, service: str) -> dict[str, Obj]:
    """Every route that names a Service as a backend or a mirror, by kind and name: "HTTPRoute shop".

    A route in another namespace is "HTTPRoute web/shop".
    """
    return {_title(resource, user, namespace): user for resource, user in _leading(objects, namespace, service)}


def refs_leading_to(objects: Objects, namespace: str, service: str) -> tuple[Ref, ...]:
    """The same routes, each by where it is."""
    found = _leading(objects, namespace, service)
    return tuple(Ref(resource, user.metadata.namespace, user.metadata.name) for resource, user in found)


def _leading(objects: Objects, namespace: str, service: str) -> list[tuple[Resource, Obj]]:
    near = [(r, u) for r, key in _NAMING for u in objects.keyed(r, namespace, key(namespace, service))]
    away = [(r, u) for r, key in _NAMING_AWAY for u in objects.anywhere(r, key(namespace, service))]
    return [*near, *away]


def rules_of_host(objects: Objects, namespace: str, service: str) -> tuple[str, ...]:
    """The DestinationRules for a Service, from any namespace, by kind and name as in `leading_to`."""
    found = [(r, rule) for r, key in _RULING for rule in objects.anywhere(r, key(namespace, service))]
    return tuple(dict.fromkeys(_title(resource, rule, namespace) for resource, rule in found))


def aliases_of(objects: Objects, namespace: str, service: str) -> tuple[str, ...]:
    """The ExternalName Services that are aliases of a Service, from any namespace, by kind and name."""
    hosts = (f"{service}.{namespace}.svc", full_host(service, namespace))
    found = [alias for host in hosts for alias in objects.anywhere(SERVICES, f"alias of {host}")]
    return tuple(_title(SERVICES, alias, namespace) for alias in found)


def _title(resource: Resource, found: Obj, namespace: str) -> str:
    metadata = found.metadata
    place = "" if metadata.namespace == namespace else f"{metadata.namespace}/"
    return safe_text(f"{resource.kind} {place}{metadata.name}", 200)


def services_selecting(objects: Objects, namespace: str, labels: Mapping[str, str]) -> tuple[Service, ...]:
    """Services whose selector matches `labels`, sorted by name."""
    found: dict[str, Service] = {}
    for key, value in labels.items():
        for service in of_kind(Service, objects.keyed(SERVICES, namespace, f"{key}={value}")):
            if (service.spec.selector or {}).items() <= labels.items():
                found[service.metadata.name] = service
    return tuple(found[name] for name in sorted(found))
