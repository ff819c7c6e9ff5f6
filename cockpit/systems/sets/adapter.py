"""The adapters of StatefulSets and DaemonSets: each is a rollout whose versions are its ControllerRevisions."""

from __future__ import annotations

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import DaemonSet, Obj, StatefulSet
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import (
    CONTROLLERREVISIONS,
    DAEMONSETS,
    ENDPOINTSLICES,
    HORIZONTALPODAUTOSCALERS,
    INGRESSES,
    PODS,
    SERVICES,
    STATEFULSETS,
    Resource,
)
from cockpit.model.rollout import Rollout
from cockpit.systems.sets import acts
from cockpit.systems.sets.reading import look
from cockpit.systems.sets.rollouts import rollout_of
from cockpit.workloads.answers import refused
from cockpit.workloads.ownership import STEERING

_NEEDS = (CONTROLLERREVISIONS, PODS, SERVICES, ENDPOINTSLICES, INGRESSES, *STEERING)


class StatefulSetSystem:
    """Rolling updates by the StatefulSet controller, held back by a partition where one is set."""

    id = "statefulset"
    roots: tuple[Resource, ...] = (STATEFULSETS,)
    needs: tuple[Resource, ...] = (STATEFULSETS, HORIZONTALPODAUTOSCALERS, *_NEEDS)

    cards = (
        Card(
            "statefulset",
            "StatefulSet",
            "its ControllerRevisions as versions, pods per version, what the partition holds back; a pod is a step",
            (
                Act.APPROVE,
                Act.JUMP,
                Act.PROMOTE,
                Act.PAUSE,
                Act.RESUME,
                Act.ROLLBACK,
                Act.SET_IMAGE,
                Act.RESTART,
                Act.SCALE,
            ),
        ),
    )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        return (rollout_of(root, look(root, objects), objects),) if isinstance(root, StatefulSet) else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        found = objects.get(STATEFULSETS, rollout.key.namespace, rollout.key.name)
        if not isinstance(found, StatefulSet):
            return refused(rollout, ask.act, "the StatefulSet is gone; look at the list of rollouts again")
        return acts.plan(found, look(found, objects), rollout, ask, objects)


class DaemonSetSystem:
    """Rolling updates by the DaemonSet controller: one pod on each node."""

    id = "daemonset"
    roots: tuple[Resource, ...] = (DAEMONSETS,)
    needs: tuple[Resource, ...] = (DAEMONSETS, *_NEEDS)

    cards = (
        Card(
            "daemonset",
            "DaemonSet",
            "its ControllerRevisions as versions, pods per version, one for each node",
            (Act.ROLLBACK, Act.SET_IMAGE, Act.RESTART),
        ),
    )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        return (rollout_of(root, look(root, objects), objects),) if isinstance(root, DaemonSet) else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        found = objects.get(DAEMONSETS, rollout.key.namespace, rollout.key.name)
        if not isinstance(found, DaemonSet):
            return refused(rollout, ask.act, "the DaemonSet is gone; look at the list of rollouts again")
        return acts.plan(found, look(found, objects), rollout, ask, objects)
