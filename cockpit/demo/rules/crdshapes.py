"""Types of the fields of a custom resource, refused as the structural schema of its CRD refuses them."""

from __future__ import annotations

from typing import Any

from cockpit.demo.errors import Cause

INTEGER, TEXT, BOOLEAN, OBJECT, ANY = "integer", "string", "boolean", "object", ""
# A number or a text, such as the "25%" of a surge.
EITHER = "either"
# A name for a type, the fields of an object, the one shape of a list's entries, or a map's values under "*".
Shape = str | dict[str, Any] | list[Any]
TEXTS: Shape = {"*": TEXT}
REQUIRED = "!"


def misfits(value: Any, shape: Shape, path: str, body: str) -> list[Cause]:
    """The fields whose type is another one; `body` is the path as the message names it, `path` as the cause does.

    Fields that the shape does not know are left alone. A field named "name!" has to be there.
    """
    wanted = "array" if isinstance(shape, list) else "object" if isinstance(shape, dict) else shape
    if wanted == ANY:
        return []
    found = _type_of(value)
    fits = found in (INTEGER, TEXT) if wanted == EITHER else found == wanted
    if not fits:
        wanted = INTEGER if wanted == EITHER else wanted
        text = f'Invalid value: "{found}": {body or path} in body must be of type {wanted}: "{found}"'
        return [Cause(path, text, "FieldValueTypeInvalid")]
    if isinstance(shape, list):
        pairs = [(entry, shape[0], f"[{number}]") for number, entry in enumerate(value)]
    elif isinstance(shape, dict):
        return _misfits_of_fields(value, shape, path, body)
    else:
        pairs = []
    return [cause for entry, inner, part in pairs for cause in misfits(entry, inner, path + part, body + part)]


def _misfits_of_fields(value: dict[str, Any], shape: dict[str, Any], path: str, body: str) -> list[Cause]:
    causes = []
    for field, inner in shape.items():
        name = field.rstrip(REQUIRED)
        if field == "*":
            entries = list(value.items())
        elif value.get(name) is not None:
            entries = [(name, value[name])]
        else:
            entries = []
            if field.endswith(REQUIRED):
                causes.append(Cause(f"{path}.{name}", "Required value", "FieldValueRequired"))
        for key, entry in entries:
            causes += misfits(entry, inner, f"{path}.{key}", f"{body}.{key}" if body else key)
    return causes


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return INTEGER
    if isinstance(value, str):
        return TEXT
    if isinstance(value, dict):
        return OBJECT
    if isinstance(value, list):
        return "array"
    return "number" if isinstance(value, float) else "null"
