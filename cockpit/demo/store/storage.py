"""The objects of an embedded cluster, with the rules of kube-apiserver for every write."""

from __future__ import annotations

import logging
import random
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from cockpit.demo.clock import DemoClock
from cockpit.demo.errors import AlreadyExists, Conflict, NotFound
from cockpit.demo.patches.managed import track
from cockpit.demo.pods.podlogs import PodLogs
from cockpit.demo.rules import metadata
from cockpit.demo.rules.crds import established, is_established
from cockpit.demo.rules.defaults import set_defaults
from cockpit.demo.rules.validation import validate_create, validate_update
from cockpit.demo.schemas.crds import shipped
from cockpit.demo.schemas.kinds import NAMESPACES, Kind
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.schemas.registry import Registry
from cockpit.demo.schemas.storedkinds import CUSTOMRESOURCEDEFINITIONS
from cockpit.demo.store import deletion
from cockpit.demo.store.admission import Hook, Review
from cockpit.demo.store.history import Event, EventType, History, Key, Listener, Record

log = logging.getLogger(__name__)

Selector = Callable[[Object], bool]
Records = list[Record]
Objects = list[Object]


class Storage:
    """Plain dicts by kind, namespace and name; each write has its own version.

    `get` and `list` hand out copies; `peek` and `scan` share the stored objects, to be read only.
    Everything is synchronous: a write is done, and its listeners called, when the call returns.
    """

    def __init__(self, clock: DemoClock, rng: random.Random | None = None) -> None:
        self.clock = clock
        self.rng = rng or random.Random()
        self.history = History()
        self.logs = PodLogs()
        self.revision = 1
        self.hooks: list[Hook] = []
        self.registry = Registry(shipped())
        self._records: defaultdict[Kind, dict[Key, Record]] = defaultdict(dict)
        self._ordered: dict[Kind, list[Record]] = {}
        self._listeners: list[Listener] = []
        self._pending: deque[Event] = deque()
        self._telling = False
        for crd in established(shipped(), clock.timestamp()):
            record = Record(crd, key_of(CUSTOMRESOURCEDEFINITIONS, crd), self.revision)
            self._records[CUSTOMRESOURCEDEFINITIONS][record.key] = record

    # reading

    def record(self, kind: Kind, namespace: str | None, name: str) -> Record:
        """The stored version of one object; NotFound when there is none."""
        found = self._records[kind].get((namespace or "" if kind.namespaced else "", name))
        if found is None:
            raise not_found(kind, name)
        return found

    def peek(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        """One object, shared: read only. None when there is none."""
        found = self._records[kind].get((namespace or "" if kind.namespaced else "", name))
        return found.obj if found else None

    def get(self, kind: Kind, namespace: str | None, name: str) -> Object:
        """A copy of one object; NotFound when there is none."""
        return self._copy(self.record(kind, namespace, name).obj)

    def records(self, kind: Kind, namespace: str | None = None) -> Records:
        """All records by namespace and name, as etcd orders its keys."""
        ordered = self._ordered.get(kind)
        if ordered is None:
            stored = self._records[kind]
            ordered = self._ordered[kind] = [stored[key] for key in sorted(stored)]
        if not namespace or not kind.namespaced:
            return ordered
        return [record for record in ordered if record.key[0] == namespace]

    def scan(self, kind: Kind, namespace: str | None = None) -> Objects:
        """All objects, shared: read only."""
        return [record.obj for record in self.records(kind, namespace)]

    def list(
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        labels: Selector | None = None,
        fields: Selector | None = None,
    ) -> Objects:
        """Copies of the objects for which `labels` (given the labels) and `fields` (given the object) hold."""
        return [
            self._copy(obj)
            for obj in self.scan(kind, namespace)
            if (labels is None or labels(obj["metadata"].get("labels") or {})) and (fields is None or fields(obj))
        ]

    def snapshot(self, kind: Kind, rv: int, namespace: str | None = None) -> Records:
        """The records as they were at `rv`; Expired when that is compacted."""
        if rv >= self.revision:
            return self.records(kind, namespace)
        state = self.history.rewind(kind, self.records(kind), rv)
        return [state[key] for key in sorted(state) if not namespace or key[0] == namespace]

    # writing

    def create(
        self, kind: Kind, obj: Object, *, dry_run: bool = False, manager: str = "", asked: Kind | None = None
    ) -> Object:
        """Store an object; the answer is a copy with everything the API filled in.

        `manager` names the field manager to note in `managedFields`; without it none are noted.
        `asked` is the version of the kind in which the request came, where it is not the stored one.
        """
        new = metadata.for_create(kind, copied(obj), self)
        set_defaults(kind, new, self)
        self._review(Review(self, kind, asked or kind, new, None))
        validate_create(kind, new, self.registry.schema(kind))
        key = key_of(kind, new)
        if key in self._records[kind]:
            raise AlreadyExists(
                f'{kind.resource} "{key[1]}" already exists',
                details={"name": key[1], "group": kind.group, "kind": kind.plural}
                if kind.group
                else {"name": key[1], "kind": kind.plural},
            )
        if manager:
            track(kind, None, new, self.registry.shape(kind), manager=manager, at=self.clock.timestamp())
        if not dry_run:
            self._commit("ADDED", kind, new, None)
        return self._copy(new)

    def update(
        self,
        kind: Kind,
        obj: Object,
        *,
        subresource: str = "",
        dry_run: bool = False,
        manager: str = "",
        asked: Kind | None = None,
        base: Object | None = None,
    ) -> Object:
        """Replace an object, or with `subresource` its "status", its "scale" (given a Scale) or "finalize".

        A `resourceVersion` in `obj` must be the stored one, or it is a Conflict. A write that changes nothing
        commits nothing. An object under deletion goes when its last finalizer does. `base` is the stored object as it
        comes back from the version in which the request came: what a write leaves alone is taken from there.
        """
        namespace, name = obj["metadata"].get("namespace"), obj["metadata"].get("name", "")
        old = self.record(kind, namespace, name)
        check_preconditions(kind, old.obj, obj["metadata"].get("uid"), obj["metadata"].get("resourceVersion"))
        new = metadata.for_update(kind, base or old.obj, copied(obj), subresource)
        set_defaults(kind, new, self, old.obj)
        if not subresource:
            self._review(Review(self, kind, asked or kind, new, old.obj))
        validate_update(kind, new, old.obj, subresource, self.registry.schema(kind))
        metadata.bump_generation(kind, old.obj, new, subresource)
        if manager:
            shape, at = self.registry.shape(kind), self.clock.timestamp()
            track(kind, old.obj, new, shape, manager=manager, at=at, subresource=subresource)
        if metadata.same(old.obj, new):
            return self._copy(old.obj)
        if dry_run:
            return self._copy(new)
        if deletion.is_over(kind, new):
            return self._copy(self._commit("DELETED", kind, new, old).obj)
        return self._copy(self._commit("MODIFIED", kind, new, old).obj)

    def delete(
        self,
        kind: Kind,
        namespace: str | None,
        name: str,
        *,
        propagation: str = "Background",
        uid: str | None = None,
        resource_version: str | None = None,
        grace: int | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Delete an object, or mark it when finalizers or a grace period hold it; the answer is its last state.

        A pod on a node is only marked (`deletionTimestamp`), unless `grace` is 0: its kubelet then deletes it
        with `grace=0`. Dependents and a namespace's content are the garbage collector's work.
        """
        old = self.record(kind, namespace, name)
        check_delete_preconditions(kind, old.obj, uid, resource_version)
        marked = deletion.mark(kind, copied(old.obj), propagation, grace, self.clock.now())
        if dry_run:
            return marked
        if deletion.is_over(kind, marked):
            last = copied(old.obj) if "deletionTimestamp" not in old.obj["metadata"] else marked
            return self._copy(self._commit("DELETED", kind, last, old).obj)
        if metadata.same(old.obj, marked):
            return marked
        return self._copy(self._commit("MODIFIED", kind, marked, old).obj)

    def restore(self, kind: Kind, obj: Object) -> None:
        """Store an object as it was in another cluster: with its uid, times, generation and status, unchecked.

        Defaults that the other one did not know are set, so that a later write of a status changes nothing else.
        """
        new: Object = copied(obj)
        old = self._records[kind].get(key_of(kind, new))
        set_defaults(kind, new, self, old.obj if old else None)
        self._commit("MODIFIED" if old else "ADDED", kind, new, old)

    def forget(self, kind: Kind, namespace: str, name: str) -> None:
        """Drop an object that went in another cluster, whatever holds it here; nothing if it is not there."""
        old = self._records[kind].get((namespace if kind.namespaced else "", name))
        if old is not None:
            self._commit("DELETED", kind, copied(old.obj), old)

    def compact(self, rv: int | None = None) -> None:
        """Forget the history up to `rv` (default: up to today): older watches and pages get 410."""
        self.history.compact(self.revision if rv is None else rv)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after each write, in order; the answer ends it."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    # inside

    def _review(self, review: Review) -> None:
        for hook in self.hooks:
            hook(review)

    def _commit(self, type_: EventType, kind: Kind, new: Object, old: Record | None) -> Record:
        self.revision += 1
        new["metadata"]["resourceVersion"] = str(self.revision)
        record = Record(new, key_of(kind, new), self.revision)
        if type_ == "DELETED":
            del self._records[kind][record.key]
        else:
            self._records[kind][record.key] = record
        self._ordered.pop(kind, None)
        if kind is CUSTOMRESOURCEDEFINITIONS:
            self._serve(type_, new)
        event = Event(type_, kind, new, old.obj if old else None, self.revision, record, old)
        self.history.append(event)
        self._pending.append(event)
        self._tell()
        return record

    def _serve(self, type_: EventType, crd: Object) -> None:
        """The kinds of a definition are served from when it is established until it is gone."""
        if type_ == "DELETED":
            self.registry.drop(crd["metadata"]["name"])
        elif is_established(crd):
            self.registry.take(crd)

    def _tell(self) -> None:
        """Hand out pending events; a write made by a listener waits its turn, so that all see one order."""
        if self._telling:
            return
        self._telling = True
        try:
            while self._pending:
                event = self._pending.popleft()
                for listener in tuple(self._listeners):
                    try:
                        listener(event)
                    except Exception:
                        log.exception("a listener failed on %s %s", event.type, event.kind.resource)
        finally:
            self._telling = False

    @staticmethod
    def _copy(obj: Object) -> Object:
        copy: Object = copied(obj)
        return copy


def key_of(kind: Kind, obj: Object) -> Key:
    """Where an object is stored."""
    meta: dict[str, Any] = obj["metadata"]
    return (meta.get("namespace") or "" if kind.namespaced else "", meta["name"])


def not_found(kind: Kind, name: str) -> NotFound:
    """The 404 of an object."""
    details = {"name": name, "group": kind.group, "kind": kind.plural}
    return NotFound(
        f'{kind.resource} "{name}" not found', details={key: value for key, value in details.items() if value}
    )


def check_preconditions(kind: Kind, stored: Object, uid: str | None, resource_version: str | None) -> None:
    """Conflict when the stored object is not the one that was meant."""
    meta = stored["metadata"]
    details = {"name": meta["name"], "group": kind.group, "kind": kind.plural}
    details = {key: value for key, value in details.items() if value}
    start = f'Operation cannot be fulfilled on {kind.resource} "{meta["name"]}": '
    if uid and uid != meta["uid"]:
        raise Conflict(
            f"{start}Precondition failed: UID in precondition: {uid}, UID in object meta: {meta['uid']}",
            details=details,
        )
    if resource_version and resource_version not in ("0", meta["resourceVersion"]):
        raise Conflict(
            f"{start}the object has been modified; please apply your changes to the latest version and try again",
            details=details,
        )


def check_delete_preconditions(kind: Kind, stored: Object, uid: str | None, resource_version: str | None) -> None:
    """Conflict when the object to delete is not the one that was meant."""
    meta = stored["metadata"]
    for what, asked, recorded, else_ in (
        ("UID", uid, meta["uid"], "deleted and then recreated"),
        ("ResourceVersion", resource_version, meta["resourceVersion"], "modified"),
    ):
        if asked and asked != recorded:
            raise Conflict(
                f'Operation cannot be fulfilled on {kind.kind} "{meta["name"]}": the {what} in the precondition '
                f"({asked}) does not match the {what} in record ({recorded}). The object might have been {else_}",
                details={"name": meta["name"], "kind": kind.kind},
            )


def ensure_namespace(storage: Storage, name: str) -> None:
    """Create a namespace unless it is there."""
    if storage.peek(NAMESPACES, None, name) is None:
        storage.create(NAMESPACES, {"metadata": {"name": name}})
