"""Request bodies in Kubernetes' protobuf, which newer kubectls send for `create` and `auth can-i`."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from cockpit.demo.errors import BadRequest, UnsupportedMediaType
from cockpit.demo.schemas.objects import Object
from cockpit.demo.schemas.protoshapes import (
    BODIES,
    BYTES,
    ENVELOPE,
    FLAG,
    INT_OR_STRING,
    NUMBER,
    SECRETS,
    TEXT,
    TEXTS,
    Inlined,
    Many,
    Shape,
)

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
MAGIC = b"k8s\x00"


def parse(body: bytes) -> Object:
    """The object in a body; UnsupportedMediaType for a kind whose shape is not known here."""
    if not body.startswith(MAGIC):
        raise BadRequest("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        envelope = _message(body[len(MAGIC) :], ENVELOPE)
        type_meta = envelope.get("typeMeta", {})
        shape = BODIES.get(type_meta.get("kind", ""))
        if shape is None:
            raise UnsupportedMediaType(
                "the body of the request was in an unknown format - accepted media types include: "
                "application/json, application/yaml"
            )
        return {**type_meta, **_message(base64.b64decode(envelope.get("raw", "")), shape)}
    except (IndexError, UnicodeDecodeError, AttributeError, TypeError):
        raise BadRequest("the body is no protobuf message of its kind") from None


def _message(data: bytes, shape: Shape) -> dict[str, Any]:
    """The known fields of a message as JSON has them; empty texts are fields that were not set."""
    found: dict[str, Any] = {}
    for number, value in _fields(data):
        if number not in shape:
            continue
        name, type_ = shape[number]
        if isinstance(type_, Inlined):
            found.update(_message(value, type_.of))
        elif isinstance(type_, Many):
            found.setdefault(name, []).append(_value(value, type_.of))
        elif type_ in (TEXTS, SECRETS):
            inner = TEXT if type_ == TEXTS else BYTES
            entry = _message(value, {1: ("key", TEXT), 2: ("value", inner)})
            found.setdefault(name, {})[entry.get("key", "")] = entry.get("value", "")
        elif (read := _value(value, type_)) != "":
            found[name] = read
    return found


def _value(value: Any, type_: Any) -> Any:
    if isinstance(type_, dict):
        return _message(value, type_)
    if type_ == TEXT:
        return value.decode()
    if type_ == BYTES:
        return base64.b64encode(value).decode()
    if type_ == FLAG:
        return bool(value)
    if type_ == INT_OR_STRING:
        parts = _message(value, {1: ("type", NUMBER), 2: ("number", NUMBER), 3: ("text", TEXT)})
        return parts.get("text", "") if parts.get("type") else parts.get("number", 0)
    return value if value < 1 << 63 else value - (1 << 64)


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Number and raw value of each field: an int or the bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            number, at = _varint(data, at)
            yield tag >> 3, number
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        elif wire == 2:
            length, at = _varint(data, at)
            if at + length > len(data):
                raise IndexError
            yield tag >> 3, data[at : at + length]
            at += length
        else:
            raise BadRequest(f"protobuf wire type {wire} is not known")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
        if shift > 63:
            raise BadRequest("a protobuf number is too long")
