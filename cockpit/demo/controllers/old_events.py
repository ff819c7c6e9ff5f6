"""Events live an hour after their last write, as in a real cluster, where each write gives them a new lease in etcd."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.demo.controllers.podstate import parse_time
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.kinds import EVENTS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

KEPT = 3600.0


def touches(world: World, event: Event) -> Iterator[Key]:
    """Each Event that was written."""
    if event.kind is EVENTS and event.type != "DELETED":
        yield key_of(EVENTS, event.obj)


def reconcile(world: World, key: Key) -> float | None:
    """Delete an Event that was last written an hour ago."""
    event = world.storage.peek(EVENTS, *key)
    if event is None:
        return None
    left = _written(event) + KEPT - world.clock.now()
    if left > 0:
        return left
    world.storage.delete(EVENTS, *key)
    return None


def _written(event: Object) -> float:
    """When it was last written: the time of its managers; controllers here, which have none, note it themselves."""
    meta = event["metadata"]
    managers = [parse_time(item.get("time")) for item in meta.get("managedFields") or ()]
    return max(managers, default=parse_time(event.get("lastTimestamp"))) or parse_time(meta.get("creationTimestamp"))


CONTROLLER = Controller("events", touches, reconcile)
