"""CustomResourceDefinitions: their names are accepted and their kinds established, unless another has them."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.rules.crds import is_established, status_of
from cockpit.demo.schemas.objects import Object
from cockpit.demo.schemas.storedkinds import CUSTOMRESOURCEDEFINITIONS
from cockpit.demo.store.history import Event


def touches(_: World, event: Event) -> Iterator[Key]:
    """The definition itself."""
    if event.kind is CUSTOMRESOURCEDEFINITIONS and event.type != "DELETED":
        yield ("", event.obj["metadata"]["name"])


def reconcile(world: World, key: Key) -> float | None:
    """Establish a new definition, and follow the names and versions of one that is established."""
    crd = world.storage.peek(CUSTOMRESOURCEDEFINITIONS, None, key[1])
    if crd is None or crd["metadata"].get("deletionTimestamp"):
        return None
    if is_established(crd) and crd["status"].get("acceptedNames") == crd["spec"]["names"]:
        return None
    status = status_of(crd, world.clock.timestamp(), _taken(world, crd))
    if {**(crd.get("status") or {}), "conditions": None} != {**status, "conditions": None} or not crd.get("status"):
        world.write_status(CUSTOMRESOURCEDEFINITIONS, crd, status)
    return None


def _taken(world: World, crd: Object) -> str:
    """Which name another definition of the group has already, in the words of the condition."""
    group, kind = crd["spec"]["group"], crd["spec"]["names"]["kind"]
    for other in world.storage.scan(CUSTOMRESOURCEDEFINITIONS):
        if other["metadata"]["name"] == crd["metadata"]["name"] or other["spec"]["group"] != group:
            continue
        if is_established(other) and other["spec"]["names"]["kind"] == kind:
            return f'"{kind}" is already in use'
    return ""


CONTROLLER = Controller("definitions", touches, reconcile)
