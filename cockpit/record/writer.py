"""Turns views, watch events and marks into blocks. Synchronous; times are handed in."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import msgspec

from cockpit.model.refs import Resource, RolloutKey
from cockpit.model.view import FleetView
from cockpit.record.blocks import Header, Part, pack, window
from cockpit.record.delta import REPLACE, difference
from cockpit.record.entries import (
    GONE,
    PARTS,
    Entry,
    KeyWords,
    Listed,
    Mark,
    MarkKind,
    ObjectSeen,
    PlanSeen,
    ViewSeen,
    key_words,
)
from cockpit.record.marks import Marks
from cockpit.record.redaction import ViewRedaction
from cockpit.record.sinks import Sink
from cockpit.record.versions import NOTHING_HIDDEN, REDACTING, Version, next_version, sent_of

# Seconds from one whole view to the next: the most that a seek has to read.
SEGMENT_SECONDS = 30.0
# Raw bytes after which a block is written, and after which a segment ends.
BLOCK_BYTES, SEGMENT_BYTES = 1 << 18, 16 << 20
# zlib's levels, and the raw bytes above which a block is a whole view of many rollouts, much the same all over.
QUICK, THOROUGH = 1, 6
LARGE = 1 << 20

Order = Callable[[FleetView], FleetView]
Place = tuple[str, tuple[str, str, str, str, bool], str, str]

_encode = msgspec.msgpack.Encoder().encode


def resource_words(resource: Resource) -> tuple[str, str, str, str, bool]:
    """A kind as it is written."""
    return resource.group, resource.version, resource.plural, resource.kind, resource.namespaced


class Sights(Protocol):
    """Since when rollouts are as they are (UTC seconds), and whether that is known or only how long it was seen."""

    def note(self, view: FleetView, now: float) -> Mapping[RolloutKey, tuple[float, bool]]:
        """Look at a view; returns what is new or other than before."""
        ...

    def known(self) -> Mapping[RolloutKey, tuple[float, bool]]:
        """All that is known now."""
        ...


class _NothingKnown:
    """Implements Sights."""

    def note(self, view: FleetView, now: float) -> Mapping[RolloutKey, tuple[float, bool]]:
        return {}

    def known(self) -> Mapping[RolloutKey, tuple[float, bool]]:
        return {}


class _Pending:
    """Entries of one part that are not in a block yet."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.size = 0
        self._entries: list[bytes] = []
        self._times = (0.0, 0.0)
        self._before = b""
        self._whole = True

    def add(self, entry: Entry) -> int:
        """Returns how many bytes it takes."""
        encoded, at = _encode(entry), entry.at
        self._times = (self._times[0] if self._entries else at, at)
        self._entries.append(encoded)
        self.size += len(encoded)
        return len(encoded)

    def restart(self) -> None:
        """The next block needs nothing of those before it."""
        self._before, self._whole = b"", True

    def flush(self, sink: Sink) -> None:
        if not self._entries:
            return
        raw = b"\xdd" + struct.pack(">I", len(self._entries)) + b"".join(self._entries)
        level = QUICK if len(raw) > LARGE else THOROUGH
        sink.add(pack(self.part, raw, self._times, self._before, whole=self._whole, level=level))
        self._before, self._whole = window(self._before, raw), False
        self._entries.clear()
        self.size = 0


