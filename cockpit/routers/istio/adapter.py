"""The adapter of Istio: one rollout for each group of routes in a VirtualService."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj, VirtualService
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import (
    DESTINATIONRULE_VERSIONS,
    ENDPOINTSLICES,
    HORIZONTALPODAUTOSCALERS,
    ISTIO_GATEWAY_VERSIONS,
    PODS,
    SERVICES,
    VIRTUALSERVICE_VERSIONS,
    Resource,
)
from cockpit.model.rollout import Rollout
from cockpit.planning.act_table import ActTable
from cockpit.planning.ownership import STEERING
from cockpit.planning.refusals import refused
from cockpit.planning.table_adapter import TableAdapter
from cockpit.planning.wording import REFRESH, gone
from cockpit.workloads.owners import KEEPERS


class IstioRouter(TableAdapter):
    """VirtualServices with DestinationRules, by subset and by host."""

    id = "istio"
    roots: tuple[Resource, ...] = VIRTUALSERVICE_VERSIONS
    needs: tuple[Resource, ...] = (
        *VIRTUALSERVICE_VERSIONS,
        *DESTINATIONRULE_VERSIONS,
        *ISTIO_GATEWAY_VERSIONS,
        SERVICES,
        ENDPOINTSLICES,
        PODS,
        *KEEPERS,
        *STEERING,
        HORIZONTALPODAUTOSCALERS,
    )

    @property
    def table(self) -> ActTable[Any]:
        from cockpit.routers.istio.acts import TABLE

        return TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "istio",
                "VirtualService and DestinationRule (Istio, TKE Mesh)",
                "weights by subset or by host, one lane per match, the step plan, routes that are never reached",
                self.table.acts,
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        if not isinstance(root, VirtualService):
            return ()
        from cockpit.routers.istio.delegates import groups_of
        from cockpit.routers.istio.read import rollout_of
        from cockpit.routers.istio.split import split_of

        return tuple(rollout_of(split_of(group, objects), objects) for group in groups_of(root, objects))

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        from cockpit.routers.istio.delegates import groups_of
        from cockpit.routers.istio.routes import find_virtual_service
        from cockpit.routers.istio.split import split_of

        root = rollout.objects[0]
        service = find_virtual_service(objects, root.namespace, root.name)
        if service is None:
            return refused(rollout, ask.act, gone("the VirtualService"))
        group = next((b for b in groups_of(service, objects) if b.name == rollout.key.name), None)
        if group is None:
            return refused(rollout, ask.act, f"its routes changed and lead elsewhere; {REFRESH}")
        return self.table.plan(split_of(group, objects), rollout, ask, objects)
