"""What the spec of a Rollout asks for, with the controller's defaults (argo-rollouts, utils/defaults/defaults.go)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cockpit.demo.controllers.argo.durations import seconds_of
from cockpit.demo.controllers.replicas import resolve
from cockpit.demo.schemas.objects import Object

DELAY = 30
# Only these routers take weights of other totals than 100.
WITH_TOTALS = ("nginx", "plugins")
Step = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """The strategy of a Rollout. Delays are in seconds; None for `abort_delay` means "never scale down".

    Exactly one of `canary` and `blue_green` is set once a spec is valid; `router` is `trafficRouting` where there
    is one. `surge` and `unavailable` are in pods.
    """

    replicas: int
    canary: dict[str, Any] | None
    blue_green: dict[str, Any] | None
    steps: tuple[Step, ...]
    router: dict[str, Any] | None
    max_weight: int
    surge: int
    unavailable: int
    dynamic: bool
    min_pods: int
    scale_down_delay: int
    abort_delay: int | None
    abort_delay_set: bool
    revision_limit: int | None
    history: int
    deadline: int

    @property
    def strategy(self) -> dict[str, Any]:
        """The strategy that is set."""
        return self.canary or self.blue_green or {}

    @property
    def canary_service(self) -> str:
        """Name of the Service of the version being rolled out; empty without one."""
        return str((self.canary or {}).get("canaryService") or "")

    @property
    def stable_service(self) -> str:
        """Name of the stable version's Service; empty without one."""
        return str((self.canary or {}).get("stableService") or "")


def plan_of(rollout: Object) -> Plan:
    """Read a Rollout whose shape the API has checked."""
    spec = rollout.get("spec") or {}
    strategy = spec.get("strategy") or {}
    canary, blue_green = strategy.get("canary"), strategy.get("blueGreen")
    chosen = canary if canary is not None else blue_green or {}
    router = (canary or {}).get("trafficRouting")
    replicas = 1 if spec.get("replicas") is None else int(spec["replicas"])
    surge, unavailable = _bounds(replicas, chosen, canary is not None)
    delayed = router is not None or blue_green is not None
    abort = chosen.get("abortScaleDownDelaySeconds")
    total = (router or {}).get("maxTrafficWeight")
    return Plan(
        replicas=replicas,
        canary=canary,
        blue_green=blue_green,
        steps=tuple((canary or {}).get("steps") or ()),
        router=router,
        max_weight=total if total is not None and any(kind in (router or {}) for kind in WITH_TOTALS) else 100,
        surge=surge,
        unavailable=unavailable,
        dynamic=bool(router is not None and chosen.get("dynamicStableScale")),
        min_pods=int(chosen.get("minPodsPerReplicaSet") or 0) if router is not None else 0,
        scale_down_delay=_or(chosen.get("scaleDownDelaySeconds"), DELAY) if delayed else 0,
        abort_delay=(_or(abort, DELAY) or None) if delayed else 0,
        abort_delay_set=delayed and abort is not None,
        revision_limit=chosen.get("scaleDownDelayRevisionLimit"),
        history=_or(spec.get("revisionHistoryLimit"), 10),
        deadline=_or(spec.get("progressDeadlineSeconds"), 600),
    )


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _bounds(replicas: int, chosen: dict[str, Any], canary: bool) -> tuple[int, int]:
    if not canary:
        unavailable = chosen.get("maxUnavailable")
        return 0, min(resolve(0 if unavailable is None else unavailable, replicas, up=False), replicas)
    surge, unavailable = chosen.get("maxSurge"), chosen.get("maxUnavailable")
    most = resolve("25%" if surge is None else surge, replicas, up=True)
    least = resolve("25%" if unavailable is None else unavailable, replicas, up=False)
    if most == 0 and least == 0:
        least = 1
    return most, min(least, replicas)


def current_step(plan: Plan, status: dict[str, Any]) -> tuple[Step | None, int | None]:
    """The step a canary is at and its index from 0; no step after the last, neither without steps."""
    if not plan.steps:
        return None, None
    index = int(status.get("currentStepIndex") or 0)
    return (plan.steps[index] if 0 <= index < len(plan.steps) else None), index


def is_promoted(status: dict[str, Any]) -> bool:
    """Whether the version that the spec asks for is the stable one."""
    return bool(status.get("stableRS", "") == status.get("currentPodHash", ""))


def text_of(step: Step) -> str:
    """A step as Events name it (utils/rollout/rolloututil.go, CanaryStepString)."""
    if step.get("setWeight") is not None:
        return f"setWeight: {step['setWeight']}"
    if step.get("pause") is not None:
        duration = step["pause"].get("duration")
        return "pause" if duration is None else f"pause: {duration}"
    for name in ("experiment", "analysis"):
        if step.get(name) is not None:
            return name
    scale = step.get("setCanaryScale")
    if scale is not None:
        if scale.get("weight") is not None:
            return f"setCanaryScale{{weight: {scale['weight']}}}"
        if scale.get("matchTrafficWeight"):
            return "setCanaryScale{matchTrafficWeight: true}"
        if scale.get("replicas") is not None:
            return f"setCanaryScale{{replicas: {scale['replicas']}}}"
    if step.get("plugin") is not None:
        return f"plugin: {step['plugin'].get('name', '')}"
    return "invalid"


def pause_seconds(step: Step) -> int | None:
    """How long a pause step lasts; None for "until somebody approves"."""
    duration = (step.get("pause") or {}).get("duration")
    return None if duration is None else seconds_of(duration)
