"""The adapter of Deployments: one rollout per Deployment, its ReplicaSets are the versions."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import Deployment, Obj
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import (
    DEPLOYMENTS,
    ENDPOINTSLICES,
    HORIZONTALPODAUTOSCALERS,
    INGRESSES,
    PODS,
    REPLICASETS,
    SERVICES,
    Resource,
)
from cockpit.model.rollout import Rollout
from cockpit.planning.act_table import ActTable
from cockpit.planning.mesh_hosts import MESH_KINDS
from cockpit.planning.ownership import STEERING
from cockpit.planning.refusals import refused_gone
from cockpit.planning.table_adapter import TableAdapter
from cockpit.workloads.lookups import find_deployment


class DeploymentSystem(TableAdapter):
    """Rolling updates by the Deployment controller."""

    id = "deployment"
    roots: tuple[Resource, ...] = (DEPLOYMENTS,)
    needs: tuple[Resource, ...] = (
        DEPLOYMENTS,
        REPLICASETS,
        PODS,
        SERVICES,
        ENDPOINTSLICES,
        INGRESSES,
        *STEERING,
        *MESH_KINDS,
        HORIZONTALPODAUTOSCALERS,
    )

    @property
    def table(self) -> ActTable[Any]:
        from cockpit.systems.deployment.acts import TABLE

        return TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "deployment",
                "Deployment",
                "its ReplicaSets as versions, pods per version, the share that follows from ready pods",
                self.table.acts,
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        if not isinstance(root, Deployment):
            return ()
        from cockpit.systems.deployment.read import rollout_of
        from cockpit.systems.deployment.state import look

        return (rollout_of(root, look(root, objects), objects),)

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        from cockpit.systems.deployment.state import look

        deployment = find_deployment(objects, rollout.key.namespace, rollout.objects[0].name)
        if deployment is None:
            return refused_gone(rollout, ask.act, "the Deployment")
        return self.table.plan(look(deployment, objects), rollout, ask, objects)
