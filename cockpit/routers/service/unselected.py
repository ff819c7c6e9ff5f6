"""The rollout of a Service without a selector that users reach: no versions, and a finding that says why."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.refs import ENDPOINTSLICES, RolloutKey
from cockpit.model.rollout import Finding, Phase, Rollout
from cockpit.planning.act_table import ActTable
from cockpit.planning.edits import ref_to
from cockpit.planning.ownership import owners_and_findings
from cockpit.planning.refusals import epoch_of
from cockpit.routers.traffic_findings import no_ready_pods
from cockpit.workloads.endpoints import backing_of
from cockpit.workloads.lookups import ingresses_of_service
from cockpit.workloads.probe_targets import service_target
from cockpit.workloads.reached_names import name_of_service
from cockpit.workloads.selectors import UNKNOWN, is_unselected, no_selector

# The API server's own Service, whose endpoints it writes itself.
_API_SERVER = ("default", "kubernetes")
TABLE: ActTable[Service] = ActTable({}, otherwise=UNKNOWN)


def is_shown(service: Service, objects: Objects) -> bool:
    """Only Services that users reach, by a load balancer or an Ingress: system Services would flood the list."""
    namespace, name = service.metadata.namespace, service.metadata.name
    if not is_unselected(service) or (namespace, name) == _API_SERVER:
        return False
    return service.spec.type == "LoadBalancer" or bool(ingresses_of_service(objects, namespace, name))


def unselected_rollout(service: Service, objects: Objects) -> Rollout:
    found, (owners, owned) = list(_findings(service, objects)), owners_and_findings([service], objects)
    way = service_target(service, objects)
    named = name_of_service(service, objects)
    return Rollout(
        key=RolloutKey(objects.context, service.metadata.namespace, named.name, "service"),
        aliases=named.others,
        router="service",
        phase=Phase.AT_REST,
        message="no selector: the versions behind it are not known",
        versions=(),
        lanes=(),
        objects=(ref_to(service),),
        epoch=epoch_of(service.metadata.uid),
        findings=(*found, *owned),
        acts=TABLE.states(service, objects),
        owners=owners,
        probe_target=way.probe_target,
        incomplete_target=way.incomplete_target,
        probe_target_missing=way.missing,
        created=service.metadata.creation_timestamp,
    )


def _findings(service: Service, objects: Objects) -> Iterator[Finding]:
    if objects.known(ENDPOINTSLICES) and not backing_of(service, objects).total:
        what = f"Service {service.metadata.namespace}/{service.metadata.name}"
        text = (
            f"{what} has no selector and no ready endpoints: requests fail; write its endpoints, or give it a selector"
        )
        yield no_ready_pods(text)
    if found := no_selector(service, objects):
        yield found
