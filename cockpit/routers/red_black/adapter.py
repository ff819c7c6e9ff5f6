"""The adapter of red/black ReplicaSets: one rollout per Service that their labels move them in and out of."""

from __future__ import annotations

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj, Service
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import ENDPOINTSLICES, HORIZONTALPODAUTOSCALERS, INGRESSES, PODS, SERVICES, Resource
from cockpit.model.rollout import Rollout
from cockpit.routers.red_black import acts
from cockpit.routers.red_black.reading import look
from cockpit.routers.red_black.rollouts import rollout_of
from cockpit.workloads.answers import refused
from cockpit.workloads.lookups import find_service
from cockpit.workloads.owners import KEEPERS
from cockpit.workloads.ownership import STEERING


class RedBlackRouter:
    """Spinnaker's and CODING CD's red/black (blue/green) over numbered ReplicaSets."""

    id = "red-black"
    roots: tuple[Resource, ...] = (SERVICES,)
    needs: tuple[Resource, ...] = (
        SERVICES,
        PODS,
        ENDPOINTSLICES,
        INGRESSES,
        *KEEPERS,
        *STEERING,
        HORIZONTALPODAUTOSCALERS,
    )

    cards = (
        Card(
            "red-black",
            "ReplicaSets NAME-v000, NAME-v001 with a Service's selector labels on or off (Spinnaker, CODING CD)",
            "which version takes traffic, which is half way, the share that follows from ready pods",
            (Act.ENABLE, Act.DISABLE, Act.FLIP, Act.PROMOTE, Act.ROLLBACK, Act.SCALE, Act.FINISH),
        ),
    )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        state = look(root, objects) if isinstance(root, Service) else None
        return (rollout_of(state, objects),) if state else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        service = find_service(objects, rollout.key.namespace, rollout.key.name)
        state = look(service, objects) if service else None
        if state is None:
            why = "its ReplicaSets are gone" if service else "the Service is gone"
            return refused(rollout, ask.act, f"{why}; look at the list of rollouts again")
        return acts.plan(state, rollout, ask, objects)
