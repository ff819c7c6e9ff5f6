"""The adapter of Kruise Rollouts: one rollout per Rollout object, its versions are the templates of the workload."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import KruiseRollout, Obj
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import (
    ADVANCED_STATEFULSETS,
    BATCHRELEASE_VERSIONS,
    CLONESETS,
    CONTROLLERREVISIONS,
    DAEMONSETS,
    DEPLOYMENTS,
    DESTINATIONRULE_VERSIONS,
    ENDPOINTSLICES,
    GATEWAY_VERSIONS,
    HORIZONTALPODAUTOSCALERS,
    HTTPROUTE_VERSIONS,
    INGRESSCLASSES,
    INGRESSES,
    KRUISE_ROLLOUT_VERSIONS,
    PODS,
    REPLICASETS,
    SERVICES,
    STATEFULSETS,
    TRAFFICROUTINGS,
    VIRTUALSERVICE_VERSIONS,
    Resource,
)
from cockpit.model.rollout import Rollout
from cockpit.planning.act_table import ActTable
from cockpit.planning.refusals import refused_gone
from cockpit.planning.table_adapter import TableAdapter


class KruiseSystem(TableAdapter):
    """Releases in steps by the Kruise Rollouts controller (rollouts.kruise.io)."""

    id = "kruise"
    roots: tuple[Resource, ...] = KRUISE_ROLLOUT_VERSIONS
    needs: tuple[Resource, ...] = (
        *KRUISE_ROLLOUT_VERSIONS,
        *BATCHRELEASE_VERSIONS,
        *(DEPLOYMENTS, REPLICASETS, STATEFULSETS, CLONESETS, ADVANCED_STATEFULSETS, CONTROLLERREVISIONS, PODS),
        *(SERVICES, ENDPOINTSLICES, INGRESSES, INGRESSCLASSES),
        *HTTPROUTE_VERSIONS,
        *VIRTUALSERVICE_VERSIONS,
        *GATEWAY_VERSIONS,
        *(HORIZONTALPODAUTOSCALERS, TRAFFICROUTINGS, DAEMONSETS),
        *DESTINATIONRULE_VERSIONS,
    )

    @property
    def table(self) -> ActTable[Any]:
        from cockpit.systems.kruise.acts import TABLE

        return TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "kruise",
                "Kruise Rollout (v1beta1, v1alpha1) with its Deployment, CloneSet or (Advanced) StatefulSet, Services,"
                " Ingress, HTTPRoute or VirtualService",
                "partition, canary and blue-green steps with pods and weights, A/B lanes, the real effect of"
                " routers and Service selectors, stuck steps and why",
                self.table.acts,
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        if not isinstance(root, KruiseRollout):
            return ()
        from cockpit.systems.kruise.read import rollout_of
        from cockpit.systems.kruise.state import look

        return (rollout_of(look(root, objects), objects),)

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        from cockpit.systems.kruise.state import find, look

        found = find(objects, rollout.key.namespace, rollout.key.name)
        if found is None:
            return refused_gone(rollout, ask.act, "the Kruise Rollout")
        return self.table.plan(look(found, objects), rollout, ask, objects)
