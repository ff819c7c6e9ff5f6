"""What a pod's status says."""

from __future__ import annotations

from datetime import datetime

from cockpit.demo.schemas.objects import Object


def condition(obj: Object, type_: str) -> dict[str, str] | None:
    """One condition of an object's status, or None."""
    for entry in (obj.get("status") or {}).get("conditions") or []:
        if entry.get("type") == type_:
            found: dict[str, str] = entry
            return found
    return None


def is_ready(pod: Object) -> bool:
    """Whether the condition Ready is True."""
    ready = condition(pod, "Ready")
    return ready is not None and ready.get("status") == "True"


def is_finished(pod: Object) -> bool:
    """Whether its containers ended for good."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def is_active(pod: Object) -> bool:
    """Whether a ReplicaSet counts the pod."""
    return not is_finished(pod) and not pod["metadata"].get("deletionTimestamp")


def ready_since(pod: Object) -> float:
    """Unix seconds since when the pod is ready; 0 when that is not known."""
    ready = condition(pod, "Ready") or {}
    return parse_time(ready.get("lastTransitionTime"))


def available_in(pod: Object, min_ready_seconds: int, now: float) -> float | None:
    """Seconds until a ready pod counts as available (0: it does); None while it is not ready."""
    if not is_ready(pod):
        return None
    if min_ready_seconds <= 0:
        return 0.0
    return max(0.0, ready_since(pod) + min_ready_seconds - now)


def parse_time(text: object) -> float:
    """RFC 3339 as Unix seconds; 0 for anything else."""
    if not isinstance(text, str):
        return 0.0
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return 0.0
