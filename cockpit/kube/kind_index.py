"""All objects of one kind: by name, by index key, by owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cockpit.kube.questions import anywhere_topic, every_topic, key_topic, object_topic, owner_topic
from cockpit.model.objects import Obj
from cockpit.model.refs import Resource

# Names of objects by (namespace, key) or (namespace, owner's uid).
Buckets = dict[tuple[str, str], set[str]]

# Index keys for references across namespaces.
_ASKED_ANYWHERE = ("steers=", "service=", "to=", "host=", "at=", "alias of ")


class KindIndex:
    """Methods add to `topics` every question whose answer their change can alter."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._objects: dict[str, dict[str, Obj]] = {}
        self._keys: Buckets = {}
        self._owners: Buckets = {}
        self._ordered: dict[str, tuple[Obj, ...]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._objects.values()))

    def get(self, namespace: str, name: str) -> Obj | None:
        return self._objects.get(namespace, {}).get(name)

    def every(self, namespace: str) -> Sequence[Obj]:
        ordered = self._ordered.get(namespace)
        if ordered is None:
            objects = self._objects.get(namespace)
            if not objects:
                return ()
            ordered = self._ordered[namespace] = tuple(objects[name] for name in sorted(objects))
        return ordered

    def everywhere(self) -> Sequence[Obj]:
        return tuple(obj for namespace in sorted(self._objects) for obj in self.every(namespace))

    def keyed(self, namespace: str, keys: Sequence[str]) -> Sequence[Obj]:
        """Objects with all of the keys; none without keys."""
        buckets = sorted((self._keys.get((namespace, key), set()) for key in keys), key=len)
        if not buckets or not buckets[0]:
            return ()
        return self._named(namespace, set.intersection(*buckets))

    def anywhere(self, key: str) -> Sequence[Obj]:
        """Objects with a key in all namespaces, sorted by namespace and name."""
        found = ((namespace, self._keys.get((namespace, key))) for namespace in sorted(self._objects))
        return tuple(obj for namespace, names in found if names for obj in self._named(namespace, names))

    def owned(self, namespace: str, uid: str) -> Sequence[Obj]:
        return self._named(namespace, self._owners.get((namespace, uid), set()))

    def bucket_size(self, namespace: str, key: str) -> int:
        return len(self._keys.get((namespace, key), ()))

    def put(self, obj: Obj, topics: set[str]) -> bool:
        """Add or change an object; false if this version is already stored."""
        meta = obj.metadata
        old = self.get(meta.namespace, meta.name)
        if old is not None:
            same = old.metadata.uid == meta.uid and old.metadata.resource_version == meta.resource_version
            if same and meta.resource_version:
                return False
            self._take_out(old, topics)
        self._objects.setdefault(meta.namespace, {})[meta.name] = obj
        for key in obj.index_keys():
            self._keys.setdefault((meta.namespace, key), set()).add(meta.name)
        for uid in _owner_uids(obj):
            self._owners.setdefault((meta.namespace, uid), set()).add(meta.name)
        self._note(obj, topics)
        return True

    def drop(self, namespace: str, name: str, topics: set[str]) -> bool:
        """Remove an object; false if there is none."""
        old = self.get(namespace, name)
        if old is None:
            return False
        self._take_out(old, topics)
        return True

    def replace(self, objects: Iterable[Obj], topics: set[str]) -> int:
        """Make the index hold exactly these objects; returns how many differed."""
        kept = set()
        changed = 0
        for obj in objects:
            kept.add((obj.metadata.namespace, obj.metadata.name))
            changed += self.put(obj, topics)
        gone = [(ns, name) for ns, named in self._objects.items() for name in named if (ns, name) not in kept]
        return changed + sum(self.drop(namespace, name, topics) for namespace, name in gone)

    def _named(self, namespace: str, names: Iterable[str]) -> tuple[Obj, ...]:
        objects = self._objects.get(namespace, {})
        return tuple(objects[name] for name in sorted(names))

    def _take_out(self, old: Obj, topics: set[str]) -> None:
        namespace, name = old.metadata.namespace, old.metadata.name
        self._note(old, topics)
        for key in old.index_keys():
            _discard(self._keys, (namespace, key), name)
        for uid in _owner_uids(old):
            _discard(self._owners, (namespace, uid), name)
        named = self._objects[namespace]
        del named[name]
        if not named:
            del self._objects[namespace]

    def _note(self, obj: Obj, topics: set[str]) -> None:
        namespace = obj.metadata.namespace
        self._ordered.pop(namespace, None)
        topics.add(object_topic(self._resource, namespace, obj.metadata.name))
        topics.add(every_topic(self._resource, namespace))
        for key in obj.index_keys():
            topics.add(key_topic(self._resource, namespace, key))
            if key.startswith(_ASKED_ANYWHERE):
                topics.add(anywhere_topic(self._resource, key))
        topics.update(owner_topic(self._resource, namespace, uid) for uid in _owner_uids(obj))


def _owner_uids(obj: Obj) -> Iterator[str]:
    return (owner.uid for owner in obj.metadata.owner_references or ())


def _discard(buckets: Buckets, place: tuple[str, str], name: str) -> None:
    bucket = buckets.get(place)
    if bucket is not None:
        bucket.discard(name)
        if not bucket:
            del buckets[place]
