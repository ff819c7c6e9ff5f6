"""The adapters of Kubernetes' and OpenKruise's sets: one rollout per set, its ControllerRevisions are the versions."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import AdvancedStatefulSet, CloneSet, DaemonSet, Obj, StatefulSet
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import (
    ADVANCED_STATEFULSETS,
    CLONESETS,
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
from cockpit.planning.act_table import ActTable
from cockpit.planning.mesh_hosts import MESH_KINDS
from cockpit.planning.ownership import STEERING
from cockpit.planning.refusals import refused_gone
from cockpit.planning.table_adapter import TableAdapter

_NEEDS = (CONTROLLERREVISIONS, PODS, SERVICES, ENDPOINTSLICES, INGRESSES, *STEERING, *MESH_KINDS)


def _rollout_of(root: StatefulSet | DaemonSet, objects: Objects) -> tuple[Rollout, ...]:
    from cockpit.systems.sets.read import rollout_of
    from cockpit.systems.sets.state import look

    return (rollout_of(root, look(root, objects), objects),)


class StatefulSetSystem(TableAdapter):
    """Rolling updates by the StatefulSet controller, held back by the partition."""

    id = "statefulset"
    roots: tuple[Resource, ...] = (STATEFULSETS,)
    needs: tuple[Resource, ...] = (STATEFULSETS, HORIZONTALPODAUTOSCALERS, *_NEEDS)

    @property
    def table(self) -> ActTable[Any]:
        from cockpit.systems.sets.acts import STATEFULSET_TABLE

        return STATEFULSET_TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "statefulset",
                "StatefulSet",
                "its ControllerRevisions as versions, pods per version and held back by the partition;"
                " each pod is a step",
                self.table.acts,
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        return _rollout_of(root, objects) if isinstance(root, StatefulSet) else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        from cockpit.systems.sets.state import look

        found = objects.get(STATEFULSETS, rollout.key.namespace, rollout.objects[0].name)
        if not isinstance(found, StatefulSet):
            return refused_gone(rollout, ask.act, "the StatefulSet")
        return self.table.plan((found, look(found, objects)), rollout, ask, objects)


class CloneSetSystem(TableAdapter):
    """Updates by OpenKruise's CloneSet controller; one with a Kruise Rollout belongs to that."""

    id = "cloneset"
    roots: tuple[Resource, ...] = (CLONESETS,)
    needs: tuple[Resource, ...] = (CLONESETS, HORIZONTALPODAUTOSCALERS, *_NEEDS)

    @property
    def table(self) -> ActTable[Any]:
        from cockpit.systems.sets.acts import CLONESET_TABLE

        return CLONESET_TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "cloneset",
                "CloneSet of OpenKruise without a Kruise Rollout",
                "its ControllerRevisions as versions, pods per version, pods that the partition (count or percentage)"
                " holds back; each pod is a step",
                self.table.acts,
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        return _rollout_of(root, objects) if isinstance(root, CloneSet) else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        from cockpit.systems.sets.state import look

        found = objects.get(CLONESETS, rollout.key.namespace, rollout.objects[0].name)
        if not isinstance(found, CloneSet):
            return refused_gone(rollout, ask.act, "the CloneSet")
        return self.table.plan((found, look(found, objects)), rollout, ask, objects)


class AdvancedStatefulSetSystem(TableAdapter):
    """Updates by OpenKruise's StatefulSet controller; one with a Kruise Rollout belongs to that."""

    id = "advanced-statefulset"
    roots: tuple[Resource, ...] = (ADVANCED_STATEFULSETS,)
    needs: tuple[Resource, ...] = (ADVANCED_STATEFULSETS, HORIZONTALPODAUTOSCALERS, *_NEEDS)

    @property
    def table(self) -> ActTable[Any]:
        from cockpit.systems.sets.acts import ADVANCED_TABLE

        return ADVANCED_TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "advanced-statefulset",
                "StatefulSet of OpenKruise without a Kruise Rollout",
                "its ControllerRevisions as versions, pods per version and held back by the partition;"
                " each pod is a step",
                self.table.acts,
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        return _rollout_of(root, objects) if isinstance(root, AdvancedStatefulSet) else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        from cockpit.systems.sets.state import look

        found = objects.get(ADVANCED_STATEFULSETS, rollout.key.namespace, rollout.objects[0].name)
        if not isinstance(found, AdvancedStatefulSet):
            return refused_gone(rollout, ask.act, "the StatefulSet")
        return self.table.plan((found, look(found, objects)), rollout, ask, objects)


class DaemonSetSystem(TableAdapter):
    """Rolling updates by the DaemonSet controller: one pod per node."""

    id = "daemonset"
    roots: tuple[Resource, ...] = (DAEMONSETS,)
    needs: tuple[Resource, ...] = (DAEMONSETS, *_NEEDS)

    @property
    def table(self) -> ActTable[Any]:
        from cockpit.systems.sets.acts import DAEMONSET_TABLE

        return DAEMONSET_TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "daemonset",
                "DaemonSet",
                "its ControllerRevisions as versions, pods per version, one pod per node",
                self.table.acts,
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        return _rollout_of(root, objects) if isinstance(root, DaemonSet) else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        from cockpit.systems.sets.state import look

        found = objects.get(DAEMONSETS, rollout.key.namespace, rollout.objects[0].name)
        if not isinstance(found, DaemonSet):
            return refused_gone(rollout, ask.act, "the DaemonSet")
        return self.table.plan((found, look(found, objects)), rollout, ask, objects)
