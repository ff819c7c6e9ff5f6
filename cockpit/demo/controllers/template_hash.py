"""The short hash that joins a pod template to its ReplicaSet and pods."""

from __future__ import annotations

import json
from typing import Any

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def template_hash(template: dict[str, Any], collisions: int | None = None) -> str:
    """FNV-1a over the template, spelled with letters that form no words; as `pod-template-hash` looks."""
    value = 0x811C9DC5
    text = json.dumps(template, sort_keys=True, separators=(",", ":")) + ("" if collisions is None else str(collisions))
    for byte in text.encode("utf-8", "surrogatepass"):
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return "".join(ALPHABET[int(digit) % len(ALPHABET)] for digit in str(value))
