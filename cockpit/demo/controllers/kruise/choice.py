"""Which control a BatchRelease takes for its workload."""

from __future__ import annotations

from cockpit.demo.controllers.kruise.controls import Control
from cockpit.demo.controllers.kruise.deployments import PartitionDeployment
from cockpit.demo.controllers.kruise.workload import kind_named
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.kinds import DEPLOYMENTS
from cockpit.demo.schemas.objects import Object


def control_for(world: World, batch: Object) -> Control | None:
    """By style and kind; None for a kind that is not supported here."""
    reference = batch["spec"].get("workloadRef") or {}
    kind = kind_named(reference)
    if kind is None:
        return None
    place = (world, kind, batch["metadata"]["namespace"], reference.get("name", ""))
    if kind is DEPLOYMENTS:
        return PartitionDeployment(*place)
    return None
