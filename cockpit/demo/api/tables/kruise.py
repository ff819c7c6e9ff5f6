"""The tables of Kruise's kinds: the printer columns of their CRDs, in each API version."""

from __future__ import annotations

from typing import Any

from cockpit.demo.api.tables.cells import age, containers
from cockpit.demo.api.tables.columns import AGE, NAME, Cells, Column, TableForm


def _rollout(obj: dict[str, Any], now: float) -> Cells:
    """The step columns of v1beta1 show the copies at the top, which lag behind a status written by someone else.

    Releases up to 0.5 have no copies and show the sub-status, as v1alpha1 does.
    """
    status = obj.get("status") or {}
    if "currentStepState" not in status:
        return _old_rollout(obj, now)
    index, state = status.get("currentStepIndex"), status.get("currentStepState")
    return [obj["metadata"]["name"], status.get("phase"), index, state, status.get("message"), age(obj, now)]


def _old_rollout(obj: dict[str, Any], now: float) -> Cells:
    status = obj.get("status") or {}
    sub = status.get("canaryStatus") or {}
    index, state = sub.get("currentStepIndex"), sub.get("currentStepState")
    return [obj["metadata"]["name"], status.get("phase"), index, state, status.get("message"), age(obj, now)]


def _batch_release(obj: dict[str, Any], now: float) -> Cells:
    """KIND is read from where v1alpha1 has it, in both versions: v1beta1 shows nothing."""
    status = obj.get("status") or {}
    counted = status.get("canaryStatus") or {}
    reference = ((obj.get("spec") or {}).get("targetReference") or {}).get("workloadRef") or {}
    batch, state = counted.get("currentBatch"), counted.get("batchState")
    return [obj["metadata"]["name"], reference.get("kind"), status.get("phase"), batch, state, age(obj, now)]


def _clone_set(obj: dict[str, Any], now: float) -> Cells:
    status = obj.get("status") or {}
    counts = ("updatedReplicas", "updatedReadyReplicas", "updatedAvailableReplicas", "readyReplicas", "replicas")
    return [
        obj["metadata"]["name"],
        (obj.get("spec") or {}).get("replicas"),
        *(status.get(field) for field in counts),
        age(obj, now),
        *containers(obj),
        status.get("labelSelector"),
    ]


def _stateful_set(obj: dict[str, Any], now: float) -> Cells:
    status = obj.get("status") or {}
    counts = ("replicas", "updatedReplicas", "readyReplicas")
    size = (obj.get("spec") or {}).get("replicas")
    return [obj["metadata"]["name"], size, *(status.get(field) for field in counts), age(obj, now), *containers(obj)]


def _columns(*named: str, integers: tuple[str, ...] = ()) -> tuple[Column, ...]:
    return tuple(Column(name, "integer" if name in integers else "string") for name in named)


def _wide(*named: str) -> tuple[Column, ...]:
    return tuple(Column(name, priority=1) for name in named)


ROLLOUT_COLUMNS = (
    NAME,
    *_columns("Status", "Canary_Step", "Canary_State", "Message", integers=("Canary_Step",)),
    AGE,
)
ROLLOUTS = TableForm(ROLLOUT_COLUMNS, _rollout)
ROLLOUTS_V1ALPHA1 = TableForm(ROLLOUT_COLUMNS, _old_rollout)
BATCHRELEASES = TableForm(
    (NAME, *_columns("Kind", "Phase", "Batch", "Batch-State", integers=("Batch",)), AGE), _batch_release
)
CLONE_COUNTS = ("Desired", "Updated", "Updated_Ready", "Updated_Available", "Ready", "Total")
CLONESETS = TableForm(
    (NAME, *_columns(*CLONE_COUNTS, integers=CLONE_COUNTS), AGE, *_wide("Containers", "Images", "Selector")), _clone_set
)
SET_COUNTS = ("Desired", "Current", "Updated", "Ready")
STATEFULSETS = TableForm(
    (NAME, *_columns(*SET_COUNTS, integers=SET_COUNTS), AGE, *_wide("Containers", "Images")), _stateful_set
)
