"""Whether an object may have been written by a request whose fields it does not show now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.kube.sender import FIELD_MANAGER
from cockpit.model.plan import PatchType, Request, Verb


def trace(request: Request, found: Mapping[str, Any] | None) -> str:
    """What moves when this request is carried out; "" for an object that does not exist.

    The times of the cockpits' entries in `metadata.managedFields`, which status updates of controllers do not move. A
    write that only removes fields leaves none there (kube-apiserver's managedfields, `Update`): then, and where the
    object has no managedFields, its resourceVersion.
    """
    metadata = (found or {}).get("metadata")
    if not isinstance(metadata, Mapping):
        return ""
    fields = metadata.get("managedFields")
    if not isinstance(fields, list) or _only_removes(request):
        return str(metadata.get("resourceVersion") or "")
    own = [each for each in fields if isinstance(each, Mapping) and each.get("manager") == FIELD_MANAGER]
    return " ".join(sorted(f"{each.get('operation')}/{each.get('subresource')}/{each.get('time')}" for each in own))


def cannot_have_been_made(request: Request, before: str, found: Mapping[str, Any] | None) -> bool:
    """Whether an object that is not as the request asked for was not written by it; `before` is its trace from then."""
    return request.verb is Verb.DELETE or trace(request, found) == before


def _only_removes(request: Request) -> bool:
    if request.verb is not Verb.PATCH:
        return False
    if request.patch is PatchType.MERGE:
        return _all_null({name: value for name, value in request.body.items() if name != "metadata"}) and _all_null(
            {n: v for n, v in (request.body.get("metadata") or {}).items() if n not in ("resourceVersion", "uid")}
        )
    return all(operation.get("op") in ("remove", "test") for operation in request.body)


def _all_null(value: Any) -> bool:
    return all(map(_all_null, value.values())) if isinstance(value, Mapping) else value is None
