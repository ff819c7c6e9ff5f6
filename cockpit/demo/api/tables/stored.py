"""The tables of kinds that nothing here acts on (k8s.io/kubernetes/pkg/printers/internalversion)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.api.tables.cells import NONE, age, containers, selector
from cockpit.demo.api.tables.columns import Cells, TableForm, columns
from cockpit.demo.schemas import kinds, storedkinds
from cockpit.demo.schemas.kinds import Kind

UNSET = "<unset>"
MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
TEMPLATE_WIDE = ("Containers", "Images", "Selector")


def _parts(obj: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    return obj["metadata"]["name"], obj.get("spec") or {}, obj.get("status") or {}


def _modes(spec: dict[str, Any]) -> str:
    return ",".join(MODES.get(mode, mode) for mode in spec.get("accessModes") or [])


def _autoscaler(obj: dict[str, Any], now: float) -> Cells:
    name, spec, status = _parts(obj)
    target = spec.get("scaleTargetRef") or {}
    return [
        name,
        f"{target.get('kind')}/{target.get('name')}",
        _targets(spec),
        str(spec.get("minReplicas", UNSET)),
        spec.get("maxReplicas", 0),
        status.get("currentReplicas", 0),
        age(obj, now),
    ]


def _targets(spec: dict[str, Any]) -> str:
    """The target of each metric; current values are not measured here."""
    shown = []
    for metric in spec.get("metrics") or []:
        resource = metric.get("resource") or metric.get("containerResource") or {}
        target = resource.get("target") or {}
        if target.get("averageUtilization") is not None:
            shown.append(f"{resource.get('name')}: <unknown>/{target['averageUtilization']}%")
        elif target.get("averageValue") is not None:
            shown.append(f"{resource.get('name')}: <unknown>/{target['averageValue']}")
        else:
            shown.append("<unknown>")
    if "targetCPUUtilizationPercentage" in spec:
        shown.append(f"cpu: <unknown>/{spec['targetCPUUtilizationPercentage']}%")
    return ", ".join(shown) or NONE


def _disruption_budget(obj: dict[str, Any], now: float) -> Cells:
    name, spec, status = _parts(obj)
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    shown = ["N/A" if value is None else str(value) for value in (least, most)]
    return [name, *shown, status.get("disruptionsAllowed", 0), age(obj, now)]


def _network_policy(obj: dict[str, Any], now: float) -> Cells:
    name, spec, _ = _parts(obj)
    return [name, selector(spec.get("podSelector")), age(obj, now)]


def _claim(obj: dict[str, Any], now: float) -> Cells:
    name, spec, status = _parts(obj)
    bound = spec.get("volumeName", "")
    capacity = (status.get("capacity") or {}).get("storage", "") if bound else ""
    modes = _modes(status) if bound else ""
    attributes = spec.get("volumeAttributesClassName") or UNSET
    phase = "Terminating" if obj["metadata"].get("deletionTimestamp") else status.get("phase", "")
    class_ = spec.get("storageClassName", "")
    return [name, phase, bound, capacity, modes, class_, attributes, age(obj, now), spec.get("volumeMode", UNSET)]


def _volume(obj: dict[str, Any], now: float) -> Cells:
    name, spec, status = _parts(obj)
    claim = spec.get("claimRef") or {}
    return [
        name,
        (spec.get("capacity") or {}).get("storage", ""),
        _modes(spec),
        spec.get("persistentVolumeReclaimPolicy", ""),
        status.get("phase", ""),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or UNSET,
        status.get("reason", ""),
        age(obj, now),
        spec.get("volumeMode", UNSET),
    ]


def _storage_class(obj: dict[str, Any], now: float) -> Cells:
    return [
        obj["metadata"]["name"],
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy", ""),
        obj.get("volumeBindingMode", ""),
        bool(obj.get("allowVolumeExpansion")),
        age(obj, now),
    ]


def _job(obj: dict[str, Any], now: float) -> Cells:
    name, spec, status = _parts(obj)
    wanted = spec.get("completions")
    done = f"{status.get('succeeded', 0)}/{spec.get('parallelism', 1) if wanted is None else wanted}"
    true = {entry.get("type") for entry in status.get("conditions") or [] if entry.get("status") == "True"}
    state = next((word for word in ("Complete", "Failed", "Suspended") if word in true), "Running")
    return [name, state, done, "", age(obj, now), *containers(obj), selector(spec.get("selector"))]


def _cron_job(obj: dict[str, Any], now: float) -> Cells:
    name, spec, status = _parts(obj)
    template = (spec.get("jobTemplate") or {}).get("spec") or {}
    return [
        name,
        spec.get("schedule", ""),
        spec.get("timeZone") or NONE,
        str(bool(spec.get("suspend"))),
        len(status.get("active") or []),
        NONE,
        age(obj, now),
        *containers({"spec": template}),
        selector(template.get("selector")),
    ]


def _priority_class(obj: dict[str, Any], now: float) -> Cells:
    policy = obj.get("preemptionPolicy", "")
    return [obj["metadata"]["name"], obj.get("value", 0), bool(obj.get("globalDefault")), age(obj, now), policy]


def _quota(obj: dict[str, Any], now: float) -> Cells:
    name, spec, status = _parts(obj)
    used = status.get("used") or {}
    shown: dict[str, list[str]] = {"requests": [], "limits": []}
    for resource, amount in sorted((spec.get("hard") or {}).items()):
        column = "limits" if resource.startswith("limits") else "requests"
        shown[column].append(f"{resource}: {used.get(resource, 0)}/{amount}")
    return [name, ", ".join(shown["requests"]), ", ".join(shown["limits"]), age(obj, now)]


CLAIM = ("Status", "Volume", "Capacity", "Access Modes", "StorageClass", "VolumeAttributesClass", "Age", "VolumeMode")
VOLUME = (
    *("Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim", "StorageClass", "VolumeAttributesClass"),
    *("Reason", "Age", "VolumeMode"),
)
CRON_JOB = ("Schedule", "Timezone", "Suspend", "Active", "Last Schedule", "Age", *TEMPLATE_WIDE)
AUTOSCALER = TableForm(
    columns(("Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"), integers=("MaxPods", "Replicas")),
    _autoscaler,
)

FORMS: dict[Kind, TableForm] = {
    kinds.HORIZONTALPODAUTOSCALERS: AUTOSCALER,
    kinds.HORIZONTALPODAUTOSCALERS_V1: AUTOSCALER,
    storedkinds.PODDISRUPTIONBUDGETS: TableForm(
        columns(("Min Available", "Max Unavailable", "Allowed Disruptions", "Age"), integers=("Allowed Disruptions",)),
        _disruption_budget,
    ),
    storedkinds.NETWORKPOLICIES: TableForm(columns(("Pod-Selector", "Age")), _network_policy),
    storedkinds.PERSISTENTVOLUMECLAIMS: TableForm(columns(CLAIM, wide=("VolumeMode",)), _claim),
    storedkinds.PERSISTENTVOLUMES: TableForm(columns(VOLUME, wide=("VolumeMode",)), _volume),
    storedkinds.STORAGECLASSES: TableForm(
        columns(("Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age")), _storage_class
    ),
    storedkinds.JOBS: TableForm(
        columns(("Status", "Completions", "Duration", "Age", *TEMPLATE_WIDE), wide=TEMPLATE_WIDE), _job
    ),
    storedkinds.CRONJOBS: TableForm(columns(CRON_JOB, integers=("Active",), wide=TEMPLATE_WIDE), _cron_job),
    storedkinds.PRIORITYCLASSES: TableForm(
        columns(("Value", "Global-Default", "Age", "PreemptionPolicy"), integers=("Value",)), _priority_class
    ),
    storedkinds.RESOURCEQUOTAS: TableForm(columns(("Request", "Limit", "Age")), _quota),
}
