"""How many pods each version gets, and the weight asked for: the controller's arithmetic (utils/replicaset/canary.go).

`status` is the Rollout's status as the controller read it, not the one it is about to write.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cockpit.demo.controllers.argo.plan import Plan, current_step, is_promoted
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.schemas.objects import Object

Status = dict[str, Any]
# One ratio of pods: canary and the total.
Option = tuple[int, int]


def available(rs: Object | None) -> int:
    """Available pods of a ReplicaSet."""
    return int(((rs or {}).get("status") or {}).get("availableReplicas") or 0)


def created(rs: Object | None) -> int:
    """Pods that exist of a ReplicaSet."""
    return int(((rs or {}).get("status") or {}).get("replicas") or 0)


def set_weight(plan: Plan, status: Status) -> int:
    """The weight of the last setWeight step at or before the current one; all of it after the last step."""
    if status.get("abort"):
        return 0
    step, index = current_step(plan, status)
    if step is None or index is None:
        return plan.max_weight
    for earlier in reversed(plan.steps[: index + 1]):
        if earlier.get("setWeight") is not None:
            return int(earlier["setWeight"])
    return 0


def canary_scale(plan: Plan, status: Status) -> dict[str, Any] | None:
    """The setCanaryScale that is in force."""
    if plan.router is None or (status.get("abort") and plan.abort_delay is not None):
        return None
    step, index = current_step(plan, status)
    if step is None or index is None:
        return None
    for earlier in reversed(plan.steps[: index + 1]):
        scale = earlier.get("setCanaryScale")
        if scale is not None:
            return None if scale.get("matchTrafficWeight") else dict(scale)
    return None


def _asked(plan: Plan, status: Status) -> tuple[int | None, int]:
    """A number of canary pods, or the weight that they follow."""
    if status.get("promoteFull") or not status.get("stableRS") or is_promoted(status):
        return None, plan.max_weight
    scale = canary_scale(plan, status)
    if scale is not None and scale.get("replicas") is not None:
        return int(scale["replicas"]), 0
    if scale is not None and scale.get("weight") is not None:
        return None, int(scale["weight"])
    return None, set_weight(plan, status)


def routed(plan: Plan, status: Status, weights: dict[str, Any] | None) -> tuple[int, int]:
    """Pods of canary and stable where a router splits the traffic."""

    def share(weight: int) -> int:
        return math.ceil(weight * plan.replicas / plan.max_weight)

    def enough(count: int) -> int:
        return max(count, plan.min_pods) if count else 0

    exact, weight = _asked(plan, status)
    canary = exact if exact is not None else enough(share(weight))
    if not plan.dynamic:
        return canary, plan.replicas
    stable = share(plan.max_weight - weight)
    if weights is not None:
        stable = max(stable, share(weights["stable"]["weight"]))
        if status.get("abort"):
            canary = max(share(weights["canary"]["weight"]), canary)
    return enough(canary), enough(stable)


def basic(
    plan: Plan, status: Status, new: Object | None, stable: Object | None, others: Sequence[Object]
) -> tuple[int, int]:
    """Pods of canary and stable that the Rollout may have next, where only pods split the traffic."""
    _, weight = _asked(plan, status)
    goal, stable_goal = nearest(plan.replicas, weight, plan.max_weight, plan.surge)
    beside = stable if _differ(new, stable) else None
    new_size, stable_size = wanted(new) if new else 0, wanted(beside) if beside else 0
    if beside is None:
        goal, stable_goal = plan.replicas, 0
    others_size = sum(wanted(rs) for rs in others)
    most, least = plan.replicas + plan.surge, plan.replicas - plan.unavailable
    room = most - (others_size + new_size + stable_size)
    next_new, next_stable = new_size, stable_size
    if beside and stable_size < stable_goal and room > 0:
        next_stable = min(stable_size + room, stable_goal)
        room -= next_stable - stable_size
    if new and new_size < goal and room > 0:
        next_new = min(new_size + room, goal)
    if others_size > 0:
        return next_new, next_stable
    growing = new is None or goal >= new_size
    counted = _for_scale_down(new, not growing) + _for_scale_down(stable, growing)
    if counted <= least:
        return next_new, next_stable
    if not growing:
        if new and new_size > goal:
            next_new = max(goal, new_size - (counted - least))
        return _within(new, stable, next_new, next_stable, most, least)
    if beside:
        if stable_size > stable_goal:
            next_stable = max(stable_goal, stable_size - (counted - least))
        next_stable, next_new = _within(stable, new, next_stable, next_new, most, least)
    return next_new, next_stable


def _differ(new: Object | None, stable: Object | None) -> bool:
    return stable is not None and (new is None or new["metadata"]["name"] != stable["metadata"]["name"])


def _for_scale_down(rs: Object | None, ignore_availability: bool) -> int:
    if rs is None:
        return 0
    if wanted(rs) < available(rs) or ignore_availability:
        return wanted(rs)
    return available(rs)


def _within(
    drained: Object | None, other: Object | None, drained_size: int, other_size: int, most: int, least: int
) -> tuple[int, int]:
    """Keep two sizes within surge and unavailable (adjustReplicaWithinLimits)."""
    over = max(0, other_size + drained_size - most)
    up = min(available(drained), drained_size) if drained else 0
    if other:
        other_size -= over
        up += min(available(other), other_size)
        lost = max(0, available(other) - other_size)
        other_size += min(lost, max(0, least - up))
        drained_size -= max(0, other_size + drained_size - most)
    return drained_size, other_size


def nearest(replicas: int, weight: int, total: int, surge: int) -> Option:
    """Pods of canary and stable whose ratio comes nearest to a weight; ties go to the larger canary."""
    if replicas == 0:
        return 0, 0
    high, low = math.ceil(replicas * weight / total), math.floor(replicas * weight / total)
    none_allowed = weight in (0, total) or (replicas == 1 and surge == 0)

    def options(size: int, high_allowed: bool) -> list[Option]:
        tied = math.modf(size * (weight / total))[0] == 0.5
        found = [(high, size)] if high_allowed else []
        return [*found, (low, size)] if not tied and (low or none_allowed) else found

    found = options(replicas, high < replicas or none_allowed)
    if surge > 0:
        found += options(replicas + 1, True)
    if not found:
        return 0, replicas
    canary, size = min(found, key=lambda option: abs(option[0] * total / option[1] - weight))
    return canary, size - canary


def settled(
    plan: Plan,
    status: Status,
    new: Object | None,
    stable: Object | None,
    others: Sequence[Object],
    weights: dict[str, Any] | None,
) -> bool:
    """Whether canary and stable have the pods that the current step asks for (AtDesiredReplicaCountsForCanary)."""
    if plan.router is None:
        goal, stable_goal = basic(plan, status, new, stable, others)
    else:
        goal, stable_goal = routed(plan, status, weights)
    if new is None or not goal == wanted(new) == available(new):
        return False
    if not plan.dynamic and (stable is None or not stable_goal == wanted(stable) == created(stable)):
        return False
    return plan.router is not None or not any(available(rs) for rs in others)
