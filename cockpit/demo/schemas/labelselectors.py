"""Label selectors as objects write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether labels fulfil a `LabelSelector`; a missing selector matches nothing, an empty one everything."""
    if selector is None:
        return False
    if not selects(selector.get("matchLabels") or {}, labels):
        return False
    return all(_expression_holds(expression, labels) for expression in selector.get("matchExpressions") or [])


def selects(pairs: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether labels contain every pair, as the selector of a Service asks."""
    return all(labels.get(key) == value for key, value in pairs.items())


def formatted(selector: Mapping[str, Any]) -> str:
    """A `LabelSelector` in one line, as scale subresources report it: `app=web,tier in (a,b)`."""
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for expression in selector.get("matchExpressions") or []:
        key, values = expression.get("key", ""), ",".join(sorted(expression.get("values") or []))
        match expression.get("operator"):
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case "DoesNotExist":
                parts.append(f"!{key}")
    return ",".join(parts)


def _expression_holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = expression.get("key", ""), expression.get("values") or []
    match expression.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False
