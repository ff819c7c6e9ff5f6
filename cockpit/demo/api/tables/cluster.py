"""The tables of namespaces, nodes, events and other small kinds."""

from __future__ import annotations

from typing import Any

from cockpit.demo.api.tables.cells import NONE, UNKNOWN, age, seconds_of, since
from cockpit.demo.api.tables.columns import Cells, Column, TableForm, columns

ROLE_LABEL = "node-role.kubernetes.io/"


def _namespace(obj: dict[str, Any], now: float) -> Cells:
    return [obj["metadata"]["name"], (obj.get("status") or {}).get("phase", ""), age(obj, now)]


def _node(obj: dict[str, Any], now: float) -> Cells:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    ready = next((c for c in status.get("conditions") or [] if c.get("type") == "Ready"), None)
    state = "Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"
    if spec.get("unschedulable"):
        state += ",SchedulingDisabled"
    labels = obj["metadata"].get("labels") or {}
    roles = sorted(key[len(ROLE_LABEL) :] for key in labels if key.startswith(ROLE_LABEL))
    addresses = {entry.get("type"): entry.get("address") for entry in status.get("addresses") or []}
    info = status.get("nodeInfo") or {}
    return [
        obj["metadata"]["name"],
        state,
        ",".join(roles) or NONE,
        age(obj, now),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP") or NONE,
        addresses.get("ExternalIP") or NONE,
        info.get("osImage") or UNKNOWN,
        info.get("kernelVersion") or UNKNOWN,
        info.get("containerRuntimeVersion") or UNKNOWN,
    ]


def _event(obj: dict[str, Any], now: float) -> Cells:
    target, source = obj.get("involvedObject") or {}, obj.get("source") or {}
    series = obj.get("series") or {}
    first = obj.get("firstTimestamp") or obj.get("eventTime")
    last = series.get("lastObservedTime") or obj.get("lastTimestamp") or first
    component = source.get("component") or obj.get("reportingComponent") or ""
    return [
        since(last, now),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{target.get('kind', '').lower()}/{target.get('name', '')}",
        target.get("fieldPath", ""),
        ", ".join(filter(None, (component, source.get("host") or obj.get("reportingInstance")))),
        str(obj.get("message", "")).strip(),
        since(first, now),
        series.get("count") or obj.get("count") or 1,
        obj["metadata"]["name"],
    ]


def _lease(obj: dict[str, Any], now: float) -> Cells:
    return [obj["metadata"]["name"], (obj.get("spec") or {}).get("holderIdentity", ""), age(obj, now)]


def _config_map(obj: dict[str, Any], now: float) -> Cells:
    count = len(obj.get("data") or {}) + len(obj.get("binaryData") or {})
    return [obj["metadata"]["name"], count, age(obj, now)]


def _role_binding(obj: dict[str, Any], now: float) -> Cells:
    role = obj.get("roleRef") or {}
    return [obj["metadata"]["name"], f"{role.get('kind', '')}/{role.get('name', '')}", age(obj, now)]


def _secret(obj: dict[str, Any], now: float) -> Cells:
    return [obj["metadata"]["name"], obj.get("type", ""), len(obj.get("data") or {}), age(obj, now)]


def _service_account(obj: dict[str, Any], now: float) -> Cells:
    return [obj["metadata"]["name"], len(obj.get("secrets") or []), age(obj, now)]


def _plain(obj: dict[str, Any], now: float) -> Cells:
    """What a CRD without printer columns shows."""
    created = obj["metadata"].get("creationTimestamp")
    return [obj["metadata"]["name"], created if seconds_of(created) is not None else ""]


NAMESPACES = TableForm(columns(("Status", "Age")), _namespace)
NODE_WIDE = ("Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime")
NODES = TableForm(columns(("Status", "Roles", "Age", "Version", *NODE_WIDE), wide=NODE_WIDE), _node)
EVENTS = TableForm(
    (
        Column("Last Seen"),
        Column("Type"),
        Column("Reason"),
        Column("Object"),
        Column("Subobject", priority=1),
        Column("Source", priority=1),
        Column("Message"),
        Column("First Seen", priority=1),
        Column("Count", priority=1),
        Column("Name", format="name", priority=1),
    ),
    _event,
)
LEASES = TableForm(columns(("Holder", "Age")), _lease)
CONFIGMAPS = TableForm(columns(("Data", "Age")), _config_map)
ROLEBINDINGS = TableForm(columns(("Role", "Age")), _role_binding)
SECRETS = TableForm(columns(("Type", "Data", "Age")), _secret)
SERVICEACCOUNTS = TableForm(columns(("Secrets", "Age")), _service_account)
PLAIN = TableForm((Column("Name", format="name"), Column("Created At", format="date")), _plain)
