"""What a Kruise Rollout asks for, the same for v1beta1 and v1alpha1.

Sources: openkruise/rollouts, api/v1beta1/rollout_types.go, api/v1alpha1/rollout_types.go and conversion.go.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from cockpit.model.fields import flag, mapping, text, whole
from cockpit.model.objects import KruiseRollout
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.systems.kruise.fields import mappings, share

_ROLLING_STYLE = "rollouts.kruise.io/rolling-style"
_SHARED_ROUTING = "rollouts.kruise.io/trafficrouting"
# More steps than any controller accepts (at most 50 since the version after 0.6.2).
_MOST_STEPS = 200


class KruiseStyle(StrEnum):
    """Where new pods run: replacing old ones, in an extra Deployment, or in addition to all old ones."""

    PARTITION = "partition"
    CANARY = "canary"
    BLUE_GREEN = "blue-green"


@dataclass(frozen=True, slots=True)
class KruiseHeader:
    """One condition on a header; `kind` is Exact or RegularExpression."""

    name: str
    value: str
    kind: str = "Exact"

    @property
    def words(self) -> str:
        sign = "=" if self.kind == "Exact" else "~"
        return safe_text(f"{self.name}{sign}{self.value}", 120)


@dataclass(frozen=True, slots=True)
class KruiseStep:
    """One step; `share` is the traffic it asks for (None: none), `replicas` pods as a count or "50%".

    `seconds` is how long it waits before it continues, None if it needs approval.
    """

    index: int
    share: float | None
    replicas: int | str | None
    matches: tuple[tuple[KruiseHeader, ...], ...]
    seconds: int | None
    raw: Any

    @property
    def routed(self) -> bool:
        return self.share is not None or bool(self.matches)

    @property
    def whole(self) -> bool:
        """Replicas "100%": canary and partition releases skip its pause (doCanaryPaused)."""
        return self.replicas == "100%"

    @property
    def follows_share(self) -> bool:
        """Its number of pods comes from its weight (v1alpha1)."""
        return isinstance(self.raw, dict) and self.raw.get("replicas") is None

    def target(self, desired: int) -> int | None:
        """New pods that it asks for out of `desired`; percentages round up."""
        if isinstance(self.replicas, int):
            return min(max(self.replicas, 0), desired)
        part = share(self.replicas)
        return None if part is None else -(-round(part * 100) * desired // 100)


@dataclass(frozen=True, slots=True)
class KruiseRouting:
    """Where traffic is split; `count` is the number of listed routings, of which the controller reads the first.

    `shared`: it comes from a TrafficRouting, whose `weight` applies to every step (None: it has none).
    """

    service: str
    ingress: str
    class_type: str
    route: str
    custom: tuple[tuple[str, str, str], ...]
    own_canary_service: bool
    count: int
    shared: bool = False
    weight: float | None = None

    @property
    def canary_service(self) -> str:
        return f"{self.service}-canary" if self.own_canary_service else self.service


@dataclass(frozen=True, slots=True)
class KruisePlan:
    """A Rollout's spec. `place` is the path of the strategy; `weight_field` is the name of a step's traffic field.

    `workload` is apiVersion, kind and name. `shared_routing` is its TrafficRouting; `shared_by_field`: named in a
    field that only newer controllers read. `routing_unknown`: that TrafficRouting could not be read.
    """

    style: KruiseStyle
    workload: tuple[str, str, str]
    steps: tuple[KruiseStep, ...]
    routing: KruiseRouting | None
    shared_routing: str
    paused: bool
    disabled: bool
    place: tuple[str, ...]
    weight_field: str
    shared_by_field: bool = False
    routing_unknown: bool = False

    def step(self, index: int | None) -> KruiseStep | None:
        """By index from 1."""
        return self.steps[index - 1] if index is not None and 1 <= index <= len(self.steps) else None


def plan_of(rollout: KruiseRollout) -> KruisePlan:
    spec = mapping(rollout.spec)
    old = "objectRef" in spec and "workloadRef" not in spec
    workload = mapping((mapping(spec.get("objectRef")) if old else spec).get("workloadRef"))
    strategy = mapping(spec.get("strategy"))
    blue_green = not old and isinstance(strategy.get("blueGreen"), dict)
    part = mapping(strategy.get("blueGreen" if blue_green else "canary"))
    kind = text(workload.get("kind"))
    annotations = rollout.metadata.annotations or {}
    weight = "weight" if old else "traffic"
    named, by_field = annotations.get(_SHARED_ROUTING, ""), text(part.get("trafficRoutingRef"))
    steps = mappings(part.get("steps"))[:_MOST_STEPS]
    return KruisePlan(
        style=_style(part, annotations, kind, old, blue_green),
        workload=(text(workload.get("apiVersion")), kind, text(workload.get("name"))),
        steps=tuple(_step(number, step, weight) for number, step in enumerate(steps, 1)),
        routing=routing_of(part),
        shared_routing=safe_text(named or by_field, 120),
        paused=flag(strategy, "paused"),
        disabled=flag(spec, "disabled"),
        place=("spec", "strategy", "blueGreen" if blue_green else "canary"),
        weight_field=weight,
        shared_by_field=bool(by_field) and not named,
    )


def _style(part: dict[str, Any], annotations: dict[str, str], kind: str, old: bool, blue_green: bool) -> KruiseStyle:
    """Only a Deployment gets an extra Deployment (IsRealPartition)."""
    if blue_green:
        return KruiseStyle.BLUE_GREEN
    if old:
        extra = annotations.get(_ROLLING_STYLE, "canary").lower() != "partition"
    else:
        extra = part.get("enableExtraWorkloadForCanary") is True
    return KruiseStyle.CANARY if extra and kind == "Deployment" else KruiseStyle.PARTITION


def _step(number: int, step: dict[str, Any], weight: str) -> KruiseStep:
    asked = step.get("replicas")
    replicas = asked if isinstance(asked, str) and share(asked) is not None else whole(asked)
    traffic = share(step.get(weight))
    if replicas is None and traffic is not None and asked is None:
        replicas = f"{round(traffic * 100)}%"  # as the conversion of v1alpha1 fills it in
    matches = tuple(
        tuple(
            KruiseHeader(text(h.get("name")), text(h.get("value")), text(h.get("type")) or "Exact")
            for h in mappings(match.get("headers"))
            if text(h.get("name"))
        )
        for match in mappings(step.get("matches"))
    )
    seconds = whole(mapping(step.get("pause")).get("duration"))
    return KruiseStep(number, traffic, replicas, matches, None if seconds is None else max(seconds, 0), step)


def routing_of(part: dict[str, Any]) -> KruiseRouting | None:
    found = mappings(part.get("trafficRoutings"))
    if not found:
        return None
    first, ingress = found[0], mapping(found[0].get("ingress"))
    custom = tuple(
        (text(r.get("apiVersion")), text(r.get("kind")), text(r.get("name")))
        for r in mappings(first.get("customNetworkRefs"))
    )
    return KruiseRouting(
        service=text(first.get("service")),
        ingress=text(ingress.get("name")),
        class_type=text(ingress.get("classType")) or "nginx",
        route=text(mapping(first.get("gateway")).get("httpRouteName")),
        custom=custom,
        own_canary_service=part.get("disableGenerateCanaryService") is not True,
        count=len(found),
    )
