"""The defaults of pods and pod templates."""

from __future__ import annotations

from typing import Any

from cockpit.demo.schemas.objects import Object

FILE_MODE = 0o644
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
NOT_READY_SECONDS = 300


def set_template_defaults(spec: dict[str, Any]) -> None:
    """Fill in the pod template of a workload's spec."""
    template = spec.get("template")
    if isinstance(template, dict):
        _set_spec_defaults(template.setdefault("spec", {}))


def set_pod_defaults(pod: Object) -> None:
    """Fill in a pod: what a template gets, and what admission and the scheduler's defaults add."""
    spec = pod.setdefault("spec", {})
    _set_spec_defaults(spec)
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    tolerations = spec.setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(entry.get("key") == key for entry in tolerations):
            tolerations.append(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": NOT_READY_SECONDS}
            )
    status = pod.setdefault("status", {})
    status.setdefault("phase", "Pending")
    status.setdefault("qosClass", _quality(spec))


def _set_spec_defaults(spec: dict[str, Any]) -> None:
    for container in [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]:
        if isinstance(container, dict):
            _set_container_defaults(container)
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    for volume in spec.get("volumes") or []:
        for source in ("configMap", "secret", "projected", "downwardAPI"):
            if isinstance(volume.get(source), dict):
                volume[source].setdefault("defaultMode", FILE_MODE)
        if not set(volume) - {"name"}:
            volume["emptyDir"] = {}


def _set_container_defaults(container: dict[str, Any]) -> None:
    image = container.get("image", "")
    tag = image.rpartition("/")[2].partition(":")[2]
    latest = "@" not in image and tag in ("", "latest")
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
    for port in container.get("ports") or []:
        port.setdefault("protocol", "TCP")
    for variable in container.get("env") or []:
        reference = (variable.get("valueFrom") or {}).get("fieldRef")
        if isinstance(reference, dict):
            reference.setdefault("apiVersion", "v1")
    for name in PROBES:
        if isinstance(container.get(name), dict):
            _set_probe_defaults(container[name])


def _set_probe_defaults(probe: dict[str, Any]) -> None:
    for key, value in {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}.items():
        probe.setdefault(key, value)
    if isinstance(probe.get("httpGet"), dict):
        probe["httpGet"].setdefault("path", "/")
        probe["httpGet"].setdefault("scheme", "HTTP")


def _quality(spec: dict[str, Any]) -> str:
    """Guaranteed, Burstable or BestEffort, by requests and limits."""
    parts = [container.get("resources") or {} for container in spec.get("containers") or []]
    if not any(part.get("requests") or part.get("limits") for part in parts):
        return "BestEffort"
    for part in parts:
        limits = part.get("limits") or {}
        if set(limits) < {"cpu", "memory"} or (part.get("requests") or limits) != limits:
            return "Burstable"
    return "Guaranteed"
