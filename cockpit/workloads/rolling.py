"""The progress of a workload's own rolling update."""

from __future__ import annotations

import math

from cockpit.model.objects import CloneSet, DaemonSet, Deployment, SetStatus, StatefulSet, UpdateStrategy, Workload

ON_DELETE = "OnDelete"
_REVISION = "deployment.kubernetes.io/revision"
# Reasons of the condition Progressing before a ReplicaSet was available for the first time
# (kubernetes, pkg/controller/deployment/util/deployment_util.go).
_BEGUN = frozenset({"NewReplicaSetCreated", "FoundNewReplicaSet", "ReplicaSetUpdated"})


def starts_first(workload: Workload | None) -> bool:
    """Whether a Deployment starts its first pods and has never been available: nobody could reach them before."""
    if not isinstance(workload, Deployment):
        return False
    revision = (workload.metadata.annotations or {}).get(_REVISION, "")
    found = next((c for c in workload.status.conditions or () if c.type == "Progressing"), None)
    if found is None:
        return not revision and workload.status.observed_generation == 0
    return revision in ("", "1") and found.status == "True" and found.reason in _BEGUN


def is_rolling(workload: Workload) -> bool:
    """True while a controller is replacing pods of an older template; false if it is paused or holds them back."""
    behind = workload.status.observed_generation < workload.metadata.generation
    match workload:
        case Deployment():
            status = workload.status
            behind = behind or status.updated_replicas < min(workload.desired, status.replicas)
            return not is_paused(workload) and (behind or status.replicas > status.updated_replicas)
        case StatefulSet():
            behind = behind or updated_pods(workload) < workload.desired - held_back(workload)
            return not is_paused(workload) and behind
        case DaemonSet():
            replaces = strategy_of(workload).type != ON_DELETE
            return behind or (replaces and updated_pods(workload) < workload.desired)
        case _:
            return False


def strategy_of(workload: StatefulSet | DaemonSet) -> UpdateStrategy:
    return workload.spec.update_strategy or UpdateStrategy()


def waits_in_order(workload: StatefulSet) -> bool:
    """Whether it replaces pods by itself and waits for each to be ready; with Parallel it waits for none."""
    replaces = strategy_of(workload).type != ON_DELETE and not is_paused(workload)
    return replaces and workload.spec.pod_management_policy != "Parallel"


def held_back(workload: StatefulSet) -> int:
    """How many pods keep the older template: all with OnDelete, else the number in the partition."""
    strategy = strategy_of(workload)
    if strategy.type == ON_DELETE:
        return workload.desired
    if isinstance(workload, CloneSet):
        return _kept_of(strategy.partition, workload.desired)
    rolling = strategy.rolling_update
    return min(_count(rolling.partition if rolling else None, workload.desired), workload.desired)


def _kept_of(partition: int | str | None, size: int) -> int:
    """Pods of a CloneSet that stay old. With several pods, less than 100% lets at least one be replaced.

    Source: openkruise/kruise, pkg/util, CalculatePartitionReplicas.
    """
    kept = min(_count(partition, size), size)
    return kept - 1 if kept == size > 1 and isinstance(partition, str) and partition != "100%" else kept


def partition_for(kept: int, size: int, before: int | str | None) -> int | str:
    """The partition that keeps `kept` pods of a CloneSet old, in percent if it was before and a whole percent fits."""
    share = f"{kept * 100 // size}%" if isinstance(before, str) and size else None
    return share if share is not None and _kept_of(share, size) == kept else kept


def is_paused(workload: Workload) -> bool:
    """Whether the update is paused: its controller replaces no pods."""
    match workload:
        case Deployment():
            return workload.spec.paused
        case StatefulSet():
            strategy = strategy_of(workload)
            return strategy.paused or bool(strategy.rolling_update and strategy.rolling_update.paused)
        case _:
            return False


def updated_pods(workload: StatefulSet | DaemonSet) -> int:
    """Pods of the newest template; all pods of a StatefulSet that has no other template."""
    if isinstance(workload, DaemonSet):
        return workload.status.updated_number_scheduled
    status = workload.status
    if isinstance(status, SetStatus) and status.update_revision == status.current_revision:
        return workload.desired
    return status.updated_replicas


def _count(value: int | str | None, whole: int) -> int:
    """A number of pods, given as a number or in percent, rounded up (k8s.io/apimachinery intstr)."""
    if isinstance(value, str):
        digits = value.removesuffix("%")
        return math.ceil(int(digits) * whole / 100) if digits.isascii() and digits.isdigit() and len(digits) < 9 else 0
    return max(value or 0, 0)
