"""The adapter of red/black ReplicaSets: one rollout per Service and line that labels move in and out of it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj, Service
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import ENDPOINTSLICES, HORIZONTALPODAUTOSCALERS, INGRESSES, PODS, SERVICES, Resource
from cockpit.model.rollout import Rollout
from cockpit.planning.act_table import ActTable
from cockpit.planning.mesh_hosts import MESH_KINDS
from cockpit.planning.ownership import STEERING
from cockpit.planning.refusals import refused
from cockpit.planning.table_adapter import TableAdapter
from cockpit.planning.wording import REFRESH, gone
from cockpit.routers.red_black.split import look
from cockpit.workloads.lookups import find_service
from cockpit.workloads.owners import KEEPERS


class RedBlackRouter(TableAdapter):
    """Spinnaker's and CODING CD's red/black (blue/green) over numbered ReplicaSets."""

    id = "red-black"
    roots: tuple[Resource, ...] = (SERVICES,)
    needs: tuple[Resource, ...] = (
        SERVICES,
        PODS,
        ENDPOINTSLICES,
        INGRESSES,
        *KEEPERS,
        *STEERING,
        *MESH_KINDS,
        HORIZONTALPODAUTOSCALERS,
    )

    @property
    def table(self) -> ActTable[Any]:
        from cockpit.routers.red_black.acts import TABLE

        return TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "red-black",
                "ReplicaSets NAME-v000, NAME-v001 with a Service's selector labels on or off (Spinnaker, CODING CD)",
                "which version takes traffic, which is half enabled, the shares by ready pods",
                self.table.acts,
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        found = look(root, objects) if isinstance(root, Service) else ()
        if not found:
            return ()
        from cockpit.routers.red_black.read import rollout_of

        return tuple(rollout_of(state, objects) for state in found)

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        service = find_service(objects, rollout.key.namespace, rollout.objects[0].name)
        found = look(service, objects) if service else ()
        state = next((state for state in found if state.name == rollout.key.name), None)
        if state is None:
            why = f"its ReplicaSets are gone; {REFRESH}" if service else gone("the Service")
            return refused(rollout, ask.act, why)
        return self.table.plan(state, rollout, ask, objects)
