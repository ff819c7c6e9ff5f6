"""The adapter of Kruise Rollouts: each is a rollout whose versions are the templates of its workload."""

from __future__ import annotations

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import KruiseRollout, Obj
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import (
    ADVANCED_STATEFULSETS,
    BATCHRELEASES,
    BATCHRELEASES_V1ALPHA1,
    CLONESETS,
    CONTROLLERREVISIONS,
    DEPLOYMENTS,
    ENDPOINTSLICES,
    GATEWAYS,
    GATEWAYS_V1BETA1,
    HTTPROUTES,
    HTTPROUTES_V1BETA1,
    INGRESSCLASSES,
    INGRESSES,
    KRUISE_ROLLOUTS,
    KRUISE_ROLLOUTS_V1ALPHA1,
    PODS,
    REPLICASETS,
    SERVICES,
    STATEFULSETS,
    Resource,
)
from cockpit.model.rollout import Rollout
from cockpit.routers.istio.routes import VIRTUAL_SERVICES
from cockpit.systems.kruise import acts
from cockpit.systems.kruise.reading import find, look
from cockpit.systems.kruise.rollouts import rollout_of
from cockpit.workloads.answers import refused


class KruiseSystem:
    """Releases in steps by the Kruise Rollouts controller (rollouts.kruise.io)."""

    id = "kruise"
    roots: tuple[Resource, ...] = (KRUISE_ROLLOUTS, KRUISE_ROLLOUTS_V1ALPHA1)
    needs: tuple[Resource, ...] = (
        *(KRUISE_ROLLOUTS, KRUISE_ROLLOUTS_V1ALPHA1, BATCHRELEASES, BATCHRELEASES_V1ALPHA1),
        *(DEPLOYMENTS, REPLICASETS, STATEFULSETS, CLONESETS, ADVANCED_STATEFULSETS, CONTROLLERREVISIONS, PODS),
        *(SERVICES, ENDPOINTSLICES, INGRESSES, INGRESSCLASSES, HTTPROUTES, HTTPROUTES_V1BETA1, *VIRTUAL_SERVICES),
        *(GATEWAYS, GATEWAYS_V1BETA1),
    )

    cards = (
        Card(
            "kruise",
            "Kruise Rollout (v1beta1, v1alpha1) with its Deployment, CloneSet or (Advanced) StatefulSet, Services,"
            " Ingress, HTTPRoute or VirtualService",
            "partition, canary and blue-green steps with pods and weights, A/B lanes, what router and Service selectors"
            " really say, steps that are stuck and why",
            acts.ACTS,
        ),
    )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        return (rollout_of(look(root, objects), objects),) if isinstance(root, KruiseRollout) else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        found = find(objects, rollout.key.namespace, rollout.key.name)
        if found is None:
            return refused(rollout, ask.act, "the Kruise Rollout is gone; look at the list of rollouts again")
        return acts.plan(look(found, objects), rollout, ask)
