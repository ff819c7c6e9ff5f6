"""The end of a release, whatever ends it: one thing after the other, in an order that loses no traffic."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.demo.controllers.kruise import names, plan, releases, routing
from cockpit.demo.controllers.kruise.release import Release
from cockpit.demo.controllers.kruise.writes import annotate

SUCCESS, ROLLBACK, DISABLED, DELETED = "Success", "Rollback", "RolloutDisabled", "RolloutDeleting"
TO_NEW, TO_STABLE = "FinalisingStepRouteTrafficToNew", "FinalisingStepRouteTrafficToStable"
RESTORE, REMOVE = "RestoreStableService", "RemoveCanaryService"
RESUME, LET_GO, END = "ResumeWorkload", "ReleaseWorkloadControl", "END"
FORWARD = (RESTORE, TO_STABLE, REMOVE, RESUME, LET_GO)
ORDERS: dict[tuple[bool, str], tuple[str, ...]] = {
    (False, ROLLBACK): (TO_STABLE, RESUME, LET_GO, RESTORE, REMOVE),
    (True, SUCCESS): (TO_NEW, RESTORE, RESUME, TO_STABLE, REMOVE, LET_GO),
    (True, ROLLBACK): (TO_STABLE, RESUME, RESTORE, REMOVE, LET_GO),
}


def finalise(release: Release, reason: str) -> bool:
    """Do what comes next; whether all is done."""
    sub = release.sub
    if not sub:
        return True
    if release.workload and release.workload.progressing:
        annotate(release.world, release.workload.kind, release.workload.obj, {names.IN_PROGRESSING: None})
    if release.legacy:
        return _finalise_legacy(release, reason)
    order = ORDERS.get((plan.is_blue_green(release.rollout), reason), FORWARD)
    task = sub.get("finalisingStep", "")
    if task == END:
        return True
    if not task:
        # The real controller begins with the first task and comes back to it once more.
        release.touch()
        following = task = sub["finalisingStep"] = order[0]
    elif task not in order:
        sub["finalisingStep"] = order[0]
        return False
    else:
        following = (*order, END)[order.index(task) + 1]
    if _still(release, task, reason):
        return False
    release.touch()
    sub["finalisingStep"] = following
    return following == END


def _finalise_legacy(release: Release, reason: str) -> bool:
    """Releases up to 0.5 know one order, whatever the reason: ordinary traffic may reach new pods while they go."""
    if routing.restore_stable(release) is not None or releases.finalize(release, wait_ready=reason == SUCCESS):
        return False
    return routing.tear_down_legacy(release) is None and not releases.remove(release)


def _still(release: Release, task: str, reason: str) -> bool:
    """Do one task; whether it needs another look."""
    if task == RESUME:
        return releases.finalize(release, wait_ready=reason == SUCCESS)
    if task == LET_GO:
        return releases.remove(release)
    return ROUTING[task](release) is not None


def reset(release: Release) -> bool:
    """Make way for the next version: everyone to the stable one, and no BatchRelease; whether that is done.

    The stable Service stays pinned, so that the new pods get no ordinary traffic.
    """
    if release.legacy and routing.tear_down_legacy(release) is not None:
        return False
    if release.legacy or plan.routing_of(release.rollout) is None:
        return not releases.remove(release)
    sub = release.sub
    if sub.get("finalisingStep") not in (TO_STABLE, LET_GO, REMOVE):
        sub["finalisingStep"] = TO_STABLE
    if sub["finalisingStep"] == TO_STABLE:
        if routing.restore_gateway(release) is not None:
            return False
        release.touch()
        sub["finalisingStep"] = LET_GO
    if sub["finalisingStep"] == LET_GO:
        if releases.remove(release):
            return False
        release.touch()
        sub["finalisingStep"] = REMOVE
    routing.remove_canary_service(release)
    return True


ROUTING: dict[str, Callable[[Release], float | None]] = {
    TO_NEW: routing.route_to_new,
    TO_STABLE: routing.restore_gateway,
    RESTORE: routing.restore_stable,
    REMOVE: routing.remove_canary_service,
}
