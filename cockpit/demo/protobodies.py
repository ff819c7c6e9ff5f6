"""Request bodies in Kubernetes' protobuf, for the few kinds that kubectl sends so: access reviews.

Field numbers from k8s.io/api/authorization/v1/generated.proto and k8s.io/apimachinery/pkg/runtime/generated.proto.
"""

from __future__ import annotations

from typing import Any

from cockpit.demo.errors import BadRequest, UnsupportedMediaType
from cockpit.demo.history import Object

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
MAGIC = b"k8s\x00"
TEXT = "text"

Shape = dict[int, tuple[str, Any]]

RESOURCE: Shape = {
    number: (name, TEXT)
    for number, name in enumerate(("namespace", "verb", "group", "version", "resource", "subresource", "name"), 1)
}
PATH: Shape = {1: ("path", TEXT), 2: ("verb", TEXT)}
BODIES: dict[str, Shape] = {
    "SelfSubjectAccessReview": {
        2: ("spec", {1: ("resourceAttributes", RESOURCE), 2: ("nonResourceAttributes", PATH)}),
    },
    "SelfSubjectRulesReview": {2: ("spec", {1: ("namespace", TEXT)})},
}
UNKNOWN: Shape = {1: ("typeMeta", {1: ("apiVersion", TEXT), 2: ("kind", TEXT)}), 2: ("raw", None)}


def parse(body: bytes) -> Object:
    """The object in a body of kinds above; UnsupportedMediaType for other kinds."""
    if not body.startswith(MAGIC):
        raise BadRequest("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        envelope = _message(body[len(MAGIC) :], UNKNOWN)
        meta = envelope.get("typeMeta", {})
        shape = BODIES.get(meta.get("kind", ""))
        if shape is None:
            raise UnsupportedMediaType(
                "the body of the request was in an unknown format - accepted media types include: "
                "application/json, application/yaml"
            )
        return {**meta, **_message(envelope.get("raw", b""), shape)}
    except (IndexError, UnicodeDecodeError):
        raise BadRequest("the protobuf message ends before it should") from None


def _message(data: bytes, shape: Shape) -> dict[str, Any]:
    """The known fields of a message: strings, raw bytes (shape None) and nested messages."""
    found: dict[str, Any] = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            _, at = _varint(data, at)
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        elif wire == 2:
            length, at = _varint(data, at)
            if at + length > len(data):
                raise IndexError
            value, at = data[at : at + length], at + length
            if tag >> 3 in shape:
                name, inner = shape[tag >> 3]
                found[name] = value if inner is None else value.decode() if inner == TEXT else _message(value, inner)
        else:
            raise BadRequest(f"protobuf wire type {wire} is not known")
    return found


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
