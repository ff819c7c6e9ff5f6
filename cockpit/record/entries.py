"""What a record holds, entry by entry, each with its time (UTC seconds)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec

from cockpit.model.refs import RolloutKey
from cockpit.record.blocks import Part, RecordError

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
    name of the object), or `why` it was refused."""

    at: float
    rollout: KeyWords
    act: str
    title: str = ""
    undo: str = ""
    requests: list[tuple[str, tuple[str, str, str, str, bool], str, str]] = []
    why: str = ""


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


def decode(raw: bytes, at: int) -> list[Entry]:
    """The entries of the block at this offset. Raises RecordError."""
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(f"the block at byte {at} holds what this cockpit does not know: {error}") from None
