"""Events live an hour, as in a real cluster."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.demo.controllers.podstate import parse_time
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.kinds import EVENTS
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

KEPT = 3600.0


def touches(world: World, event: Event) -> Iterator[Key]:
    """Each Event that was written."""
    if event.kind is EVENTS and event.type != "DELETED":
        yield key_of(EVENTS, event.obj)


def reconcile(world: World, key: Key) -> float | None:
    """Delete an Event that was last seen an hour ago."""
    event = world.storage.peek(EVENTS, *key)
    if event is None:
        return None
    seen = parse_time(event.get("lastTimestamp")) or parse_time(event["metadata"].get("creationTimestamp"))
    left = seen + KEPT - world.clock.now()
    if left > 0:
        return left
    world.storage.delete(EVENTS, *key)
    return None


CONTROLLER = Controller("events", touches, reconcile)
