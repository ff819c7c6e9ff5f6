"""The adapter of TraefikServices: one rollout per TraefikService that leads to more than one Service by weight."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj, TraefikService
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import (
    ENDPOINTSLICES,
    HORIZONTALPODAUTOSCALERS,
    INGRESSROUTES,
    PODS,
    SERVICES,
    TRAEFIKSERVICES,
    Resource,
)
from cockpit.model.rollout import Rollout
from cockpit.planning.act_table import ActTable
from cockpit.planning.ownership import STEERING
from cockpit.planning.refusals import refused
from cockpit.planning.table_adapter import TableAdapter
from cockpit.workloads.owners import KEEPERS


class TraefikRouter(TableAdapter):
    """Weighted TraefikServices, nested ones included."""

    id = "traefik"
    roots: tuple[Resource, ...] = (TRAEFIKSERVICES,)
    needs: tuple[Resource, ...] = (
        *roots,
        INGRESSROUTES,
        SERVICES,
        ENDPOINTSLICES,
        PODS,
        *KEEPERS,
        *STEERING,
        HORIZONTALPODAUTOSCALERS,
    )

    @property
    def table(self) -> ActTable[Any]:
        from cockpit.routers.traefik.acts import TABLE

        return TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "traefik",
                "weighted TraefikService (traefik.io), shown only",
                "weights down to the Services at the end, through nested and mirrored ones, what Traefik would drop",
                self.table.acts,
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        if not isinstance(root, TraefikService):
            return ()
        from cockpit.routers.traefik.read import rollout_of
        from cockpit.routers.traefik.split import split_of

        split = split_of(root, objects)
        return (rollout_of(split, objects),) if split else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        from cockpit.routers.traefik.split import find_traefik_service, split_of

        root = rollout.objects[0]
        service = find_traefik_service(objects, root.namespace, root.name)
        if service is None:
            return refused(rollout, ask.act, "the TraefikService was deleted: look at the list of rollouts again")
        split = split_of(service, objects)
        if split is None:
            return refused(rollout, ask.act, "it leads to one Service only: there is nothing to split")
        return self.table.plan(split, rollout, ask, objects)
