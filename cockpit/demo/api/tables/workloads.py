"""The tables of workloads."""

from __future__ import annotations

from typing import Any

from cockpit.demo.api.tables.cells import age, containers, joined_labels, selector
from cockpit.demo.api.tables.columns import Cells, TableForm, columns

WIDE = ("Containers", "Images", "Selector")


def _deployment(obj: dict[str, Any], now: float) -> Cells:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    return [
        obj["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age(obj, now),
        *containers(obj),
        selector(spec.get("selector")),
    ]


def _replica_set(obj: dict[str, Any], now: float) -> Cells:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    return [
        obj["metadata"]["name"],
        spec.get("replicas", 0),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        age(obj, now),
        *containers(obj),
        selector(spec.get("selector")),
    ]


def _stateful_set(obj: dict[str, Any], now: float) -> Cells:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    return [
        obj["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        age(obj, now),
        *containers(obj),
    ]


def _daemon_set(obj: dict[str, Any], now: float) -> Cells:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    return [
        obj["metadata"]["name"],
        status.get("desiredNumberScheduled", 0),
        status.get("currentNumberScheduled", 0),
        status.get("numberReady", 0),
        status.get("updatedNumberScheduled", 0),
        status.get("numberAvailable", 0),
        joined_labels(((spec.get("template") or {}).get("spec") or {}).get("nodeSelector")),
        age(obj, now),
        *containers(obj),
        selector(spec.get("selector")),
    ]


def _controller_revision(obj: dict[str, Any], now: float) -> Cells:
    owner = next((o for o in obj["metadata"].get("ownerReferences") or [] if o.get("controller")), None)
    controller = "<none>"
    if owner:
        group = owner.get("apiVersion", "").rpartition("/")[0]
        controller = f"{owner.get('kind', '').lower()}{'.' + group if group else ''}/{owner.get('name')}"
    return [obj["metadata"]["name"], controller, obj.get("revision", 0), age(obj, now)]


COUNTS = ("Desired", "Current", "Ready", "Up-to-date", "Available")
DEPLOYMENTS = TableForm(columns(("Ready", "Up-to-date", "Available", "Age", *WIDE), wide=WIDE), _deployment)
REPLICASETS = TableForm(
    columns(("Desired", "Current", "Ready", "Age", *WIDE), integers=COUNTS, wide=WIDE), _replica_set
)
STATEFULSETS = TableForm(columns(("Ready", "Age", "Containers", "Images"), wide=WIDE), _stateful_set)
DAEMONSETS = TableForm(columns((*COUNTS, "Node Selector", "Age", *WIDE), integers=COUNTS, wide=WIDE), _daemon_set)
CONTROLLERREVISIONS = TableForm(columns(("Controller", "Revision", "Age")), _controller_revision)
