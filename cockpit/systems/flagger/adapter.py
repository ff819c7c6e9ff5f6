"""The adapter of Flagger: one rollout per Canary."""

from __future__ import annotations

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import FlaggerCanary, Obj
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import (
    ENDPOINTSLICES,
    FLAGGER_CANARIES,
    GATEWAYS,
    GATEWAYS_V1BETA1,
    HTTPROUTES,
    HTTPROUTES_V1BETA1,
    INGRESSCLASSES,
    INGRESSES,
    PODS,
    SERVICES,
    VIRTUALSERVICES,
    VIRTUALSERVICES_V1ALPHA3,
    VIRTUALSERVICES_V1BETA1,
    Resource,
)
from cockpit.model.rollout import Rollout
from cockpit.systems.flagger import acts
from cockpit.systems.flagger.reading import look
from cockpit.systems.flagger.rollouts import rollout_of
from cockpit.workloads.answers import refused
from cockpit.workloads.owners import KEEPERS


class FlaggerSystem:
    """Flagger's Canary (flagger.app/v1beta1) with providers istio, gatewayapi, Ingress and kubernetes."""

    id = "flagger"
    roots: tuple[Resource, ...] = (FLAGGER_CANARIES,)
    needs: tuple[Resource, ...] = (
        FLAGGER_CANARIES,
        PODS,
        SERVICES,
        ENDPOINTSLICES,
        INGRESSES,
        INGRESSCLASSES,
        HTTPROUTES,
        HTTPROUTES_V1BETA1,
        GATEWAYS,
        GATEWAYS_V1BETA1,
        VIRTUALSERVICES,
        VIRTUALSERVICES_V1BETA1,
        VIRTUALSERVICES_V1ALPHA3,
        *KEEPERS,
    )

    cards = (
        Card(
            "flagger",
            "Flagger Canary",
            "phase, weight or iteration, failed checks, gates; what the route that it drives says",
            (Act.PAUSE, Act.RESUME, Act.PROMOTE),
        ),
    )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        return (rollout_of(look(root, objects), objects),) if isinstance(root, FlaggerCanary) else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        found = objects.get(FLAGGER_CANARIES, rollout.key.namespace, rollout.key.name)
        if not isinstance(found, FlaggerCanary):
            return refused(rollout, ask.act, "the Canary is gone; look at the list of rollouts again")
        return acts.plan(look(found, objects), rollout, ask, objects)
