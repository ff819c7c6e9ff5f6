"""The one place that changes a cluster."""

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
    """Sends writes, each at most once; in a read-only session it sends dry runs only."""

    def __init__(self, api: KubeApi, read_only: bool) -> None:
        self._api = api
        self.read_only = read_only

    async def send(self, request: Request, *, dry_run: bool = False) -> dict[str, Any]:
        """Send one request and return the server's answer: the object as it is written, or a Status.

        A dry run changes nothing, but passes admission, validation and preconditions. Raises ReadOnly,
        ApiError for a no (nothing happened), Unreachable where nothing was sent, and UnknownOutcome where
        the request left and no answer of the API server came.
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
            raise BadAnswer("success, but no object of the Kubernetes API", context=self._api.context, what=what)
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
                # A DELETE with a body is read from the body alone: by the query it would really delete
                # (apiserver, endpoints/handlers/delete.go).
                body = {**body, "dryRun": ["All"]}
    if request.verb is not Verb.DELETE:
        query["fieldManager"] = FIELD_MANAGER
    return Call(method, path, query, _encoded(body), content_type, what=what, write=True, dry_run=dry_run)


# As Go's encoding/json writes them inside strings; they occur nowhere else in JSON.
_GO_ESCAPES = (
    (b"&", rb"\u0026"),
    (b"<", rb"\u003c"),
    (b">", rb"\u003e"),
    (b"\xe2\x80\xa8", rb"\u2028"),
    (b"\xe2\x80\xa9", rb"\u2029"),
)


def _encoded(body: Any) -> bytes:
    """JSON as the API server itself writes it.

    It compares the value of a JSON Patch `test` with its own byte by byte (evanphx/json-patch, `compact`), so that a
    text with `&` written otherwise would never equal itself.
    """
    found = msgspec.json.encode(body)
    for plain, escaped in _GO_ESCAPES:
        found = found.replace(plain, escaped)
    return found


def _may_have_happened(error: ApiError) -> bool:
    """Whether a write that got this error may have been carried out all the same.

    502 and 504 and answers without a Status come from something in between, or from an API server that gave
    up waiting; etcd's timeouts reach us as 500 with its words.
    """
    if isinstance(error, Unreachable):
        return error.sent
    if isinstance(error, BadAnswer):
        return True
    return error.status in (502, 504) or not error.reason or ("time" in error.message and "out" in error.message)
