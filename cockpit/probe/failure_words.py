"""The words for a failed request: the same for the same failure, whichever library sent it."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from cockpit.model.lazy_re import lazy_re
from cockpit.model.probe_answer import Answer, Failure, ProbeRequest
from cockpit.model.text import safe_text

REFUSED = "the connection was refused"
CLOSED = "the connection was closed"
NO_ANSWER = "the connection was closed without an answer"
NOT_HTTP = "the answer is not valid HTTP"
HEADERS_TOO_LONG = "the headers are too long"
SWITCHED = "the server switched to another protocol"
# After these the next address of a name is tried.
NEXT_ADDRESS = (Failure.REFUSED, Failure.UNREACHABLE, Failure.NO_WAY)
# libcurl does not tell the two apart.
H2_ENDED = "the server ended the HTTP/2 request (RST_STREAM or GOAWAY)"
PROXY_UNKNOWN = "the proxy's name does not resolve: check --proxy"
# What this machine lacks or forbids: it says nothing about the service. libcurl says 0 where it gets no socket at all.
_OWN_FAULTS = (
    *(0, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM),
    *(errno.EADDRNOTAVAIL, errno.EACCES, errno.EPERM),
)
# What a proxy answers that cannot reach the service (RFC 9110, section 15.6).
_GATEWAY_FAILED = (502, 503, 504)
_BREAKS = lazy_re("[\r\n\0]")

# What OpenSSL says (ssl/ssl_err.c, crypto/x509/x509_txt.c), whoever passes it on, in the order of looking.
_TLS = (
    (lazy_re(r"certificate required"), "it asks for a client certificate: give one"),
    (
        lazy_re(r"alert (unknown ca|bad certificate|certificate \w+|unsupported certificate|access denied)"),
        "it does not accept the client certificate",
    ),
    (
        lazy_re(r"alert handshake failure"),
        "it refused the handshake: it may want a client certificate, another TLS version or another cipher",
    ),
    (lazy_re(r"alert unrecognized name"), "it does not know the host name {host}"),
    (lazy_re(r"mismatch|subject name|does not match|not valid for"), "its certificate is not for {host}"),
    (lazy_re(r"not yet valid"), "its certificate is not valid yet"),
    (lazy_re(r"expired"), "its certificate has expired"),
    (lazy_re(r"revoked"), "its certificate was revoked"),
    (
        lazy_re(r"self.signed|issuer|unable to verify the first|invalid ca"),
        "its certificate is not signed by a CA that is trusted here",
    ),
    (lazy_re(r"protocol version|unsupported protocol|no protocols"), "there is no TLS version in common"),
    (lazy_re(r"wrong version number|packet length|http request|record"), "it does not speak TLS"),
    (lazy_re(r"eof|reset|closed|syscall"), "it closed the connection during the handshake"),
)
_ALERT = lazy_re(r"\balert [a-z]|certificate required")


def tls_words(text: str, host: str) -> str:
    """Why TLS failed with `host`, from what the library says."""
    lower = text.lower().replace("_", " ")
    found = next((words for pattern, words in _TLS if pattern.search(lower)), "")
    return found.format(host=safe_text(host, 100)) if found else safe_text(text, 120)


def is_tls_alert(text: str) -> bool:
    """Whether an error while reading is the server's refusal of TLS, which in TLS 1.3 may come after the handshake."""
    return _ALERT.search(text.lower()) is not None


def no_whole_answer(request: ProbeRequest) -> str:
    """What is said about a request that ran into its timeout."""
    return f"no complete answer within {request.timeout:g} s"


def broken_off(received: int, why: str) -> str:
    """What is said about an answer whose body broke off after so many bytes."""
    return f"broke off after {received} bytes: {why}"


def not_connected(number: int, proxied: bool) -> tuple[Failure, str]:
    """A connection that failed with this error of the system: which failure it is, and its words.

    Where the fault is this machine's or the proxy's (`proxied`), nothing is known of the service.
    """
    if number in _OWN_FAULTS:
        why = f": {os.strerror(number)}" if number else ""
        return Failure.NO_WAY, f"this machine cannot open a connection{why}"
    if proxied:
        return Failure.NO_WAY, f"the proxy cannot be reached: {os.strerror(number)}; check --proxy"
    if number == errno.ECONNREFUSED:
        return Failure.REFUSED, ""
    return Failure.UNREACHABLE, os.strerror(number)


def proxy_refused(status: int) -> tuple[Failure, str]:
    """A proxy that does not open the way: because it cannot, or for its own reasons, such as missing credentials."""
    words = f"the proxy answers {status}"
    return (Failure.UNREACHABLE, words) if status in _GATEWAY_FAILED else (Failure.NO_WAY, f"{words}: check --proxy")


def first_told(answers: Sequence[Answer]) -> Answer:
    """What is to be said of several addresses that were tried in vain, at least one: what says most of the service."""
    return next((one for one in reversed(answers) if one.failure is not Failure.NO_WAY), answers[-1])


def unsendable(request: ProbeRequest) -> str:
    """Why a request cannot be sent as it is; "" if it can."""
    headers = request.headers + request.probe_target.headers
    return "a header contains a line break" if any(_BREAKS.search(part) for one in headers for part in one) else ""


def plain(failure: Failure, text: str) -> str:
    """The words for a failure: `text`, or the usual ones if that is empty."""
    usual = {Failure.REFUSED: REFUSED, Failure.RESET: NO_ANSWER, Failure.PROTOCOL: NOT_HTTP}
    return text or usual.get(failure, "")
