"""A Rollout in phase Progressing (openkruise/rollouts pkg/controller/rollout/rollout_progressing.go)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.demo.controllers.kruise import names, plan, releases, routing, steps
from cockpit.demo.controllers.kruise import status as status_of
from cockpit.demo.controllers.kruise.finalising import ROLLBACK, SUCCESS, finalise, reset
from cockpit.demo.controllers.kruise.release import Release
from cockpit.demo.controllers.kruise.workload import Workload
from cockpit.demo.controllers.podstate import parse_time
from cockpit.demo.schemas.customkinds import CLONESETS

INITIALIZING, IN_ROLLING, PAUSED = "Initializing", "InRolling", "Paused"
FINALISING, CANCELLING, COMPLETED = "Finalising", "Cancelling", "Completed"


def run(release: Release) -> None:
    """One look, by the reason of the condition Progressing."""
    if release.workload is None or not release.workload.consistent:
        return
    reason = status_of.condition_of(release.rollout["status"], status_of.PROGRESSING).get("reason", "")
    if reason in REASONS:
        REASONS[reason](release, release.workload)


def begin(release: Release, workload: Workload) -> dict[str, Any]:
    """The sub-status of a release that is about to do its first step."""
    sub: dict[str, Any] = {
        "observedWorkloadGeneration": workload.obj["metadata"].get("generation", 1),
        "rolloutHash": (release.rollout["metadata"].get("annotations") or {}).get(names.HASH, ""),
        "observedRolloutID": releases.release_id(workload),
        "stableRevision": workload.stable,
        "podTemplateHash": "",
        "currentStepIndex": 1,
        "currentStepState": steps.UPGRADE if release.legacy else steps.INIT,
        "lastUpdateTime": release.now,
    }
    if not release.legacy:
        sub |= {"nextStepIndex": plan.next_index(release.rollout, 1), "finalisingStep": ""}
    return sub


def place_sub(release: Release, sub: dict[str, Any], revision: str) -> None:
    """Put a new sub-status where the style of the Rollout has it."""
    name, prefix = status_of.names_of(plan.is_blue_green(release.rollout))
    filled = {key: value for key, value in sub.items() if value != "" or key in ALWAYS}
    filled |= {f"{prefix}Revision": revision, f"{prefix}Replicas": 0, f"{prefix}ReadyReplicas": 0}
    release.status[name] = filled


def _initialize(release: Release, workload: Workload) -> None:
    status_of.clear(release.status)
    place_sub(release, begin(release, workload), workload.canary)
    routing.check(release)
    since = parse_time(status_of.condition_of(release.status, status_of.PROGRESSING).get("lastUpdateTime"))
    if since + names.GRACE > release.world.clock.now():
        release.again()
        return
    status_of.progress(release.status, "True", IN_ROLLING, "Rollout is in Progressing", release.now)


def _roll(release: Release, workload: Workload) -> None:
    """First what changes the course, in the order in which the real controller looks."""
    known = status_of.revision_of(release.rollout["status"])
    moved = workload.canary != known
    in_batch = moved and workload.rolls_back and _rolls_back_in_batches(release, workload)
    if moved and workload.rolls_back and not in_batch:
        _cancel(release, workload)
    elif release.rollout["spec"]["strategy"].get("paused"):
        message = "Rollout has been paused, you can resume it by kube-cli"
        status_of.progress(release.status, "True", PAUSED, message, release.now)
    elif in_batch:
        _restart(release, workload)
    elif known and moved and not workload.rolls_back:
        _continue(release)
    elif _plan_changed(release):
        _plan_anew(release, workload)
    elif release.sub.get("currentStepState") == steps.COMPLETED:
        message = "Rollout has been completed and some closing work is being done"
        status_of.progress(release.status, "True", FINALISING, message, release.now)
    else:
        steps.run(release)


def _rolls_back_in_batches(release: Release, workload: Workload) -> bool:
    wish = (release.rollout["metadata"].get("annotations") or {}).get(names.ROLLBACK_IN_BATCH)
    numbered = workload.kind is CLONESETS or workload.kind.kind == "StatefulSet"
    return wish == "true" and numbered and plan.routing_of(release.rollout) is None


def _cancel(release: Release, workload: Workload) -> None:
    status_of.set_revision(release.status, workload.canary)
    release.tell("workload has been rollback, then rollout is canceled")
    message = "The workload has been rolled back and the rollout process will be cancelled"
    status_of.progress(release.status, "True", CANCELLING, message, release.now)


def _restart(release: Release, workload: Workload) -> None:
    """Roll back through the same steps."""
    status_of.set_revision(release.status, workload.canary)
    release.sub.update(
        currentStepIndex=1,
        nextStepIndex=plan.next_index(release.rollout, 1),
        currentStepState=steps.INIT,
        rolloutHash=release.rollout["metadata"]["annotations"][names.HASH],
    )
    release.touch()


def _continue(release: Release) -> None:
    """Another version came before this one was through: begin again with it."""
    release.tell("workload continuous publishing canaryRevision, then restart publishing")
    if plan.is_blue_green(release.rollout):
        # The real controller works out a message here and then drops it with the rest of the status.
        release.status.clear()
        release.status.update(release.rollout["status"])
        return
    if not reset(release):
        release.again()
        return
    status_of.clear(release.status)
    status_of.progress(release.status, "True", INITIALIZING, "Workload is continuous release", release.now)


def _plan_changed(release: Release) -> bool:
    noted = release.sub.get("rolloutHash", "")
    return bool(noted) and noted != (release.rollout["metadata"].get("annotations") or {}).get(names.HASH)


def _plan_anew(release: Release, workload: Workload) -> None:
    """Go to the step that fits the pods there are."""
    sub = release.sub
    index = _fitting_step(release, workload)
    sub["rolloutHash"] = release.rollout["metadata"]["annotations"][names.HASH]
    release.touch()
    if release.legacy:
        sub["currentStepIndex"], sub["currentStepState"] = index, steps.UPGRADE
    elif sub.get("nextStepIndex") == index:
        release.enter(steps.READY)
    else:
        sub["nextStepIndex"] = index
        steps.jump(release)


def _fitting_step(release: Release, workload: Workload) -> int:
    """The current step when its pods are at least those already planned for, else the first that is so."""
    batch = releases.there(release)
    if batch is None:
        return 1
    wanted = batch["spec"]["releasePlan"]
    partition = wanted.get("batchPartition") or 0
    planned = plan.scaled(wanted["batches"][partition]["canaryReplicas"], workload.replicas)
    found, current = plan.steps_of(release.rollout), release.sub.get("currentStepIndex", 0) - 1
    order = [current] if 0 <= current < len(found) else []
    order += [number for number in range(len(found)) if number != current]
    fits = (n for n in order if planned <= plan.scaled(found[n].get("replicas"), workload.replicas))
    return int(next(fits, order[-1])) + 1


def _resume(release: Release, workload: Workload) -> None:
    if not release.rollout["spec"]["strategy"].get("paused"):
        status_of.progress(release.status, "True", IN_ROLLING, "", release.now)


def _end(release: Release, reason: str, message: str, value: str) -> None:
    if not finalise(release, reason):
        release.again()
        return
    status_of.progress(release.status, "False", COMPLETED, message, release.now)
    status_of.move(release.status, status_of.SUCCEEDED, value, "", "", release.now)


def _finalise(release: Release, workload: Workload) -> None:
    _end(release, SUCCESS, "Rollout progressing has been completed", "True")


def _take_back(release: Release, workload: Workload) -> None:
    _end(release, ROLLBACK, "Rollout progressing has been cancelled", "False")


def _rest(release: Release, workload: Workload) -> None:
    release.status["phase"] = "Healthy"


# Fields of the sub-status that are there even when they are empty.
ALWAYS = ("podTemplateHash", "finalisingStep", "currentStepState")
REASONS: dict[str, Callable[[Release, Workload], None]] = {
    INITIALIZING: _initialize,
    IN_ROLLING: _roll,
    FINALISING: _finalise,
    PAUSED: _resume,
    CANCELLING: _take_back,
    COMPLETED: _rest,
}
