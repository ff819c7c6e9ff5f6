"""HorizontalPodAutoscalers as autoscaling/v1 shows them: a target for the CPU, everything else in annotations.

k8s.io/kubernetes/pkg/apis/autoscaling/v1/conversion.go.
"""

from __future__ import annotations

import json
from typing import Any

from cockpit.demo.schemas.objects import Object, copied

METRICS = "autoscaling.alpha.kubernetes.io/metrics"
BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior"


def outwards(obj: Object) -> Object:
    """A stored autoscaler in the form of v1."""
    meta, spec = copied(obj["metadata"]), copied(obj.get("spec") or {})
    others: list[Any] = []
    for metric in spec.pop("metrics", None) or []:
        share = _cpu_share(metric)
        if share is not None and "targetCPUUtilizationPercentage" not in spec:
            spec["targetCPUUtilizationPercentage"] = share
        else:
            others.append(metric)
    behavior = spec.pop("behavior", None)
    annotations = dict(meta.get("annotations") or {})
    for name, value in ((METRICS, others), (BEHAVIOR, behavior)):
        if value:
            annotations[name] = json.dumps(value, separators=(",", ":"))
    if annotations:
        meta["annotations"] = annotations
    return {**obj, "metadata": meta, "spec": spec}


def inwards(obj: Object) -> Object:
    """An autoscaler of v1 as it is stored."""
    meta, spec = copied(obj["metadata"]), copied(obj.get("spec") or {})
    annotations = meta.get("annotations") or {}
    metrics, behavior = _parsed(annotations.pop(METRICS, ""), list), _parsed(annotations.pop(BEHAVIOR, ""), dict)
    share = spec.pop("targetCPUUtilizationPercentage", None)
    if share is not None:
        target = {"type": "Utilization", "averageUtilization": share}
        metrics = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}, *(metrics or [])]
    if metrics:
        spec["metrics"] = metrics
    if behavior:
        spec["behavior"] = behavior
    if not annotations:
        meta.pop("annotations", None)
    return {**obj, "metadata": meta, "spec": spec}


def _cpu_share(metric: Any) -> int | None:
    resource = metric.get("resource") if isinstance(metric, dict) else None
    if not isinstance(resource, dict) or resource.get("name") != "cpu":
        return None
    share = (resource.get("target") or {}).get("averageUtilization")
    return share if isinstance(share, int) else None


def _parsed(text: str, type_: type) -> Any:
    try:
        value = json.loads(text) if text else None
    except ValueError:
        return None
    return value if isinstance(value, type_) else None
