"""The tables of Argo Rollouts' kinds (argo-rollouts 1.8, manifests/crds, additionalPrinterColumns)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.api.tables.cells import age
from cockpit.demo.api.tables.columns import Cells, TableForm, columns


def _rollout(obj: dict[str, Any], now: float) -> Cells:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    counts = [status.get(field) for field in ("replicas", "updatedReplicas", "availableReplicas")]
    return [obj["metadata"]["name"], spec.get("replicas"), *counts, age(obj, now)]


def _run(obj: dict[str, Any], now: float) -> Cells:
    return [obj["metadata"]["name"], (obj.get("status") or {}).get("phase"), age(obj, now)]


COUNTS = ("Desired", "Current", "Up-to-date", "Available")
ROLLOUTS = TableForm(columns((*COUNTS, "Age"), integers=COUNTS), _rollout)
RUNS = TableForm(columns(("Status", "Age")), _run)
