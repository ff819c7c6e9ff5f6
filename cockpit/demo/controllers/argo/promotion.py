"""When a version becomes the stable one (rollout/sync.go, shouldFullPromote and promoteStable)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers.argo import services, sets, workload
from cockpit.demo.controllers.argo.context import Context, hash_of, revision_of
from cockpit.demo.controllers.argo.counts import available
from cockpit.demo.controllers.argo.plan import current_step


def is_rollback_in_window(context: Context) -> bool:
    """Whether the new version is an older one, within `rollbackWindow.revisions` of the stable one."""
    revisions = (context.spec.get("rollbackWindow") or {}).get("revisions") or 0
    if context.new is None or context.stable is None or revisions <= 0:
        return False
    begin, end = (rs["metadata"].get("creationTimestamp", "") for rs in (context.new, context.stable))
    between = [rs for rs in context.all if begin < rs["metadata"].get("creationTimestamp", "") < end]
    return bool(begin < end) and len(between) < revisions


def reason_to_promote(context: Context, new: dict[str, Any], *, judged: bool = True) -> str:
    """Why the new version becomes stable now; empty while it does not.

    `new` is the status about to be written; `judged` says that the analysis after the switch, if any, succeeded.
    """
    if context.stable is None:
        return "Initial deploy"
    if context.plan.canary is not None:
        return _of_canary(context)
    return _of_blue_green(context, new, judged)


def _of_canary(context: Context) -> str:
    plan = context.plan
    if context.pauses.aborted or context.new is None or available(context.new) != plan.replicas:
        return ""
    if context.status.get("promoteFull"):
        return "Full promotion requested"
    if is_rollback_in_window(context):
        return "Rollback within window"
    _, index = current_step(plan, context.status)
    if index is None or index == len(plan.steps):
        return f"Completed all {len(plan.steps)} canary steps"
    return ""


def _of_blue_green(context: Context, new: dict[str, Any], judged: bool) -> str:
    active = new["blueGreen"].get("activeSelector")
    if not active:
        return "Initial deploy"
    if active != new["currentPodHash"]:
        return ""
    if context.status.get("promoteFull"):
        return "Full promotion requested"
    if is_rollback_in_window(context):
        return "Rollback within window"
    if context.pauses.aborted:
        return ""
    if (context.plan.blue_green or {}).get("postPromotionAnalysis"):
        if sets.has_deadline(context.new):
            return f"Rollback to '{(context.new or {'metadata': {}})['metadata'].get('name')}' within scaleDownDelay"
        if not judged:
            return ""
    return "Completed blue-green update"


def promote(context: Context, new: dict[str, Any], reason: str) -> None:
    """Make the new version the stable one in the status about to be written."""
    context.pauses.clear()
    context.pauses.remove_abort()
    new.pop("promoteFull", None)
    new["blueGreen"].pop("scaleUpPreviewCheckPoint", None)
    if context.status.get("phase") == "Healthy":
        workload.scale_down(context, "onsuccess")
    if new.get("stableRS", "") == new["currentPodHash"]:
        return
    if services.ping_pong(context) is not None:
        new["canary"]["stablePingPong"] = "pong" if services.is_stable_ping(context) else "ping"
    new["stableRS"] = new["currentPodHash"]
    update = f"revision {revision_of(context.rollout)} ({hash_of(context.new)})"
    context.tell("RolloutCompleted", f"Rollout completed update to {update}: {reason}")
