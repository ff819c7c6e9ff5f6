"""What a Rollout asks for: its style, its steps and where traffic goes; read from the v1beta1 form."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cockpit.demo.controllers.kruise.names import GRACE
from cockpit.demo.controllers.replicas import resolve
from cockpit.demo.controllers.template_hash import ALPHABET
from cockpit.demo.schemas.objects import Object, copied

CANARY, BLUE_GREEN, PARTITION = "Canary", "BlueGreen", "Partition"


def strategy_of(rollout: Object) -> dict[str, Any]:
    """`spec.strategy.blueGreen` or `.canary`, whichever is there; empty when neither is."""
    strategy = (rollout.get("spec") or {}).get("strategy") or {}
    found: dict[str, Any] = strategy.get("blueGreen") or strategy.get("canary") or {}
    return found


def is_blue_green(rollout: Object) -> bool:
    """Whether the old and the new version stand beside each other until the end."""
    return bool(((rollout.get("spec") or {}).get("strategy") or {}).get("blueGreen"))


def style_of(rollout: Object) -> str:
    """Partition, Canary or BlueGreen as the Rollout says it, whatever its workload."""
    if is_blue_green(rollout):
        return BLUE_GREEN
    return CANARY if strategy_of(rollout).get("enableExtraWorkloadForCanary") else PARTITION


def is_partition(rollout: Object) -> bool:
    """Whether new pods replace old ones: an extra workload is made for Deployments of apps/v1 only."""
    reference = reference_of(rollout)
    extra = reference.get("apiVersion") == "apps/v1" and reference.get("kind") == "Deployment"
    style = style_of(rollout)
    return style == PARTITION or (style == CANARY and not extra)


def reference_of(rollout: Object) -> dict[str, str]:
    """`spec.workloadRef`."""
    found: dict[str, str] = (rollout.get("spec") or {}).get("workloadRef") or {}
    return found


def steps_of(rollout: Object) -> list[dict[str, Any]]:
    """The steps."""
    return strategy_of(rollout).get("steps") or []


def step_at(rollout: Object, index: int) -> dict[str, Any]:
    """The step of an index from 1; the first one for an index there is no step for."""
    steps = steps_of(rollout)
    return steps[index - 1] if 0 < index <= len(steps) else steps[0]


def is_routed(step: dict[str, Any]) -> bool:
    """Whether a step says where traffic goes."""
    return step.get("traffic") is not None or bool(step.get("matches"))


def routing_of(rollout: Object) -> dict[str, Any] | None:
    """The first of `trafficRoutings`: the only one the controller reads."""
    routings = strategy_of(rollout).get("trafficRoutings") or []
    return routings[0] if routings else None


def makes_canary_service(rollout: Object) -> bool:
    """Whether new pods get a Service of their own."""
    return not strategy_of(rollout).get("disableGenerateCanaryService")


def grace_of(rollout: Object) -> float:
    """Seconds to wait after a change of routing; 0 is allowed."""
    routing = routing_of(rollout)
    seconds = GRACE if routing is None else routing.get("gracePeriodSeconds", GRACE)
    return float(max(0, seconds))


def next_index(rollout: Object, index: int) -> int:
    """The step after this one; -1 after the last."""
    return index + 1 if index < len(steps_of(rollout)) else -1


def scaled(value: Any, total: int) -> int:
    """A number, or a percentage of `total` rounded up."""
    return resolve(value, total, up=True)


def digest_of(rollout: Object) -> str:
    """The hash of everything in the strategy except pauses and tolerated failures: an edit restarts the plan."""
    plan = copied(strategy_of(rollout))
    plan.pop("failureThreshold", None)
    for step in plan.get("steps") or []:
        step.pop("pause", None)
    return spelled(hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest())


def spelled(text: str) -> str:
    """A text in letters that form no words."""
    return "".join(ALPHABET[ord(letter) % len(ALPHABET)] for letter in text)
