"""The rollout of a Service without selector that users reach: no versions, and a finding that says why."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.workloads.answers import act_states, epoch_of
from cockpit.workloads.doors import service_door
from cockpit.workloads.edits import ref_to
from cockpit.workloads.lookups import ingresses_of_service
from cockpit.workloads.ownership import owners_and_findings
from cockpit.workloads.selectors import UNKNOWN, is_unselected, no_selector

# The API server's own Service, whose endpoints it writes itself.
_API_SERVER = ("default", "kubernetes")


def is_shown(service: Service, objects: Objects) -> bool:
    """Only what users reach, by a load balancer or an Ingress: the many of the system would flood the list."""
    namespace, name = service.metadata.namespace, service.metadata.name
    if not is_unselected(service) or (namespace, name) == _API_SERVER:
        return False
    return service.spec.type == "LoadBalancer" or bool(ingresses_of_service(objects, namespace, name))


def unselected_rollout(service: Service, objects: Objects) -> Rollout:
    found, (owners, owned) = no_selector(service, objects), owners_and_findings([service], objects)
    way = service_door(service, objects)
    return Rollout(
        key=RolloutKey(objects.context, service.metadata.namespace, service.metadata.name, "service"),
        router="service",
        phase=Phase.AT_REST,
        message="no selector: the versions behind it are not known",
        versions=(),
        lanes=(),
        objects=(ref_to(service),),
        epoch=epoch_of(service.metadata.uid),
        findings=(*((found,) if found else ()), *owned),
        acts=act_states({}, UNKNOWN),
        owners=owners,
        door=way.door,
        entrance=way.entrance,
        door_missing=way.missing,
        created=service.metadata.creation_timestamp,
    )
