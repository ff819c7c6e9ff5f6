"""What a record holds, entry by entry, each with its time (UTC seconds)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec

from cockpit.model.refs import RolloutKey
from cockpit.record.blocks import Part, RecordError, are_times

KeyWords = tuple[str, str, str, str]  # a rollout's context, namespace, name and system


def key_words(key: RolloutKey) -> KeyWords:
    """A key as it is written."""
    return key.context, key.namespace, key.name, key.system


class MarkKind(StrEnum):
    """What a person may want to jump to."""

    ACT = "act"
    FINDING = "finding"
    KEY = "key"
    SCREEN = "screen"
    GAP = "gap"  # something could not be recorded


class ViewSeen(msgspec.Struct, array_like=True, tag="v"):
    """A view was published: the patch from the one before it, or from nothing where a block is whole.

    `since` says since when rollouts are as they are, and whether that is known or only how long it was seen: those of
    which it changed, and all of them where a block is whole.
    """

    at: float
    patch: Any
    since: list[tuple[KeyWords, float, bool]] = []


class ObjectSeen(msgspec.Struct, array_like=True, tag="o"):
    """An object came, changed or went (`GONE`). `resource` is group, version, plural, kind, namespaced.

    `patch` is the msgpack of a patch from what the record last held of this object, or from nothing.
    """

    at: float
    context: str
    resource: tuple[str, str, str, str, bool]
    namespace: str
    name: str
    patch: msgspec.Raw


GONE = msgspec.Raw(b"\xc0")  # msgpack's nil


class Listed(msgspec.Struct, array_like=True, tag="l"):
    """All objects of a kind came in a list: those of the kind that are not named here are gone."""

    at: float
    context: str
    resource: tuple[str, str, str, str, bool]
    names: list[tuple[str, str]]


class PlanSeen(msgspec.Struct, array_like=True, tag="p"):
    """What an act would have done then: its title, what undoes it, and what it would send (verb, kind, namespace and
    name of the object), or `why` it was refused. `undoable`: requests can undo it."""

    at: float
    rollout: KeyWords
    act: str
    title: str = ""
    undo: str = ""
    requests: list[tuple[str, tuple[str, str, str, str, bool], str, str]] = []
    why: str = ""
    undoable: bool = True


class Mark(msgspec.Struct, array_like=True, tag="m"):
    """Something happened: safe text. `rollout` is the key of the rollout that it is about, or none."""

    at: float
    kind: MarkKind
    text: str
    rollout: KeyWords | None = None


Entry = ViewSeen | ObjectSeen | Listed | PlanSeen | Mark
PARTS = {ViewSeen: Part.VIEWS, ObjectSeen: Part.OBJECTS, Listed: Part.OBJECTS, PlanSeen: Part.MARKS, Mark: Part.MARKS}

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Entry])


def encode(entries: Sequence[Entry]) -> bytes:
    """The raw bytes of a block."""
    return _encoder.encode(entries)


# Lists and maps in one block: three times as many as a block of the greatest length with real views has. An empty list
# takes one byte in a file and 64 of memory, so that a block of 64 MB could be 4 GB; so it is less than one.
MOST_CONTAINERS = 4_000_000
# How msgpack begins a list or a map; some of these bytes are of texts and numbers, and counted all the same.
_NO_CONTAINERS = bytes(set(range(256)) - {*range(0x80, 0xA0), *range(0xDC, 0xE0)})


def decode(raw: bytes, at: int) -> list[Entry]:
    """The entries of the block at this offset. Raises RecordError, before it takes much memory."""
    if len(raw) > MOST_CONTAINERS and len(raw.translate(None, _NO_CONTAINERS)) > MOST_CONTAINERS:
        raise RecordError(f"the block at byte {at} holds more than {MOST_CONTAINERS:,} lists and maps")
    try:
        entries = _decoder.decode(raw)
        if not all(are_times(entry.at, *_told(entry)) for entry in entries):
            raise RecordError(f"the block at byte {at} holds something that happened at no time")
        return entries
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(f"the block at byte {at} holds what this cockpit does not know: {error}") from None


def _told(entry: Entry) -> list[float]:
    """The times that an entry tells besides its own."""
    return [at for _, at, _ in entry.since] if isinstance(entry, ViewSeen) else []
