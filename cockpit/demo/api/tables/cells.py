"""How single values look in a table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

NONE = "<none>"
UNKNOWN = "<unknown>"


def human_duration(seconds: float) -> str:
    """A span as kubectl prints ages (k8s.io/apimachinery/pkg/util/duration HumanDuration)."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    if whole < 60 * 2:
        return f"{whole}s"
    minutes = whole // 60
    if minutes < 10:
        rest = whole % 60
        return f"{minutes}m{rest}s" if rest else f"{minutes}m"
    if minutes < 60 * 3:
        return f"{minutes}m"
    if minutes < 60 * 8:
        rest = minutes % 60
        return f"{minutes // 60}h{rest}m" if rest else f"{minutes // 60}h"
    return _hours_and_more(whole // 3600)


def _hours_and_more(hours: int) -> str:
    if hours < 48:
        return f"{hours}h"
    if hours < 24 * 8:
        rest = hours % 24
        return f"{hours // 24}d{rest}h" if rest else f"{hours // 24}d"
    if hours < 24 * 365 * 2:
        return f"{hours // 24}d"
    if hours < 24 * 365 * 8:
        days = (hours // 24) % 365
        years = hours // 24 // 365
        return f"{years}y{days}d" if days else f"{years}y"
    return f"{hours // 24 // 365}y"


def seconds_of(timestamp: Any) -> float | None:
    """RFC 3339 as Unix seconds; None for anything else."""
    if not isinstance(timestamp, str) or not timestamp:
        return None
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def since(timestamp: Any, now: float) -> str:
    """How long ago something was."""
    then = seconds_of(timestamp)
    return UNKNOWN if then is None else human_duration(now - then)


def age(obj: dict[str, Any], now: float) -> str:
    """How long an object has been there."""
    return since(obj["metadata"].get("creationTimestamp"), now)


def joined_labels(labels: Any) -> str:
    """A map of labels as a selector: `a=b,c=d`."""
    if not isinstance(labels, dict) or not labels:
        return NONE
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def selector(value: Any) -> str:
    """A LabelSelector as text."""
    if not isinstance(value, dict):
        return NONE
    parts = [f"{key}={text}" for key, text in sorted((value.get("matchLabels") or {}).items())]
    for expression in value.get("matchExpressions") or []:
        key, values = expression.get("key"), ",".join(expression.get("values") or [])
        match expression.get("operator"):
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(f"{key}")
            case "DoesNotExist":
                parts.append(f"!{key}")
    return ",".join(parts) or NONE


def containers(obj: dict[str, Any]) -> tuple[str, str]:
    """The names and images of a template's containers."""
    found = ((obj.get("spec") or {}).get("template") or {}).get("spec", {}).get("containers") or []
    return ",".join(c.get("name", "") for c in found), ",".join(c.get("image", "") for c in found)
