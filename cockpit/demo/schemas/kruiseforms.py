"""Rollouts and BatchReleases of Kruise in their two versions, with what is lost between them.

openkruise/rollouts api/v1alpha1/conversion.go: v1alpha1 knows no blue-green, no matches by path or query, and has
no step fields at the top of a status.
"""

from __future__ import annotations

from typing import Any

from cockpit.demo.schemas.objects import Object, copied

STYLE, SHARED_ROUTING = "rollouts.kruise.io/rolling-style", "rollouts.kruise.io/trafficrouting"


def rollout_outwards(obj: Object) -> Object:
    """A Rollout as v1alpha1 shows it: nothing but metadata for a blue-green one."""
    meta: dict[str, Any] = copied(obj["metadata"])
    spec = obj.get("spec") or {}
    strategy = spec.get("strategy") or {}
    canary = strategy.get("canary")
    shown: Object = {"kind": obj.get("kind", "Rollout"), "metadata": meta}
    if not isinstance(canary, dict) or strategy.get("blueGreen"):
        return {**shown, "spec": {"objectRef": {}, "strategy": {}, "disabled": False}, "status": {}}
    annotations = dict(meta.get("annotations") or {})
    annotations[STYLE] = "canary" if canary.get("enableExtraWorkloadForCanary") else "partition"
    if canary.get("trafficRoutingRef"):
        annotations[SHARED_ROUTING] = canary["trafficRoutingRef"]
    meta["annotations"] = annotations
    old: dict[str, Any] = {"steps": [_step_outwards(step) for step in canary.get("steps") or []]}
    old |= {key: copied(canary[key]) for key in KEPT if key in canary}
    made: dict[str, Any] = {
        "objectRef": {"workloadRef": copied(spec.get("workloadRef") or {})},
        "strategy": {"canary": old},
        "disabled": bool(spec.get("disabled")),
    }
    if strategy.get("paused"):
        made["strategy"]["paused"] = True
    status = copied(obj.get("status") or {})
    for field in ("currentStepIndex", "currentStepState", "blueGreenStatus"):
        status.pop(field, None)
    return {**shown, "spec": made, "status": status}


def rollout_inwards(obj: Object) -> Object:
    """A Rollout of v1alpha1 as it is stored."""
    meta = copied(obj["metadata"])
    spec = obj.get("spec") or {}
    strategy = spec.get("strategy") or {}
    canary: dict[str, Any] = strategy["canary"] if isinstance(strategy.get("canary"), dict) else {}
    annotations = meta.get("annotations") or {}
    new: dict[str, Any] = {"steps": [_step_inwards(step) for step in canary.get("steps") or []]}
    new |= {key: copied(canary[key]) for key in KEPT if key in canary}
    if str(annotations.get(STYLE, "")).lower() != "partition":
        new["enableExtraWorkloadForCanary"] = True
    if annotations.get(SHARED_ROUTING):
        new["trafficRoutingRef"] = annotations[SHARED_ROUTING]
    made: dict[str, Any] = {
        "workloadRef": copied((spec.get("objectRef") or {}).get("workloadRef") or {}),
        "strategy": {"canary": new},
        "disabled": bool(spec.get("disabled")),
    }
    if strategy.get("paused"):
        made["strategy"]["paused"] = True
    stored: Object = {"kind": obj.get("kind", "Rollout"), "metadata": meta, "spec": made}
    return {**stored, "status": copied(obj["status"])} if isinstance(obj.get("status"), dict) else stored


def _step_outwards(step: dict[str, Any]) -> dict[str, Any]:
    old: dict[str, Any] = {key: copied(step[key]) for key in STEP if key in step}
    traffic = step.get("traffic")
    if isinstance(traffic, str) and traffic.removesuffix("%").isdecimal():
        old["weight"] = int(traffic.removesuffix("%"))
    if step.get("matches"):
        old["matches"] = [{key: copied(m[key]) for key in ("headers",) if key in m} for m in step["matches"]]
    old.setdefault("pause", {})
    return old


def _step_inwards(step: dict[str, Any]) -> dict[str, Any]:
    new: dict[str, Any] = {key: copied(step[key]) for key in STEP if key in step}
    if step.get("weight") is not None:
        new["traffic"] = f"{step['weight']}%"
        new.setdefault("replicas", f"{step['weight']}%")
    if step.get("matches"):
        new["matches"] = [{key: copied(m[key]) for key in ("headers",) if key in m} for m in step["matches"]]
    new.setdefault("pause", {})
    return new


def batch_outwards(obj: Object) -> Object:
    """A BatchRelease as v1alpha1 shows it."""
    meta = copied(obj["metadata"])
    spec = copied(obj.get("spec") or {})
    style = (spec.get("releasePlan") or {}).get("rollingStyle", "")
    meta["annotations"] = {**(meta.get("annotations") or {}), STYLE: style.lower()}
    spec["targetReference"] = {"workloadRef": spec.pop("workloadRef", {})}
    return {**obj, "metadata": meta, "spec": spec}


def batch_inwards(obj: Object) -> Object:
    """A BatchRelease of v1alpha1 as it is stored."""
    spec = copied(obj.get("spec") or {})
    spec["workloadRef"] = (spec.pop("targetReference", None) or {}).get("workloadRef") or {}
    style = (obj["metadata"].get("annotations") or {}).get(STYLE, "")
    named = {"partition": "Partition", "canary": "Canary", "bluegreen": "BlueGreen"}.get(style.lower())
    if named and isinstance(spec.get("releasePlan"), dict):
        spec["releasePlan"]["rollingStyle"] = named
    return {**obj, "spec": spec}


# What both versions have: of a step, and of a canary strategy.
STEP = ("replicas", "pause", "requestHeaderModifier")
KEPT = ("trafficRoutings", "failureThreshold", "patchPodTemplateMetadata")
