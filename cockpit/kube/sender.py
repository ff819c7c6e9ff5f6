"""The only place that writes to a cluster."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.kube.api import OBJECT_BYTES, KubeApi
from cockpit.kube.errors import ApiError, BadAnswer, ReadOnly, ServerFailure, UnknownOutcome, Unreachable
from cockpit.kube.paths import list_path, object_path
from cockpit.kube.transport import Call
from cockpit.model.plan import Request, Verb

FIELD_MANAGER = "cockpit"


class Sender:
    """Sends writes, each at most once; in a read-only session it sends only dry runs."""

    def __init__(self, api: KubeApi, read_only: bool) -> None:
        self._api = api
        self.read_only = read_only

    async def send(self, request: Request, *, dry_run: bool = False) -> dict[str, Any]:
        """Send one request and return the server's response: the object as written, or a Status.

        A dry run changes nothing, but goes through admission, validation and preconditions. Raises ReadOnly,
        ApiError if it was refused (nothing happened), Unreachable if nothing was sent, and UnknownOutcome if
        the request was sent and the API server did not respond.
        """
        what = f"{request.verb} {request.ref}" + (f"/{request.subresource}" if request.subresource else "")
        if self.read_only and not dry_run:
            raise ReadOnly(what, self._api.context)
        try:
            body = await self._api.transport.fetch(_call(request, what, dry_run), limit=OBJECT_BYTES)
            return self._answer(body, what)
        except (Unreachable, ServerFailure, BadAnswer) as error:
            if dry_run or not _may_have_happened(error):
                raise
            raise UnknownOutcome(what, self._api.context, error.message or f"status {error.status}") from error

    def _answer(self, body: bytes | bytearray, what: str) -> dict[str, Any]:
        try:
            answer = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise BadAnswer("success, but the body is not a Kubernetes object", context=self._api.context, what=what)
        return answer


def _call(request: Request, what: str, dry_run: bool) -> Call:
    query = {"dryRun": "All"} if dry_run else {}
    body = request.body
    content_type = "application/json"
    match request.verb:
        case Verb.PATCH:
            if request.patch is None:
                raise ValueError("a patch without its type")
            content_type = request.patch.value
            method, path = "PATCH", object_path(request.ref, request.subresource)
        case Verb.CREATE:
            method, path = "POST", list_path(request.ref.resource, request.ref.namespace)
        case Verb.DELETE:
            method, path = "DELETE", object_path(request.ref)
            if dry_run:
                # The API server ignores the query of a DELETE with a body: dryRun only in the query would really delete
                # (apiserver, endpoints/handlers/delete.go).
                body = {**body, "dryRun": ["All"]}
    if request.verb is not Verb.DELETE:
        query["fieldManager"] = FIELD_MANAGER
    return Call(method, path, query, _encoded(body), content_type, what=what, write=True, dry_run=dry_run)


_BEFORE_STORAGE = ("failed calling webhook", "Internal error occurred: failed calling webhook")
# How Go's encoding/json escapes these inside strings; they occur nowhere else in JSON.
_GO_ESCAPES = (
    (b"&", rb"\u0026"),
    (b"<", rb"\u003c"),
    (b">", rb"\u003e"),
    (b"\xe2\x80\xa8", rb"\u2028"),
    (b"\xe2\x80\xa9", rb"\u2029"),
)


def _encoded(body: Any) -> bytes:
    """JSON exactly as the API server encodes it.

    It compares the value of a JSON Patch `test` with its own encoding byte by byte (evanphx/json-patch, `compact`), so
    a string with a differently escaped `&` would never match.
    """
    found = msgspec.json.encode(body)
    for plain, escaped in _GO_ESCAPES:
        found = found.replace(plain, escaped)
    return found


def _may_have_happened(error: ApiError) -> bool:
    """Whether a write that got this error may have happened anyway.

    Any 5xx may come after the write: from a proxy, or from an API server whose storage changed its leader. Only
    admission is known to come before it (apiserver, endpoints/handlers).
    """
    if isinstance(error, Unreachable):
        return error.sent
    return not (isinstance(error, ServerFailure) and error.message.startswith(_BEFORE_STORAGE))
