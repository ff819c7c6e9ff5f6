"""Typed questions to the store: objects of the kind that was asked for, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from cockpit.model.lookup import Objects
from cockpit.model.objects import Deployment, EndpointSlice, Ingress, IngressClass, Obj, Pod, ReplicaSet, Service
from cockpit.model.objects.istio import full_host
from cockpit.model.refs import (
    DEPLOYMENTS,
    ENDPOINTSLICES,
    GRPCROUTES,
    HTTPROUTES,
    HTTPROUTES_V1BETA1,
    INGRESSCLASSES,
    INGRESSES,
    PODS,
    REPLICASETS,
    SERVICES,
    VIRTUALSERVICES,
    VIRTUALSERVICES_V1ALPHA3,
    VIRTUALSERVICES_V1BETA1,
)

T = TypeVar("T")
_ROUTES = (HTTPROUTES, HTTPROUTES_V1BETA1, GRPCROUTES)
_VIRTUAL_SERVICES = (VIRTUALSERVICES, VIRTUALSERVICES_V1BETA1, VIRTUALSERVICES_V1ALPHA3)


def of_kind(kind: type[T], objects: Iterable[Obj]) -> tuple[T, ...]:
    """Those of `objects` that are of `kind`."""
    return tuple(o for o in objects if isinstance(o, kind))


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
    """The EndpointSlices of a Service: the label is the join, their names mean nothing."""
    return of_kind(EndpointSlice, objects.keyed(ENDPOINTSLICES, namespace, f"kubernetes.io/service-name={service}"))


def ingresses_of_host(objects: Objects, namespace: str, host: str) -> tuple[Ingress, ...]:
    """Ingresses with a rule for exactly this host; "" for rules without one."""
    return of_kind(Ingress, objects.keyed(INGRESSES, namespace, f"host={host}"))


def ingresses_of_service(objects: Objects, namespace: str, service: str) -> tuple[Ingress, ...]:
    """Ingresses that name the Service as a backend."""
    return of_kind(Ingress, objects.keyed(INGRESSES, namespace, f"service={service}"))


def leading_to(objects: Objects, namespace: str, service: str) -> dict[str, Obj]:
    """Whatever of its namespace names a Service as a backend, by kind and name: "HTTPRoute shop"."""
    ways = [(INGRESSES, f"service={service}"), *((resource, f"service={service}") for resource in _ROUTES)]
    ways += [(resource, f"to={full_host(service, namespace)}") for resource in _VIRTUAL_SERVICES]
    return {
        f"{resource.kind} {found.metadata.name}": found
        for resource, key in ways
        for found in objects.keyed(resource, namespace, key)
    }


def services_selecting(objects: Objects, namespace: str, labels: Mapping[str, str]) -> tuple[Service, ...]:
    """Services whose whole selector is among `labels`, in order of name."""
    found: dict[str, Service] = {}
    for key, value in labels.items():
        for service in of_kind(Service, objects.keyed(SERVICES, namespace, f"{key}={value}")):
            if (service.spec.selector or {}).items() <= labels.items():
                found[service.metadata.name] = service
    return tuple(found[name] for name in sorted(found))
