"""StatefulSets, native and advanced, and CloneSets released by their partition: the number of pods that stay old."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers.kruise import batchplan, names
from cockpit.demo.controllers.kruise.controls import (
    Goal,
    Held,
    Info,
    control_info,
    current_batch,
    goes_forward,
    is_controlled,
)
from cockpit.demo.controllers.kruise.plan import scaled
from cockpit.demo.controllers.kruise.writes import patch
from cockpit.demo.controllers.podstate import is_ready
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.schemas.objects import Object


class NumberedSet(Held):
    """A StatefulSet: pods numbered from the partition on are new."""

    def info(self) -> Info | None:
        """What the status says; ready new pods are counted."""
        obj = self.stored()
        if obj is None:
            return None
        status, pods = obj.get("status") or {}, self._pods(obj)
        newest = status.get("updateRevision", "")
        ready = sum(
            p["revision"] == newest and is_ready(p) and not p["metadata"].get("deletionTimestamp") for p in pods
        )
        return Info(
            obj,
            wanted(obj),
            stable=status.get("currentRevision", ""),
            newest=newest,
            updated=status.get("updatedReplicas", 0),
            updated_ready=status.get("updatedReadyReplicas") or ready,
            observed=status.get("observedGeneration", 0) >= obj["metadata"].get("generation", 1),
            pods=tuple(pods),
            all=status.get("replicas", 0),
        )

    def claim(self, batch: Object) -> None:
        """Keep every pod old."""
        self._claim(batch, {"rollingUpdate": {"partition": names.ALL_OLD}})

    def goal(self, batch: Object) -> Goal:
        """New pods, and the ordinal from which pods are new; pods that were new before a rollback in batches count."""
        obj = self.there()
        size, kept = wanted(obj), _kept(batch)
        planned, desired = _sizes(batch, size)
        old = size - desired
        ordered = (obj["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
        if kept and "unorderedUpdate" not in ordered:
            old += kept
            desired = size - old + kept
        return Goal(planned, desired, old)

    def upgrade(self, batch: Object, goal: Goal) -> None:
        """Lower the partition; never raise it."""
        obj = self.there()
        rolling = (obj["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
        if (rolling.get("partition") or 0) > goal.setting:
            self._set({"rollingUpdate": {"partition": goal.setting}})

    def release(self, batch: Object) -> None:
        """No partition any more, when everything is to become new."""
        self._release(batch, {"rollingUpdate": {"partition": None}})

    def _pods(self, obj: Object) -> list[Object]:
        name = obj["metadata"]["name"]
        return [
            {**pod, "revision": f"{name}-{digest.removeprefix(f'{name}-')}"}
            for pod in self.world.pods.under(("owner", obj["metadata"]["uid"]))
            if (digest := (pod["metadata"].get("labels") or {}).get(names.REVISION_HASH, "")) is not None
        ]

    def _set(self, strategy: dict[str, Any]) -> None:
        patch(self.world, self.kind, self.there(), {"spec": {"updateStrategy": strategy}})

    def _claim(self, batch: Object, strategy: dict[str, Any]) -> None:
        obj = self.there()
        if not is_controlled(batch, obj):
            annotations = {names.CONTROL_INFO: control_info(batch)}
            change = {"metadata": {"annotations": annotations}, "spec": {"updateStrategy": strategy}}
            patch(self.world, self.kind, obj, change)

    def _release(self, batch: Object, strategy: dict[str, Any]) -> None:
        obj = self.stored()
        if obj is None:
            return
        change: dict[str, Any] = {"metadata": {"annotations": {names.CONTROL_INFO: None}}}
        if goes_forward(batch):
            change["spec"] = {"updateStrategy": strategy}
        patch(self.world, self.kind, obj, change)


class PartitionCloneSet(NumberedSet):
    """A CloneSet: the partition is a share, or a number, of pods that stay old, whichever they are."""

    def claim(self, batch: Object) -> None:
        """Keep every pod old."""
        self._claim(batch, {"paused": False, "partition": "100%"})

    def goal(self, batch: Object) -> Goal:
        """New pods, and the share that stays old: a percentage where the plan has percentages."""
        size = wanted(self.there())
        planned, desired = _sizes(batch, size)
        old = size - desired
        share = batchplan.batch_share(batch, current_batch(batch))
        return Goal(planned, desired, _as_share(old, size, share) if isinstance(share, str) else old)

    def upgrade(self, batch: Object, goal: Goal) -> None:
        """Lower the partition; never raise it."""
        obj = self.there()
        size = wanted(obj)
        known = (obj["spec"].get("updateStrategy") or {}).get("partition")
        if scaled(known, size) > scaled(goal.setting, size):
            self._set({"partition": goal.setting})

    def release(self, batch: Object) -> None:
        """No partition any more, when everything is to become new."""
        self._release(batch, {"partition": None, "paused": False})


def _kept(batch: Object) -> int:
    """Pods that were of the target version before a rollback in batches began."""
    return int(((batch.get("status") or {}).get("canaryStatus") or {}).get("noNeedUpdateReplicas") or 0)


def _sizes(batch: Object, size: int) -> tuple[int, int]:
    """The new pods that the current batch plans, and how many that makes with those that were there before."""
    planned, kept = batchplan.batch_size(batch, current_batch(batch), size), _kept(batch)
    return planned, kept + batchplan.batch_size(batch, current_batch(batch), size - kept) if kept else planned


def _as_share(old: int, size: int, share: str) -> str:
    """`old` of `size` as a percentage that rounds up to it; at least 1% stays unless all are to be new."""
    if old >= size:
        return "100%"
    if old <= 0:
        return "0%"
    percent = old * 100 // size
    return "1%" if scaled(f"{percent}%", size) <= 0 and share != "100%" else f"{percent}%"
