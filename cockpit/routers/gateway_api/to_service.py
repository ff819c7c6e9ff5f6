"""What is in the way of requests that HTTPRoutes and GRPCRoutes send to one Service, where nothing is split."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.lookup import Objects
from cockpit.model.objects import GrpcRoute, HttpRoute, Service
from cockpit.model.refs import GRPCROUTES, HTTPROUTE_VERSIONS
from cockpit.model.rollout import Finding
from cockpit.routers.gateway_api.findings import backend_findings, name_of, status_findings
from cockpit.routers.gateway_api.grpc_conflicts import grpc_conflicts
from cockpit.routers.gateway_api.routes import AnyRoute, rules_of, unresolved_refs
from cockpit.routers.gateway_api.split import Sides, rule_backends_of
from cockpit.workloads.lookups import served

_MOST_ROUTES = 5


def route_findings(service: Service, objects: Objects) -> Iterator[Finding]:
    """The status of each route that names the Service as a backend, and what is wrong with how it names it."""
    for route in _leading(service, objects)[:_MOST_ROUTES]:
        what, unresolved = name_of(route), unresolved_refs(route)
        sides: Sides = {}
        each_rule = [rule_backends_of(rule, unresolved, objects, sides) for rule in rules_of(route).rules]
        told: list[Finding] = []
        for read in each_rule:
            if any((b.namespace, b.service) == _place(service) for b in read.rule.backends):
                told += backend_findings(read, what)
        said = status_findings(route, what, objects, each_rule)
        # Where it is known which backend cannot be resolved, the route's own word for it adds nothing.
        yield from told
        yield from grpc_conflicts(route, what, objects)
        yield from (found for found in said if not (told and found.id == "unresolved-refs"))


def _leading(service: Service, objects: Objects) -> list[AnyRoute]:
    namespace, name = _place(service)
    found = [
        route
        for resource in (served(objects, HTTPROUTE_VERSIONS), GRPCROUTES)
        for route in (
            *objects.keyed(resource, namespace, f"service={name}"),
            *objects.anywhere(resource, f"service={namespace}/{name}"),
        )
    ]
    return [route for route in found if isinstance(route, HttpRoute | GrpcRoute)]


def _place(service: Service) -> tuple[str, str]:
    return service.metadata.namespace, service.metadata.name
