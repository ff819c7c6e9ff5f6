"""Which controller owns an object: `metadata.ownerReferences`."""

from __future__ import annotations

from typing import Any

from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object


def controller_of(obj: Object) -> dict[str, Any] | None:
    """The reference to the managing controller, or None."""
    for reference in obj["metadata"].get("ownerReferences") or []:
        if isinstance(reference, dict) and reference.get("controller"):
            return reference
    return None


def reference_to(owner: Object, kind: Kind) -> dict[str, Any]:
    """The controlling owner reference that a dependent of `owner` carries."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def without_reference(references: list[dict[str, Any]], uid: str) -> list[dict[str, Any]]:
    """The references that do not name `uid`."""
    return [reference for reference in references if reference.get("uid") != uid]
