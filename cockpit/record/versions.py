"""The last version of every object that a record holds, field by field, so that what did not change costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec

from cockpit.record.delta import FIELDS, REPLACE, Patch, difference


class _Named(msgspec.Struct):
    """What of the metadata names an object; all else is not decoded."""

    namespace: Any = None
    name: Any = None


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_json = msgspec.json.Decoder()
_named = msgspec.json.Decoder(_Named)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
Clean = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(slots=True)
class Version:
    """The fields of one version: a digest of what the server sent, and the msgpack of what is recorded of it."""

    digests: dict[str, bytes]
    fields: dict[str, bytes]


def fields_of(body: bytes | msgspec.Raw) -> dict[str, msgspec.Raw]:
    """The fields of an object, not decoded. Raises msgspec.DecodeError."""
    return _fields.decode(body)


def names_of(fields: dict[str, msgspec.Raw]) -> tuple[str, str]:
    """Namespace and name of an object, "" where it has none. Raises msgspec.DecodeError."""
    if "metadata" not in fields:
        return "", ""
    try:
        metadata = _named.decode(fields["metadata"])
    except msgspec.ValidationError:
        return "", ""
    return str(metadata.namespace or ""), str(metadata.name or "")


def _decoded(name: str, raw: msgspec.Raw) -> Any:
    """A field; of the metadata all but managedFields, which are half of a pod and never recorded."""
    if name != "metadata":
        return _json.decode(raw)
    try:
        parts = _fields.decode(raw)
    except msgspec.ValidationError:
        return _json.decode(raw)
    return {part: _json.decode(value) for part, value in parts.items() if part != "managedFields"}


def next_version(before: Version | None, fields: dict[str, msgspec.Raw], clean: Clean) -> tuple[Version, Patch | None]:
    """The version of these fields after `clean`, and the patch that makes it of the one before; None: no difference.

    Raises msgspec.DecodeError, and what cannot be encoded.
    """
    digests = {name: blake2b(raw, digest_size=16).digest() for name, raw in fields.items()}
    held: dict[str, bytes] = {}
    changed: dict[str, Patch] = {}
    whole: dict[str, Any] = {}
    for name, raw in fields.items():
        if before and before.digests.get(name) == digests[name]:
            held[name] = before.fields[name]
            continue
        value = clean({name: _decoded(name, raw)}).get(name)
        held[name] = _encode(value)
        whole[name] = value
        if before and name in before.fields:
            patch = difference(_decode(before.fields[name]), value)
        else:
            patch = [REPLACE, value]
        if patch:
            changed[name] = patch
    after = Version(digests, held)
    if before is None:
        return after, [REPLACE, whole]
    gone = [name for name in before.fields if name not in fields]
    order = [*(n for n in before.fields if n in fields), *(n for n in fields if n not in before.fields)]
    moved = list(fields) if order != list(fields) else None
    return after, [FIELDS, changed, gone, moved] if changed or gone or moved else None
