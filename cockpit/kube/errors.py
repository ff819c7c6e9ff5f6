"""What can go wrong between the cockpit and a cluster.

    KubeError
    ├── ConfigError        kubeconfig, context, credentials: no request was sent
    ├── ReadOnly           a write was refused by this session
    ├── UnknownOutcome     a write was sent and no response came
    └── ApiError           the cluster, or the connection to it, refused or failed
        ├── Unreachable    no connection, TLS failure, timeout, connection lost
        │   ├── Stalled    the connection is open but silent
        │   └── Untrusted  its certificate is not trusted
        ├── BadAnswer      the response cannot be understood
        ├── Unauthorized   401
        ├── Forbidden      403
        ├── NotFound       404
        ├── Conflict       409
        ├── Gone           410
        ├── Invalid        422, 400
        ├── TooManyRequests 429
        └── ServerFailure  5xx

`str()` of each is a sentence for the operator: safe text that names the object, the cluster and the next step.
It never contains tokens or keys.
"""

# ruff: noqa: N818 - named after what happened; the suffix "Error" on eleven classes adds nothing
from __future__ import annotations

from functools import cache

import msgspec

from cockpit.model.reasons import READ_ONLY
from cockpit.model.text import safe_text


class KubeError(Exception):
    """Base class of every error that this package raises deliberately."""


class ConfigError(KubeError):
    """A kubeconfig, context or credential that cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__(safe_text(message, 1000))


class ReadOnly(KubeError):
    """A write refused because the session is read-only; nothing was sent."""

    def __init__(self, what: str, context: str) -> None:
        super().__init__(safe_text(f"{what} in {context}: not sent: {READ_ONLY}"))


class UnknownOutcome(KubeError):
    """The write was sent and no response came: it may or may not have happened. It is never retried."""

    def __init__(self, what: str, context: str, why: str) -> None:
        super().__init__(
            safe_text(
                f"{what} in {context}: sent, but there was no response ({why}), so it may or may not have happened. "
                "Check the object before you try again.",
                600,
            )
        )


class ApiError(KubeError):
    """A failed request. `status` is the HTTP status (0: none), `reason` and `message` are the server's, safe and short.

    `what` is the object or path, `context` the cluster, `retry_after` the server's Retry-After in seconds,
    `causes` the reasons of the causes in the Status.
    """

    headline = "refused by the API server"
    advice = ""

    def __init__(
        self,
        message: str,
        *,
        context: str,
        what: str,
        status: int = 0,
        reason: str = "",
        retry_after: float | None = None,
        causes: tuple[str, ...] = (),
    ) -> None:
        self.status = status
        self.reason = safe_text(reason, 60)
        self.message = safe_text(message, 400)
        self.context = safe_text(context, 100)
        self.what = safe_text(what, 200)
        self.retry_after = retry_after
        self.causes = causes
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        number = f" ({self.status})" if self.status else ""
        detail = f": {self.message.rstrip('.')}" if self.message else ""
        advice = f" {self.advice}" if self.advice else ""
        return f"{self.what} in {self.context}: {self.headline}{number}{detail}.{advice}"


class Unreachable(ApiError):
    """`sent` is true if the request may have been sent before the connection failed."""

    headline = "cannot be reached"
    outage = "cannot be reached"
    advice = "Check the network, the VPN and the server address in the kubeconfig."

    def __init__(self, message: str, *, context: str, what: str, sent: bool) -> None:
        self.sent = sent
        super().__init__(message, context=context, what=what)

    def of_cluster(self) -> str:
        """The same of the cluster as a whole, whatever was asked for: safe text."""
        return f"{self.context} {self.outage}: {self.message.rstrip('.')}. {self.advice}"


class Stalled(Unreachable):
    headline = "the connection went silent"
    outage = "does not answer"


class Untrusted(Unreachable):
    """Its certificate is not that of a server which the kubeconfig trusts."""

    advice = "Check certificate-authority and tls-server-name of the cluster in the kubeconfig."


class BadAnswer(ApiError):
    headline = "the response cannot be understood"
    advice = "A proxy or login portal between here and the API server may have answered instead."


class Unauthorized(ApiError):
    headline = "credentials rejected"
    advice = "Log in again as with kubectl, then restart."


class Forbidden(ApiError):
    headline = "not allowed"
    advice = "Ask for the permission, or use another user or namespace."


class NotFound(ApiError):
    headline = "not found"
    advice = "It may have been deleted in the meantime."


class Conflict(ApiError):
    headline = "changed by someone else in the meantime"
    advice = "Check what changed and plan again."


class Gone(ApiError):
    headline = "the resource version is too old"
    advice = "It is listed again automatically."


class Invalid(ApiError):
    headline = "rejected as invalid"
    advice = "Check the object and plan again."


class TooManyRequests(ApiError):
    headline = "throttled by the API server"
    advice = "Reads are retried automatically; send a write again later."


class ServerFailure(ApiError):
    headline = "the API server failed"
    advice = "Try again; if it keeps failing, check the API server's log."


class WebhookFailure(ServerFailure):
    """The API server asks an admission webhook before it stores something, and got no answer from it."""

    headline = "an admission webhook of the cluster did not answer"
    advice = "The cluster takes no such write until it does: check the pods behind the webhook, such as its controller."


# How the API server words it (k8s.io/apiserver, webhook/errors.go, ToStatusErr).
_WEBHOOK = "failed calling webhook"
_BY_STATUS: dict[int, type[ApiError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
    429: TooManyRequests,
}


class _Cause(msgspec.Struct):
    reason: str | None = None


class _Details(msgspec.Struct, rename="camel"):
    causes: list[_Cause] | None = None
    retry_after_seconds: float | None = None


class Status(msgspec.Struct):
    """The API's response when it does not return an object: `metav1.Status`."""

    kind: str = ""
    code: int | None = None
    reason: str | None = None
    message: str | None = None
    details: _Details | None = None


@cache
def _status_decoder() -> msgspec.json.Decoder[Status]:
    return msgspec.json.Decoder(Status)


def read_status(body: bytes) -> Status | None:
    """The Status in a response body, None if there is none."""
    try:
        status = _status_decoder().decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return status if status.kind == "Status" else None


def from_status(code: int, body: bytes, *, context: str, what: str, retry_after: str | None = None) -> ApiError:
    """The error for a failed HTTP response, or for a watch's ERROR event (`code` from the Status)."""
    status = read_status(body)
    kind = _BY_STATUS.get(code, ServerFailure if code >= 500 else ApiError)
    if status is None:
        message = "not a response of the Kubernetes API" if body else ""
        return kind(message, context=context, what=what, status=code, retry_after=_seconds(retry_after))
    if kind is ServerFailure and _WEBHOOK in (status.message or "")[:100]:
        kind = WebhookFailure
    details = status.details or _Details()
    wait = _seconds(retry_after)
    return kind(
        status.message or "",
        context=context,
        what=what,
        status=code,
        reason=status.reason or "",
        retry_after=wait if wait is not None else _bounded_wait(details.retry_after_seconds),
        causes=tuple(safe_text(cause.reason or "", 60) for cause in (details.causes or ())[:10]),
    )


def _seconds(header: str | None) -> float | None:
    """`Retry-After` in seconds; the form with a date is not used by the Kubernetes API."""
    return _bounded_wait(float(header)) if header and header.isascii() and header.isdigit() else None


def _bounded_wait(seconds: float | None) -> float | None:
    """At most ten minutes: a hostile response must not put a watch to sleep forever."""
    return None if seconds is None or seconds < 0 else min(seconds, 600.0)
