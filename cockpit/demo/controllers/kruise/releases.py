"""The BatchRelease that a Rollout drives (openkruise/rollouts pkg/controller/rollout/rollout_releaseManager.go)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers.kruise import names, plan
from cockpit.demo.controllers.kruise.batchplan import plan_hash
from cockpit.demo.controllers.kruise.names import MANAGER
from cockpit.demo.controllers.kruise.release import Release
from cockpit.demo.controllers.kruise.status import names_of, owner_reference
from cockpit.demo.controllers.kruise.workload import Workload
from cockpit.demo.controllers.kruise.writes import patch
from cockpit.demo.schemas.customkinds import BATCHRELEASES
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.storage import key_of

WAIT_RESUME, IMMEDIATE = "WaitResume", "Immediate"


def release_id(workload: Workload | None) -> str:
    """What pods of this release are labelled with: the workload's own label, else the newest revision."""
    if workload is None:
        return ""
    given: str = (workload.obj["metadata"].get("labels") or {}).get(names.ROLLOUT_ID, "")
    return given or (f"rollback-{workload.canary}" if workload.rolls_back else workload.canary)


def there(release: Release) -> Object | None:
    """The BatchRelease of a Rollout: it has the Rollout's name."""
    return release.world.storage.peek(BATCHRELEASES, *key_of(BATCHRELEASES, release.rollout))


def take_over(release: Release) -> None:
    """Copy the counts of the BatchRelease, and give it the id of the release."""
    batch = there(release)
    if batch is None:
        return
    status = batch.get("status") or {}
    counted = status.get("canaryStatus") or {}
    _, prefix = names_of(plan.is_blue_green(release.rollout))
    release.sub[f"{prefix}Replicas"] = counted.get("updatedReplicas", 0)
    release.sub[f"{prefix}ReadyReplicas"] = counted.get("updatedReadyReplicas", 0)
    message = (
        f"BatchRelease is at state {counted.get('batchState', '')}, rollout-id {status.get('observedRolloutID', '')}, "
        f"step {counted.get('currentBatch', 0) + 1}"
    )
    release.sub["message"] = f"{message}, {status['message']}" if status.get("message") else message
    observed = release.sub.get("observedRolloutID", "")
    if observed != (batch["spec"]["releasePlan"].get("rolloutID") or ""):
        patch(release.world, BATCHRELEASES, batch, {"spec": {"releasePlan": {"rolloutID": observed}}})


def run(release: Release, index: int) -> bool:
    """Have the BatchRelease bring the workload to step `index` (from 1); whether it has."""
    wish, batch = _wish(release, index - 1), there(release)
    if batch is None:
        release.world.storage.create(BATCHRELEASES, wish, manager=MANAGER)
        return False
    meta = batch["metadata"]
    annotations = wish["metadata"].get("annotations") or {}
    if batch["spec"] != wish["spec"] or (meta.get("annotations") or {}) != annotations:
        changed = {**copied(batch), "spec": wish["spec"]}
        changed["metadata"]["annotations"] = annotations
        release.world.storage.update(BATCHRELEASES, changed, manager=MANAGER)
        return False
    status = batch.get("status") or {}
    if status.get("observedReleasePlanHash") != plan_hash(batch) or status.get("observedGeneration") != meta.get(
        "generation"
    ):
        return False
    counted = status.get("canaryStatus") or {}
    return counted.get("batchState") == "Ready" and counted.get("currentBatch", 0) + 1 >= index


def finalize(release: Release, *, wait_ready: bool) -> bool:
    """Have the BatchRelease let the workload go its own way; whether there is still something to wait for."""
    batch = there(release)
    if batch is None:
        return False
    wanted = batch["spec"]["releasePlan"]
    if wanted.get("batchPartition") is None:
        if (batch.get("status") or {}).get("phase") == "Completed":
            return False
        if (wanted.get("finalizingPolicy") == WAIT_RESUME) == wait_ready:
            return True
    policy = WAIT_RESUME if wait_ready else IMMEDIATE
    patch(
        release.world,
        BATCHRELEASES,
        batch,
        {"spec": {"releasePlan": {"batchPartition": None, "finalizingPolicy": policy}}},
    )
    return True


def remove(release: Release) -> bool:
    """Delete the BatchRelease; whether it is still there."""
    batch = there(release)
    if batch is None:
        return False
    if not batch["metadata"].get("deletionTimestamp"):
        release.world.storage.delete(BATCHRELEASES, *key_of(BATCHRELEASES, batch))
    return True


def _wish(release: Release, partition: int) -> Object:
    rollout, workload = release.rollout, release.workload
    strategy = plan.strategy_of(rollout)
    wanted: dict[str, Any] = {
        "batches": [{"canaryReplicas": step.get("replicas")} for step in plan.steps_of(rollout)],
        "batchPartition": partition,
        "rollingStyle": plan.style_of(rollout),
        "enableExtraWorkloadForCanary": bool(strategy.get("enableExtraWorkloadForCanary")),
    }
    if name := release_id(workload):
        wanted["rolloutID"] = name
    for field in ("failureThreshold", "patchPodTemplateMetadata"):
        if strategy.get(field) is not None and (field == "failureThreshold" or not plan.is_blue_green(rollout)):
            wanted[field] = copied(strategy[field])
    meta: dict[str, Any] = {
        "name": rollout["metadata"]["name"],
        "namespace": rollout["metadata"]["namespace"],
        "ownerReferences": [owner_reference(rollout)],
    }
    if workload and workload.rolls_back:
        policy = (rollout["metadata"].get("annotations") or {}).get(names.ROLLBACK_IN_BATCH, "")
        meta["annotations"] = {names.ROLLBACK_IN_BATCH: policy}
    reference = {key: plan.reference_of(rollout).get(key, "") for key in ("apiVersion", "kind", "name")}
    return {"metadata": meta, "spec": {"workloadRef": reference, "releasePlan": wanted}}
