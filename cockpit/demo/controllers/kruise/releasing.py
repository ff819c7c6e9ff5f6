"""When a Deployment that was let go has come through."""

from __future__ import annotations

from cockpit.demo.controllers.replicas import bounds
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.schemas.objects import Object


def all_updated(deployment: Object) -> bool:
    """Every pod is new, and no more of them are unavailable than the strategy allows."""
    status = deployment.get("status") or {}
    made = status.get("replicas", 0)
    return made == status.get("updatedReplicas", 0) and _enough(deployment)


def all_ready(deployment: Object) -> bool:
    """As many pods are ready as are new, and no more are unavailable than the strategy allows."""
    status = deployment.get("status") or {}
    return status.get("readyReplicas", 0) == status.get("updatedReplicas", 0) and _enough(deployment)


def _enough(deployment: Object) -> bool:
    status, strategy = deployment.get("status") or {}, deployment["spec"].get("strategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    allowed = bounds(wanted(deployment), rolling.get("maxSurge"), rolling.get("maxUnavailable")).unavailable
    spare = allowed if strategy.get("type", "RollingUpdate") == "RollingUpdate" and wanted(deployment) else 0
    observed = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 1)
    return bool(observed and spare + status.get("availableReplicas", 0) >= status.get("replicas", 0))
