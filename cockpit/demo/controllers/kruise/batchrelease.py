"""BatchReleases: a workload upgraded batch by batch (openkruise/rollouts pkg/controller/batchrelease)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.demo.controllers.kruise import names
from cockpit.demo.controllers.kruise.batchlabels import label_pods, labelled
from cockpit.demo.controllers.kruise.batchplan import plan_hash
from cockpit.demo.controllers.kruise.choice import control_for
from cockpit.demo.controllers.kruise.controls import BadPlanError, Control, Info, current_batch
from cockpit.demo.controllers.kruise.plan import scaled
from cockpit.demo.controllers.kruise.workload import KINDS
from cockpit.demo.controllers.kruise.writes import add_finalizer, drop_finalizer, write_status
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.errors import ApiError
from cockpit.demo.schemas.customkinds import BATCHRELEASES
from cockpit.demo.schemas.kinds import PODS, REPLICASETS
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

# Between two looks that find nothing wrong, and after one that found something not ready.
PAUSE, RETRY = 2.0, 0.1
Status = dict[str, Any]


def touches(world: World, event: Event) -> Iterator[Key]:
    """The BatchRelease itself, and those of the namespace whose workload (or its pods) changed."""
    if event.kind is BATCHRELEASES:
        if event.old is None or event.obj["metadata"].get("deletionTimestamp") or _asks_anew(event.old, event.obj):
            yield key_of(BATCHRELEASES, event.obj)
    elif event.kind in (*KINDS, PODS, REPLICASETS):
        namespace = event.obj["metadata"]["namespace"]
        for batch in world.storage.scan(BATCHRELEASES, namespace):
            if event.kind not in KINDS or batch["spec"]["workloadRef"].get("name") == event.obj["metadata"]["name"]:
                yield key_of(BATCHRELEASES, batch)


def _asks_anew(old: Object, new: Object) -> bool:
    """Whether plan or annotations changed: its own status does not call the controller again."""
    return any(old["metadata"].get(field) != new["metadata"].get(field) for field in ("generation", "annotations"))


def reconcile(world: World, key: Key) -> float | None:
    """One look at a BatchRelease."""
    batch = world.storage.peek(BATCHRELEASES, *key)
    if batch is None:
        return None
    if batch["metadata"].get("deletionTimestamp") and (batch.get("status") or {}).get("phase") == "Completed":
        drop_finalizer(world, BATCHRELEASES, batch, names.RELEASE_FINALIZER)
        return None
    if not batch["metadata"].get("deletionTimestamp"):
        batch = add_finalizer(world, BATCHRELEASES, batch, names.RELEASE_FINALIZER)
    control = control_for(world, batch)
    if control is None:
        return None
    status = _initial(batch)
    again = PAUSE if _watch(batch, status, control) else _execute(world, batch, status, control)
    status["observedGeneration"] = batch["metadata"].get("generation", 1)
    write_status(world, BATCHRELEASES, batch, status)
    return again


def _initial(batch: Object) -> Status:
    status: Status = copied(batch.get("status") or {})
    if not status.get("phase"):
        status.update(phase="Preparing", observedWorkloadReplicas=-1)
        status["canaryStatus"] = {"currentBatch": 0, "updatedReplicas": 0, "updatedReadyReplicas": 0}
    return status


def _watch(batch: Object, status: Status, control: Control) -> bool:
    """Take up what changed in the plan or the workload; whether this look should end here."""
    deleted = bool(batch["metadata"].get("deletionTimestamp"))
    info = None if deleted else control.info()
    before, phase = copied(batch.get("status") or {}), (batch.get("status") or {}).get("phase")
    plan, counted = batch["spec"]["releasePlan"], status["canaryStatus"]
    stop = False
    if phase == "Completed":
        stop = True
    elif deleted or phase == "Finalizing" or plan.get("batchPartition") is None:
        status["phase"] = "Finalizing"
    elif phase == "Progressing" and status.get("observedReleasePlanHash") != plan_hash(batch):
        _plan_anew(batch, status)
    elif phase == "Progressing" and current_batch(batch) >= len(plan["batches"]):
        status.clear()
        status.update(_initial({"status": {}}))
        counted = status["canaryStatus"]
    elif info is None:
        if phase:
            status["phase"] = "Finalizing"
    else:
        stop = _watch_workload(batch, status, info)
    if info is not None:
        counted["updatedReplicas"], counted["updatedReadyReplicas"] = info.updated, info.updated_ready
    if not status.get("observedReleasePlanHash"):
        status["observedReleasePlanHash"] = plan_hash(batch)
    if plan.get("rolloutID"):
        status["observedRolloutID"] = plan["rolloutID"]
    seen = {key: value for key, value in status.items() if key != "observedGeneration"}
    return stop or seen != {key: value for key, value in before.items() if key != "observedGeneration"}


def _watch_workload(batch: Object, status: Status, info: Info) -> bool:
    """Scaling, another version, or a rollback while batches go on; whether to stop here."""
    progressing = (batch.get("status") or {}).get("phase") == "Progressing"
    if not info.observed:
        return True
    noted = status.get("observedWorkloadReplicas", -1)
    newest = status.get("updateRevision", "")
    in_batch = bool((batch["metadata"].get("annotations") or {}).get(names.ROLLBACK_IN_BATCH))
    marked = status["canaryStatus"].get("noNeedUpdateReplicas") is not None
    if info.all == info.updated:
        pass
    elif noted not in (-1, info.replicas):
        if progressing:
            _restart_batch(status)
            status["observedWorkloadReplicas"] = info.replicas
        return False
    elif newest and info.newest == info.stable == status.get("stableRevision") != newest:
        if progressing and not marked and not in_batch:
            return True
    elif newest and info.newest != newest:
        if progressing:
            status["updateRevision"] = info.newest
            return True
        return False
    return in_batch and not marked and progressing and _roll_back_in_batches(status, info)


def _roll_back_in_batches(status: Status, info: Info) -> bool:
    """Begin the way back with the first batch; True, to stop here, while the version is another one still."""
    if info.newest != info.stable:
        return True
    _restart_batch(status)
    status.update(phase="Preparing", updateRevision=info.newest)
    return False


def _restart_batch(status: Status) -> None:
    status["canaryStatus"].pop("batchReadyTime", None)
    status["canaryStatus"]["batchState"] = "Upgrading"


def _plan_anew(batch: Object, status: Status) -> None:
    """The Rollout says by `batchPartition` which batch is the current one; another id begins with the first."""
    plan = batch["spec"]["releasePlan"]
    same = plan.get("rolloutID", "") == status.get("observedRolloutID", "")
    _restart_batch(status)
    current = min(plan["batchPartition"], len(plan["batches"]) - 1) if same else 0
    status["canaryStatus"]["currentBatch"] = current
    status["observedReleasePlanHash"] = plan_hash(batch)


def _execute(world: World, batch: Object, status: Status, control: Control) -> float | None:
    """The work of the phase; what is not ready yet is looked at again."""
    try:
        if status["phase"] == "Preparing":
            control.claim(batch)
            _note(batch, status, control, world)
            status["phase"] = "Progressing"
            return PAUSE
        if status["phase"] == "Progressing":
            return _progress(world, batch, status, control)
        if status["phase"] == "Finalizing":
            control.release(batch)
            status["phase"] = "Completed"
    except ApiError as error:
        if isinstance(error, BadPlanError):
            status["message"] = error.message
        return RETRY
    return None


def _note(batch: Object, status: Status, control: Control, world: World) -> None:
    """Remember with what the release began."""
    info = control.info()
    if info is None:
        return
    status["observedWorkloadReplicas"] = info.replicas
    for field, value in (("stableRevision", info.stable), ("updateRevision", info.newest)):
        if value:
            status[field] = value
    if (batch["metadata"].get("annotations") or {}).get(names.ROLLBACK_IN_BATCH):
        kept = [p for p in info.pods if p["revision"] == info.newest and not p["metadata"].get("deletionTimestamp")]
        status["canaryStatus"]["noNeedUpdateReplicas"] = len(kept)
        label_pods(world, kept, {names.NO_NEED_UPDATE: batch["spec"]["releasePlan"].get("rolloutID", "")})


def _progress(world: World, batch: Object, status: Status, control: Control) -> float | None:
    counted = status["canaryStatus"]
    match counted.get("batchState"):
        case "Verifying":
            if _is_ready(world, batch, control):
                counted.update(batchReadyTime=world.clock.timestamp(), batchState="Ready")
            else:
                counted["batchState"] = "Upgrading"
                return RETRY
        case "Ready":
            if not _is_ready(world, batch, control):
                _restart_batch(status)
                return RETRY
            if batch["spec"]["releasePlan"]["batchPartition"] > counted.get("currentBatch", 0):
                counted["currentBatch"] = counted.get("currentBatch", 0) + 1
                counted["batchState"] = "Upgrading"
            else:
                return None
        case _:
            counted["batchState"] = "Upgrading"
            info = control.info()
            if info is not None and info.replicas:
                control.upgrade(batch, control.goal(batch))
            status.pop("message", None)
            counted["batchState"] = "Verifying"
    return PAUSE


def _is_ready(world: World, batch: Object, control: Control) -> bool:
    """Whether the pods of the batch are there, ready and labelled."""
    info = control.info()
    if info is None:
        return False
    if not info.replicas:
        return True
    goal = control.goal(batch)
    labelled(world, batch, info)
    info = control.info() or info
    name = batch["spec"]["releasePlan"].get("rolloutID")
    tolerated = scaled(batch["spec"]["releasePlan"].get("failureThreshold"), info.updated)
    marked = sum(
        (pod["metadata"].get("labels") or {}).get(names.ROLLOUT_ID) == name
        for pod in info.pods
        if not pod["metadata"].get("deletionTimestamp")
    )
    return (
        info.updated >= goal.desired
        and tolerated + info.updated_ready >= goal.desired
        and not (goal.desired and not info.updated_ready)
        and (not name or not info.pods or marked >= goal.planned)
    )


CONTROLLER = Controller("kruise-batchrelease", touches, reconcile)
