"""Garbage: dependents of deleted owners, finalizers of foreground and orphan deletes, content of namespaces."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from cockpit.demo.errors import ApiError, NotFound
from cockpit.demo.schemas.kinds import NAMESPACES, PODS, Kind
from cockpit.demo.schemas.objects import Object
from cockpit.demo.schemas.storedkinds import CUSTOMRESOURCEDEFINITIONS
from cockpit.demo.store.deletion import CRD_CLEANUP, FOREGROUND, ORPHAN
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import Storage, key_of

Node = tuple[Kind, str, str]


class GarbageCollector:
    """Follows the storage and cleans up behind deletes, as kube-controller-manager does."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._dependents: dict[str, set[Node]] = {}
        self._queue: deque[Node | str] = deque()
        self._woken = asyncio.Event()
        self._end = storage.subscribe(self._note)
        for kind in storage.registry.kinds:
            for obj in storage.scan(kind):
                self._index(kind, obj)

    async def run(self) -> None:
        """Clean up until cancelled."""
        try:
            while True:
                while self._queue:
                    self.step()
                    await asyncio.sleep(0)
                self._woken.clear()
                if not self._queue:
                    await self._woken.wait()
        finally:
            self._end()

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be cleaned."""
        return not self._queue

    def step(self) -> None:
        """Take up one thing that may need cleaning."""
        item = self._queue.popleft()
        try:
            if isinstance(item, str):
                self._collect(item)
            else:
                self._finish(*item)
        except NotFound:
            return

    def _note(self, event: Event) -> None:
        obj, meta = event.obj, event.obj["metadata"]
        node = (event.kind, *key_of(event.kind, obj))
        if event.type == "DELETED":
            self._storage.logs.forget(meta["uid"])
            for owner in meta.get("ownerReferences") or []:
                self._dependents.get(owner.get("uid", ""), set()).discard(node)
                self._enqueue_owner(node[1], owner)
            self._put(meta["uid"])
            if event.kind.namespaced:
                self._enqueue_namespace(node[1])
            if event.kind.custom:
                self._enqueue_definition(event.kind.resource)
            return
        self._index(event.kind, obj)
        if meta.get("deletionTimestamp"):
            self._put(node)

    def _index(self, kind: Kind, obj: Object) -> None:
        for owner in obj["metadata"].get("ownerReferences") or []:
            if owner.get("uid"):
                self._dependents.setdefault(owner["uid"], set()).add((kind, *key_of(kind, obj)))
                if not self._exists(owner, obj):
                    self._put(owner["uid"])

    def _exists(self, owner: dict[str, Any], obj: Object) -> bool:
        return self._owner(owner, obj["metadata"].get("namespace")) is not None

    def _owner(self, owner: dict[str, Any], namespace: str | None) -> tuple[Kind, Object] | None:
        kind = self._storage.registry.by_kind(owner.get("apiVersion", ""), owner.get("kind", ""))
        if kind is None:
            return None
        kind = kind.stored_as or kind
        found = self._storage.peek(kind, namespace, owner.get("name", ""))
        if found is not None and found["metadata"]["uid"] == owner.get("uid"):
            return kind, found
        return None

    def _enqueue_owner(self, namespace: str, owner: dict[str, Any]) -> None:
        found = self._owner(owner, namespace)
        if found is not None and found[1]["metadata"].get("deletionTimestamp"):
            self._put((found[0], *key_of(*found)))

    def _enqueue_namespace(self, name: str) -> None:
        namespace = self._storage.peek(NAMESPACES, None, name)
        if namespace is not None and namespace["metadata"].get("deletionTimestamp"):
            self._put((NAMESPACES, "", name))

    def _enqueue_definition(self, name: str) -> None:
        crd = self._storage.peek(CUSTOMRESOURCEDEFINITIONS, None, name)
        if crd is not None and crd["metadata"].get("deletionTimestamp"):
            self._put((CUSTOMRESOURCEDEFINITIONS, "", name))

    def _put(self, item: Node | str) -> None:
        self._queue.append(item)
        self._woken.set()

    def _collect(self, uid: str) -> None:
        """The owner `uid` is gone: delete what has no other living owner, unlink the rest."""
        for kind, namespace, name in sorted(self._dependents.pop(uid, ()), key=lambda node: node[1:]):
            obj = self._storage.peek(kind, namespace, name)
            if obj is None:
                continue
            owners = obj["metadata"].get("ownerReferences") or []
            if not any(owner.get("uid") == uid for owner in owners):
                continue
            living = [owner for owner in owners if owner.get("uid") != uid and self._exists(owner, obj)]
            if living:
                self._unlink(kind, namespace, name, uid)
            else:
                self._storage.delete(kind, namespace, name, uid=obj["metadata"]["uid"])

    def _unlink(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        obj = self._storage.get(kind, namespace, name)
        owners = [owner for owner in obj["metadata"].get("ownerReferences") or [] if owner.get("uid") != uid]
        obj["metadata"]["ownerReferences"] = owners
        self._storage.update(kind, obj)

    def _finish(self, kind: Kind, namespace: str, name: str) -> None:
        """Go on with an object under deletion."""
        obj = self._storage.get(kind, namespace, name)
        finalizers = obj["metadata"].get("finalizers") or []
        if kind is NAMESPACES:
            self._empty(obj)
        elif kind is CUSTOMRESOURCEDEFINITIONS and CRD_CLEANUP in finalizers:
            self._empty_definition(obj)
        elif ORPHAN in finalizers:
            for dependent in tuple(self._dependents.get(obj["metadata"]["uid"], ())):
                self._unlink(*dependent, obj["metadata"]["uid"])
            self._dependents.pop(obj["metadata"]["uid"], None)
            self._release(kind, obj, ORPHAN)
        elif FOREGROUND in finalizers:
            self._foreground(kind, obj)

    def _foreground(self, kind: Kind, obj: Object) -> None:
        uid, blocked = obj["metadata"]["uid"], False
        for dependent in tuple(self._dependents.get(uid, ())):
            found = self._storage.peek(*dependent)
            owner = next(
                (
                    o
                    for o in (found or {"metadata": {}})["metadata"].get("ownerReferences") or []
                    if o.get("uid") == uid
                ),
                None,
            )
            if found is None or owner is None:
                continue
            blocked = blocked or bool(owner.get("blockOwnerDeletion"))
            if not found["metadata"].get("deletionTimestamp"):
                self._storage.delete(*dependent, propagation="Foreground" if dependent[0] is not PODS else "Background")
        blocked = blocked and any(self._blocks(dependent, uid) for dependent in tuple(self._dependents.get(uid, ())))
        if not blocked:
            self._release(kind, self._storage.get(kind, *key_of(kind, obj)), FOREGROUND)

    def _blocks(self, dependent: Node, uid: str) -> bool:
        found = self._storage.peek(*dependent)
        owners = (found or {"metadata": {}})["metadata"].get("ownerReferences") or []
        return any(owner.get("uid") == uid and owner.get("blockOwnerDeletion") for owner in owners)

    def _release(self, kind: Kind, obj: Object, finalizer: str) -> None:
        obj["metadata"]["finalizers"] = [entry for entry in obj["metadata"]["finalizers"] if entry != finalizer]
        self._storage.update(kind, obj)

    def _empty_definition(self, crd: Object) -> None:
        """Delete the objects of a definition; when none is left, let the definition go."""
        name = crd["metadata"]["name"]
        kinds = [kind for kind in self._storage.registry.kinds if kind.custom and kind.resource == name]
        objects = [(kind, obj["metadata"]) for kind in kinds for obj in self._storage.scan(kind)]
        for kind, meta in objects:
            if not meta.get("deletionTimestamp"):
                self._storage.delete(kind, meta.get("namespace"), meta["name"])
        if not any(self._storage.scan(kind) for kind in kinds):
            self._release(
                CUSTOMRESOURCEDEFINITIONS, self._storage.get(CUSTOMRESOURCEDEFINITIONS, None, name), CRD_CLEANUP
            )

    def _empty(self, namespace: Object) -> None:
        """Delete a namespace's content; when nothing is left, let the namespace go."""
        name, left = namespace["metadata"]["name"], False
        for kind in self._storage.registry.kinds:
            if not kind.namespaced or kind.stored_as:
                continue
            for obj in self._storage.scan(kind, name):
                if not obj["metadata"].get("deletionTimestamp"):
                    try:
                        self._storage.delete(kind, name, obj["metadata"]["name"])
                    except ApiError:
                        left = True
            left = left or bool(self._storage.scan(kind, name))
        if not left and (namespace.get("spec") or {}).get("finalizers"):
            namespace["spec"]["finalizers"] = []
            self._storage.update(NAMESPACES, namespace, subresource="finalize")
