"""VirtualServices that take over the host of a Service: for clients inside the mesh its selector plays no part.

A sidecar looks a request's host up among the VirtualServices of its mesh and follows the route that it finds there;
the Service of that name is not used (istio/api, networking/v1/virtual_service.proto).
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service, VirtualService
from cockpit.model.objects.istio import full_host, service_of
from cockpit.model.refs import VIRTUALSERVICE_VERSIONS, Resource
from cockpit.model.rollout import Finding, Severity
from cockpit.workloads.findings import finding, listed
from cockpit.workloads.lookups import of_kind, served

# Callers must have these among their needs.
MESH_KINDS: tuple[Resource, ...] = VIRTUALSERVICE_VERSIONS
_MOST_NAMES = 3
_DEEPEST = 2  # a delegate has no delegates (istio: only one level)


def mesh_findings(service: Service, objects: Objects) -> tuple[Finding, ...]:
    """The finding that mesh clients do not get the shares of a Service; None if they do."""
    return tuple(
        finding(
            "mesh-host-elsewhere",
            Severity.WARNING,
            f"{_name(found)} sends requests from mesh clients for Service {service.metadata.namespace}/"
            f"{service.metadata.name} to {to}: the Service's selector matters only outside the mesh",
            f"spec.hosts of {_name(found)}",
        )
        for found, to in _taken_over(service, objects)
    )


def mesh_warnings(service: Service, objects: Objects) -> tuple[str, ...]:
    """For a plan that changes what a Service selects: the clients that are not affected."""
    return tuple(
        f"clients inside the mesh are not affected: {_name(found)} sends their requests for Service"
        f" {service.metadata.name} to {to}"
        for found, to in _taken_over(service, objects)
    )


def _taken_over(service: Service, objects: Objects) -> Iterator[tuple[VirtualService, str]]:
    """Each VirtualService of the mesh for this host that sends nothing to the Service, and where it sends requests."""
    host = full_host(service.metadata.name, service.metadata.namespace)
    resource = served(objects, MESH_KINDS)
    for found in of_kind(VirtualService, objects.anywhere(resource, f"steers=Host/{host}")):
        led = set(_destinations(found, resource, objects, _DEEPEST))
        if "" not in led and host not in led:
            yield found, _listed(sorted(led), service.metadata.namespace)


def _destinations(found: VirtualService, resource: Resource, objects: Objects, depth: int) -> Iterator[str]:
    """The full hosts that its routes lead to; "" for an unknown delegate."""
    for key in found.index_keys():
        what, _, value = key.partition("=")
        if what == "to":
            yield value
        elif what == "delegate":
            namespace, _, name = value.partition("/")
            delegate = objects.get(resource, namespace, name) if depth else None
            if isinstance(delegate, VirtualService):
                yield from _destinations(delegate, resource, objects, depth - 1)
            else:
                yield ""


def _listed(hosts: list[str], namespace: str) -> str:
    names = []
    for host in hosts[:_MOST_NAMES]:
        place = service_of(host)
        names.append(host if place is None else place[1] if place[0] == namespace else "/".join(place))
    more = f" and {len(hosts) - _MOST_NAMES} more" if len(hosts) > _MOST_NAMES else ""
    return listed(names) + more if names else "no Service at all"


def _name(found: VirtualService) -> str:
    return f"VirtualService {found.metadata.namespace}/{found.metadata.name}"
