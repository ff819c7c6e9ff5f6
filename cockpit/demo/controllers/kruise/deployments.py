"""Deployments released pod by pod: the native controller is switched off by Recreate and paused."""

from __future__ import annotations

import json
from typing import Any

from cockpit.demo.controllers import deployment_sets
from cockpit.demo.controllers.kruise import batchplan, names
from cockpit.demo.controllers.kruise.annotations import kept
from cockpit.demo.controllers.kruise.controls import Goal, Held, Info, control_info, current_batch, goes_forward
from cockpit.demo.controllers.kruise.plan import scaled
from cockpit.demo.controllers.kruise.workload import revision_of
from cockpit.demo.controllers.kruise.writes import patch
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.schemas.kinds import DEPLOYMENTS
from cockpit.demo.schemas.objects import Object

DEFAULT_ROLLING = {"maxUnavailable": "25%", "maxSurge": "25%"}


class PartitionDeployment(Held):
    """The strategy lies in an annotation, which the advanced Deployment controller obeys."""

    def info(self) -> Info | None:
        """What the Deployment and its extra status say."""
        obj = self.stored()
        if obj is None:
            return None
        return info_of(self, obj, extra_status_of(obj).get("updatedReadyReplicas", 0))

    def claim(self, batch: Object) -> None:
        """Switch the native controller off and let the other one begin with no new pod."""
        obj = self.there()
        if is_under_control(obj):
            return
        rolling = obj["spec"]["strategy"].get("rollingUpdate") or strategy_of(obj).get("rollingUpdate") or {}
        strategy = {"rollingStyle": "Partition", "rollingUpdate": {**DEFAULT_ROLLING, **rolling}, "partition": 0}
        patch(
            self.world,
            DEPLOYMENTS,
            obj,
            {
                "metadata": {
                    "labels": {names.CONTROLLED: "true"},
                    "annotations": {names.STRATEGY: encoded(strategy), names.CONTROL_INFO: control_info(batch)},
                },
                "spec": {"paused": True, "strategy": {"type": "Recreate", "rollingUpdate": None}},
            },
        )

    def goal(self, batch: Object) -> Goal:
        """New pods, less than all unless it is all."""
        share = batchplan.batch_share(batch, current_batch(batch))
        size = batchplan.new_limit(share, self.there())
        return Goal(size, size, share)

    def upgrade(self, batch: Object, goal: Goal) -> None:
        """Raise the number of new pods; never lower it."""
        obj = self.there()
        strategy = strategy_of(obj)
        if not is_under_control(obj) or scaled(strategy.get("partition"), 10**7) >= scaled(goal.setting, 10**7):
            return
        changed = encoded({**strategy, "partition": goal.setting})
        patch(self.world, DEPLOYMENTS, obj, {"metadata": {"annotations": {names.STRATEGY: changed}}})

    def release(self, batch: Object) -> None:
        """Give the Deployment back to the native controller, or only forget the owner when another release follows."""
        obj = self.stored()
        if obj is None or names.CONTROL_INFO not in (obj["metadata"].get("annotations") or {}):
            return
        if not obj["spec"].get("paused"):
            return
        change: dict[str, Any] = {"metadata": {"annotations": {names.CONTROL_INFO: None}}}
        if goes_forward(batch):
            rolling = strategy_of(obj).get("rollingUpdate")
            change["metadata"]["annotations"] |= {names.STRATEGY: None, names.EXTRA_STATUS: None}
            change["metadata"]["labels"] = {names.STABLE_REVISION: None, names.CONTROLLED: None}
            change["spec"] = {"paused": None}
            if obj["spec"]["strategy"].get("type") == "Recreate":
                change["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": rolling}
        patch(self.world, DEPLOYMENTS, obj, change)


def info_of(held: Held, deployment: Object, updated_ready: int) -> Info:
    """What a Deployment that keeps both versions reports."""
    meta, status = deployment["metadata"], deployment.get("status") or {}
    return Info(
        deployment,
        wanted(deployment),
        stable=(meta.get("labels") or {}).get(names.STABLE_REVISION, ""),
        newest=revision_of(deployment),
        updated=status.get("updatedReplicas", 0),
        updated_ready=updated_ready,
        observed=status.get("observedGeneration", 0) >= meta.get("generation", 1),
        pods=tuple(pods_of(held, deployment)),
        all=status.get("replicas", 0),
    )


def is_under_control(deployment: Object) -> bool:
    """Whether the advanced Deployment controller has it, and the native one has not."""
    spec = deployment["spec"]
    return bool(
        (deployment["metadata"].get("annotations") or {}).get(names.CONTROL_INFO)
        and (spec.get("strategy") or {}).get("type") == "Recreate"
        and spec.get("paused")
    )


def strategy_of(deployment: Object) -> dict[str, Any]:
    """The strategy in the annotation; empty for none, or for one with a field of another type than Go expects."""
    found = kept(deployment, names.STRATEGY) or {}
    rolling = found.get("rollingUpdate")
    fits = (
        isinstance(found.get("rollingStyle", ""), str)
        and isinstance(found.get("partition", 0), int | str)
        and (rolling is None or (isinstance(rolling, dict) and all(isinstance(v, int | str) for v in rolling.values())))
    )
    return found if fits else {}


def extra_status_of(deployment: Object) -> dict[str, Any]:
    """The counts that a Deployment's own status has no place for."""
    return kept(deployment, names.EXTRA_STATUS) or {}


def encoded(value: dict[str, Any]) -> str:
    """An annotation's JSON, without spaces; what is false or 0 is left out but for the partition."""
    return json.dumps({k: v for k, v in value.items() if v or k == "partition"}, separators=(",", ":"))


def pods_of(held: Held, deployment: Object) -> list[Object]:
    """The pods of all the Deployment's ReplicaSets, each with the revision the controller computes for it."""
    found = []
    for rs in held.world.replicasets.under(("owner", deployment["metadata"]["uid"])):
        revision = revision_of(rs)
        for pod in held.world.pods.under(("owner", rs["metadata"]["uid"])):
            found.append({**pod, "revision": revision})
    return found


def new_set(held: Held, deployment: Object) -> Object | None:
    """The ReplicaSet of the Deployment's template."""
    return deployment_sets.find(held.world, deployment).new
