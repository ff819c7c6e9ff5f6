"""What can go wrong between the cockpit and a cluster.

    KubeError
    ├── ConfigError        kubeconfig, context, credentials: nothing was asked of a cluster
    ├── ReadOnly           a write was refused here
    ├── UnknownOutcome     a write left and its answer never came
    └── ApiError           a cluster, or the way to it, answered no
        ├── Unreachable    no connection, TLS failure, timeout, connection lost
        │   └── Stalled    the connection stands, but nothing comes
        ├── BadAnswer      an answer that is not what was asked for
        ├── Unauthorized   401
        ├── Forbidden      403
        ├── NotFound       404
        ├── Conflict       409
        ├── Gone           410
        ├── Invalid        422, 400
        ├── TooManyRequests 429
        └── ServerFailure  5xx

`str()` of each is a sentence for people: safe text that names object and cluster and what to do next.
Tokens and keys are never part of it.
"""

# ruff: noqa: N818 - these are the words for what happened; "Error" would be said eleven times
from __future__ import annotations

import msgspec

from cockpit.model.text import safe_text


class KubeError(Exception):
    """The root: catch it to catch everything that this room raises on purpose."""


class ConfigError(KubeError):
    """A kubeconfig, context or credential that cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__(safe_text(message, 1000))


class ReadOnly(KubeError):
    """A write that was refused because the session is read-only; nothing was sent."""

    def __init__(self, what: str, context: str) -> None:
        super().__init__(
            safe_text(f"{what} in {context}: nothing was sent, this session is read-only. Start without --read-only.")
        )


class UnknownOutcome(KubeError):
    """The write left and no answer came: it may or may not have happened. It is never sent again by itself."""

    def __init__(self, what: str, context: str, why: str) -> None:
        super().__init__(
            safe_text(
                f"{what} in {context}: sent, but no answer came ({why}), so it may or may not have happened. "
                "Look at the object before sending again.",
                600,
            )
        )


class ApiError(KubeError):
    """A no. `status` is the HTTP status (0: none), `reason` and `message` are the server's, safe and short.

    `what` is the object or path, `context` the cluster, `retry_after` seconds that the server asked for,
    `causes` the reasons of the causes in the Status.
    """

    headline = "the API server refused"
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
    """`sent` is true where the request may have left before the connection failed."""

    headline = "cannot be reached"
    advice = "Check the network, the VPN and the server address in the kubeconfig."

    def __init__(self, message: str, *, context: str, what: str, sent: bool) -> None:
        self.sent = sent
        super().__init__(message, context=context, what=what)


class Stalled(Unreachable):
    headline = "says nothing any more"


class BadAnswer(ApiError):
    headline = "the answer makes no sense"
    advice = "Something between here and the API server (a proxy, a portal) may have answered in its place."


class Unauthorized(ApiError):
    headline = "the credentials are not accepted"
    advice = "Log in again as for kubectl, then start anew."


class Forbidden(ApiError):
    headline = "not allowed"
    advice = "Ask for the right, or use another user or namespace."


class NotFound(ApiError):
    headline = "not found"
    advice = "It may have been deleted meanwhile."


class Conflict(ApiError):
    headline = "changed by somebody else meanwhile"
    advice = "Look at what changed and plan again."


class Gone(ApiError):
    headline = "too old to go on from"
    advice = "It is read again by itself."


class Invalid(ApiError):
    headline = "not accepted"
    advice = "Look at the object and plan again."


class TooManyRequests(ApiError):
    headline = "the API server asks to slow down"
    advice = "It is tried again later by itself unless it was a write."


class ServerFailure(ApiError):
    headline = "the API server failed"
    advice = "Try again; if it stays, look at the API server's log."


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
    """The API's answer where no object is: `metav1.Status`."""

    kind: str = ""
    code: int | None = None
    reason: str | None = None
    message: str | None = None
    details: _Details | None = None


_status_decoder = msgspec.json.Decoder(Status)


def read_status(body: bytes) -> Status | None:
    """The Status in an answer's body, None where there is none."""
    try:
        status = _status_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return status if status.kind == "Status" else None


def from_status(code: int, body: bytes, *, context: str, what: str, retry_after: str | None = None) -> ApiError:
    """The error for an HTTP answer that is no success, or for a watch's ERROR event (`code` from the Status)."""
    status = read_status(body)
    kind = _BY_STATUS.get(code, ServerFailure if code >= 500 else ApiError)
    if status is None:
        message = "not an answer of the Kubernetes API" if body else ""
        return kind(message, context=context, what=what, status=code, retry_after=_seconds(retry_after))
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
    """At most ten minutes: a hostile answer must not put a watch to sleep for ever."""
    return None if seconds is None or seconds < 0 else min(seconds, 600.0)