class Writer:
    """Writes a record to a sink; methods raise what the sink raises.

    `full` leaves nothing out. With `forgets`, each segment begins without objects, so that the ones before it can be
    thrown away. `since` says since when rollouts are as they are, `order` puts versions in the order of a screen.
    """

    def __init__(
        self,
        sink: Sink,
        header: Header,
        *,
        forgets: bool = False,
        since: Sights | None = None,
        order: Order = lambda view: view,
    ) -> None:
        self._sink = sink
        self._full = not header.redacted
        self._forgets = forgets
        self._since, self._order = since or _NothingKnown(), order
        self._redaction = ViewRedaction()
        self._marks = Marks()
        self._pending = {part: _Pending(part) for part in (Part.OBJECTS, Part.VIEWS, Part.MARKS)}
        self._view: FleetView | None = None
        self._objects: dict[Place, Version] = {}
        self._cleaning = NOTHING_HIDDEN if self._full else REDACTING
        self._plans: dict[tuple[KeyWords, str], PlanSeen] = {}
        self._segment_at: float | None = None
        self._segment_size = 0
        sink.begin(header)

    def view(self, at: float, view: FleetView) -> None:
        """A view was published."""
        view = self._order(view)
        shown = replace(view, groups=()) if self._full else self._redaction.of(view)
        since = self._since.note(view, at)
        if self._segment_at is None or at - self._segment_at >= SEGMENT_SECONDS or self._segment_size > SEGMENT_BYTES:
            self._begin_segment(at)
            self._add(ViewSeen(at, [REPLACE, shown], _in_words(self._since.known())))
        elif patch := difference(self._view, shown):
            self._add(ViewSeen(at, patch, _in_words(since)))
        self._view = shown
        for mark in self._marks.of(at, view):
            self._add(mark)

    def object(self, at: float, context: str, resource: Resource, fields: dict[str, msgspec.Raw]) -> tuple[str, str]:
        """An object came or changed; `fields` are as the server sent them. Returns its namespace and name.

        Raises msgspec.DecodeError.
        """
        sent = sent_of(fields)
        if resource.plural == "secrets":
            return sent.names
        place: Place = (context, resource_words(resource), *sent.names)
        try:
            version, patch = next_version(self._objects.get(place), sent, self._cleaning)
        except (OverflowError, RecursionError, msgspec.EncodeError) as error:
            self.mark(at, MarkKind.GAP, f"{resource.kind} {place[3]} was not recorded: {type(error).__name__}")
            return sent.names
        self._objects[place] = version
        if patch:
            self._add(ObjectSeen(at, *place, msgspec.Raw(_encode(patch))))
        return sent.names

    def removed(self, at: float, context: str, resource: Resource, namespace: str, name: str) -> None:
        """An object is gone."""
        place = (context, resource_words(resource), namespace, name)
        self._objects.pop(place, None)
        self._add(ObjectSeen(at, *place, GONE))

    def listed(self, at: float, context: str, resource: Resource, names: Sequence[tuple[str, str]]) -> None:
        """A list of a kind is complete: only these objects are left."""
        words, kept = resource_words(resource), set(names)
        for place in [p for p in self._objects if p[:2] == (context, words) and p[2:] not in kept]:
            del self._objects[place]
        self._add(Listed(at, context, words, list(names)))

    def plan(self, seen: PlanSeen) -> None:
        """What an act would have done."""
        self._plans[seen.rollout, seen.act] = seen
        self._add(seen)

    def mark(self, at: float, kind: MarkKind, text: str, rollout: RolloutKey | None = None) -> None:
        """Something happened that a person may want to jump to."""
        self._add(Mark(at, kind, text, key_words(rollout) if rollout else None))

    def flush(self) -> None:
        """Write what is pending, so that it survives the program."""
        for pending in self._pending.values():
            pending.flush(self._sink)

    def close(self) -> None:
        self.flush()
        self._sink.close()

    def _begin_segment(self, at: float) -> None:
        self.flush()
        self._segment_at, self._segment_size = at, 0
        for pending in self._pending.values():
            pending.restart()
        if self._forgets:
            self._objects.clear()
            for seen in self._plans.values():
                self._add(msgspec.structs.replace(seen, at=at))

    def _add(self, entry: Entry) -> None:
        pending = self._pending[PARTS[type(entry)]]
        self._segment_size += pending.add(entry)
        if pending.size > BLOCK_BYTES:
            self.flush()


def _in_words(since: Mapping[RolloutKey, tuple[float, bool]]) -> list[tuple[KeyWords, float, bool]]:
    return [(key_words(key), at, known) for key, (at, known) in since.items()]
