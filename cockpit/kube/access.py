"""Asks the cluster what this user is allowed to do, and caches the answer."""

from __future__ import annotations

import msgspec

from cockpit.kube.errors import Forbidden, Invalid, NotFound
from cockpit.kube.transport import Call, Transport
from cockpit.model.clock import Clock
from cockpit.model.refs import Ref
from cockpit.model.rights import Right, right
from cockpit.model.text import safe_text

# Roles change rarely; an operator who was just granted a permission waits at most this long.
_REMEMBERED_SECONDS = 60.0
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class _ReviewStatus(msgspec.Struct, rename="camel"):
    allowed: bool = False
    reason: str = ""
    evaluation_error: str = ""


class _Review(msgspec.Struct):
    status: _ReviewStatus


def not_allowed(context: str, missing: Right, namespace: str, why: str = "") -> str:
    """The sentence about a right that the user does not have; `why` is what the server says of it."""
    place = f" in namespace {namespace}" if namespace else ""
    return safe_text(
        f"{context} does not allow you to {missing.verb} {missing.resource}{place}" + (f": {why}" if why else "")
    )


class Access:
    """SelfSubjectAccessReview (authorization.k8s.io/v1) answers of one cluster."""

    def __init__(self, transport: Transport, context: str, clock: Clock) -> None:
        self._transport = transport
        self._context = context
        self._clock = clock
        self._answers: dict[tuple[str, Ref, str], tuple[float, str]] = {}

    async def allowed(self, verb: str, ref: Ref, subresource: str | None = None) -> str:
        """ "" or why not; also "" when the review itself is refused, because the server checks again anyway."""
        key = (verb, ref, subresource or "")
        at = self._clock.monotonic()
        self._answers = {k: v for k, v in self._answers.items() if at - v[0] < _REMEMBERED_SECONDS}
        if key not in self._answers:
            self._answers[key] = (at, await self._ask(*key))
        return self._answers[key][1]

    async def _ask(self, verb: str, ref: Ref, subresource: str) -> str:
        attributes = {
            "verb": verb,
            "group": ref.resource.group,
            "version": ref.resource.version,
            "resource": ref.resource.plural,
            "name": ref.name,
            "namespace": ref.namespace,
            "subresource": subresource,
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {k: v for k, v in attributes.items() if v}},
        }
        call = Call("POST", _REVIEWS, body=msgspec.json.encode(review), what=f"permissions on {ref}")
        try:
            body = await self._transport.fetch(call, limit=1 << 20)
            status = msgspec.json.decode(body, type=_Review).status
        except (Forbidden, NotFound, Invalid, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
        if status.allowed:
            return ""
        why = status.reason or status.evaluation_error
        return not_allowed(self._context, right(verb, ref.resource, subresource), ref.namespace, why)
