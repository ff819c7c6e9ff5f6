"""The status of a Rollout: counted, judged, written (rollout/sync.go)."""

from __future__ import annotations

import json
from typing import Any

from cockpit.demo.controllers.argo import conditions, sets
from cockpit.demo.controllers.argo.context import Context, hash_of, revision_of
from cockpit.demo.controllers.argo.counts import available, created
from cockpit.demo.controllers.argo.plan import Plan, current_step
from cockpit.demo.controllers.argo.services import selected
from cockpit.demo.controllers.podstate import parse_time
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.controllers.template_hash import template_hash
from cockpit.demo.patches.patching import merged
from cockpit.demo.schemas.customkinds import ARGO_ROLLOUTS
from cockpit.demo.schemas.kinds import SERVICES
from cockpit.demo.schemas.objects import Object, copied

Status = dict[str, Any]
# The API leaves these out where they say nothing.
EMPTY: tuple[Any, ...] = (None, False, "", 0)
RUNS = {
    "canary": ("currentStepAnalysisRunStatus", "currentBackgroundAnalysisRunStatus", "stepPluginStatuses"),
    "blueGreen": ("prePromotionAnalysisRunStatus", "postPromotionAnalysisRunStatus", "scaleUpPreviewCheckPoint"),
}
# These are written even if they are zero.
TOLD = ("currentStepIndex",)


def base(context: Context) -> Status:
    """What every strategy's status begins with (calculateBaseStatus); strategies add the rest."""
    before = context.status
    current = hash_of(context.new) or template_hash(context.template, before.get("collisionCount"))
    status: Status = {
        "currentPodHash": current,
        "replicas": sum(created(rs) for rs in context.all),
        "updatedReplicas": created(context.new),
        "readyReplicas": sum(_ready(rs) for rs in context.all),
        "conditions": [entry for entry in before.get("conditions") or [] if entry["type"] != conditions.INVALID],
        "canary": {},
        "blueGreen": {},
        "stableRS": before.get("stableRS", ""),
    }
    if "collisionCount" in before:
        status["collisionCount"] = before["collisionCount"]
    if context.restarted_at:
        status["restartedAt"] = context.restarted_at
    if context.weights is not None:
        status["canary"]["weights"] = context.weights
    if before.get("promoteFull") and current != before.get("stableRS", ""):
        status["promoteFull"] = True
    return status


def _ready(rs: Object) -> int:
    return int((rs.get("status") or {}).get("readyReplicas") or 0)


def is_changed(context: Context) -> bool:
    """Whether template or steps are others than those that the status is about."""
    plan, before = context.plan, context.status
    if plan.canary is not None and before.get("currentStepHash", "") != steps_hash(plan):
        return True
    current = before.get("currentPodHash")
    return bool(current) and current != hash_of(context.new)


def reset(context: Context, status: Status) -> None:
    """A new update begins: no pause, no abort, no full promotion (resetRolloutStatus)."""
    context.pauses.clear()
    context.pauses.remove_abort()
    status.pop("promoteFull", None)
    status.pop("restartedAt", None)
    if context.spec.get("restartAt"):
        status["restartedAt"] = context.spec["restartAt"]
    for part, fields in RUNS.items():
        for field in fields:
            status[part].pop(field, None)


def is_referenced(context: Context, rs: Object) -> bool:
    """Whether status or Services still lead to a ReplicaSet."""
    digest, before = hash_of(rs), context.status
    switches, weights = before.get("blueGreen") or {}, (before.get("canary") or {}).get("weights") or {}
    named = [before.get("stableRS"), before.get("currentPodHash")]
    named += [switches.get("activeSelector"), switches.get("previewSelector")]
    named += [(weights.get(role) or {}).get("podTemplateHash") for role in ("canary", "stable")]
    services = ("canaryService", "stableService", "activeService", "previewService")
    for service in filter(None, (context.plan.strategy.get(field) for field in services)):
        named.append(selected(context.world.storage.peek(SERVICES, context.namespace, service)))
    return digest in named


