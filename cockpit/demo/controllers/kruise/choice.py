"""Which control a BatchRelease takes for its workload."""

from __future__ import annotations

from cockpit.demo.controllers.kruise.bluegreen import BlueGreenCloneSet, BlueGreenDeployment
from cockpit.demo.controllers.kruise.controls import Control
from cockpit.demo.controllers.kruise.deployments import PartitionDeployment
from cockpit.demo.controllers.kruise.extra import ExtraDeployment
from cockpit.demo.controllers.kruise.numbered import NumberedSet, PartitionCloneSet
from cockpit.demo.controllers.kruise.plan import BLUE_GREEN, CANARY
from cockpit.demo.controllers.kruise.workload import kind_named
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import CLONESETS
from cockpit.demo.schemas.kinds import DEPLOYMENTS
from cockpit.demo.schemas.objects import Object


def control_for(world: World, batch: Object) -> Control | None:
    """By style and kind; None for a kind that is not supported here."""
    reference = batch["spec"].get("workloadRef") or {}
    kind = kind_named(reference)
    if kind is None:
        return None
    place = (world, kind, batch["metadata"]["namespace"], reference.get("name", ""))
    style = batch["spec"]["releasePlan"].get("rollingStyle")
    if kind is DEPLOYMENTS:
        if style == BLUE_GREEN:
            return BlueGreenDeployment(*place)
        return ExtraDeployment(*place) if style == CANARY else PartitionDeployment(*place)
    if kind is CLONESETS:
        return BlueGreenCloneSet(*place) if style == BLUE_GREEN else PartitionCloneSet(*place)
    return NumberedSet(*place)
