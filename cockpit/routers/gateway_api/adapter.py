"""The adapter of HTTPRoutes and GRPCRoutes: one rollout per group of rules that lead to more than one Service."""

from __future__ import annotations

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import GrpcRoute, HttpRoute, Obj
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import (
    ENDPOINTSLICES,
    GATEWAYS,
    GATEWAYS_V1BETA1,
    GRPCROUTES,
    HORIZONTALPODAUTOSCALERS,
    HTTPROUTES,
    HTTPROUTES_V1BETA1,
    INGRESSES,
    PODS,
    SERVICES,
    Resource,
)
from cockpit.model.rollout import Rollout
from cockpit.routers.gateway_api import acts
from cockpit.routers.gateway_api.rollouts import ID, rollout_of
from cockpit.routers.gateway_api.routes import find_route
from cockpit.routers.gateway_api.split import splits_of
from cockpit.workloads.answers import refused
from cockpit.workloads.owners import KEEPERS
from cockpit.workloads.ownership import STEERING


class GatewayApiRouter:
    """Routes of the Gateway API, whoever implements it."""

    id = ID
    roots: tuple[Resource, ...] = (HTTPROUTES, HTTPROUTES_V1BETA1, GRPCROUTES)
    needs: tuple[Resource, ...] = (
        *roots,
        GATEWAYS,
        GATEWAYS_V1BETA1,
        SERVICES,
        INGRESSES,
        ENDPOINTSLICES,
        PODS,
        *KEEPERS,
        *STEERING,
        HORIZONTALPODAUTOSCALERS,
    )

    cards = (
        Card(
            "gateway-api",
            "HTTPRoute (GRPCRoute is shown only)",
            "weights and header rules of a route, whether the gateway has taken them in, errors of dead backends",
            (
                Act.SET_WEIGHT,
                Act.HEADER,
                Act.STEPS,
                Act.APPROVE,
                Act.JUMP,
                Act.PROMOTE,
                Act.ROLLBACK,
                Act.SCALE,
                Act.FINISH,
            ),
        ),
    )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        if not isinstance(root, HttpRoute | GrpcRoute):
            return ()
        return tuple(rollout_of(split, objects) for split in splits_of(root, objects))

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        root = rollout.objects[0]
        route = find_route(objects, root.resource.kind, root.namespace, root.name)
        if route is None:
            return refused(rollout, ask.act, "the route is gone; look at the list of rollouts again")
        split = next((s for s in splits_of(route, objects) if s.name == rollout.key.name), None)
        if split is None:
            return refused(rollout, ask.act, "it leads to one Service only (any more): there is nothing to split")
        return acts.plan(split, rollout, ask, objects)
