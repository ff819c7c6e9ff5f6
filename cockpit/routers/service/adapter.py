"""The adapter of Service selectors: one rollout per Service with versions to choose from, or reached without one."""

from __future__ import annotations

from cockpit.model.adapter import Card
from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj, Service
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import ENDPOINTSLICES, HORIZONTALPODAUTOSCALERS, INGRESSES, PODS, SERVICES, Resource
from cockpit.model.rollout import Rollout
from cockpit.routers.service import acts
from cockpit.routers.service.reading import look
from cockpit.routers.service.rollouts import rollout_of
from cockpit.routers.service.unselected import is_shown, unselected_rollout
from cockpit.workloads.answers import refused
from cockpit.workloads.lookups import find_service
from cockpit.workloads.owners import KEEPERS
from cockpit.workloads.ownership import STEERING
from cockpit.workloads.selectors import UNKNOWN, is_unselected


class ServiceRouter:
    """Blue-green by selector; where the selector picks several versions, the split by ready pods."""

    id = "service"
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
            "service",
            "Service selector",
            "blue-green: which version the selector picks; several versions behind one Service by ready pods",
            (Act.FLIP, Act.ROLLBACK, Act.SCALE, Act.FINISH),
        ),
    )

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        if not isinstance(root, Service):
            return ()
        if is_shown(root, objects):
            return (unselected_rollout(root, objects),)
        state = look(root, objects)
        return (rollout_of(state, objects),) if state else ()

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        service = find_service(objects, rollout.key.namespace, rollout.key.name)
        if service and is_unselected(service):
            return refused(rollout, ask.act, UNKNOWN)
        state = look(service, objects) if service else None
        if state is None:
            why = "its versions are gone" if service else "the Service is gone"
            return refused(rollout, ask.act, f"{why}; look at the list of rollouts again")
        return acts.plan(state, rollout, ask, objects)
