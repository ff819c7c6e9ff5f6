"""All objects of one kind: by name, by index key, by owner."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from cockpit.kube.questions import (
    anywhere_topic,
    every_topic,
    key_topic,
    members_topic,
    object_topic,
    owner_topic,
    sync_topic,
)
from cockpit.model.objects import Obj
from cockpit.model.refs import ENDPOINTSLICES, PODS, Resource

# Names of objects by (namespace, key) or (namespace, owner's uid), in order. A set of twenty names takes 1.3 kB, a list
# of them 0.2 kB, and a name's place in ten thousand is found in fourteen steps.
Buckets = dict[tuple[str, str], list[str]]

_NONE: list[str] = []

# Index keys for references across namespaces.
_ASKED_ANYWHERE = ("steers=", "service=", "to=", "host=", "at=", "alias of ")

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
    `filled` says whether there was ever an object or a complete list. Before, every question has the same answer,
    nothing, so that whoever asks notes the kind's sync topic alone (`tracking.Tracked`).
    """

    def __init__(self, resource: Resource) -> None:
        self.filled = False
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
        buckets = sorted([self._keys.get((namespace, key), _NONE) for key in keys], key=len)
        if not buckets or not buckets[0]:
            return ()
        rarest, *others = buckets
        # Mostly the same objects have all of the labels.
        if others := [other for other in others if other != rarest]:
            rarest = [name for name in rarest if all(_holds(other, name) for other in others)]
        return self._named(namespace, rarest)

    def anywhere(self, key: str) -> Sequence[Obj]:
        """Objects with a key in all namespaces, sorted by namespace and name."""
        places = sorted(self._away.get(key, ()))
        return tuple(obj for namespace in places for obj in self._named(namespace, self._keys[namespace, key]))

    def owned(self, namespace: str, uid: str) -> Sequence[Obj]:
        return self._named(namespace, self._owners.get((namespace, uid), ()))

    def rarest(self, namespace: str, keys: Sequence[str]) -> str:
        """The key with the fewest objects; the first in sort order on a tie."""
        if len(keys) == 1:
            return keys[0]
        return min([(len(self._keys.get((namespace, key), _NONE)), key) for key in keys])[1]

    def put(self, obj: Obj, topics: set[str]) -> bool:
        """Add or change an object; false if this version is already stored."""
        meta = obj.metadata
        old = self.get(meta.namespace, meta.name)
        self._fill(topics)
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
        """Make the index hold exactly these objects, each once; returns how many differed."""
        if not self.filled:
            self.gather(objects)
            return self.begin(topics)
        kept = set()
        changed = 0
        for obj in objects:
            kept.add((obj.metadata.namespace, obj.metadata.name))
            changed += self.put(obj, topics)
        gone = [(ns, name) for ns, named in self._objects.items() for name in named if (ns, name) not in kept]
        return changed + sum(self.drop(namespace, name, topics) for namespace, name in gone)

    def gather(self, objects: Iterable[Obj]) -> None:
        """Add objects of the first list, before `begin` makes it one that answers."""
        for obj in objects:
            place = _place_of(obj)
            twice = self.get(place.namespace, obj.metadata.name)
            if twice is not None:
                self._take_out(twice, _place_of(twice), set())
            self._enter(obj, place)

    def begin(self, topics: set[str]) -> int:
        """The first list is gathered. Every question was asked of an empty index, and is told by the sync topic."""
        self._fill(topics)
        return len(self)

    def _fill(self, topics: set[str]) -> None:
        if not self.filled:
            self.filled = True
            topics.add(sync_topic(self._resource))

    def _named(self, namespace: str, names: Sequence[str]) -> tuple[Obj, ...]:
        """The objects of these names, which are in order."""
        if not names:
            return ()
        objects = self._objects[namespace]
        return tuple([objects[name] for name in names])

    def _enter(self, obj: Obj, place: _Place) -> None:
        name = obj.metadata.name
        self._objects.setdefault(place.namespace, {})[name] = obj
        for key in place.keys:
            _insert(self._keys, (place.namespace, key), name)
            if key.startswith(_ASKED_ANYWHERE):
                self._away.setdefault(key, set()).add(place.namespace)
        for uid in place.owners:
            _insert(self._owners, (place.namespace, uid), name)

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


def label_keys(labels: Mapping[str, str]) -> list[str]:
    """The index keys of these labels (`Obj.index_keys`)."""
    return [f"{k}={v}" for k, v in labels.items()]


def _owner_uids(obj: Obj) -> Iterator[str]:
    return (owner.uid for owner in obj.metadata.owner_references or ())


def _holds(bucket: list[str], name: str) -> bool:
    place = bisect_left(bucket, name)
    return place < len(bucket) and bucket[place] == name


def _insert(buckets: Buckets, place: tuple[str, str], name: str) -> None:
    bucket = buckets.get(place)
    if bucket is None:
        buckets[place] = [name]
    elif bucket[-1] < name:  # as in a list from a server
        bucket.append(name)
    elif not _holds(bucket, name):
        bucket.insert(bisect_left(bucket, name), name)


def _discard(buckets: Buckets, place: tuple[str, str], name: str) -> None:
    bucket = buckets.get(place)
    if bucket is not None and _holds(bucket, name):
        del bucket[bisect_left(bucket, name)]
        if not bucket:
            del buckets[place]
