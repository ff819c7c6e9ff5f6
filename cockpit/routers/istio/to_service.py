"""What is in the way of requests that VirtualServices send to one Service, where nothing is split."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service, VirtualService
from cockpit.model.objects.istio import full_host
from cockpit.model.rollout import Finding
from cockpit.planning.mesh_hosts import MESH_KINDS
from cockpit.routers.istio.destination_rules import viewer_of
from cockpit.routers.istio.destinations import DestinationVersions, side_of
from cockpit.routers.istio.exposure import exposure_findings
from cockpit.routers.istio.findings import empty_destinations
from cockpit.routers.istio.gateway_pods import gateway_findings
from cockpit.routers.istio.hidden_services import hidden_services
from cockpit.routers.istio.routes import routes_of
from cockpit.routers.istio.upstream_tls import tls_findings
from cockpit.workloads.lookups import of_kind, served

_MOST_ROUTES = 5


def virtual_service_findings(service: Service, objects: Objects) -> Iterator[Finding]:
    """Whether each VirtualService that leads to the Service takes requests, and which of its destinations get none."""
    own = service.metadata
    leading = objects.anywhere(served(objects, MESH_KINDS), f"to={full_host(own.name, own.namespace)}")
    for found in of_kind(VirtualService, leading)[:_MOST_ROUTES]:
        what = f"VirtualService {found.metadata.namespace}/{found.metadata.name}"
        viewer = viewer_of(found, objects)
        yield from exposure_findings(found, objects)
        yield from gateway_findings(found, objects)
        leads: dict[tuple[str, str], DestinationVersions] = {}
        for route in routes_of(found):
            here = [entry.target for entry in route.weighted if entry.target.service == (own.namespace, own.name)]
            if here:
                plain = any(not match.singles_out for match in route.matches)
                yield from empty_destinations(
                    what, route, partial(side_of, viewer=viewer, objects=objects), plain=plain
                )
                leads |= {
                    target.place: side_of(target, viewer, objects) for target in here if target.place not in leads
                }
        yield from tls_findings(leads.values(), viewer, objects)
        yield from hidden_services(leads.values(), viewer)
