"""What a Deployment's status says, with the reasons that kubectl and dashboards read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cockpit.demo.controllers.deployment_sets import Sets, bounds_of
from cockpit.demo.controllers.podstate import condition, parse_time
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.kinds import DEPLOYMENTS
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.storage import key_of

NEW_CREATED = "NewReplicaSetCreated"
NEW_FOUND = "FoundNewReplicaSet"
UPDATED = "ReplicaSetUpdated"
DONE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
PAUSED = "DeploymentPaused"
RESUMED = "DeploymentResumed"


@dataclass(frozen=True)
class Progress:
    """A condition to be: `Progressing` with this status, reason and message."""

    status: str
    reason: str
    message: str


def tell(world: World, deployment: Object, sets: Sets, *, rolling: bool) -> float | None:
    """Write the status; the answer is after how many seconds the progress deadline passes.

    `rolling` says that the Deployment follows its template: neither paused nor just scaled.
    """
    stored = world.storage.peek(DEPLOYMENTS, *key_of(DEPLOYMENTS, deployment))
    if stored is None:
        return None
    before, now = stored.get("status") or {}, world.clock.timestamp()
    status = counts(stored, sets)
    conditions = _availability(stored, status, copied(before.get("conditions") or []), now)
    status["conditions"] = conditions
    if "collisionCount" in before:
        status["collisionCount"] = before["collisionCount"]
    if deadline(stored) is None:
        conditions[:] = [entry for entry in conditions if entry["type"] != "Progressing"]
    elif rolling and (step := _progress(stored, before, status, sets, world.clock.now())):
        renew = step.reason == UPDATED
        set_condition(conditions, "Progressing", step, now, renew=renew)
    _failures(conditions, sets, now)
    if status != before:
        world.write_status(DEPLOYMENTS, stored, status)
    return _until_deadline(stored, status, world.clock.now())


def counts(deployment: Object, sets: Sets) -> dict[str, Any]:
    """The numbers of a Deployment's status; zeros are left out as the API leaves them out."""

    def total(field: str) -> int:
        return sum((rs.get("status") or {}).get(field) or 0 for rs in sets.all)

    numbers = {
        "replicas": total("replicas"),
        "updatedReplicas": ((sets.new or {}).get("status") or {}).get("replicas") or 0,
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": total("availableReplicas"),
        "unavailableReplicas": max(0, sum(wanted(rs) for rs in sets.all) - total("availableReplicas")),
    }
    result: dict[str, Any] = {"observedGeneration": deployment["metadata"].get("generation", 1)}
    return result | {field: number for field, number in numbers.items() if number}


def set_condition(
    conditions: list[dict[str, Any]], type_: str, wish: Progress, now: str, *, renew: bool = False
) -> None:
    """Put a condition in; unchanged status and reason leave it alone, unless its update time is to be renewed."""
    known = next((entry for entry in conditions if entry["type"] == type_), None)
    if known and known["status"] == wish.status and known.get("reason") == wish.reason and not renew:
        return
    since = known["lastTransitionTime"] if known and known["status"] == wish.status else now
    entry = {
        "type": type_,
        "status": wish.status,
        "lastUpdateTime": now,
        "lastTransitionTime": since,
        "reason": wish.reason,
        "message": wish.message,
    }
    conditions[:] = [other for other in conditions if other["type"] != type_] + [entry]


def is_complete(deployment: Object, status: dict[str, Any]) -> bool:
    """Whether every pod wanted is of the new template and available, and no other is left."""
    size = wanted(deployment)
    return all(status.get(field, 0) == size for field in ("updatedReplicas", "replicas", "availableReplicas"))


def deadline(deployment: Object) -> int | None:
    """`progressDeadlineSeconds`, or None for "no deadline"."""
    seconds = deployment["spec"].get("progressDeadlineSeconds")
    seconds = 600 if seconds is None else seconds
    return None if seconds >= 2**31 - 1 else seconds


def paused_condition(deployment: Object) -> Progress | None:
    """What pausing or resuming does to `Progressing`."""
    known = condition(deployment, "Progressing") or {}
    if known.get("reason") == TIMED_OUT:
        return None
    marked = known.get("reason") == PAUSED
    if deployment["spec"].get("paused") and not marked:
        return Progress("Unknown", PAUSED, "Deployment is paused")
    if not deployment["spec"].get("paused") and marked:
        return Progress("Unknown", RESUMED, "Deployment is resumed")
    return None


def _availability(
    deployment: Object, status: dict[str, Any], conditions: list[dict[str, Any]], now: str
) -> list[dict[str, Any]]:
    enough = status.get("availableReplicas", 0) >= wanted(deployment) - bounds_of(deployment).unavailable
    wish = (
        Progress("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        if enough
        else Progress("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    )
    set_condition(conditions, "Available", wish, now)
    return conditions


def _progress(
    deployment: Object, before: dict[str, Any], status: dict[str, Any], sets: Sets, now: float
) -> Progress | None:
    known = condition(deployment, "Progressing")
    name = (
        f'ReplicaSet "{sets.new["metadata"]["name"]}"' if sets.new else f'Deployment "{deployment["metadata"]["name"]}"'
    )
    finished = status.get("replicas", 0) == status.get("updatedReplicas", 0)
    if finished and known and known.get("reason") == DONE:
        return None
    if is_complete(deployment, status):
        return Progress("True", DONE, f"{name} has successfully progressed.")
    if _moved(before, status):
        return Progress("True", UPDATED, f"{name} is progressing.")
    if _timed_out(deployment, known, now):
        return Progress("False", TIMED_OUT, f"{name} has timed out progressing.")
    return None


def _moved(before: dict[str, Any], status: dict[str, Any]) -> bool:
    def old(counted: dict[str, Any]) -> int:
        return int(counted.get("replicas", 0)) - int(counted.get("updatedReplicas", 0))

    return old(status) < old(before) or any(
        status.get(field, 0) > before.get(field, 0)
        for field in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )


def _timed_out(deployment: Object, known: dict[str, str] | None, now: float) -> bool:
    seconds = deadline(deployment)
    if known is None or seconds is None or known.get("reason") == DONE:
        return False
    return known.get("reason") == TIMED_OUT or parse_time(known.get("lastUpdateTime")) + seconds < now


def _failures(conditions: list[dict[str, Any]], sets: Sets, now: str) -> None:
    found = next((failure for rs in sets.all if (failure := condition(rs, "ReplicaFailure"))), None)
    if found:
        set_condition(conditions, "ReplicaFailure", Progress("True", found["reason"], found["message"]), now)
    else:
        conditions[:] = [entry for entry in conditions if entry["type"] != "ReplicaFailure"]


def _until_deadline(deployment: Object, status: dict[str, Any], now: float) -> float | None:
    seconds = deadline(deployment)
    known = next((entry for entry in status["conditions"] if entry["type"] == "Progressing"), None)
    if seconds is None or known is None or deployment["spec"].get("paused") or is_complete(deployment, status):
        return None
    if known["reason"] in (TIMED_OUT, DONE):
        return None
    # One second more, because the times in conditions have whole seconds.
    return max(0.0, parse_time(known["lastUpdateTime"]) + seconds - now) + 1.0
