"""Who else wants the bytes of lists and watches, such as a record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cockpit.model.refs import Resource


class Tap(Protocol):
    """Called on the event loop with what one cluster sent, before it is decoded; must not block."""

    def page(self, resource: Resource, body: bytes, *, first: bool, last: bool) -> None:
        """A page of a list; one that does not come to its last page is as if it had not begun."""
        ...

    def lines(self, resource: Resource, lines: Sequence[bytes]) -> None:
        """Events of a watch."""
        ...
