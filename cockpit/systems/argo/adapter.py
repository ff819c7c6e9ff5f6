"""The adapter of Argo Rollouts: each Rollout is one, its ReplicaSets are the versions."""

from __future__ import annotations

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import ArgoRollout, Obj
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import (
    ANALYSISRUNS,
    ARGO_ROLLOUTS,
    DEPLOYMENTS,
    DESTINATIONRULES,
    DESTINATIONRULES_V1ALPHA3,
    DESTINATIONRULES_V1BETA1,
    ENDPOINTSLICES,
    EXPERIMENTS,
    GATEWAYS,
    GATEWAYS_V1BETA1,
    GRPCROUTES,
    HORIZONTALPODAUTOSCALERS,
    HTTPROUTES,
    HTTPROUTES_V1BETA1,
    INGRESSCLASSES,
    INGRESSES,
    ISTIO_GATEWAYS,
    ISTIO_GATEWAYS_V1ALPHA3,
    ISTIO_GATEWAYS_V1BETA1,
    PODS,
    REPLICASETS,
    SERVICES,
    VIRTUALSERVICES,
    VIRTUALSERVICES_V1ALPHA3,
    VIRTUALSERVICES_V1BETA1,
    Resource,
)
from cockpit.model.rollout import Rollout
from cockpit.systems.argo import acts
from cockpit.systems.argo.reading import look
from cockpit.systems.argo.rollouts import rollout_of
from cockpit.workloads.answers import refused


class ArgoSystem:
    """Canary and blue-green releases by the Argo Rollouts controller."""

    id = "argo"
    roots: tuple[Resource, ...] = (ARGO_ROLLOUTS,)
    needs: tuple[Resource, ...] = (
        ARGO_ROLLOUTS,
        ANALYSISRUNS,
        EXPERIMENTS,
        REPLICASETS,
        DEPLOYMENTS,
        PODS,
        SERVICES,
        ENDPOINTSLICES,
        INGRESSES,
        INGRESSCLASSES,
        HTTPROUTES,
        HTTPROUTES_V1BETA1,
        HORIZONTALPODAUTOSCALERS,
        GRPCROUTES,
        GATEWAYS,
        GATEWAYS_V1BETA1,
        VIRTUALSERVICES,
        VIRTUALSERVICES_V1BETA1,
        VIRTUALSERVICES_V1ALPHA3,
        DESTINATIONRULES,
        DESTINATIONRULES_V1BETA1,
        DESTINATIONRULES_V1ALPHA3,
        ISTIO_GATEWAYS,
        ISTIO_GATEWAYS_V1BETA1,
        ISTIO_GATEWAYS_V1ALPHA3,
    )

    cards = (
        Card(
            "argo canary",
            "Rollout (argoproj.io) with steps, and the nginx or ALB Ingress, VirtualService or HTTPRoute that it edits",
            "step by step with pauses, weight declared and written, pods per version, why it was aborted",
            acts.ACTS,
        ),
        Card(
            "argo blue-green",
            "Rollout (argoproj.io) with an active and a preview Service",
            "active and preview version, the pause before the switch, how long the old one stays",
            tuple(act for act in acts.ACTS if act not in (Act.JUMP, Act.SET_WEIGHT)),
        ),
    )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        return (rollout_of(look(root, objects), objects),) if isinstance(root, ArgoRollout) else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        found = objects.get(ARGO_ROLLOUTS, rollout.key.namespace, rollout.key.name)
        if not isinstance(found, ArgoRollout):
            return refused(rollout, ask.act, "the Rollout is gone; look at the list of rollouts again")
        return acts.plan(look(found, objects), rollout, ask)
