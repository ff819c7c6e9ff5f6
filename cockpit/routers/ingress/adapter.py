"""The adapter of canary Ingresses: one rollout per upstream of a main Ingress that has canaries."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress, Obj
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import (
    ENDPOINTSLICES,
    HORIZONTALPODAUTOSCALERS,
    INGRESSCLASSES,
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
from cockpit.routers.ingress.annotations import enabled
from cockpit.routers.ingress.dialect_choice import NO_OVERRIDES, Overrides, dialect_of
from cockpit.routers.ingress.orphans import orphan_of
from cockpit.routers.ingress.placement import placements_of
from cockpit.workloads.lookups import find_ingress
from cockpit.workloads.owners import KEEPERS


class IngressRouter(TableAdapter):
    """Main and canary Ingresses in the dialects of `dialects.DIALECTS`; `overrides` are a user's, by class name."""

    id = "ingress"
    roots: tuple[Resource, ...] = (INGRESSES,)
    needs: tuple[Resource, ...] = (
        INGRESSES,
        INGRESSCLASSES,
        SERVICES,
        ENDPOINTSLICES,
        PODS,
        *KEEPERS,
        *STEERING,
        *MESH_KINDS,
        HORIZONTALPODAUTOSCALERS,
    )

    @property
    def table(self) -> ActTable[Any]:
        from cockpit.routers.ingress.acts import TABLE

        return TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "ingress",
                "main and canary Ingress (nginx, Volcengine APIG, Higress and MSE, Alibaba ALB)",
                "weight, header and cookie rules of the canary Ingress, lane by lane",
                self.table.acts,
            ),
        )

    def __init__(self, overrides: Overrides = NO_OVERRIDES) -> None:
        self._overrides = overrides

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        if not isinstance(root, Ingress):
            return ()
        if enabled(root, dialect_of(root, objects, self._overrides)):
            orphan = orphan_of(root, objects, self._overrides)
            if orphan is None:
                return ()
            from cockpit.routers.ingress.read import orphan_rollout

            return (orphan_rollout(orphan, objects),)
        placements = placements_of(root, objects, self._overrides)
        if not placements:
            return ()
        from cockpit.routers.ingress.read import rollout_of
        from cockpit.routers.ingress.split import split_of

        return tuple(rollout_of(split_of(placement, objects), objects) for placement in placements)

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        from cockpit.routers.ingress import acts
        from cockpit.routers.ingress.split import split_of

        root = rollout.objects[0]
        main = find_ingress(objects, root.namespace, root.name)
        if main is None:
            return refused(rollout, ask.act, gone("the Ingress"))
        orphan = orphan_of(main, objects, self._overrides)
        if orphan is not None:
            return acts.ORPHAN_TABLE.plan(orphan, rollout, ask, objects)
        placement = next((f for f in placements_of(main, objects, self._overrides) if f.name == rollout.key.name), None)
        if placement is None:
            return refused(rollout, ask.act, "it no longer has a canary Ingress: create one, or delete the stray one")
        return acts.plan(split_of(placement, objects), rollout, ask, objects)
