"""The adapter of Flagger: one rollout per Canary."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import FlaggerCanary, Obj
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import (
    DESTINATIONRULE_VERSIONS,
    ENDPOINTSLICES,
    FLAGGER_CANARIES,
    GATEWAY_VERSIONS,
    HTTPROUTE_VERSIONS,
    INGRESSCLASSES,
    INGRESSES,
    PODS,
    SERVICES,
    VIRTUALSERVICE_VERSIONS,
    Resource,
)
from cockpit.model.rollout import Rollout
from cockpit.planning.act_table import ActTable
from cockpit.planning.refusals import refused_gone
from cockpit.planning.table_adapter import TableAdapter
from cockpit.workloads.owners import KEEPERS


class FlaggerSystem(TableAdapter):
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
        *HTTPROUTE_VERSIONS,
        *GATEWAY_VERSIONS,
        *VIRTUALSERVICE_VERSIONS,
        *DESTINATIONRULE_VERSIONS,
        *KEEPERS,
    )

    @property
    def table(self) -> ActTable[Any]:
        from cockpit.systems.flagger.acts import TABLE

        return TABLE

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return (
            Card(
                "flagger",
                "Flagger Canary",
                "phase, weight or iteration, failed checks, gates; the split in the route that it controls",
                self.table.acts,
            ),
        )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        if not isinstance(root, FlaggerCanary):
            return ()
        from cockpit.systems.flagger.read import rollout_of
        from cockpit.systems.flagger.state import look

        return (rollout_of(look(root, objects), objects),)

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        from cockpit.systems.flagger.state import look

        found = objects.get(FLAGGER_CANARIES, rollout.key.namespace, rollout.key.name)
        if not isinstance(found, FlaggerCanary):
            return refused_gone(rollout, ask.act, "the Canary")
        return self.table.plan(look(found, objects), rollout, ask, objects)
