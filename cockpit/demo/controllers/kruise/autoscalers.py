"""Autoscalers during a blue-green release (openkruise/rollouts, bluegreenstyle/hpa)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers.kruise.writes import patch
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.kinds import HORIZONTALPODAUTOSCALERS, Kind
from cockpit.demo.schemas.objects import Object

DETACHED = "-DisableByRollout"


def detach(world: World, kind: Kind, workload: Object) -> None:
    """Let the workload's autoscaler name a workload that is not there, so that it scales nothing."""
    found = _autoscaler_of(world, kind, workload)
    if found is not None:
        _point(world, found, f"{workload['metadata']['name']}{DETACHED}")


def attach(world: World, kind: Kind, workload: Object) -> None:
    """Give the autoscaler its workload back."""
    found = _autoscaler_of(world, kind, workload)
    if found is not None:
        _point(world, found, workload["metadata"]["name"])


def _autoscaler_of(world: World, kind: Kind, workload: Object) -> Object | None:
    """The first autoscaler of the namespace that names the workload, detached or not."""
    meta = workload["metadata"]
    for found in world.storage.scan(HORIZONTALPODAUTOSCALERS, meta["namespace"]):
        target = _target(found)
        same = (target.get("apiVersion"), target.get("kind")) == (kind.api_version, kind.kind)
        if same and str(target.get("name", "")).removesuffix(DETACHED) == meta["name"]:
            return found
    return None


def _target(autoscaler: Object) -> dict[str, Any]:
    return (autoscaler.get("spec") or {}).get("scaleTargetRef") or {}


def _point(world: World, autoscaler: Object, name: str) -> None:
    if _target(autoscaler).get("name") != name:
        patch(world, HORIZONTALPODAUTOSCALERS, autoscaler, {"spec": {"scaleTargetRef": {"name": name}}})
