"""The last known objects of one cluster, indexed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cockpit.kube.kind_index import KindIndex, label_keys
from cockpit.kube.questions import sync_topic
from cockpit.model.objects import Obj
from cockpit.model.refs import Resource
from cockpit.model.values import dataclass


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """One change: the topics it affects (see `questions`) and how many objects changed."""

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
    """Implements `model.lookup.Objects`. Only its cluster's informers write to it.

    An object missing from a list or deleted in a watch is removed; the store is never cleared first.
    """

    def __init__(self, context: str, namespace: str | None = None) -> None:
        """`namespace` is the only one that is read; None means all."""
        self._context = context
        self._namespace = namespace
        self._kind_indexes: dict[Resource, KindIndex] = {}
        self._known: set[Resource] = set()
        self._absent: set[Resource] = set()
        self._forbidden: set[Resource] = set()

    @property
    def context(self) -> str:
        return self._context

    def replace(self, resource: Resource, objects: Iterable[Obj], gathered: KindIndex | None = None) -> ChangeSet:
        """Replace all objects of a kind after a complete list; returns the topics of the difference.

        `gathered` is what `gathering` gave, with all of them.
        """
        topics: set[str] = set()
        if gathered is not None and not self.index(resource).filled:
            self._kind_indexes[resource] = gathered
            count = gathered.begin(topics)
        else:
            count = self.index(resource).replace(objects, topics)
        if resource not in self._known or self.unread(resource):
            topics.add(sync_topic(resource))
        self._known.add(resource)
        self._absent.discard(resource)
        self._forbidden.discard(resource)
        return ChangeSet(frozenset(topics), count)

    def gathering(self, resource: Resource) -> KindIndex | None:
        """Where the first list of a kind is gathered while it arrives; None if there was a list."""
        return None if self.index(resource).filled else KindIndex(resource)

    def absent(self, resource: Resource) -> ChangeSet:
        """Record that the cluster does not serve a kind, or that it is read in another version."""
        self._known.discard(resource)
        return self._without(resource, self._absent, self._forbidden)

    def forbidden(self, resource: Resource) -> ChangeSet:
        """Record that a kind cannot be read any more: objects already read stay."""
        return self._without(resource, self._forbidden, self._absent)

    def _without(self, resource: Resource, now: set[Resource], before: set[Resource]) -> ChangeSet:
        if resource in now:
            return ChangeSet(frozenset())
        now.add(resource)
        before.discard(resource)
        return ChangeSet(frozenset({sync_topic(resource)}))

    def apply(self, resource: Resource, changes: Iterable[Obj | Removed]) -> ChangeSet:
        """Apply additions, changes and removals in the order of the events."""
        topics: set[str] = set()
        kind_index = self.index(resource)
        count = 0
        for change in changes:
            if isinstance(change, Removed):
                count += kind_index.drop(change.namespace, change.name, topics)
            else:
                count += kind_index.put(change, topics)
        return ChangeSet(frozenset(topics), count)

    def count(self, resource: Resource) -> int:
        """The number of objects of a kind."""
        return len(self.index(resource))

    def get(self, resource: Resource, namespace: str, name: str) -> Obj | None:
        return self.index(resource).get(namespace, name)

    def every(self, resource: Resource, namespace: str) -> Sequence[Obj]:
        return self.index(resource).every(namespace)

    def everywhere(self, resource: Resource) -> Sequence[Obj]:
        """All objects of a kind in all namespaces, sorted by namespace and name."""
        return self.index(resource).everywhere()

    def keyed(self, resource: Resource, namespace: str, key: str) -> Sequence[Obj]:
        return self.index(resource).keyed(namespace, (key,))

    def anywhere(self, resource: Resource, key: str) -> Sequence[Obj]:
        return self.index(resource).anywhere(key)

    def selected(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        return self.index(resource).keyed(namespace, label_keys(labels))

    def members(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        return self.selected(resource, namespace, labels)

    def owned(self, resource: Resource, namespace: str, uid: str) -> Sequence[Obj]:
        return self.index(resource).owned(namespace, uid)

    def known(self, resource: Resource) -> bool:
        return resource in self._known

    @property
    def indexes(self) -> Mapping[Resource, KindIndex]:
        """The objects of each kind that was ever asked about, for who asks many questions."""
        return self._kind_indexes

    def index(self, resource: Resource) -> KindIndex:
        """The objects of a kind, for who asks several questions about it."""
        kind_index = self._kind_indexes.get(resource)
        if kind_index is None:
            kind_index = self._kind_indexes[resource] = KindIndex(resource)
        return kind_index

    def unread(self, resource: Resource) -> bool:
        return resource in self._forbidden or (resource not in self._known and resource not in self._absent)

    def covers(self, namespace: str) -> bool:
        return self._namespace in (None, namespace)
