"""The adapter of Deployments: each is a rollout whose versions are its ReplicaSets."""

from __future__ import annotations

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
from cockpit.model.rollout import Rollout
from cockpit.systems.deployment import acts
from cockpit.systems.deployment.reading import look
from cockpit.systems.deployment.rollouts import rollout_of
from cockpit.workloads.answers import refused
from cockpit.workloads.lookups import find_deployment
from cockpit.workloads.ownership import STEERING


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
        HORIZONTALPODAUTOSCALERS,
    )

    cards = (
        Card(
            "deployment",
            "Deployment",
            "its ReplicaSets as versions, pods per version, the share that follows from ready pods",
            (Act.ROLLBACK, Act.PAUSE, Act.RESUME, Act.SET_IMAGE, Act.RESTART, Act.SCALE),
        ),
    )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        return (rollout_of(root, look(root, objects), objects),) if isinstance(root, Deployment) else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        deployment = find_deployment(objects, rollout.key.namespace, rollout.key.name)
        if deployment is None:
            return refused(rollout, ask.act, "the Deployment is gone; look at the list of rollouts again")
        return acts.plan(look(deployment, objects), deployment.spec.paused, rollout, ask, objects)
