"""The adapter of Deployments: one rollout per Deployment, its ReplicaSets are the versions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import Deployment, Obj
from cockpit.model.plan import Act, Ask, Plan, Refused
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
from cockpit.model.rights import Right
from cockpit.model.rollout import Rollout
from cockpit.planning.mesh_hosts import MESH_KINDS
from cockpit.planning.ownership import STEERING
from cockpit.planning.refusals import refused_gone
from cockpit.workloads.lookups import find_deployment


class DeploymentSystem:
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

    @cached_property
    def writes(self) -> Mapping[Act, tuple[Right, ...]]:
        from cockpit.systems.deployment import acts

        return acts.TABLE.writes_by_act

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        from cockpit.systems.deployment import acts

        return (
            Card(
                "deployment",
                "Deployment",
                "its ReplicaSets as versions, pods per version, the share that follows from ready pods",
                acts.TABLE.acts,
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        if not isinstance(root, Deployment):
            return ()
        from cockpit.systems.deployment.read import rollout_of
        from cockpit.systems.deployment.state import look

        return (rollout_of(root, look(root, objects), objects),)

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        from cockpit.systems.deployment import acts
        from cockpit.systems.deployment.state import look

        deployment = find_deployment(objects, rollout.key.namespace, rollout.objects[0].name)
        if deployment is None:
            return refused_gone(rollout, ask.act, "the Deployment")
        return acts.TABLE.plan(look(deployment, objects), rollout, ask, objects)
