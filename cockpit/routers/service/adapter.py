"""The adapter of Service selectors: one rollout per Service that has versions to choose from, or nobody to answer."""

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
from cockpit.routers.service.split import look
from cockpit.routers.service.unmatched import TABLE as UNMATCHED_TABLE
from cockpit.routers.service.unmatched import missed_by, unmatched_rollout
from cockpit.routers.service.unselected import TABLE as UNSELECTED_TABLE
from cockpit.routers.service.unselected import is_shown, unselected_rollout
from cockpit.workloads.lookups import find_service
from cockpit.workloads.owners import KEEPERS
from cockpit.workloads.selectors import is_unselected


class ServiceRouter(TableAdapter):
    """Blue-green by selector; if the selector matches several versions, the split by ready pods."""

    id = "service"
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
        from cockpit.routers.service.acts import TABLE

        return TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "service",
                "Service selector",
                "blue-green: which version is selected; several versions behind one Service by ready pods",
                self.table.acts,
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        if not isinstance(root, Service):
            return ()
        if is_shown(root, objects):
            return (unselected_rollout(root, objects),)
        state = look(root, objects)
        if state:
            from cockpit.routers.service.read import rollout_of

            return (rollout_of(state, objects),)
        missed = missed_by(root, objects)
        return (unmatched_rollout(root, missed, objects),) if missed else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        service = find_service(objects, rollout.key.namespace, rollout.objects[0].name)
        if service and is_unselected(service):
            return UNSELECTED_TABLE.plan(service, rollout, ask, objects)
        state = look(service, objects) if service else None
        if state is None and service and missed_by(service, objects):
            return UNMATCHED_TABLE.plan(service, rollout, ask, objects)
        if state is None:
            why = f"its versions are gone; {REFRESH}" if service else gone("the Service")
            return refused(rollout, ask.act, why)
        return self.table.plan(state, rollout, ask, objects)
