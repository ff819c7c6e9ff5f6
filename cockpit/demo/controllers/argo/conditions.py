"""The conditions of a Rollout and the phase that follows from them (utils/conditions, utils/rollout/rolloututil.go)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers.argo.plan import Plan, is_promoted
from cockpit.demo.controllers.podstate import parse_time

Status = dict[str, Any]
Condition = dict[str, Any]

NEW_CREATED = "NewReplicaSetCreated"
FOUND = "FoundNewReplicaSet"
UPDATED = "ReplicaSetUpdated"
DONE = "NewReplicaSetAvailable"
NOT_AVAILABLE = "ReplicaSetNotAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
PAUSED = "RolloutPaused"
RESUMED = "RolloutResumed"
ABORTED = "RolloutAborted"
RETRY = "RolloutRetry"
INVALID = "InvalidSpec"
NO_AVAILABILITY = "Rollout does not have minimum availability"


def find(status: Status, type_: str) -> Condition | None:
    """One condition of a status, or None."""
    return next((entry for entry in status.get("conditions") or [] if entry.get("type") == type_), None)


def put(status: Status, type_: str, value: str, reason: str, message: str, now: str) -> bool:
    """Put a condition last; one with the same status and reason stays as it is. Whether it was put."""
    known = find(status, type_)
    if known and known.get("status") == value and known.get("reason") == reason:
        return False
    since = known["lastTransitionTime"] if known and known.get("status") == value else now
    drop(status, type_)
    status["conditions"].append(
        {
            "type": type_,
            "status": value,
            "lastUpdateTime": now,
            "lastTransitionTime": since,
            "reason": reason,
            "message": message,
        }
    )
    return True


def drop(status: Status, type_: str) -> None:
    """Take a condition out."""
    status["conditions"] = [entry for entry in status.get("conditions") or [] if entry.get("type") != type_]


def phase(plan: Plan, spec: dict[str, Any], status: Status) -> tuple[str, str]:
    """`status.phase` and `status.message`: the first that holds (CalculateRolloutPhase)."""
    for entry in status.get("conditions") or []:
        if entry["type"] == INVALID:
            return "Degraded", f"{INVALID}: {entry['message']}"
        if entry.get("reason") in (ABORTED, TIMED_OUT):
            return "Degraded", f"{entry['reason']}: {entry['message']}"
    if spec.get("paused"):
        return "Paused", "manually paused"
    if status.get("pauseConditions"):
        return "Paused", str(status["pauseConditions"][0].get("reason", ""))
    if waiting := _waiting_for(plan, spec, status):
        return "Progressing", waiting
    return "Healthy", ""


def _waiting_for(plan: Plan, spec: dict[str, Any], status: Status) -> str:
    updated = status.get("updatedReplicas", 0)
    if spec.get("restartAt") and parse_time(spec["restartAt"]) != parse_time(status.get("restartedAt")):
        return "rollout is restarting"
    if updated < plan.replicas:
        return "more replicas need to be updated"
    if status.get("availableReplicas", 0) < updated:
        return "updated replicas are still becoming available"
    stable = bool(status.get("stableRS")) and is_promoted(status)
    if plan.blue_green is not None:
        return _waiting_for_switch(plan.blue_green, status, stable)
    if plan.canary is not None:
        if plan.router is None and status.get("replicas", 0) > updated:
            return "old replicas are pending termination"
        if not stable:
            return "waiting for all steps to complete"
    return ""


def _waiting_for_switch(rules: dict[str, Any], status: Status, stable: bool) -> str:
    switches = status.get("blueGreen") or {}
    if not switches.get("activeSelector") or switches["activeSelector"] != status.get("currentPodHash"):
        return "active service cutover pending"
    if stable:
        return ""
    run = switches.get("postPromotionAnalysisRunStatus")
    if rules.get("postPromotionAnalysis") and not (run and run.get("status") in COMPLETED):
        return "waiting for analysis to complete"
    return "waiting for post-promotion verification to complete"


COMPLETED = ("Successful", "Failed", "Error", "Inconclusive")


def has_progressed(plan: Plan, before: Status, after: Status) -> bool:
    """Whether anything moved that counts against the progress deadline (RolloutProgressing)."""
    if plan.blue_green is not None:
        old, new = before.get("blueGreen") or {}, after.get("blueGreen") or {}
        moved = any(old.get(field) != new.get(field) for field in ("activeSelector", "previewSelector"))
    else:
        indexes = before.get("currentStepIndex"), after.get("currentStepIndex")
        moved = (
            before.get("stableRS", "") != after.get("stableRS", "")
            or (None not in indexes and indexes[0] != indexes[1])
            or before.get("currentStepHash", "") != after.get("currentStepHash", "")
        )

    def number(status: Status, field: str) -> int:
        return int(status.get(field) or 0)

    def rest(status: Status) -> int:
        return number(status, "replicas") - number(status, "updatedReplicas")

    return (
        moved
        or number(before, "updatedReplicas") != number(after, "updatedReplicas")
        or rest(after) < rest(before)
        or any(number(after, field) > number(before, field) for field in ("readyReplicas", "availableReplicas"))
    )


def is_healthy(plan: Plan, observed: bool, preview: bool, status: Status) -> bool:
    """What the condition Healthy requires (RolloutHealthy); `observed` if the last status was for this spec."""
    current = status.get("currentPodHash")
    if plan.blue_green is not None:
        switches = status.get("blueGreen") or {}
        complete = switches.get("activeSelector") == current
        complete = complete and (not preview or switches.get("previewSelector") == current)
    else:
        index = status.get("currentStepIndex")
        complete = not plan.steps or index is None or index == len(plan.steps)
        complete = complete and is_completed(status) and status.get("replicas", 0) == plan.replicas
    sizes = [status.get(field, 0) for field in ("updatedReplicas", "availableReplicas")]
    return complete and observed and sizes == [plan.replicas] * 2


def is_completed(status: Status) -> bool:
    """Whether the version that the spec asks for has become the stable one."""
    return bool(status.get("stableRS")) and is_promoted(status)


def has_timed_out(plan: Plan, status: Status, now: float) -> bool:
    """Whether nothing has moved for longer than the progress deadline."""
    known = find(status, "Progressing")
    if known is None or known.get("reason") in (ABORTED, PAUSED):
        return False
    return known.get("reason") == TIMED_OUT or parse_time(known.get("lastUpdateTime")) + plan.deadline < now
