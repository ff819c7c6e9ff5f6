"""The adapter of Argo Rollouts: one rollout per Rollout object, its ReplicaSets are the versions."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import ArgoRollout, Obj
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import (
    ANALYSISRUNS,
    APISIXROUTES,
    ARGO_ROLLOUTS,
    DESTINATIONRULE_VERSIONS,
    ENDPOINTSLICES,
    EXPERIMENTS,
    GATEWAY_VERSIONS,
    GRPCROUTES,
    HORIZONTALPODAUTOSCALERS,
    HTTPROUTE_VERSIONS,
    INGRESSCLASSES,
    INGRESSES,
    ISTIO_GATEWAY_VERSIONS,
    PODS,
    SERVICES,
    TRAEFIKSERVICE_VERSIONS,
    TRAFFICSPLIT_VERSIONS,
    VIRTUALSERVICE_VERSIONS,
    Resource,
)
from cockpit.model.rollout import Rollout
from cockpit.planning.act_table import ActTable
from cockpit.planning.refusals import refused_gone
from cockpit.planning.table_adapter import TableAdapter
from cockpit.workloads.owners import KEEPERS


class ArgoSystem(TableAdapter):
    """Canary and blue-green releases by the Argo Rollouts controller."""

    id = "argo"
    roots: tuple[Resource, ...] = (ARGO_ROLLOUTS,)
    needs: tuple[Resource, ...] = (
        ARGO_ROLLOUTS,
        ANALYSISRUNS,
        EXPERIMENTS,
        *KEEPERS,
        PODS,
        SERVICES,
        ENDPOINTSLICES,
        INGRESSES,
        INGRESSCLASSES,
        *HTTPROUTE_VERSIONS,
        HORIZONTALPODAUTOSCALERS,
        GRPCROUTES,
        *GATEWAY_VERSIONS,
        *VIRTUALSERVICE_VERSIONS,
        *DESTINATIONRULE_VERSIONS,
        *ISTIO_GATEWAY_VERSIONS,
        *TRAEFIKSERVICE_VERSIONS,
        APISIXROUTES,
        *TRAFFICSPLIT_VERSIONS,
    )

    @property
    def table(self) -> ActTable[Any]:
        from cockpit.systems.argo.acts import TABLE

        return TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "argo canary",
                "Rollout (argoproj.io) with steps, and the nginx or ALB Ingress, VirtualService, HTTPRoute,"
                " TraefikService, ApisixRoute or TrafficSplit that it edits",
                "steps with pauses, declared and written weight, pods per version, why it was aborted",
                self.table.acts,
            ),
            Card(
                "argo blue-green",
                "Rollout (argoproj.io) with an active and a preview Service",
                "active and preview version, the pause before the switch, how long the old version keeps its pods",
                tuple(act for act in self.table.acts if act not in (Act.JUMP, Act.SET_WEIGHT)),
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        if not isinstance(root, ArgoRollout):
            return ()
        from cockpit.systems.argo.read import rollout_of
        from cockpit.systems.argo.state import look

        return (rollout_of(look(root, objects), objects),)

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        from cockpit.systems.argo.state import look

        found = objects.get(ARGO_ROLLOUTS, rollout.key.namespace, rollout.key.name)
        if not isinstance(found, ArgoRollout):
            return refused_gone(rollout, ask.act, "the Rollout")
        return self.table.plan(look(found, objects), rollout, ask, objects)