def steps_hash(plan: Plan) -> str:
    """`status.currentStepHash`: changes with the steps; none for blue-green."""
    return "" if plan.canary is None else template_hash({"steps": json.loads(json.dumps(plan.steps))})


def judge(context: Context, status: Status) -> None:
    """Put the conditions in (calculateRolloutConditions)."""
    plan, now = context.plan, context.world.clock.timestamp()
    paused = bool(context.status.get("pauseConditions")) or bool(context.spec.get("paused"))
    observed = context.status.get("observedGeneration") == str(context.rollout["metadata"].get("generation", 1))
    preview = bool((plan.blue_green or {}).get("previewService"))
    healthy = conditions.is_healthy(plan, observed, preview, status)
    fell = False
    if healthy and not paused:
        conditions.put(status, "Healthy", "True", "RolloutHealthy", "Rollout is healthy", now)
    elif conditions.find(context.status, "Healthy"):
        fell = conditions.put(status, "Healthy", "False", "RolloutHealthy", "Rollout is not healthy", now)
    if context.pauses.aborted:
        message = f"Rollout aborted update to revision {revision_of(context.rollout)}"
        if context.pauses.abort_message:
            message += f": {context.pauses.abort_message}"
        if conditions.put(status, "Progressing", "False", conditions.ABORTED, message, now):
            context.tell(conditions.ABORTED, message, "Warning")
    else:
        _judge_progress(context, status, healthy, fell)
    _judge_availability(context, status, now)
    _take_failures(context, status)
    if conditions.is_completed(status):
        conditions.put(status, "Completed", "True", "RolloutCompleted", "RolloutCompleted", now)
    elif conditions.put(status, "Completed", "False", "RolloutCompleted", "RolloutCompleted", now):
        update = f"revision {revision_of(context.rollout)} ({status['currentPodHash']})"
        context.tell("RolloutNotCompleted", f"Rollout not completed, started update to {update}")


def _judge_progress(context: Context, status: Status, healthy: bool, fell: bool) -> None:
    plan, now = context.plan, context.world.clock.timestamp()
    named = (
        f'ReplicaSet "{context.new["metadata"]["name"]}"' if context.new is not None else f'Rollout "{context.name}"'
    )
    known = conditions.find(context.status, "Progressing")
    if healthy:
        conditions.put(status, "Progressing", "True", conditions.DONE, f"{named} has successfully progressed.", now)
    elif conditions.has_progressed(plan, context.status, status) or fell:
        reason, message = conditions.UPDATED, f"{named} is progressing."
        if fell and conditions.is_completed(status):
            reason, message = conditions.NOT_AVAILABLE, conditions.NO_AVAILABILITY
        # Each sign of progress renews the update time, from which the deadline counts.
        conditions.drop(status, "Progressing")
        conditions.put(status, "Progressing", "True", reason, message, now)
        if known and known.get("status") == "True":
            status["conditions"][-1]["lastTransitionTime"] = known["lastTransitionTime"]
    elif not _may_wait(context) and conditions.has_timed_out(plan, status, context.now):
        message = f"{named} has timed out progressing."
        conditions.put(status, "Progressing", "False", conditions.TIMED_OUT, message, now)
        if context.spec.get("progressDeadlineAbort") and not context.pauses.aborted:
            context.pauses.abort(message)
            context.tell(conditions.ABORTED, message, "Warning")


def _may_wait(context: Context) -> bool:
    """Whether the progress deadline does not count for the time being."""
    return waits_for_somebody(context) or any(sets.has_deadline(rs) for rs in context.others)


def waits_for_somebody(context: Context) -> bool:
    """Whether the Rollout is at a step without deadline: a pause, an analysis, an experiment (isIndefiniteStep)."""
    step, _ = current_step(context.plan, context.status)
    if step is not None and any(step.get(kind) is not None for kind in ("experiment", "analysis", "pause")):
        return True
    paused = conditions.find(context.status, "Paused")
    return paused is not None and paused.get("status") == "True"


