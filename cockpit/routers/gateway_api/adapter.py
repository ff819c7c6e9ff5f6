"""The adapter of HTTPRoutes and GRPCRoutes: one rollout per group of rules that route to more than one Service."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import GrpcRoute, HttpRoute, Obj
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import (
    ENDPOINTSLICES,
    GATEWAY_VERSIONS,
    GRPCROUTES,
    HORIZONTALPODAUTOSCALERS,
    HTTPROUTE_VERSIONS,
    INGRESSES,
    PODS,
    SERVICES,
    Resource,
)
from cockpit.model.rollout import Rollout
from cockpit.planning.act_table import ActTable
from cockpit.planning.mesh_hosts import MESH_KINDS
from cockpit.planning.ownership import STEERING
from cockpit.planning.refusals import refused
from cockpit.planning.table_adapter import TableAdapter
from cockpit.planning.wording import gone
from cockpit.workloads.owners import KEEPERS


class GatewayApiRouter(TableAdapter):
    """Routes of the Gateway API, whoever implements it."""

    id = "gateway-api"
    roots: tuple[Resource, ...] = (*HTTPROUTE_VERSIONS, GRPCROUTES)
    needs: tuple[Resource, ...] = (
        *roots,
        *GATEWAY_VERSIONS,
        SERVICES,
        INGRESSES,
        ENDPOINTSLICES,
        PODS,
        *KEEPERS,
        *STEERING,
        *MESH_KINDS,
        HORIZONTALPODAUTOSCALERS,
    )

    @property
    def table(self) -> ActTable[Any]:
        from cockpit.routers.gateway_api.acts import TABLE

        return TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "gateway-api",
                "HTTPRoute (GRPCRoute is shown only)",
                "weights and header rules of a route, whether the gateway has accepted them, backends that return"
                " errors",
                self.table.acts,
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        if not isinstance(root, HttpRoute | GrpcRoute):
            return ()
        from cockpit.routers.gateway_api.split import splits_of

        splits = splits_of(root, objects)
        if not splits:
            return ()
        from cockpit.routers.gateway_api.read import rollout_of

        return tuple(rollout_of(split, objects) for split in splits)

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        from cockpit.routers.gateway_api.routes import find_route
        from cockpit.routers.gateway_api.split import splits_of

        root = rollout.objects[0]
        route = find_route(objects, root.resource.kind, root.namespace, root.name)
        if route is None:
            return refused(rollout, ask.act, gone("the route"))
        split = next((s for s in splits_of(route, objects) if s.name == rollout.key.name), None)
        if split is None:
            return refused(rollout, ask.act, "it now routes to one Service only: nothing to split")
        return self.table.plan(split, rollout, ask, objects)
