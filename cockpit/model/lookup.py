"""The read side of one cluster's store, as adapters see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from cockpit.model.objects import Obj
from cockpit.model.refs import Resource


class Objects(Protocol):
    """Objects of one cluster, indexed; every answer is in a stable order (namespace, name).

    A session hands adapters a view that notes each question, so that a changed object leads back to
    exactly the rollouts that were read from it. Ask narrow questions.
    """

    @property
    def context(self) -> str:
        """Name of the kubeconfig context, for messages and keys."""
        ...

    def get(self, resource: Resource, namespace: str, name: str) -> Obj | None: ...

    def every(self, resource: Resource, namespace: str) -> Sequence[Obj]:
        """All objects of a kind in a namespace ("" for cluster-scoped kinds)."""
        ...

    def keyed(self, resource: Resource, namespace: str, key: str) -> Sequence[Obj]:
        """Objects that have `key` among their index keys (`Obj.index_keys`)."""
        ...

    def anywhere(self, resource: Resource, key: str) -> Sequence[Obj]:
        """Objects of any namespace with `key` among their index keys; only for keys that begin with "steers="."""
        ...

    def selected(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        """Objects that have all of `labels` among their index keys; none for an empty selector."""
        ...

    def owned(self, resource: Resource, namespace: str, uid: str) -> Sequence[Obj]:
        """Objects with an ownerReference to `uid`."""
        ...

    def known(self, resource: Resource) -> bool:
        """True once a list of this kind has been read, so that an absent object is really absent."""
        ...

    def covers(self, namespace: str) -> bool:
        """Whether objects of this namespace are read at all; False where a session is kept to another one."""
        ...