def _judge_availability(context: Context, status: Status, now: str) -> None:
    plan = context.plan
    if plan.blue_green is not None:
        active = with_hash(context, status["blueGreen"].get("activeSelector"))
        up = active is not None and is_saturated(plan, active)
    else:
        up = sum(available(rs) for rs in context.all) >= plan.replicas
    message = "Rollout has minimum availability" if up else conditions.NO_AVAILABILITY
    conditions.put(status, "Available", "True" if up else "False", "AvailableReason", message, now)


def _take_failures(context: Context, status: Status) -> None:
    """A ReplicaSet that cannot create pods is reported as the Rollout's failure, the new ReplicaSet first."""
    for rs in [context.new, *context.all]:
        failed = conditions.find((rs or {}).get("status") or {}, "ReplicaFailure")
        if failed is not None:
            since = failed["lastTransitionTime"]
            conditions.put(status, "ReplicaFailure", failed["status"], failed["reason"], failed["message"], since)
            return
    conditions.drop(status, "ReplicaFailure")


def with_hash(context: Context, digest: str | None) -> Object | None:
    """The ReplicaSet of a hash."""
    return next((rs for rs in context.all if digest and hash_of(rs) == digest), None)


def is_saturated(plan: Plan, rs: Object) -> bool:
    """Whether a ReplicaSet has all pods of the Rollout, and they are available."""
    desired = (rs["metadata"].get("annotations") or {}).get(sets.DESIRED)
    return wanted(rs) == plan.replicas == available(rs) and desired == str(plan.replicas)


def persist(context: Context, status: Status) -> None:
    """Write the status, as the difference to the one that was read, and tell of pauses that began or ended."""
    before = context.status
    context.pauses.apply(status, context.world.clock.timestamp())
    status["workloadObservedGeneration"] = context.workload_generation
    if not write(context, status):
        _wake_for_deadline(context, status)
        return
    paused, pausing = bool(before.get("pauseConditions")), bool(status.get("pauseConditions"))
    if pausing and not paused:
        context.tell(conditions.PAUSED, f"Rollout is paused ({status['pauseConditions'][0]['reason']})")
    elif paused and not pausing and "abortedAt" not in status:
        context.tell(conditions.RESUMED, "Rollout is resumed")


def write(context: Context, status: Status) -> bool:
    """Send what differs from the status that was read as a merge patch; whether anything differs.

    Conditions that were written in between are lost where the list differs, as they are with the real controller.
    """
    status["observedGeneration"] = str(context.rollout["metadata"].get("generation", 1))
    status["phase"], status["message"] = conditions.phase(context.plan, context.spec, status)
    plain = {key: value for key, value in status.items() if key in TOLD or value not in EMPTY}
    plain = {key: value for key, value in plain.items() if value is not None and value != []}
    patch = _difference(context.status, plain)
    if not patch:
        return False
    stored = context.world.storage.get(ARGO_ROLLOUTS, context.namespace, context.name)
    context.world.write_status(ARGO_ROLLOUTS, stored, merged(stored.get("status") or {}, patch))
    return True


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The JSON merge patch from one object to another."""
    patch: dict[str, Any] = {key: None for key in before if key not in after}
    for key, value in after.items():
        if isinstance(value, dict) and isinstance(before.get(key), dict):
            if inner := _difference(before[key], value):
                patch[key] = inner
        elif key not in before or before[key] != value:
            patch[key] = copied(value)
    return patch


def put_conditions(context: Context, *wishes: tuple[str, str, str, str]) -> None:
    """Write conditions (type, status, reason, message) by themselves, besides what the reconcile goes on with."""
    status = copied(context.status)
    now = context.world.clock.timestamp()
    for type_, value, reason, message in wishes:
        conditions.put(status, type_, value, reason, message, now)
    write(context, status)


def _wake_for_deadline(context: Context, status: Status) -> None:
    """Nothing moved: look again when the progress deadline has passed."""
    known = conditions.find(context.status, "Progressing")
    if known is None or known.get("reason") in (conditions.TIMED_OUT, conditions.DONE):
        return
    if context.status.get("pauseConditions") or context.spec.get("paused") or context.status.get("abort"):
        return
    if not waits_for_somebody(context):
        until = parse_time(known.get("lastUpdateTime")) + context.plan.deadline - context.now
        context.wakes.append(max(0.0, until) + 1.0)
