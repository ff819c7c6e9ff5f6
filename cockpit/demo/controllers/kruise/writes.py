"""Writes of the rollout controller."""

from __future__ import annotations

from cockpit.demo.controllers.kruise.names import MANAGER
from cockpit.demo.controllers.world import World
from cockpit.demo.patches.patching import merged
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.storage import key_of


def patch(world: World, kind: Kind, obj: Object, change: Object) -> Object:
    """Merge `change` into the stored state of `obj`; the answer is its state then. NotFound when it is gone."""
    stored = world.storage.get(kind, *key_of(kind, obj))
    return world.storage.update(kind, merged(stored, change), manager=MANAGER)


def annotate(world: World, kind: Kind, obj: Object, annotations: dict[str, str | None]) -> Object:
    """Set annotations, or take those away that are None."""
    return patch(world, kind, obj, {"metadata": {"annotations": annotations}})


def add_finalizer(world: World, kind: Kind, obj: Object, finalizer: str) -> Object:
    """The object with the finalizer."""
    found = obj["metadata"].get("finalizers") or []
    if finalizer in found:
        return obj
    return patch(world, kind, obj, {"metadata": {"finalizers": [*found, finalizer]}})


def drop_finalizer(world: World, kind: Kind, obj: Object, finalizer: str) -> None:
    """Take the finalizer away; an object under deletion goes with its last one."""
    found = obj["metadata"].get("finalizers") or []
    if finalizer in found:
        patch(world, kind, obj, {"metadata": {"finalizers": [other for other in found if other != finalizer]}})


def write_status(world: World, kind: Kind, obj: Object, status: Object) -> None:
    """Replace the whole status with the computed one, even if it was written since, as the real controller does."""
    stored = world.storage.peek(kind, *key_of(kind, obj))
    if stored is not None and stored.get("status") != status:
        world.write_status(kind, stored, copied(status))
