"""Why a request got no whole response, in plain words: exception names do not help an operator."""

from __future__ import annotations

import os
import socket
import ssl


class HttpFailure(Exception):  # noqa: N818 - named after what happened
    """`sent`: the request may have been sent before. `answered`: something came in response. `silent`: nothing came,
    and the connection is open. `untrusted`: there is none, because of the server's certificate."""

    def __init__(
        self, words: str, *, sent: bool, answered: bool = False, silent: bool = False, untrusted: bool = False
    ) -> None:
        self.sent = sent
        self.answered = answered
        self.silent = silent
        self.untrusted = untrusted
        super().__init__(words)


class Unsendable(Exception):  # noqa: N818
    """Something in a request cannot be written in HTTP. The text never quotes it: it may be a secret."""


def no_connection(error: OSError) -> HttpFailure:
    """Why there is no connection; the request was not sent."""
    untrusted = isinstance(error, ssl.SSLCertVerificationError)
    return HttpFailure(_why_none(error), sent=False, untrusted=untrusted)


def _why_none(error: OSError) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"the server's certificate is not trusted ({error})"
        case ssl.SSLError():
            return f"TLS failed ({error.strerror or error})"
        case socket.gaierror():
            return "the host name does not resolve"
    # asyncio's own words for a refused connection say less than the system's.
    number = error.errno or 0  # below 0 it is one of the resolver's own
    known = os.strerror(number).lower() if number > 0 else ""
    return known or error.strerror or str(error) or "no connection"


def broken(error: BaseException | None, *, within: bool) -> HttpFailure:
    """The connection ended, `within` a response or before one began."""
    if within:
        return HttpFailure("the connection was lost before the response was complete", sent=True, answered=True)
    if isinstance(error, OSError):
        return HttpFailure(error.strerror or "the connection broke", sent=True)
    return HttpFailure("the connection was closed without a response", sent=True)


def not_http() -> HttpFailure:
    """What came is no response."""
    return HttpFailure("the response is not HTTP", sent=True, answered=True)


def late(*, silent: bool = False) -> HttpFailure:
    """Nothing came in time."""
    return HttpFailure("no response in time", sent=True, silent=silent)
