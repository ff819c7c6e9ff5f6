"""What is in the way of requests that Ingresses send to one Service, where nothing is split."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.rollout import Finding
from cockpit.routers.ingress.no_controller import no_class_finding, why_no_controller
from cockpit.routers.ingress.turn_aways import turn_aways
from cockpit.workloads.lookups import ingresses_of_service
from cockpit.workloads.probe_targets import is_canary

_MOST_INGRESSES = 5


def ingress_findings(service: Service, objects: Objects) -> Iterator[Finding]:
    """Of each Ingress that leads to the Service: whether perhaps no controller serves it, what it may turn away."""
    leading = ingresses_of_service(objects, service.metadata.namespace, service.metadata.name)
    for ingress in [each for each in leading if not is_canary(each)][:_MOST_INGRESSES]:
        if why := why_no_controller(ingress, objects):
            yield no_class_finding(why)
        yield from turn_aways(ingress)
