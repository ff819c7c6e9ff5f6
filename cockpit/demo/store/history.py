"""What was written, in order: the versions from which lists page and watches resume."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from cockpit.demo.errors import Expired
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object

EventType = Literal["ADDED", "MODIFIED", "DELETED"]
Key = tuple[str, str]


def typed(api_version: str, kind: str, bare: bytes) -> bytes:
    """A bare encoded object with its type in front."""
    return b'{"kind":"%s","apiVersion":"%s",%s' % (kind.encode(), api_version.encode(), bare[1:])


class Record:
    """One version of one object: read only, and encoded at most once."""

    __slots__ = ("_encoded", "key", "obj", "rv")

    def __init__(self, obj: Object, key: Key, rv: int) -> None:
        self.obj = obj
        self.key = key
        self.rv = rv
        self._encoded: bytes | None = None

    @property
    def bare(self) -> bytes:
        """The object as JSON without `kind` and `apiVersion`, as lists of built-in kinds hold it."""
        if self._encoded is None:
            self._encoded = msgspec.json.encode(
                {key: value for key, value in self.obj.items() if key not in ("kind", "apiVersion")}
            )
        return self._encoded

    @property
    def encoded(self) -> bytes:
        """The object as JSON."""
        return typed(self.obj["apiVersion"], self.obj["kind"], self.bare)


@dataclass(frozen=True)
class Event:
    """One committed write. `obj` and `old` are shared with the storage: read them, never change them.

    `obj` of a DELETED event is the last state, with the version of the deletion.
    """

    type: EventType
    kind: Kind
    obj: Object
    old: Object | None
    rv: int
    record: Record = field(repr=False)
    old_record: Record | None = field(default=None, repr=False)


@dataclass
class _Log:
    versions: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


class History:
    """The events of every kind since the last compaction."""

    def __init__(self, keep: int = 100_000) -> None:
        self.compacted = 0
        self._keep = keep
        self._size = 0
        self._logs: dict[Kind, _Log] = {}

    def append(self, event: Event) -> None:
        """Note a write; forget the older half when there are too many."""
        log = self._logs.setdefault(event.kind, _Log())
        log.versions.append(event.rv)
        log.events.append(event)
        self._size += 1
        if self._size > self._keep:
            versions = sorted(rv for log in self._logs.values() for rv in log.versions)
            self.compact(versions[len(versions) // 2])

    def compact(self, rv: int) -> None:
        """Forget everything up to and including `rv`."""
        self.compacted = max(self.compacted, rv)
        for log in self._logs.values():
            cut = bisect_right(log.versions, rv)
            del log.versions[:cut], log.events[:cut]
            self._size -= cut

    def since(self, kind: Kind, rv: int) -> list[Event]:
        """The writes after `rv`; Expired when some of them are forgotten."""
        if rv < self.compacted:
            raise Expired(f"too old resource version: {rv} ({self.compacted})")
        log = self._logs.get(kind)
        return log.events[bisect_right(log.versions, rv) :] if log else []

    def rewind(self, kind: Kind, records: Iterable[Record], rv: int) -> dict[Key, Record]:
        """The records of `kind` as they were at `rv`, from those that are there today."""
        state = {record.key: record for record in records}
        for event in reversed(self.since(kind, rv)):
            if event.old_record is None:
                state.pop(event.record.key, None)
            else:
                state[event.record.key] = event.old_record
        return state


Listener = Callable[[Event], None]
