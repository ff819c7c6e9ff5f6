"""The protobuf form of an OpenAPI v2 document, as far as kubectl reads it.

Field numbers from github.com/google/gnostic-models, openapiv2/OpenAPIv2.proto.
"""

from __future__ import annotations

import json
from typing import Any

VARINT, LENGTH = 0, 2


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | LENGTH) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bool(field: int, value: bool) -> bytes:
    return _varint(field << 3 | VARINT) + (b"\1" if value else b"\0")


def _named(name: str, value: bytes) -> bytes:
    return _text(1, name) + _bytes(2, value)


def _extensions(field: int, node: dict[str, Any]) -> bytes:
    """The `x-` members: each an Any that holds YAML (JSON is YAML)."""
    return b"".join(
        _bytes(field, _named(key, _text(2, json.dumps(value)))) for key, value in node.items() if key.startswith("x-")
    )


def _schema(node: dict[str, Any]) -> bytes:
    out = b""
    if isinstance(node.get("$ref"), str):
        out += _text(1, node["$ref"])
    if isinstance(node.get("format"), str):
        out += _text(2, node["format"])
    out += b"".join(_text(19, name) for name in node.get("required", ()))
    if isinstance(node.get("additionalProperties"), dict):
        out += _bytes(21, _bytes(1, _schema(node["additionalProperties"])))
    if isinstance(node.get("type"), str):
        out += _bytes(22, _text(1, node["type"]))
    if isinstance(node.get("items"), dict):
        out += _bytes(23, _bytes(1, _schema(node["items"])))
    if isinstance(node.get("properties"), dict):
        members = b"".join(_bytes(1, _named(name, _schema(value))) for name, value in node["properties"].items())
        out += _bytes(25, members)
    return out + _extensions(31, node)


def _query_parameter(parameter: dict[str, Any]) -> bytes:
    query = _text(2, parameter["in"]) + _text(4, parameter["name"]) + _text(6, parameter["type"]) + _bool(20, True)
    return _bytes(1, _bytes(2, _bytes(3, query)))


def _operation(operation: dict[str, Any]) -> bytes:
    parameters = b"".join(_bytes(8, _query_parameter(parameter)) for parameter in operation["parameters"])
    return parameters + _bytes(9, b"") + _extensions(13, operation)


def openapi_v2_document(document: dict[str, Any]) -> bytes:
    """The document as a serialised `openapi.v2.Document`."""
    info = _text(1, document["info"]["title"]) + _text(2, document["info"]["version"])
    paths = b"".join(
        _bytes(2, _named(path, _bytes(8, _operation(item["patch"])))) for path, item in document["paths"].items()
    )
    definitions = b"".join(_bytes(1, _named(name, _schema(node))) for name, node in document["definitions"].items())
    return _text(1, document["swagger"]) + _bytes(2, info) + _bytes(8, paths) + _bytes(9, definitions)
