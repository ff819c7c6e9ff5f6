"""A view of a store that records each question, so that a change can be traced to its readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
        self._topics: set[str] = set()

    @property
    def topics(self) -> frozenset[str]:
        """The questions asked so far."""
        return frozenset(self._topics)

    @property
    def context(self) -> str:
        return self._store.context

    def get(self, resource: Resource, namespace: str, name: str) -> Obj | None:
        self._topics.add(object_topic(resource, namespace, name))
        return self._store.get(resource, namespace, name)

    def every(self, resource: Resource, namespace: str) -> Sequence[Obj]:
        self._topics.add(every_topic(resource, namespace))
        return self._store.every(resource, namespace)

    def keyed(self, resource: Resource, namespace: str, key: str) -> Sequence[Obj]:
        self._topics.add(key_topic(resource, namespace, key))
        return self._store.keyed(resource, namespace, key)

    def anywhere(self, resource: Resource, key: str) -> Sequence[Obj]:
        self._topics.add(anywhere_topic(resource, key))
        return self._store.anywhere(resource, key)

    def selected(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        """Records only the rarest pair: an object that enters or leaves the answer has all of them."""
        if labels:
            self._topics.add(key_topic(resource, namespace, self._rarest(resource, namespace, labels)))
        else:
            self._topics.add(every_topic(resource, namespace))
        return self._store.selected(resource, namespace, labels)

    def members(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        if labels:
            self._topics.add(members_topic(resource, namespace, self._rarest(resource, namespace, labels)))
        return self._store.selected(resource, namespace, labels)

    def _rarest(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> str:
        return self._store.rarest(resource, namespace, [f"{k}={v}" for k, v in labels.items()])

    def owned(self, resource: Resource, namespace: str, uid: str) -> Sequence[Obj]:
        self._topics.add(owner_topic(resource, namespace, uid))
        return self._store.owned(resource, namespace, uid)

    def known(self, resource: Resource) -> bool:
        self._topics.add(sync_topic(resource))
        return self._store.known(resource)

    def unread(self, resource: Resource) -> bool:
        self._topics.add(sync_topic(resource))
        return self._store.unread(resource)

    def covers(self, namespace: str) -> bool:
        return self._store.covers(namespace)
