"""Which fields of a request the API server dropped, because its schema does not know them.

A CustomResourceDefinition prunes unknown fields and reports success (apiextensions.k8s.io/v1,
preserveUnknownFields: false); built-in kinds do the same. With an older definition, an act would have no effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.text import safe_text

Path = tuple[str | int, ...]
_MISSING: Any = object()
_MOST_NAMED = 3
# The parts of metadata that the server stores as sent.
_KEPT = ("annotations", "labels")


def why_pruned(request: Request, answer: Mapping[str, Any] | None) -> str:
    """What the response to a write, or to its dry run, lacks of what was sent; "" if nothing is missing."""
    if answer is None:
        return ""
    lost = list(dict.fromkeys(_text(path) for path in _lost(request, answer)))
    if not lost:
        return ""
    named = ", ".join(lost[:_MOST_NAMED]) + (f" and {len(lost) - _MOST_NAMED} more" if len(lost) > _MOST_NAMED else "")
    kind = request.ref.resource
    return (
        f"the API server dropped {named}: the schema of {kind.kind} ({kind.api_version}) in this cluster does not have"
        " it, so the act would have no effect; update the CustomResourceDefinition and its controller"
    )


def _lost(request: Request, answer: Mapping[str, Any]) -> Iterator[Path]:
    if request.verb is Verb.DELETE:
        return
    if request.verb is Verb.PATCH and request.patch is PatchType.JSON:
        found: Iterator[Path] = (
            lost for path, value in _values(request.body) for lost in _compared(path, _at(answer, path), value)
        )
    else:
        found = _compared((), answer, request.body)
    # Status counts only if it is sent to the subresource: the main resource then ignores it.
    yield from (path for path in found if path[:1] != ("status",) or request.subresource == "status")


def _values(operations: list[Mapping[str, Any]]) -> Iterator[tuple[Path, Any]]:
    """The values that the operations of a JSON Patch (RFC 6902) leave in the object, by their final path.

    Skips values that a later operation removes or overwrites, and lists whose items move.
    """
    edits = [(_parts(o["path"]), o) for o in operations if o.get("op") in ("add", "replace", "remove")]
    moving = {
        path[:-1] for path, o in edits if path and o["op"] != "replace" and (path[-1] == "-" or path[-1].isdigit())
    }
    for number, (path, operation) in enumerate(edits):
        over = any(later == path[: len(later)] for later, _ in edits[number + 1 :])
        shifted = any(place == path[: len(place)] for place in moving)
        if operation["op"] != "remove" and not over and not shifted:
            yield path, operation["value"]


def _parts(pointer: str) -> tuple[str, ...]:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _compared(path: Path, found: Any, wanted: Any) -> Iterator[Path]:
    """Paths of what was sent and is missing. Empty and zero values are ignored: servers omit them."""
    if not wanted or _is_servers(path):
        return
    if found is _MISSING or found is None:
        # A map with nothing but empty values has nothing to lose.
        if not isinstance(wanted, Mapping) or any(any(_compared((*path, str(k)), None, v)) for k, v in wanted.items()):
            yield path
    elif isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key, value in wanted.items():
            yield from _compared((*path, str(key)), found.get(key, _MISSING), value)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for place, (one, other) in enumerate(zip(found, wanted, strict=True)):
            yield from _compared((*path, place), one, other)


def _is_servers(path: Path) -> bool:
    return len(path) > 1 and path[0] == "metadata" and path[1] not in _KEPT


def _at(value: Any, path: Path) -> Any:
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(key, _MISSING)
        elif isinstance(value, list) and str(key).isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return _MISSING
    return value


def _text(path: Path) -> str:
    """The path as people write it: spec.steps[0].pause."""
    words = "".join(f"[{part}]" if str(part).isdigit() else f".{part}" for part in path)
    return safe_text(words.removeprefix("."), 120)
