"""What Kruise Rollouts keep as JSON in annotations, which anybody may write."""

from __future__ import annotations

import json
from typing import Any

from cockpit.demo.schemas.objects import Object


def kept(obj: Object, name: str) -> dict[str, Any] | None:
    """The map in an annotation; empty for one that cannot be read, None where there is no annotation."""
    text = (obj["metadata"].get("annotations") or {}).get(name)
    if not text:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
