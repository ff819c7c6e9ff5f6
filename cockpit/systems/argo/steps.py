"""The steps of a canary: what each asks for, as text and as numbers (types.go, CanaryStep)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from cockpit.model.counts import counted
from cockpit.model.fields import entries, mapping, text, whole
from cockpit.model.lazy_re import lazy_re
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass

_GO_PART = lazy_re(r"([0-9]{1,9}(?:\.[0-9]{0,9})?)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 40


class ArgoStepKind(StrEnum):
    """The field that defines a step; a step has exactly one."""

    WEIGHT = "setWeight"
    PAUSE = "pause"
    SCALE = "setCanaryScale"
    HEADER = "setHeaderRoute"
    MIRROR = "setMirrorRoute"
    ANALYSIS = "analysis"
    EXPERIMENT = "experiment"
    PLUGIN = "plugin"
    UNKNOWN = ""


# Steps that end with a result that a person can override.
JUDGED = (ArgoStepKind.ANALYSIS, ArgoStepKind.EXPERIMENT, ArgoStepKind.PLUGIN)
# Steps that the controller passes without waiting.
INSTANT = (ArgoStepKind.HEADER, ArgoStepKind.MIRROR)


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One step. `weight` is the setWeight; `seconds` is the length of a pause, None if it needs approval.

    `pods` is the number of canary pods by setCanaryScale, None if it follows from a weight. `adds_route` is true where
    the controller adds a route for some requests, or for copies of them.
    """

    kind: ArgoStepKind
    title: str
    weight: int | None = None
    seconds: float | None = None
    pods: int | None = None
    adds_route: bool = False

    @property
    def asks(self) -> bool:
        """Whether it needs approval to continue."""
        return self.kind is ArgoStepKind.PAUSE and self.seconds is None


def steps_of(raw: Sequence[Any], top: int = 100) -> tuple[StepSpec, ...]:
    """The steps of a spec; `top` is the weight that means all requests."""
    return tuple(_step(entry, top) for entry in raw)


def weight_at(steps: Sequence[StepSpec], index: int) -> int:
    """The weight at a step counted from 0: that of the last setWeight up to it (utils/replicaset/canary.go)."""
    return next((s.weight for s in reversed(steps[: max(index + 1, 0)]) if s.weight is not None), 0)


def scale_at(steps: Sequence[StepSpec], index: int) -> int | None:
    """The canary's pods by the last setCanaryScale up to a step counted from 0; None if they follow from a weight."""
    return next((s.pods for s in reversed(steps[: max(index + 1, 0)]) if s.kind is ArgoStepKind.SCALE), None)


def seconds_of(duration: Any) -> float | None:
    """A pause's duration: whole seconds as number or text, or a Go duration such as "1h30m"; None for anything else."""
    number = whole(duration)
    if number is not None:
        return float(number) if number >= 0 else None
    written = text(duration)
    if re.fullmatch(r"[0-9]{1,12}", written):
        return float(written)
    parts = _GO_PART.findall(written)
    if not parts or "".join(n + unit for n, unit in parts) != written:
        return None
    return sum(float(n) * _SECONDS[unit] for n, unit in parts)


def _step(entry: Any, top: int) -> StepSpec:
    kind = next((k for k in ArgoStepKind if k and mapping(entry).get(k.value) is not None), ArgoStepKind.UNKNOWN)
    match kind:
        case ArgoStepKind.WEIGHT:
            weight = min(max(whole(entry, kind.value) or 0, 0), top)
            return StepSpec(kind, f"{weight * 100 / top:.4g}%", weight=weight)
        case ArgoStepKind.PAUSE:
            return _pause(mapping(entry, kind.value))
        case ArgoStepKind.UNKNOWN:
            return StepSpec(kind, "unknown step")
        case _:
            body = mapping(entry, kind.value)
            pods = whole(body, "replicas") if kind is ArgoStepKind.SCALE else None
            adds = kind in INSTANT and bool(entries(body, "match"))
            return StepSpec(kind, safe_text(_title(kind, body), 3 * _LONGEST), pods=pods, adds_route=adds)


def _pause(pause: dict[str, Any]) -> StepSpec:
    duration = pause.get("duration")
    if duration is None:
        return StepSpec(ArgoStepKind.PAUSE, "pause")
    unit = "s" if whole(duration) is not None or text(duration).isdigit() else ""
    # An unreadable duration makes the whole spec invalid; here it counts as 0.
    return StepSpec(ArgoStepKind.PAUSE, f"pause {safe_text(duration, 20)}{unit}", seconds=seconds_of(duration) or 0.0)


def _title(kind: ArgoStepKind, body: dict[str, Any]) -> str:
    match kind:
        case ArgoStepKind.SCALE:
            if (pods := whole(body, "replicas")) is not None:
                return f"canary {counted(pods, 'pod')}"
            return "canary pods by weight" if whole(body, "weight") is None else f"canary {body['weight']}% pods"
        case ArgoStepKind.HEADER:
            rules = [f"{text(m, 'headerName')}{_pattern(mapping(m, 'headerValue'))}" for m in entries(body, "match")]
            return f"header {' '.join(rules)}" if rules else f"header route {text(body, 'name')} off"
        case ArgoStepKind.MIRROR:
            if not entries(body, "match"):
                return f"mirror {text(body, 'name')} off"
            return f"mirror {whole(body, 'percentage') or 100}%"
        case ArgoStepKind.ANALYSIS:
            return f"analysis {_names(body, 'templateName')}"
        case ArgoStepKind.EXPERIMENT:
            return f"experiment {_names(body, 'name')}"
        case _:
            return f"plugin {text(body, 'name')}"


def _names(body: dict[str, Any], key: str) -> str:
    return ", ".join(text(t, key)[:_LONGEST] for t in entries(body, "templates")[:5])


def _pattern(value: dict[str, Any]) -> str:
    for key, sign in (("exact", "="), ("prefix", "^"), ("regex", "~")):
        if text(value, key):
            return sign + text(value, key)
    return ""
