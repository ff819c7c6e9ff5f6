"""What the API refuses in pods and pod templates."""

from __future__ import annotations

from typing import Any

from cockpit.demo.errors import Cause
from cockpit.demo.rules.names import broken_label, broken_port_name, invalid_value
from cockpit.demo.schemas.objects import Object, copied

PORTS = (1, 65535)
REQUIRED = "FieldValueRequired"
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
MUTABLE_OF_CONTAINERS = ("image", "imagePullPolicy")


def check_pod(pod: Object) -> list[Cause]:
    """The broken fields of a pod."""
    return check_pod_spec(pod.get("spec") or {}, "spec")


def check_pod_update(pod: Object, old: Object) -> list[Cause]:
    """A running pod's spec is fixed, save for its images, deadline and added tolerations."""
    new_spec, old_spec = _fixed(pod["spec"]), _fixed(old["spec"])
    if new_spec == old_spec or (not old["spec"].get("nodeName") and _unbound(new_spec) == _unbound(old_spec)):
        return []
    text = (
        "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
        "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
        "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
    )
    return [Cause("spec", text, "FieldValueForbidden")]


def _fixed(spec: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = copied(spec)
    for field in ("activeDeadlineSeconds", "tolerations"):
        kept.pop(field, None)
    for container in [*(kept.get("containers") or []), *(kept.get("initContainers") or [])]:
        for field in MUTABLE_OF_CONTAINERS:
            container.pop(field, None)
    return kept


def _unbound(spec: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key != "nodeName"}


def check_pod_spec(spec: dict[str, Any], path: str) -> list[Cause]:
    """The broken fields of a pod's spec at `path`."""
    causes = []
    containers = spec.get("containers") or []
    if not containers:
        causes.append(Cause(f"{path}.containers", "Required value", REQUIRED))
    names: set[str] = set()
    for part in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(part) or []):
            causes += _check_container(container, f"{path}.{part}[{index}]", names)
    volumes = {volume.get("name") for volume in spec.get("volumes") or []}
    for index, container in enumerate(containers):
        for at, mount in enumerate(container.get("volumeMounts") or []):
            if mount.get("name") not in volumes:
                where = f"{path}.containers[{index}].volumeMounts[{at}].name"
                causes.append(Cause(where, f'Not found: "{mount.get("name")}"', "FieldValueNotFound"))
    policy = spec.get("restartPolicy")
    if policy is not None and policy not in ("Always", "OnFailure", "Never"):
        text = f'Unsupported value: "{policy}": supported values: "Always", "OnFailure", "Never"'
        causes.append(Cause(f"{path}.restartPolicy", text, "FieldValueNotSupported"))
    return causes


def _check_container(container: dict[str, Any], path: str, names: set[str]) -> list[Cause]:
    causes = []
    name = container.get("name") or ""
    if not name:
        causes.append(Cause(f"{path}.name", "Required value", REQUIRED))
    elif why := broken_label(name):
        causes.append(Cause(f"{path}.name", invalid_value(name, why)))
    elif name in names:
        causes.append(Cause(f"{path}.name", f'Duplicate value: "{name}"', "FieldValueDuplicate"))
    names.add(name)
    if not container.get("image"):
        causes.append(Cause(f"{path}.image", "Required value", REQUIRED))
    elif container["image"] != container["image"].strip():
        why = "must not have leading or trailing whitespace"
        causes.append(Cause(f"{path}.image", invalid_value(container["image"], why)))
    for index, port in enumerate(container.get("ports") or []):
        causes += _check_port(port, f"{path}.ports[{index}]")
    for index, variable in enumerate(container.get("env") or []):
        if not variable.get("name"):
            causes.append(Cause(f"{path}.env[{index}].name", "Required value", REQUIRED))
    if container.get("imagePullPolicy") not in PULL_POLICIES:
        listed = ", ".join(f'"{policy}"' for policy in PULL_POLICIES)
        text = f'Unsupported value: "{container.get("imagePullPolicy")}": supported values: {listed}'
        causes.append(Cause(f"{path}.imagePullPolicy", text, "FieldValueNotSupported"))
    return causes


def _check_port(port: dict[str, Any], path: str) -> list[Cause]:
    causes = []
    if port.get("name") and (why := broken_port_name(port["name"])):
        causes.append(Cause(f"{path}.name", invalid_value(port["name"], why)))
    number = port.get("containerPort")
    if not number:
        causes.append(Cause(f"{path}.containerPort", "Required value", REQUIRED))
    elif not PORTS[0] <= number <= PORTS[1]:
        causes.append(Cause(f"{path}.containerPort", invalid_value(number, "must be between 1 and 65535, inclusive")))
    return causes
