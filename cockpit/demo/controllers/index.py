"""Objects found by what they say, so that the cost of a change follows the change and not the cluster."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event, Key
from cockpit.demo.store.storage import Storage, key_of


class Index:
    """The objects of one kind under the keys that `keys` takes from each; the objects are shared: read only."""

    def __init__(self, storage: Storage, kind: Kind, keys: Callable[[Object], Iterable[Hashable]]) -> None:
        self._kind = kind
        self._keys = keys
        self._buckets: dict[Hashable, dict[Key, Object]] = {}
        for obj in storage.scan(kind):
            self._put(obj)

    def follow(self, event: Event) -> None:
        """Take one write into account."""
        if event.kind is not self._kind:
            return
        if event.old is not None:
            self._drop(event.old)
        if event.type != "DELETED":
            self._put(event.obj)

    def under(self, key: Hashable) -> list[Object]:
        """The objects under one key, in the order they came."""
        return list(self._buckets.get(key, {}).values())

    def size(self, key: Hashable) -> int:
        """How many objects are under one key."""
        return len(self._buckets.get(key, ()))

    def _put(self, obj: Object) -> None:
        for key in self._keys(obj):
            self._buckets.setdefault(key, {})[key_of(self._kind, obj)] = obj

    def _drop(self, obj: Object) -> None:
        for key in self._keys(obj):
            bucket = self._buckets.get(key)
            if bucket is not None:
                bucket.pop(key_of(self._kind, obj), None)
                if not bucket:
                    del self._buckets[key]
