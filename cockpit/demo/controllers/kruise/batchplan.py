"""The plan of a BatchRelease: how many new pods each batch has."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cockpit.demo.controllers.kruise.plan import scaled
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.schemas.objects import Object


def plan_hash(batch: Object) -> str:
    """The hash of the whole plan."""
    return hashlib.sha256(json.dumps(batch["spec"].get("releasePlan"), sort_keys=True).encode()).hexdigest()


def batch_share(batch: Object, number: int) -> Any:
    """What batch `number` (from 0) requires: a count or a percentage."""
    batches = batch["spec"]["releasePlan"].get("batches") or [{}]
    return batches[min(max(number, 0), len(batches) - 1)].get("canaryReplicas", 0)


def batch_size(batch: Object, number: int, replicas: int) -> int:
    """The new pods that batch `number` asks for, at most all."""
    return max(0, min(scaled(batch_share(batch, number), replicas), replicas))


def new_limit(share: Any, deployment: Object) -> int:
    """The new pods of a Deployment that keeps both versions: less than 100% never takes the last old one."""
    size = wanted(deployment)
    limit = max(0, min(scaled(share, size), size))
    return min(limit, size - 1) if size > 1 and isinstance(share, str) and share != "100%" else limit


def increments(batch: Object, replicas: int, current: int) -> list[int]:
    """How many pods each batch adds; none for batches after the current one."""
    count = len(batch["spec"]["releasePlan"].get("batches") or [])
    sizes = [batch_size(batch, number, replicas) if number <= current else 0 for number in range(count)]
    for number in range(min(current, count - 1), 0, -1):
        sizes[number] -= sizes[number - 1]
    return sizes
