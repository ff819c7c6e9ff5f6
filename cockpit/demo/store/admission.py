"""Hooks that look at a write before it is stored, as admission webhooks do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cockpit.demo.rules.lookup import Lookup
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object


@dataclass(frozen=True)
class Review:
    """One create (`old` is None) or update of an object itself; writes to subresources are not reviewed.

    `new` may be changed in place. `asked` is the version of the kind in which the request came.
    """

    storage: Lookup
    kind: Kind
    asked: Kind
    new: Object
    old: Object | None


# Raises an ApiError to refuse the write.
Hook = Callable[[Review], None]
