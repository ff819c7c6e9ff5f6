"""Policies by which the API server itself checks what pairing writes."""

from __future__ import annotations

from typing import Any


def pairing_policies() -> list[dict[str, Any]]:
    """The documents of all policies; none yet."""
    return []
