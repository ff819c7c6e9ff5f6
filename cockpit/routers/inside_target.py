"""Where a probe in the cluster sends its requests: a Service by its name, or the address that is used from outside."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service, VirtualService
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import SERVICES
from cockpit.model.rollout import Rollout
from cockpit.routers.istio.probe_targets import mesh_target
from cockpit.workloads.probe_targets import FoundTarget

_CLUSTER = ".svc.cluster.local"
_ROUTES = "virtualservices"


def inside_target(rollout: Rollout, objects: Objects) -> FoundTarget:
    """The probe target of a rollout for a pod of its cluster.

    A Service is asked by name, also where it has an address outside: a sidecar routes by the name. What only an Ingress
    or a Gateway splits has to be asked there.
    """
    outside = rollout.probe_target or rollout.incomplete_target
    if meshed := _in_mesh(rollout, outside, objects):
        return FoundTarget(meshed)
    if outside is None:
        return FoundTarget(missing=rollout.probe_target_missing or "it has no address to send requests to")
    if outside.address:
        service = _service_at(outside.address, rollout.key.namespace, objects)
        return FoundTarget(_named(outside, service) if service else outside)
    if outside.host.endswith(_CLUSTER):
        return FoundTarget(replace(outside, address=outside.host))
    if service := _headless(rollout, objects):
        return FoundTarget(_named(outside, service))
    return FoundTarget(missing=rollout.probe_target_missing, incomplete_target=outside)


def _in_mesh(rollout: Rollout, outside: ProbeTarget | None, objects: Objects) -> ProbeTarget | None:
    """The Service whose name a VirtualService of the rollout routes for pods with a sidecar."""
    for ref in rollout.objects:
        found = objects.get(ref.resource, ref.namespace, ref.name) if ref.resource.plural == _ROUTES else None
        if isinstance(found, VirtualService) and (way := mesh_target(found, objects)):
            path, version_from = (outside.path, outside.version_from) if outside else ("/", way.version_from)
            return replace(way, path=path, version_from=version_from)
    return None


def _named(target: ProbeTarget, service: Service) -> ProbeTarget:
    name = f"{service.metadata.name}.{service.metadata.namespace}{_CLUSTER}"
    return replace(target, address=name, host=name)


def _service_at(address: str, namespace: str, objects: Objects) -> Service | None:
    """The Service of the namespace that has an address of its own there, in the cluster or outside."""
    for service in objects.every(SERVICES, namespace):
        if not isinstance(service, Service):
            continue
        entries = service.status.load_balancer.ingress or ()
        outside = {entry.ip or entry.hostname for entry in entries} if service.spec.type == "LoadBalancer" else set()
        if address in {service.spec.cluster_ip, *outside}:
            return service
    return None


def _headless(rollout: Rollout, objects: Objects) -> Service | None:
    """The rollout's Service that has a name but no address of its own."""
    for ref in rollout.objects:
        if ref.resource == SERVICES:
            found = objects.get(SERVICES, ref.namespace, ref.name)
            if isinstance(found, Service) and found.spec.cluster_ip == "None":
                return found
    return None
