"""What the API fills in for kinds that nothing here acts on (k8s.io/kubernetes/pkg/apis/*/v1/defaults.go).

What a controller would add is added where clients look for it: nothing binds a claim, and no run of a CronJob begins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.demo.rules.poddefaults import set_template_defaults
from cockpit.demo.schemas import kinds, storedkinds
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object

CPU_SHARE = 80
UID_LABELS = ("batch.kubernetes.io/controller-uid", "controller-uid")
NAME_LABELS = ("batch.kubernetes.io/job-name", "job-name")


def _fill(target: dict[str, Any], **values: Any) -> None:
    for key, value in values.items():
        target.setdefault(key, value)


def _autoscaler(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": CPU_SHARE}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    _fill(obj.setdefault("status", {}), currentMetrics=None, desiredReplicas=0)


def _claim(obj: Object) -> None:
    obj.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    obj.setdefault("status", {}).setdefault("phase", "Pending")


def _volume(obj: Object) -> None:
    _fill(obj.setdefault("spec", {}), persistentVolumeReclaimPolicy="Retain", volumeMode="Filesystem")
    obj.setdefault("status", {}).setdefault("phase", "Available")


def _storage_class(obj: Object) -> None:
    _fill(obj, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _priority_class(obj: Object) -> None:
    _fill(obj, preemptionPolicy="PreemptLowerPriority", value=0)


def _network_policy(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    spec.setdefault("policyTypes", ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])


def _disruption_budget(obj: Object) -> None:
    counts = ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")
    _fill(obj.setdefault("status", {}), **dict.fromkeys(counts, 0))


def _limit_range(obj: Object) -> None:
    for limit in (obj.get("spec") or {}).get("limits") or []:
        if limit.get("type") == "Container" and limit.get("default"):
            limit["defaultRequest"] = {**limit["default"], **(limit.get("defaultRequest") or {})}


def _job(obj: Object) -> None:
    meta, spec = obj["metadata"], obj.setdefault("spec", {})
    parallel = spec.get("parallelism") is not None
    if not parallel:
        spec.setdefault("completions", 1)
    _fill(spec, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False, manualSelector=False)
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed")
    if not spec["manualSelector"]:
        marks = {**dict.fromkeys(UID_LABELS, meta["uid"]), **dict.fromkeys(NAME_LABELS, meta["name"])}
        template = spec.setdefault("template", {}).setdefault("metadata", {})
        template["labels"] = {**(template.get("labels") or {}), **marks}
        spec.setdefault("selector", {"matchLabels": {UID_LABELS[0]: meta["uid"]}})
    set_template_defaults(spec)
    obj.setdefault("status", {})


def _cron_job(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    _fill(spec, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    set_template_defaults(spec.setdefault("jobTemplate", {}).setdefault("spec", {}))
    obj.setdefault("status", {})


def _replication_controller(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    set_template_defaults(spec)
    obj.setdefault("status", {}).setdefault("replicas", 0)


STORED_SETTERS: dict[Kind, Callable[[Object], None]] = {
    kinds.HORIZONTALPODAUTOSCALERS: _autoscaler,
    storedkinds.PERSISTENTVOLUMECLAIMS: _claim,
    storedkinds.PERSISTENTVOLUMES: _volume,
    storedkinds.STORAGECLASSES: _storage_class,
    storedkinds.PRIORITYCLASSES: _priority_class,
    storedkinds.NETWORKPOLICIES: _network_policy,
    storedkinds.PODDISRUPTIONBUDGETS: _disruption_budget,
    storedkinds.LIMITRANGES: _limit_range,
    storedkinds.JOBS: _job,
    storedkinds.CRONJOBS: _cron_job,
    storedkinds.REPLICATIONCONTROLLERS: _replication_controller,
}
