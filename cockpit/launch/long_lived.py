"""Keeps Python's search for garbage away from what was read."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.launch import collecting
from cockpit.model.view import FleetView, Sync
from cockpit.session.port import Cockpit

_BEGINNING = (Sync.CONNECTING, Sync.SYNCING)


def spare_once_read(cockpit: Cockpit, spare: Callable[[], None] = collecting.as_usual) -> None:
    """Once no cluster is being read, exempt all that is held by then; one that does not answer is not waited for."""
    ends: list[Callable[[], None]] = []

    def look(view: FleetView) -> None:
        if ends and view.clusters and all(c.state not in _BEGINNING and not c.unfinished for c in view.clusters):
            ends.pop()()
            spare()

    ends.append(cockpit.subscribe(look))
