"""The adapter of canary Ingresses: one rollout per upstream of a main Ingress that has canaries."""

from __future__ import annotations

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress, Obj
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import (
    ENDPOINTSLICES,
    HORIZONTALPODAUTOSCALERS,
    INGRESSCLASSES,
    INGRESSES,
    PODS,
    SERVICES,
    Resource,
)
from cockpit.model.rollout import Rollout
from cockpit.routers.ingress import acts
from cockpit.routers.ingress.choosing import NO_OVERRIDES, Overrides, dialect_of
from cockpit.routers.ingress.cleanup import plan_finish_orphan
from cockpit.routers.ingress.placement import forks_of, orphan_of
from cockpit.routers.ingress.rollouts import orphan_rollout, rollout_of
from cockpit.routers.ingress.rules import enabled
from cockpit.routers.ingress.split import split_of
from cockpit.workloads.answers import refused
from cockpit.workloads.lookups import find_ingress
from cockpit.workloads.owners import KEEPERS
from cockpit.workloads.ownership import STEERING


class IngressRouter:
    """Main and canary Ingresses in the dialects of `dialects.DIALECTS`; `overrides` are a user's, by class name."""

    id = "ingress"
    roots: tuple[Resource, ...] = (INGRESSES,)
    needs: tuple[Resource, ...] = (
        INGRESSES,
        INGRESSCLASSES,
        SERVICES,
        ENDPOINTSLICES,
        PODS,
        *KEEPERS,
        *STEERING,
        HORIZONTALPODAUTOSCALERS,
    )

    cards = (
        Card(
            "ingress",
            "main and canary Ingress (nginx, Volcengine APIG, Higress and MSE, Alibaba ALB)",
            "weight, header and cookie rules of the canary Ingress, lane by lane",
            (
                Act.SET_WEIGHT,
                Act.HEADER,
                Act.STEPS,
                Act.APPROVE,
                Act.JUMP,
                Act.PROMOTE,
                Act.ROLLBACK,
                Act.SCALE,
                Act.FINISH,
            ),
        ),
    )

    def __init__(self, overrides: Overrides = NO_OVERRIDES) -> None:
        self._overrides = overrides

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        if not isinstance(root, Ingress):
            return ()
        if enabled(root, dialect_of(root, objects, self._overrides)):
            orphan = orphan_of(root, objects, self._overrides)
            return (orphan_rollout(orphan, objects),) if orphan else ()
        return tuple(rollout_of(split_of(fork, objects), objects) for fork in forks_of(root, objects, self._overrides))

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        root = rollout.objects[0]
        main = find_ingress(objects, root.namespace, root.name)
        if main is None:
            return refused(rollout, ask.act, "the Ingress is gone; look at the list of rollouts again")
        orphan = orphan_of(main, objects, self._overrides)
        if orphan is not None and ask.act is Act.FINISH:
            return plan_finish_orphan(orphan, rollout, ask, objects)
        fork = next((f for f in forks_of(main, objects, self._overrides) if f.name == rollout.key.name), None)
        if fork is None:
            return refused(rollout, ask.act, "it has no canary Ingress (any more): create one, or delete the stray one")
        return acts.plan(split_of(fork, objects), rollout, ask, objects)
