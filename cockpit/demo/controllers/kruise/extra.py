"""Deployments released by a second Deployment: the first keeps its old pods until the end."""

from __future__ import annotations

from cockpit.demo.controllers import deployment_sets
from cockpit.demo.controllers.kruise import batchplan, names
from cockpit.demo.controllers.kruise.controls import (
    Goal,
    Held,
    Info,
    NotReadyError,
    control_info,
    current_batch,
    goes_forward,
    is_controlled,
)
from cockpit.demo.controllers.kruise.deployments import pods_of
from cockpit.demo.controllers.kruise.releasing import all_updated
from cockpit.demo.controllers.kruise.workload import active_sets, hash_label, revision_of
from cockpit.demo.controllers.kruise.writes import drop_finalizer, patch
from cockpit.demo.controllers.owners import controller_of
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.schemas.kinds import DEPLOYMENTS
from cockpit.demo.schemas.objects import Object, copied

WAIT_RESUME = "WaitResume"


class ExtraDeployment(Held):
    """The new version lies in a Deployment owned by the BatchRelease, beside the one that is released."""

    def info(self) -> Info | None:
        """New pods are those of the extra Deployment."""
        obj = self.stored()
        if obj is None:
            return None
        extra = self._extra(obj)
        counts = (extra or {}).get("status") or {}
        status, sets = obj.get("status") or {}, active_sets(self.world, obj)
        return Info(
            obj,
            wanted(obj),
            stable=hash_label(sets[0]) if sets else "",
            newest=revision_of(obj),
            updated=counts.get("replicas", 0),
            updated_ready=counts.get("availableReplicas", 0),
            observed=status.get("observedGeneration", 0) >= obj["metadata"].get("generation", 1),
            pods=tuple(pods_of(self, extra)) if extra else (),
            all=-1,
        )

    def claim(self, batch: Object) -> None:
        """Mark the Deployment and make the extra one, empty."""
        obj = self.there()
        if not is_controlled(batch, obj):
            patch(
                self.world, DEPLOYMENTS, obj, {"metadata": {"annotations": {names.CONTROL_INFO: control_info(batch)}}}
            )
        if self._extra(obj) is None:
            self.world.storage.create(DEPLOYMENTS, _made(obj, batch), manager=names.MANAGER)
            raise NotReadyError("created canary deployment succeeded, but waiting informer synced")

    def goal(self, batch: Object) -> Goal:
        """Pods of the extra Deployment."""
        size = batchplan.batch_size(batch, current_batch(batch), wanted(self.there()))
        return Goal(size, size, size)

    def upgrade(self, batch: Object, goal: Goal) -> None:
        """Raise the extra Deployment; never lower it."""
        extra = self._extra(self.there())
        if extra is None or (extra.get("status") or {}).get("observedGeneration") != extra["metadata"]["generation"]:
            raise NotReadyError("wait canary workload reconcile")
        if wanted(extra) < goal.desired:
            patch(self.world, DEPLOYMENTS, extra, {"spec": {"replicas": goal.desired}})

    def release(self, batch: Object) -> None:
        """Unpause the first one, wait for it where that is asked for, and let the extra one go."""
        obj = self.stored()
        if obj is not None:
            change = {
                "metadata": {"annotations": {names.CONTROL_INFO: None}},
                "spec": {"paused": True if not goes_forward(batch) else None},
            }
            obj = patch(self.world, DEPLOYMENTS, obj, change)
            waits = batch["spec"]["releasePlan"].get("finalizingPolicy") == WAIT_RESUME
            if waits and not all_updated(obj):
                raise NotReadyError("all replicas should be upgraded")
        for other in self.world.storage.scan(DEPLOYMENTS, self.namespace):
            if (controller_of(other) or {}).get("uid") == batch["metadata"]["uid"]:
                drop_finalizer(self.world, DEPLOYMENTS, other, names.CANARY_FINALIZER)

    def _extra(self, obj: Object) -> Object | None:
        """The extra Deployment of the Deployment's own template."""
        template = deployment_sets.plain_template(obj)
        for other in self.world.storage.scan(DEPLOYMENTS, self.namespace):
            labels = other["metadata"].get("labels") or {}
            if labels.get(names.CANARY_DEPLOYMENT) != self.name or other["metadata"].get("deletionTimestamp"):
                continue
            if _without_patch(other, template) == template:
                return other
        return None


def _made(obj: Object, batch: Object) -> Object:
    spec = copied(obj["spec"])
    spec.update(replicas=0, paused=False)
    extra = batch["spec"]["releasePlan"].get("patchPodTemplateMetadata") or {}
    meta = spec["template"].setdefault("metadata", {})
    for field in ("labels", "annotations"):
        if extra.get(field):
            meta[field] = {**(meta.get(field) or {}), **extra[field]}
    owner = {"apiVersion": "rollouts.kruise.io/v1beta1", "kind": "BatchRelease", "name": batch["metadata"]["name"]}
    return {
        "metadata": {
            "generateName": f"{obj['metadata']['name']}-",
            "namespace": obj["metadata"]["namespace"],
            "labels": {names.CANARY_DEPLOYMENT: obj["metadata"]["name"]},
            "annotations": {names.CONTROL_INFO: control_info(batch)},
            "finalizers": [names.CANARY_FINALIZER],
            "ownerReferences": [
                {**owner, "uid": batch["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}
            ],
        },
        "spec": spec,
    }


def _without_patch(extra: Object, template: Object) -> Object:
    """The extra Deployment's template with labels and annotations as the first one has them."""
    found = deployment_sets.plain_template(extra)
    return {**found, "metadata": template.get("metadata") or {}}
