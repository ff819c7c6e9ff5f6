# ruff: noqa: N818 - these are the reasons as the API spells them
"""What the API refuses, each as the `Status` object a client gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class ApiError(Exception):
    """A refusal with its HTTP code, reason and details, as kube-apiserver words it."""

    code = 500
    reason = "InternalError"

    def __init__(self, message: str, *, details: dict[str, Any] | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details or {})
        self._shows_details = details is not None
        self.retry_after = retry_after
        self.warning = ""  # sent with the error in a Warning header, which kubectl prints
        if retry_after is not None:
            self.details["retryAfterSeconds"] = retry_after

    def status(self) -> dict[str, Any]:
        """The `Status` body."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        if self.details or self._shows_details:
            body["details"] = self.details
        if not self.reason:
            del body["reason"]
        return body


class BadRequest(ApiError):
    """400: the request itself makes no sense."""

    code, reason = 400, "BadRequest"


class Unauthorized(ApiError):
    """401: no token, or one that is not known."""

    code, reason = 401, "Unauthorized"


class Forbidden(ApiError):
    """403: this user may not do this."""

    code, reason = 403, "Forbidden"


class NotFound(ApiError):
    """404: no such object or no such resource."""

    code, reason = 404, "NotFound"


class PathNotFound(NotFound):
    """404: nothing at all is served at such paths; answered as plain text."""

    def __init__(self) -> None:
        super().__init__("404 page not found")


def resource_not_found() -> NotFound:
    """The 404 of a resource that is not served."""
    return NotFound("the server could not find the requested resource", details={})


class MethodNotAllowed(ApiError):
    """405: the resource is there, the verb is not."""

    code, reason = 405, "MethodNotAllowed"

    def __init__(self) -> None:
        super().__init__("the server does not allow this method on the requested resource", details={})


class NotAcceptable(ApiError):
    """406: none of the media types in `Accept` can be served."""

    code, reason = 406, "NotAcceptable"


class AlreadyExists(ApiError):
    """409: an object of that name is there."""

    code, reason = 409, "AlreadyExists"


class Conflict(ApiError):
    """409: the object changed in between, or belongs to another manager."""

    code, reason = 409, "Conflict"


class Expired(ApiError):
    """410: the requested version has been compacted."""

    code, reason = 410, "Expired"


class TooLarge(ApiError):
    """413: the body is over the limit."""

    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(ApiError):
    """415: the body's content type cannot be read here."""

    code, reason = 415, "UnsupportedMediaType"


@dataclass(frozen=True)
class Cause:
    """One broken field: `reason` is FieldValueInvalid, FieldValueRequired, FieldValueDuplicate, ..."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"

    def as_dict(self) -> dict[str, str]:
        """The cause as `details.causes` shows it."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


class Invalid(ApiError):
    """422: the object breaks its kind's rules; the causes name each field."""

    code, reason = 422, "Invalid"

    def __init__(self, message: str, *, details: dict[str, Any] | None = None, causes: Sequence[Cause] = ()) -> None:
        super().__init__(message, details=details)
        if causes:
            self.details["causes"] = [cause.as_dict() for cause in causes]


class ListOptionsInvalid(Invalid):
    """422: the parameters of a list or watch do not go together."""

    def __init__(self, causes: Sequence[Cause]) -> None:
        refused = invalid("ListOptions", "meta.k8s.io", "", causes)
        super().__init__(refused.message, details=refused.details)


class TooManyRequests(ApiError):
    """429: come back after `retry_after` seconds."""

    code, reason = 429, "TooManyRequests"


class ServiceUnavailable(ApiError):
    """503: what is asked for cannot answer now."""

    code, reason = 503, "ServiceUnavailable"


class GatewayTimeout(ApiError):
    """504: it took too long; with cause ResourceVersionTooLarge when the version lies in the future."""

    code, reason = 504, "Timeout"


def invalid(kind: str, group: str, name: str, causes: Sequence[Cause]) -> Invalid:
    """The 422 of one object, its message built from the causes as kube-apiserver builds it."""
    qualified = f"{kind}.{group}" if group else kind
    texts = [f"{cause.field}: {cause.message}" for cause in causes]
    what = texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
    details = {"name": name, "group": group, "kind": kind}
    return Invalid(
        f'{qualified} "{name}" is invalid: {what}',
        details={key: value for key, value in details.items() if value},
        causes=causes,
    )
