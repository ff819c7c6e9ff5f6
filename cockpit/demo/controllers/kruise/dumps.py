"""Go's way to print a value, which the webhook's refusals contain."""

from __future__ import annotations

from typing import Any

# Where a pointer points differs by run and says nothing.
ADDRESS = "0xc000012345"


def struct(name: str, **fields: Any) -> str:
    """A struct of texts."""
    inner = ", ".join(f'{field}:"{value or ""}"' for field, value in fields.items())
    return f"{name}{{{inner}}}"


def replicas_value(value: Any) -> str:
    """An IntOrString."""
    if isinstance(value, str):
        return f'intstr.IntOrString{{Type:1, IntVal:0, StrVal:"{value}"}}'
    return f'intstr.IntOrString{{Type:0, IntVal:{value}, StrVal:""}}'


def canary_steps(steps: list[dict[str, Any]], version: str) -> str:
    """The steps of a Rollout; pointers show where they point, not to what."""
    return f"[]{version}.CanaryStep{{{', '.join(_step(step, version) for step in steps)}}}"


def _step(step: dict[str, Any], version: str) -> str:
    traffic = ("Weight", "int32") if version == "v1alpha1" else ("Traffic", "string")
    modifier = _pointer("v1beta1.HTTPHeaderFilter", step.get("requestHeaderModifier"))
    matches = f"[]{version}.HttpRouteMatch" + (
        f"{{{', '.join(f'{version}.HttpRouteMatch{{...}}' for _ in step['matches'])}}}"
        if step.get("matches")
        else "(nil)"
    )
    routing = (
        f"{version}.TrafficRoutingStrategy{{{traffic[0]}:{_pointer(traffic[1], step.get('traffic'))}, "
        f"RequestHeaderModifier:{modifier}, Matches:{matches}}}"
    )
    pause = _pointer("int32", (step.get("pause") or {}).get("duration"))
    return (
        f"{version}.CanaryStep{{TrafficRoutingStrategy:{routing}, "
        f"Replicas:{_pointer('intstr.IntOrString', step.get('replicas'))}, "
        f"Pause:{version}.RolloutPause{{Duration:{pause}}}}}"
    )


def _pointer(type_: str, value: Any) -> str:
    return f"(*{type_})({'nil' if value is None else ADDRESS})"
