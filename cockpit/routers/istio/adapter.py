"""The adapter of Istio: one rollout for each thing that the routes of a VirtualService are about."""

from __future__ import annotations

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj, VirtualService
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import ENDPOINTSLICES, HORIZONTALPODAUTOSCALERS, PODS, SERVICES, Resource
from cockpit.model.rollout import Rollout
from cockpit.routers.istio import acts
from cockpit.routers.istio.bundles import bundles_of
from cockpit.routers.istio.rollouts import rollout_of
from cockpit.routers.istio.routes import DESTINATION_RULES, GATEWAYS, VIRTUAL_SERVICES, find_virtual_service
from cockpit.routers.istio.split import split_of
from cockpit.workloads.answers import refused
from cockpit.workloads.owners import KEEPERS
from cockpit.workloads.ownership import STEERING


class IstioRouter:
    """VirtualServices with DestinationRules, by subset and by host."""

    id = "istio"
    roots: tuple[Resource, ...] = VIRTUAL_SERVICES
    needs: tuple[Resource, ...] = (
        *VIRTUAL_SERVICES,
        *DESTINATION_RULES,
        *GATEWAYS,
        SERVICES,
        ENDPOINTSLICES,
        PODS,
        *KEEPERS,
        *STEERING,
        HORIZONTALPODAUTOSCALERS,
    )

    cards = (
        Card(
            "istio",
            "VirtualService and DestinationRule (Istio, TKE Mesh)",
            "weights by subset or by host, one lane per match, the plan of steps, routes that are never reached",
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
        if not isinstance(root, VirtualService):
            return ()
        return tuple(rollout_of(split_of(bundle, objects), objects) for bundle in bundles_of(root))

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        root = rollout.objects[0]
        service = find_virtual_service(objects, root.namespace, root.name)
        if service is None:
            return refused(rollout, ask.act, "the VirtualService is gone; look at the list of rollouts again")
        bundle = next((b for b in bundles_of(service) if b.name == rollout.key.name), None)
        if bundle is None:
            return refused(
                rollout, ask.act, "its routes changed and lead elsewhere; look at the list of rollouts again"
            )
        return acts.plan(split_of(bundle, objects), rollout, ask, objects)
