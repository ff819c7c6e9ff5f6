"""The values the API fills in where an object says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.demo.history import Object
from cockpit.demo.kinds import Kind

if TYPE_CHECKING:
    from cockpit.demo.storage import Storage


def set_defaults(kind: Kind, obj: Object, storage: Storage, old: Object | None = None) -> None:
    """Fill in what `obj` leaves out; `old` is the stored object on an update."""
