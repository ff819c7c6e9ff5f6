"""The webhook that lets a release begin when a workload's template changes (pkg/webhook/workload/mutating)."""

from __future__ import annotations

import json
from typing import Any

from cockpit.demo.controllers import deployment_sets
from cockpit.demo.controllers.kruise import names, plan
from cockpit.demo.controllers.kruise.deployments import DEFAULT_ROLLING, encoded, strategy_of
from cockpit.demo.controllers.kruise.workload import KINDS, hash_label, kind_named, new_and_stable
from cockpit.demo.controllers.owners import controller_of
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.rules.lookup import Lookup
from cockpit.demo.schemas.customkinds import CLONESETS, KRUISE_ROLLOUTS
from cockpit.demo.schemas.kinds import DEPLOYMENTS, REPLICASETS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.admission import Review


def admit_workload(review: Review) -> None:
    """Hold an update of a labelled workload back, so that its Rollout can release it step by step."""
    if review.old is None or review.kind not in KINDS:
        return
    if names.WORKLOAD_TYPE not in (review.new["metadata"].get("labels") or {}):
        return
    rollout = _rollout_of(review)
    if rollout is None or not plan.strategy_of(rollout):
        return
    if review.kind is DEPLOYMENTS:
        _deployment(review, review.old, rollout)
    elif review.kind is CLONESETS:
        _clone_set(review, review.old, rollout)
    else:
        _stateful_set(review, review.old, rollout)


def _rollout_of(review: Review) -> Object | None:
    """The Rollout of a workload; one that is disabled or being deleted does not count."""
    meta = review.new["metadata"]
    for rollout in review.storage.scan(KRUISE_ROLLOUTS, meta["namespace"]):
        reference = plan.reference_of(rollout)
        if kind_named(reference) is not review.kind or reference.get("name") != meta["name"]:
            continue
        if rollout["metadata"].get("deletionTimestamp") or (rollout.get("status") or {}).get("phase") == "Disabled":
            continue
        return rollout
    return None


def _annotations(obj: Object) -> dict[str, Any]:
    found: dict[str, Any] = obj["metadata"].setdefault("annotations", {})
    return found


def _changed(new: Object, old: Object) -> bool:
    """Whether this is a new version: another rollout id where there is one, else another template."""
    name = (new["metadata"].get("annotations") or {}).get(names.ROLLOUT_ID)
    if name:
        return bool((old["metadata"].get("annotations") or {}).get(names.ROLLOUT_ID) != name)
    return deployment_sets.plain_template(new) != deployment_sets.plain_template(old)


def _mark(obj: Object, rollout: Object) -> None:
    state = json.dumps({"rolloutName": rollout["metadata"]["name"]}, separators=(",", ":"))
    _annotations(obj)[names.IN_PROGRESSING] = state


def _deployment(review: Review, old: Object, rollout: Object) -> None:
    new = review.new
    if (new["metadata"].get("annotations") or {}).get(names.IN_PROGRESSING):
        _keep_held(new, old)
        return
    sets = _active_sets(review.storage, new)
    if not wanted(new) or not _changed(new, old) or not sets:
        return
    if plan.routing_of(rollout) is not None and len(sets) != 1:
        return
    _, stable = new_and_stable(sets, new)
    if stable is not None:
        new["metadata"]["labels"][names.STABLE_REVISION] = hash_label(stable)
    new["spec"]["paused"] = True
    _mark(new, rollout)


def _active_sets(storage: Lookup, deployment: Object) -> list[Object]:
    meta = deployment["metadata"]
    return [
        rs
        for rs in storage.scan(REPLICASETS, meta["namespace"])
        if (controller_of(rs) or {}).get("uid") == meta["uid"]
        and wanted(rs)
        and not rs["metadata"].get("deletionTimestamp")
    ]


def _keep_held(new: Object, old: Object) -> None:
    """A Deployment under release stays as the release needs it, whatever is applied to it."""
    spec, strategy = new["spec"], strategy_of(new)
    native = spec.setdefault("strategy", {})
    if strategy.get("rollingStyle", "").lower() == "partition":
        spec["paused"] = True
        native["type"] = "Recreate"
        if rolling := native.pop("rollingUpdate", None):
            strategy["rollingUpdate"] = {**DEFAULT_ROLLING, **rolling}
        if _changed(new, old):
            # Held until the rollout controller has seen whether this is a rollback or another version.
            strategy["paused"] = True
        _annotations(new)[names.STRATEGY] = encoded(strategy)
    elif (new["metadata"].get("annotations") or {}).get(names.ORIGINAL_STRATEGY):
        if _changed(new, old):
            spec["paused"] = True
        if native.get("type") != "RollingUpdate":
            native["type"] = (old["spec"].get("strategy") or {}).get("type")
    else:
        spec["paused"] = True
        if native.get("type") == "Recreate":
            spec["strategy"] = old["spec"].get("strategy")


def _clone_set(review: Review, old: Object, rollout: Object) -> None:
    new = review.new
    status = new.get("status") or {}
    if not wanted(new) or not _changed(new, old):
        return
    if plan.routing_of(rollout) is not None and status.get("replicas", 0) != status.get("updatedReplicas", 0):
        return
    new["spec"].setdefault("updateStrategy", {})["partition"] = "100%"
    _mark(new, rollout)


def _stateful_set(review: Review, old: Object, rollout: Object) -> None:
    new = review.new
    strategy = new["spec"].setdefault("updateStrategy", {})
    if not wanted(new) or strategy.get("type", "RollingUpdate") != "RollingUpdate" or not _changed(new, old):
        return
    strategy.setdefault("rollingUpdate", {})["partition"] = names.ALL_OLD
    _mark(new, rollout)
