"""A view of a store that records each question, so that a change can be traced to its readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cockpit.kube.kind_index import KindIndex, label_keys
from cockpit.kube.questions import (
    anywhere_topic,
    every_topic,
    key_topic,
    members_topic,
    object_topic,
    owner_topic,
    sync_topic,
)
from cockpit.kube.store import Store
from cockpit.model.objects import Obj
from cockpit.model.refs import Resource


class Tracked:
    """Implements `model.lookup.Objects` on a store. Use a new one for each reading and keep its topics.

    Every change that alters one of the answers has at least one of `topics` in its `ChangeSet`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._indexes = store.indexes
        self._topics: set[str] = set()
        self._lacking: set[Resource] = set()

    @property
    def lacking(self) -> frozenset[Resource]:
        """The kinds among those asked about of which nothing was ever read."""
        return frozenset(self._lacking)

    @property
    def topics(self) -> frozenset[str]:
        """The questions asked so far."""
        return frozenset(self._topics.union(map(sync_topic, self._lacking)))

    @property
    def context(self) -> str:
        return self._store.context

    def get(self, resource: Resource, namespace: str, name: str) -> Obj | None:
        if (index := self._index(resource)) is None:
            return None
        self._topics.add(object_topic(resource, namespace, name))
        return index.get(namespace, name)

    def every(self, resource: Resource, namespace: str) -> Sequence[Obj]:
        if (index := self._index(resource)) is None:
            return ()
        self._topics.add(every_topic(resource, namespace))
        return index.every(namespace)

    def keyed(self, resource: Resource, namespace: str, key: str) -> Sequence[Obj]:
        if (index := self._index(resource)) is None:
            return ()
        self._topics.add(key_topic(resource, namespace, key))
        return index.keyed(namespace, (key,))

    def anywhere(self, resource: Resource, key: str) -> Sequence[Obj]:
        if (index := self._index(resource)) is None:
            return ()
        self._topics.add(anywhere_topic(resource, key))
        return index.anywhere(key)

    def selected(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        """Records only the rarest pair: an object that enters or leaves the answer has all of them."""
        if (index := self._index(resource)) is None:
            return ()
        pairs = label_keys(labels)
        if pairs:
            self._topics.add(key_topic(resource, namespace, index.rarest(namespace, pairs)))
        else:
            self._topics.add(every_topic(resource, namespace))
        return index.keyed(namespace, pairs)

    def members(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        if (index := self._index(resource)) is None:
            return ()
        pairs = label_keys(labels)
        if pairs:
            self._topics.add(members_topic(resource, namespace, index.rarest(namespace, pairs)))
        return index.keyed(namespace, pairs)

    def owned(self, resource: Resource, namespace: str, uid: str) -> Sequence[Obj]:
        if (index := self._index(resource)) is None:
            return ()
        self._topics.add(owner_topic(resource, namespace, uid))
        return index.owned(namespace, uid)

    def known(self, resource: Resource) -> bool:
        self._topics.add(sync_topic(resource))
        return self._store.known(resource)

    def unread(self, resource: Resource) -> bool:
        self._topics.add(sync_topic(resource))
        return self._store.unread(resource)

    def covers(self, namespace: str) -> bool:
        return self._store.covers(namespace)

    def _index(self, resource: Resource) -> KindIndex | None:
        """The objects of a kind; None if none was ever read. A cluster serves few of all kinds, and whatever is asked
        about one of the others is one question: has it come?"""
        index = self._indexes.get(resource)
        if index is not None and index.filled:
            return index
        self._lacking.add(resource)
        return None
