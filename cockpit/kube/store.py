"""The objects of one cluster as they were last seen, indexed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cockpit.kube.shelf import Shelf
from cockpit.kube.topics import sync_topic
from cockpit.model.objects import Obj
from cockpit.model.refs import Resource


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What changed at once: topics (see `topics`) and how many objects."""

    topics: frozenset[str]
    objects: int = 0

    def __bool__(self) -> bool:
        return bool(self.topics)


@dataclass(frozen=True, slots=True)
class Removed:
    """An object that is gone."""

    namespace: str
    name: str


class Store:
    """Implements `model.lookup.Objects`. Only the informers of its cluster write to it.

    An object that disappeared from a list or a watch is gone; nothing is ever cleared first.
    """

    def __init__(self, context: str, namespace: str | None = None) -> None:
        """`namespace` is the only one that is read; None where all are."""
        self._context = context
        self._namespace = namespace
        self._shelves: dict[Resource, Shelf] = {}
        self._known: set[Resource] = set()

    @property
    def context(self) -> str:
        return self._context

    def replace(self, resource: Resource, objects: Iterable[Obj]) -> ChangeSet:
        """Make a kind exactly these objects, after a complete list; the topics are those of the difference."""
        topics: set[str] = set()
        count = self._shelf(resource).replace(objects, topics)
        if resource not in self._known:
            self._known.add(resource)
            topics.add(sync_topic(resource))
        return ChangeSet(frozenset(topics), count)

    def apply(self, resource: Resource, changes: Iterable[Obj | Removed]) -> ChangeSet:
        """Add, change and remove objects, in that order of events."""
        topics: set[str] = set()
        shelf = self._shelf(resource)
        count = 0
        for change in changes:
            if isinstance(change, Removed):
                count += shelf.drop(change.namespace, change.name, topics)
            else:
                count += shelf.put(change, topics)
        return ChangeSet(frozenset(topics), count)

    def count(self, resource: Resource) -> int:
        """How many objects of a kind there are."""
        return len(self._shelf(resource))

    def get(self, resource: Resource, namespace: str, name: str) -> Obj | None:
        return self._shelf(resource).get(namespace, name)

    def every(self, resource: Resource, namespace: str) -> Sequence[Obj]:
        return self._shelf(resource).every(namespace)

    def everywhere(self, resource: Resource) -> Sequence[Obj]:
        """All objects of a kind in all namespaces, in order of namespace and name."""
        return self._shelf(resource).everywhere()

    def keyed(self, resource: Resource, namespace: str, key: str) -> Sequence[Obj]:
        return self._shelf(resource).keyed(namespace, (key,))

    def anywhere(self, resource: Resource, key: str) -> Sequence[Obj]:
        return self._shelf(resource).anywhere(key)

    def selected(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        return self._shelf(resource).keyed(namespace, tuple(f"{k}={v}" for k, v in labels.items()))

    def owned(self, resource: Resource, namespace: str, uid: str) -> Sequence[Obj]:
        return self._shelf(resource).owned(namespace, uid)

    def known(self, resource: Resource) -> bool:
        return resource in self._known

    def covers(self, namespace: str) -> bool:
        return self._namespace in (None, namespace)

    def rarest(self, resource: Resource, namespace: str, keys: Sequence[str]) -> str:
        """The key that the fewest objects have; the first in order among equals."""
        shelf = self._shelf(resource)
        return min(sorted(keys), key=lambda key: shelf.bucket_size(namespace, key))

    def _shelf(self, resource: Resource) -> Shelf:
        shelf = self._shelves.get(resource)
        if shelf is None:
            shelf = self._shelves[resource] = Shelf(resource)
        return shelf
