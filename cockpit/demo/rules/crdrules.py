"""What the schema of a CRD refuses, worded as kube-apiserver words it (k8s.io/kube-openapi/pkg/validation/validate).

CEL rules (`x-kubernetes-validations`) and formats other than date-time are not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

import regex

from cockpit.demo.errors import Cause
from cockpit.demo.schemas.objects import Object
from cockpit.demo.schemas.structural import OWN, Schema, field_of

NOWHERE = "<nil>"
INT_OR_STRING = "x-kubernetes-int-or-string"
TYPE_INVALID, REQUIRED = "FieldValueTypeInvalid", "FieldValueRequired"
UNSET: Any = object()


def check_schema(schema: Schema, obj: Object, old: Object | None = None) -> list[Cause]:
    """The broken fields of an object. What is as it was in `old` is not refused, however broken it is."""
    before = {} if old is None else old
    causes = list(_missing(schema, obj, ""))
    for key, inner in (schema.get("properties") or {}).items():
        if key in OWN:
            continue
        if obj.get(key) is not None:
            causes += list(_broken(inner, obj[key], key, key, before.get(key, UNSET)))
    return [*causes, *_combined(schema, obj, "", "")]


def check_schema_of_status(schema: Schema, obj: Object, old: Object) -> list[Cause]:
    """The broken fields of a status; messages name them from the status on."""
    inner = field_of(schema, "status")
    if inner is None or obj.get("status") is None:
        return []
    return list(_broken(inner, obj["status"], "status", "", old.get("status", UNSET)))


def _broken(schema: Schema, value: Any, path: str, body: str, before: Any = UNSET) -> Iterator[Cause]:
    """`path` is where the cause lies, `body` how the message names it."""
    if before is not UNSET and value == before:
        return
    if value is None and schema.get("nullable"):
        return
    found, wanted = type_of(value), _wanted(schema)
    if wanted and found not in wanted and not (found == "integer" and "number" in wanted):
        yield _mistyped(path, body, ",".join(wanted), found)
        yield from _combined(schema, value, path, body)
        return
    if isinstance(value, dict):
        yield from _fields(schema, value, path, body, before)
    elif isinstance(value, list):
        yield from _entries(schema, value, path, body, before)
    elif isinstance(value, str):
        yield from _text(schema, value, path, body)
    elif found in ("integer", "number"):
        yield from _number(schema, value, path, body)
    yield from _combined(schema, value, path, body)
    if "enum" in schema and value not in schema["enum"]:
        supported = ", ".join(json.dumps(entry) for entry in schema["enum"])
        text = f"Unsupported value: {json.dumps(value)}: supported values: {supported}"
        yield Cause(path, text, "FieldValueNotSupported")


def _wanted(schema: Schema) -> tuple[str, ...]:
    if schema.get(INT_OR_STRING):
        return ("integer", "string")
    return (schema["type"],) if schema.get("type") else ()


def type_of(value: Any) -> str:
    """The type of a value as schemas name it; a number without a fraction is an integer."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    return {int: "integer", str: "string", dict: "object", list: "array"}.get(type(value), "null")


def _mistyped(path: str, body: str, wanted: str, found: str) -> Cause:
    return Cause(path, f'Invalid value: "{found}": {body} in body must be of type {wanted}: "{found}"', TYPE_INVALID)


def _bound(path: str, body: str, value: Any, what: str) -> Cause:
    return Cause(path, f"Invalid value: {json.dumps(value)}: {body} in body should {what}")


def _fields(schema: Schema, value: dict[str, Any], path: str, body: str, before: Any) -> Iterator[Cause]:
    known = before if isinstance(before, dict) else {}
    yield from _missing(schema, value, path)
    for key in sorted(value):
        inner = field_of(schema, key)
        if inner is not None:
            there = f"{body}.{key}" if body else key
            yield from _broken(inner, value[key], f"{path}.{key}", there, known.get(key, UNSET))
    most, least = schema.get("maxProperties"), schema.get("minProperties")
    if most is not None and len(value) > most:
        yield Cause(path, f"Too many: {len(value)}: must have at most {most} items", "FieldValueTooMany")
    if least is not None and len(value) < least:
        yield _bound(path, body, len(value), f"have at least {least} properties")


def _missing(schema: Schema, value: dict[str, Any], path: str) -> Iterator[Cause]:
    for key in schema.get("required") or ():
        if key not in value or (value[key] is None and not (field_of(schema, key) or {}).get("nullable")):
            yield Cause(f"{path}.{key}" if path else key, "Required value", REQUIRED)


