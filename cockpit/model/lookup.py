"""The read interface of one cluster's store, for adapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from cockpit.model.objects import Obj
from cockpit.model.refs import Resource


class Objects(Protocol):
    """Objects of one cluster, indexed; every answer is in a stable order (namespace, name).

    A session gives adapters a view that records each question, so that a changed object can be traced to exactly
    the rollouts that were read from it. Ask narrow questions. The version of a pod or of endpoints is not for readings:
    who reads one is not told of a newer version in which nothing else that is read differs.
    """

    @property
    def context(self) -> str:
        """The kubeconfig context, for messages and keys."""
        ...

    def get(self, resource: Resource, namespace: str, name: str) -> Obj | None: ...

    def every(self, resource: Resource, namespace: str) -> Sequence[Obj]:
        """All objects of a kind in a namespace ("" for cluster-scoped kinds)."""
        ...

    def keyed(self, resource: Resource, namespace: str, key: str) -> Sequence[Obj]:
        """Objects that have `key` among their index keys (`Obj.index_keys`)."""
        ...

    def anywhere(self, resource: Resource, key: str) -> Sequence[Obj]:
        """Objects in all namespaces with `key` among their index keys.

        Only for keys that start with "steers=", "service=", "to=", "host=", "at=" or "alias of ".
        """
        ...

    def selected(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        """Objects that have all of `labels` among their index keys; none for an empty selector."""
        ...

    def members(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        """The same as `selected`, for readers of names, uids, owners and index keys alone: they hear of no change
        of anything else, such as a pod that becomes ready."""
        ...

    def owned(self, resource: Resource, namespace: str, uid: str) -> Sequence[Obj]:
        """Objects with an ownerReference to `uid`."""
        ...

    def known(self, resource: Resource) -> bool:
        """True once this kind has been listed, so that a missing object really does not exist."""
        ...

    def unread(self, resource: Resource) -> bool:
        """True if objects of this kind may exist that are not read: no permission, or not listed yet."""
        ...

    def covers(self, namespace: str) -> bool:
        """Whether this namespace is read; False if the session is limited to another one.

        "" asks whether all namespaces are.
        """
        ...
