"""All objects of one kind: by name, by index key, by owner."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from cockpit.kube.questions import anywhere_topic, every_topic, key_topic, members_topic, object_topic, owner_topic
from cockpit.model.objects import Obj
from cockpit.model.refs import ENDPOINTSLICES, PODS, Resource

# Names of objects by (namespace, key) or (namespace, owner's uid).
Buckets = dict[tuple[str, str], set[str]]

# Index keys for references across namespaces.
_ASKED_ANYWHERE = ("steers=", "service=", "to=", "host=", "alias of ")

# Kinds that change all the time, most often in fields that are not read. No plan goes by their version.
_OFTEN_THE_SAME = frozenset({PODS, ENDPOINTSLICES})

# Places whose topics are remembered; beyond that all are forgotten. The pods of one version have the same.
_MOST_PLACES = 500


class _Place(NamedTuple):
    """By what an object can be found besides its name: its index keys and the uids of its owners."""

    namespace: str
    keys: tuple[str, ...]
    owners: tuple[str, ...]


class KindIndex:
    """Methods add to `topics` every question whose answer their change can alter.

    Of pods and endpoints another version is no change, unless something that is read changed with it.
    """

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._often_the_same = resource in _OFTEN_THE_SAME
        self._objects: dict[str, dict[str, Obj]] = {}
        self._keys: Buckets = {}
        self._owners: Buckets = {}
        self._away: dict[str, set[str]] = {}  # namespaces by key, for keys that are asked for in all of them
        self._ordered: dict[str, tuple[Obj, ...]] = {}
        self._topics: dict[_Place, tuple[frozenset[str], frozenset[str]]] = {}

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
        if len(keys) == 1:
            return self._named(namespace, self._keys.get((namespace, keys[0]), ()))
        buckets = sorted((self._keys.get((namespace, key), set()) for key in keys), key=len)
        if not buckets or not buckets[0]:
            return ()
        return self._named(namespace, set.intersection(*buckets))

    def anywhere(self, key: str) -> Sequence[Obj]:
        """Objects with a key in all namespaces, sorted by namespace and name."""
        places = sorted(self._away.get(key, ()))
        return tuple(obj for namespace in places for obj in self._named(namespace, self._keys[namespace, key]))

    def owned(self, namespace: str, uid: str) -> Sequence[Obj]:
        return self._named(namespace, self._owners.get((namespace, uid), ()))

    def bucket_size(self, namespace: str, key: str) -> int:
        return len(self._keys.get((namespace, key), ()))

    def put(self, obj: Obj, topics: set[str]) -> bool:
        """Add or change an object; false if this version is already stored."""
        meta = obj.metadata
        old = self.get(meta.namespace, meta.name)
        if old is None:
            place = _place_of(obj)
            self._enter(obj, place)
            self._note(obj, place, topics, moved=True)
            return True
        same = old.metadata.uid == meta.uid
        if same and meta.resource_version and old.metadata.resource_version == meta.resource_version:
            return False
        before, place = _place_of(old), _place_of(obj)
        if before == place:
            self._objects[meta.namespace][meta.name] = obj
            if self._often_the_same and _differs_in_version_alone(old, obj):
                self._ordered.pop(meta.namespace, None)
                return True
            kept = same and old.metadata.owner_references == meta.owner_references
            self._note(obj, place, topics, moved=not kept)
            return True
        self._take_out(old, before, topics)
        self._enter(obj, place)
        self._note(obj, place, topics, moved=True)
        return True

    def drop(self, namespace: str, name: str, topics: set[str]) -> bool:
        """Remove an object; false if there is none."""
        old = self.get(namespace, name)
        if old is None:
            return False
        self._take_out(old, _place_of(old), topics)
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

    def _named(self, namespace: str, names: Collection[str]) -> tuple[Obj, ...]:
        if not names:
            return ()
        objects = self._objects.get(namespace, {})
        return tuple(objects[name] for name in sorted(names))

    def _enter(self, obj: Obj, place: _Place) -> None:
        name = obj.metadata.name
        self._objects.setdefault(place.namespace, {})[name] = obj
        for key in place.keys:
            self._keys.setdefault((place.namespace, key), set()).add(name)
            if key.startswith(_ASKED_ANYWHERE):
                self._away.setdefault(key, set()).add(place.namespace)
        for uid in place.owners:
            self._owners.setdefault((place.namespace, uid), set()).add(name)

    def _take_out(self, old: Obj, place: _Place, topics: set[str]) -> None:
        namespace, name = place.namespace, old.metadata.name
        self._note(old, place, topics, moved=True)
        for key in place.keys:
            _discard(self._keys, (namespace, key), name)
            if key in self._away and (namespace, key) not in self._keys:
                self._away[key].discard(namespace)
                if not self._away[key]:
                    del self._away[key]
        for uid in place.owners:
            _discard(self._owners, (namespace, uid), name)
        named = self._objects[namespace]
        del named[name]
        if not named:
            del self._objects[namespace]

    def _note(self, obj: Obj, place: _Place, topics: set[str], *, moved: bool) -> None:
        """Note the questions that a change of this object concerns; `moved` if it came, went, or is another object."""
        self._ordered.pop(place.namespace, None)
        topics.add(object_topic(self._resource, place.namespace, obj.metadata.name))
        known = self._topics.get(place)
        if known is None:
            if len(self._topics) >= _MOST_PLACES:
                self._topics.clear()
            known = self._topics[place] = self._topics_of(place)
        topics |= known[0]
        if moved:
            topics |= known[1]

    def _topics_of(self, place: _Place) -> tuple[frozenset[str], frozenset[str]]:
        """The questions that any change of an object there concerns, and those that only who is there concerns."""
        kind, namespace = self._resource, place.namespace
        found = {every_topic(kind, namespace)}
        found.update(key_topic(kind, namespace, key) for key in place.keys)
        found.update(anywhere_topic(kind, key) for key in place.keys if key.startswith(_ASKED_ANYWHERE))
        found.update(owner_topic(kind, namespace, uid) for uid in place.owners)
        return frozenset(found), frozenset(members_topic(kind, namespace, key) for key in place.keys)


def _differs_in_version_alone(old: Obj, new: Obj) -> bool:
    parts = (name for name in new.__struct_fields__ if name != "metadata")
    meta = replace(old.metadata, resource_version=new.metadata.resource_version)
    return meta == new.metadata and all(getattr(old, name) == getattr(new, name) for name in parts)


def _place_of(obj: Obj) -> _Place:
    return _Place(obj.metadata.namespace, tuple(obj.index_keys()), tuple(_owner_uids(obj)))


def _owner_uids(obj: Obj) -> Iterator[str]:
    return (owner.uid for owner in obj.metadata.owner_references or ())


def _discard(buckets: Buckets, place: tuple[str, str], name: str) -> None:
    bucket = buckets.get(place)
    if bucket is not None:
        bucket.discard(name)
        if not bucket:
            del buckets[place]