def _entries(schema: Schema, value: list[Any], path: str, body: str, before: Any) -> Iterator[Cause]:
    inner = schema.get("items")
    known = before if isinstance(before, list) else []
    if isinstance(inner, dict):
        for number, entry in enumerate(value):
            was = known[number] if number < len(known) else UNSET
            yield from _broken(inner, entry, f"{path}[{number}]", f"{body}[{number}]", was)
    most, least = schema.get("maxItems"), schema.get("minItems")
    if most is not None and len(value) > most:
        yield Cause(path, f"Too many: {len(value)}: must have at most {most} items", "FieldValueTooMany")
    if least is not None and len(value) < least:
        yield _bound(path, body, len(value), f"have at least {least} items")
    yield from _duplicates(schema, value, path)


def _duplicates(schema: Schema, value: list[Any], path: str) -> Iterator[Cause]:
    """Two entries of a set, or of a list with keys, that are the same one."""
    type_, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys") or ()
    if type_ not in ("set", "map"):
        return
    seen = []
    for number, entry in enumerate(value):
        named = {key: entry.get(key) for key in keys} if type_ == "map" and isinstance(entry, dict) else entry
        if named in seen:
            text = f"Duplicate value: {json.dumps(named, separators=(',', ':'))}"
            yield Cause(f"{path}[{number}]", text, "FieldValueDuplicate")
        seen.append(named)


def _text(schema: Schema, value: str, path: str, body: str) -> Iterator[Cause]:
    most, least, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if most is not None and len(value) > most:
        yield Cause(path, f"Too long: may not be more than {most} bytes", "FieldValueTooLong")
    elif least is not None and len(value) < least:
        yield _bound(path, body, value, f"be at least {least} chars long")
    elif pattern and (found := _compiled(pattern)) is not None and not _matches(found, value):
        yield _bound(path, body, value, f"match '{pattern}'")
    if schema.get("format") == "date-time" and not _is_time(value):
        text = f'Invalid value: "{value}": {body} in body must be of type date-time: "{value}"'
        yield Cause(path, text, TYPE_INVALID)


def _number(schema: Schema, value: float, path: str, body: str) -> Iterator[Cause]:
    most, least = schema.get("maximum"), schema.get("minimum")
    if most is not None and (value > most or (value == most and schema.get("exclusiveMaximum"))):
        yield _bound(
            path, body, value, "be less than " + ("" if schema.get("exclusiveMaximum") else "or equal to ") + f"{most}"
        )
    if least is not None and (value < least or (value == least and schema.get("exclusiveMinimum"))):
        or_equal = "" if schema.get("exclusiveMinimum") else "or equal to "
        yield _bound(path, body, value, f"be greater than {or_equal}{least}")


def _combined(schema: Schema, value: Any, path: str, body: str) -> Iterator[Cause]:
    """The branches of anyOf, oneOf, allOf and not."""

    def fits(branch: Schema) -> bool:
        return next(_broken(branch, value, path, body), None) is None

    any_of, one_of = schema.get("anyOf"), schema.get("oneOf")
    if any_of and not any(fits(branch) for branch in any_of):
        yield Cause(NOWHERE, f'Invalid value: "": "{body}" must validate at least one schema (anyOf)')
        yield from _broken(any_of[0], value, path, body)
    if one_of:
        count = sum(fits(branch) for branch in one_of)
        if count != 1:
            which = f"Found {count} valid alternatives" if count else "Found none valid"
            text = f'Invalid value: "": "{body}" must validate one and only one schema (oneOf). {which}'
            yield Cause(NOWHERE, text)
    for branch in schema.get("allOf") or ():
        yield from _broken(branch, value, path, body)
    if schema.get("not") and fits(schema["not"]):
        yield Cause(NOWHERE, f'Invalid value: "": "{body}" must not validate the schema (not)')


def _matches(pattern: Any, value: str) -> bool:
    """A value counts as matching where that cannot be found out in time: Go's patterns never need long."""
    try:
        return pattern.search(value, timeout=0.02) is not None
    except TimeoutError:
        return True


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    """A pattern of Go as the `regex` library reads it; None for one that it cannot read."""
    try:
        return regex.compile(pattern, regex.ASCII)
    except (regex.error, ValueError, OverflowError, RecursionError, MemoryError):
        return None


def _is_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return "T" in value or "t" in value
