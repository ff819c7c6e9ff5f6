"""How far a workload's own controller is with a rolling update."""

from __future__ import annotations

import math

from cockpit.model.objects import CloneSet, DaemonSet, Deployment, SetStatus, StatefulSet, UpdateStrategy, Workload

ON_DELETE = "OnDelete"


def is_rolling(workload: Workload) -> bool:
    """True while a controller still replaces pods of an older template; what is held back or paused rests."""
    behind = workload.status.observed_generation < workload.metadata.generation
    match workload:
        case Deployment():
            status = workload.status
            behind = behind or status.updated_replicas < min(workload.desired, status.replicas)
            return not _paused(workload) and (behind or status.replicas > status.updated_replicas)
        case StatefulSet():
            behind = behind or updated_pods(workload) < workload.desired - held_back(workload)
            return not _paused(workload) and behind
        case DaemonSet():
            replaces = strategy_of(workload).type != ON_DELETE
            return behind or (replaces and updated_pods(workload) < workload.desired)
        case _:
            return False


def strategy_of(workload: StatefulSet | DaemonSet) -> UpdateStrategy:
    return workload.spec.update_strategy or UpdateStrategy()


def held_back(workload: StatefulSet) -> int:
    """How many pods keep the older template: all of them with OnDelete, else as many as the partition says."""
    strategy = strategy_of(workload)
    if strategy.type == ON_DELETE:
        return workload.desired
    if isinstance(workload, CloneSet):
        return min(_count(strategy.partition, workload.desired), workload.desired)
    rolling = strategy.rolling_update
    return min(_count(rolling.partition if rolling else None, workload.desired), workload.desired)


def _paused(workload: Workload) -> bool:
    match workload:
        case Deployment():
            return workload.spec.paused
        case StatefulSet():
            strategy = strategy_of(workload)
            return strategy.paused or bool(strategy.rolling_update and strategy.rolling_update.paused)
        case _:
            return False


def updated_pods(workload: StatefulSet | DaemonSet) -> int:
    """Pods of the newest template; of a StatefulSet that has no other, all of them."""
    if isinstance(workload, DaemonSet):
        return workload.status.updated_number_scheduled
    status = workload.status
    if isinstance(status, SetStatus) and status.update_revision == status.current_revision:
        return workload.desired
    return status.updated_replicas


def _count(value: int | str | None, whole: int) -> int:
    """A number of pods, given as such or in percent, which rounds up (k8s.io/apimachinery intstr)."""
    if isinstance(value, str):
        digits = value.removesuffix("%")
        return math.ceil(int(digits) * whole / 100) if digits.isascii() and digits.isdigit() and len(digits) < 9 else 0
    return max(value or 0, 0)
