"""What an object that was read says of a request: whether it took effect, and whether it would be taken.

The former is for requests without a response, the latter for those that undo what somebody else may have undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cockpit.model.plan import PatchType, Request, Verb

MISSING: Any = object()


def took_effect(request: Request, found: Mapping[str, Any] | None) -> bool:
    """True if the object is as it would be after the request; `found` is None if there is no object."""
    match request.verb:
        case Verb.DELETE:
            return found is None or _other_object(request, found) or _leaving(found)
        case Verb.CREATE:
            return found is not None and _contains(found, _without_version(request.body))
        case Verb.PATCH:
            return found is not None and _patched(request, found)


def would_apply(request: Request, found: Mapping[str, Any] | None) -> bool:
    """True if the precondition of the request holds for the object; `found` is None if there is none."""
    match request.verb:
        case Verb.CREATE:
            return found is None
        case Verb.DELETE:
            return found is not None and not _other_object(request, found)
        case Verb.PATCH if found is None:
            return False
        case Verb.PATCH if request.patch is PatchType.MERGE:
            wanted = value_at(request.body or {}, ("metadata", "resourceVersion"))
            return wanted is MISSING or wanted == value_at(found, ("metadata", "resourceVersion"))
        case Verb.PATCH:
            return not failed_tests(request, found)


def failed_tests(request: Request, found: Mapping[str, Any]) -> list[tuple[tuple[str, ...], Any]]:
    """The tests of a JSON Patch that do not hold for the object: where, and the value that would have to be there."""
    tests = [each for each in request.body if each.get("op") == "test"]
    return [(_keys(each["path"]), each.get("value")) for each in tests if not _test_holds(each, found)]


def _test_holds(operation: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """By RFC 6902; an API server takes a field that is absent for null."""
    there = value_at(found, _keys(operation["path"]))
    return (None if there is MISSING else there) == operation.get("value")


def _keys(path: str) -> tuple[str, ...]:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:])


def _patched(request: Request, found: Mapping[str, Any]) -> bool:
    if request.patch is PatchType.MERGE:
        return _contains(found, _without_version(request.body))
    last: dict[str, Any] = {}
    for operation in request.body:
        if operation.get("op") in ("add", "replace", "remove"):
            last[operation["path"]] = operation
    return all(_operation_holds(operation, found) for operation in last.values())


def _operation_holds(operation: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """By RFC 6902; an item appended to a list is searched for anywhere in it."""
    keys = _keys(operation["path"])
    if operation["op"] == "remove":
        return value_at(found, keys) is MISSING
    if keys and keys[-1] == "-":
        items = value_at(found, keys[:-1])
        return isinstance(items, list) and any(_contains(item, operation["value"]) for item in items)
    return _contains(value_at(found, keys), operation["value"])


def _other_object(request: Request, found: Mapping[str, Any]) -> bool:
    """The deletion had a uid precondition, and the object of that name now has another uid."""
    wanted = value_at(request.body or {}, ("preconditions", "uid"))
    return isinstance(wanted, str) and wanted != value_at(found, ("metadata", "uid"))


def _leaving(found: Mapping[str, Any]) -> bool:
    """Deletion was accepted, but finalizers still hold the object."""
    return isinstance(value_at(found, ("metadata", "deletionTimestamp")), str)


def _without_version(body: Any) -> Any:
    """A body without its precondition, which no longer holds after the write."""
    if not isinstance(body, Mapping) or not isinstance(body.get("metadata"), Mapping):
        return body
    metadata = {key: value for key, value in body["metadata"].items() if key not in ("resourceVersion", "uid")}
    return {**body, "metadata": metadata}


def _contains(found: Any, wanted: Any) -> bool:
    """Whether `found` contains all of `wanted`; null means absent, as in a merge patch (RFC 7396)."""
    if wanted is None:
        return found is None or found is MISSING
    if isinstance(wanted, Mapping):
        if not isinstance(found, Mapping):
            # The server removes empty maps.
            return (found is MISSING or found is None) and all(value is None for value in wanted.values())
        return all(_contains(found.get(key, MISSING), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(_contains(a, b) for a, b in zip(found, wanted, strict=True))
        )
    return type(found) is type(wanted) and bool(found == wanted)


def value_at(value: Any, keys: Sequence[str]) -> Any:
    """What is there by these keys; MISSING if nothing is."""
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key, MISSING)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return MISSING
    return value
