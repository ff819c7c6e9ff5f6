"""The table of pods (k8s.io/kubernetes/pkg/printers/internalversion printPod)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.api.tables.cells import NONE, age, since
from cockpit.demo.api.tables.columns import Cells, TableForm, columns


def _reason(obj: dict[str, Any]) -> str:
    """The STATUS column."""
    meta, status = obj["metadata"], obj.get("status") or {}
    reason: str = status.get("reason") or status.get("phase") or ""
    for container in reversed(status.get("containerStatuses") or []):
        state = container.get("state") or {}
        if (state.get("waiting") or {}).get("reason"):
            reason = state["waiting"]["reason"]
        elif state.get("terminated"):
            ended = state["terminated"]
            code = ended.get("exitCode", 0)
            signal = ended.get("signal")
            reason = ended.get("reason") or (f"Signal:{signal}" if signal else f"ExitCode:{code}")
    if reason == "Completed" and any(c.get("ready") for c in status.get("containerStatuses") or []):
        reason = "Running"
    if meta.get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return reason


def _cells(obj: dict[str, Any], now: float) -> Cells:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    states = status.get("containerStatuses") or []
    ready = sum(1 for state in states if state.get("ready"))
    restarts = sum(int(state.get("restartCount", 0)) for state in states)
    ends = [
        end
        for state in states
        if (end := ((state.get("lastState") or {}).get("terminated") or {}).get("finishedAt")) is not None
    ]
    restarts_text = f"{restarts} ({since(max(ends), now)} ago)" if restarts and ends else str(restarts)
    gates = spec.get("readinessGates") or []
    passed = {c.get("type") for c in status.get("conditions") or [] if c.get("status") == "True"}
    gate_text = f"{sum(1 for g in gates if g.get('conditionType') in passed)}/{len(gates)}" if gates else NONE
    return [
        obj["metadata"]["name"],
        f"{ready}/{len(spec.get('containers') or [])}",
        _reason(obj),
        restarts_text,
        age(obj, now),
        status.get("podIP") or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        gate_text,
    ]


WIDE = ("IP", "Node", "Nominated Node", "Readiness Gates")
PODS = TableForm(columns(("Ready", "Status", "Restarts", "Age", *WIDE), wide=WIDE), _cells)
