"""Who owns which field: `metadata.managedFields`."""

from __future__ import annotations

from cockpit.demo.history import Object
from cockpit.demo.kinds import Kind


def track(kind: Kind, old: Object | None, new: Object, *, manager: str, at: str, subresource: str = "") -> None:
    """Note in `new` the fields that `manager` changed between `old` and `new`."""
