"""Rollouts and BatchReleases of Kruise in their two versions, with what is lost between them.

openkruise/rollouts api/v1alpha1/conversion.go: v1alpha1 knows no blue-green, no matches by path or query, and has
no step fields at the top of a status.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.demo.errors import ApiError
from cockpit.demo.schemas.objects import Object, copied

STYLE, SHARED_ROUTING = "rollouts.kruise.io/rolling-style", "rollouts.kruise.io/trafficrouting"


class ConversionFailedError(ApiError):
    """The webhook that converts between versions gave no answer."""

    code, reason = 500, ""


def rollout_outwards(obj: Object) -> Object:
    """A Rollout as v1alpha1 shows it: nothing but metadata for a blue-green one."""
    meta: dict[str, Any] = copied(obj["metadata"])
    spec = _mapping(obj.get("spec"))
    strategy = _mapping(spec.get("strategy"))
    shown: Object = {"kind": obj.get("kind", "Rollout"), "metadata": meta}
    if not isinstance(strategy.get("canary"), dict) or strategy.get("blueGreen"):
        return {**shown, "spec": {"objectRef": {}, "strategy": {}, "disabled": False}, "status": {}}
    canary = strategy["canary"]
    annotations = dict(_mapping(meta.get("annotations")))
    annotations[STYLE] = "canary" if canary.get("enableExtraWorkloadForCanary") else "partition"
    if canary.get("trafficRoutingRef"):
        annotations[SHARED_ROUTING] = canary["trafficRoutingRef"]
    meta["annotations"] = annotations
    made: dict[str, Any] = {
        "objectRef": {"workloadRef": copied(spec.get("workloadRef") or {})},
        "strategy": {**_also(strategy, ("paused",)), "canary": _canary(canary, _step_outwards)},
        "disabled": bool(spec.get("disabled")),
    }
    status = copied(_mapping(obj.get("status")))
    for field in ("currentStepIndex", "currentStepState", "blueGreenStatus"):
        status.pop(field, None)
    return {**shown, "spec": made, "status": status}


def rollout_inwards(obj: Object) -> Object:
    """A Rollout of v1alpha1 as it is stored. What has no fitting shape is kept, for the CRD to refuse.

    The real webhook falls over an object without canary strategy or workload: so is a blue-green one in v1alpha1.
    """
    meta = copied(obj["metadata"])
    spec = _mapping(obj.get("spec"))
    strategy = _mapping(spec.get("strategy"))
    annotations = _mapping(meta.get("annotations"))
    if strategy.get("canary") is None or _mapping(spec.get("objectRef")).get("workloadRef") is None:
        raise ConversionFailedError(
            "conversion webhook for rollouts.kruise.io/v1alpha1, Kind=Rollout failed: Post "
            '"https://kruise-rollout-webhook-service.kruise-rollout.svc:443/convert?timeout=30s": EOF'
        )
    made: dict[str, Any] = {
        "workloadRef": copied(_mapping(spec.get("objectRef")).get("workloadRef")),
        "strategy": _also(strategy, ("paused",)),
        "disabled": bool(spec.get("disabled")),
    }
    if isinstance(strategy.get("canary"), dict):
        canary = _canary(strategy["canary"], _step_inwards)
        if str(annotations.get(STYLE, "")).lower() != "partition":
            canary["enableExtraWorkloadForCanary"] = True
        if annotations.get(SHARED_ROUTING):
            canary["trafficRoutingRef"] = annotations[SHARED_ROUTING]
        made["strategy"]["canary"] = canary
    elif "canary" in strategy:
        made["strategy"]["canary"] = strategy["canary"]
    stored: Object = {"kind": obj.get("kind", "Rollout"), "metadata": meta, "spec": made}
    if isinstance(obj.get("status"), dict):
        # The copies at the top are unknown to v1alpha1 and come back empty.
        stored["status"] = {**copied(obj["status"]), "currentStepIndex": 0, "currentStepState": ""}
    return stored


def _canary(strategy: dict[str, Any], step: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    return {**_also(strategy, KEPT), "steps": _each(strategy.get("steps") or [], step)}


def _step_outwards(step: dict[str, Any]) -> dict[str, Any]:
    old = _step(step)
    traffic = step.get("traffic")
    if isinstance(traffic, str) and traffic.removesuffix("%").isdecimal():
        old["weight"] = int(traffic.removesuffix("%")[:9])
    return old


def _step_inwards(step: dict[str, Any]) -> dict[str, Any]:
    new = _step(step)
    if step.get("weight") is not None:
        new["traffic"] = f"{step['weight']}%"
        if new.get("replicas") is None:
            new["replicas"] = f"{step['weight']}%"
    return new


def _step(step: dict[str, Any]) -> dict[str, Any]:
    """The parts of a step that both versions have; of matches, only headers."""
    same = {"pause": {}, **_also(step, STEP)}
    if step.get("matches"):
        same["matches"] = _each(step["matches"], lambda match: _also(match, ("headers",)))
    return same


def _also(value: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {field: copied(value[field]) for field in fields if field in value}


def _each(value: Any, convert: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """A list with its objects converted; anything else as it is."""
    if not isinstance(value, list):
        return value
    return [convert(entry) if isinstance(entry, dict) else entry for entry in value]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def batch_outwards(obj: Object) -> Object:
    """A BatchRelease as v1alpha1 shows it."""
    meta = copied(obj["metadata"])
    spec = copied(_mapping(obj.get("spec")))
    style = str(_mapping(spec.get("releasePlan")).get("rollingStyle", ""))
    meta["annotations"] = {**_mapping(meta.get("annotations")), STYLE: style.lower()}
    spec["targetReference"] = {"workloadRef": spec.pop("workloadRef", {})}
    return {**obj, "metadata": meta, "spec": spec}


def batch_inwards(obj: Object) -> Object:
    """A BatchRelease of v1alpha1 as it is stored."""
    spec = copied(_mapping(obj.get("spec")))
    spec["workloadRef"] = _mapping(spec.pop("targetReference", None)).get("workloadRef") or {}
    style = str(_mapping(obj["metadata"].get("annotations")).get(STYLE, ""))
    named = {"partition": "Partition", "canary": "Canary", "bluegreen": "BlueGreen"}.get(style.lower())
    if named and isinstance(spec.get("releasePlan"), dict):
        spec["releasePlan"]["rollingStyle"] = named
    return {**obj, "spec": spec}


# What both versions have: of a step, and of a canary strategy.
STEP = ("replicas", "pause", "requestHeaderModifier")
KEPT = ("trafficRoutings", "failureThreshold", "patchPodTemplateMetadata")
