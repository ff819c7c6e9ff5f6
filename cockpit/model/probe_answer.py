"""A probe's request, its answer or failure, and what sends one: the same whichever way requests take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from enum import StrEnum
from typing import Protocol

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.values import dataclass

BODY_LIMIT = 64 * 1024  # bytes read of a body; whatever names a version comes earlier
HEADERS_LIMIT = 64
HEADER_VALUE_LIMIT = 1024
HEADERS_BYTES = 100_000  # of all headers of an answer
# Browsers keep cookies of 4096 bytes (RFC 6265, section 6.1), besides their attributes.
COOKIE_LINE_LIMIT = 6144
DEFAULT_TIMEOUT = 5.0


class Failure(StrEnum):
    """Why there was no answer."""

    REFUSED = "refused"
    RESET = "reset"
    TIMEOUT = "timeout"
    DNS = "dns"
    TLS = "tls"
    UNREACHABLE = "unreachable"
    PROTOCOL = "protocol"
    # The request did not get as far as the application, so that nothing is known of it: it counts for no version.
    NO_WAY = "no way"


class Phase(StrEnum):
    """What the time of an answer is spent on, in order: each alone, except `TOTAL`."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    FIRST_BYTE = "first byte"  # waiting for the service, after the request was sent
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class PhaseTimes:
    """How long a phase takes, in milliseconds: half of the answers, and 99 of 100, take no longer."""

    phase: Phase
    p50_ms: float
    p99_ms: float


def phases_document(times: Iterable[PhaseTimes]) -> dict[str, dict[str, float]]:
    """As JSON, by phase."""
    return {time.phase.value: {"p50_ms": time.p50_ms, "p99_ms": time.p99_ms} for time in times}


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """A GET to `probe_target`, with `headers` on top of the target's own. `timeout` is for all of it, in seconds."""

    probe_target: ProbeTarget
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # they may hold credentials
    timeout: float = DEFAULT_TIMEOUT


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `status` is None if nothing did, and `failure` says why.

    Header names are lower case. `body` is at most `BODY_LIMIT` bytes; `cut` is true if there was more. An answer
    whose body breaks off has both a status and a failure. Times are milliseconds since the request began: name looked
    up (None if there was nothing to look up), connected, TLS set up (None without TLS), headers read, body read.
    `http_version` is "1.1" or "2", "" if it is not known.
    """

    status: int | None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # they may set cookies
    body: bytes = b""
    cut: bool = False
    failure: Failure | None = None
    text: str = ""
    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    total_ms: float = 0.0
    http_version: str = ""

    def phases(self) -> dict[Phase, float]:
        """The milliseconds of each phase that was measured; empty for a request that failed."""
        if self.failure is not None:
            return {}
        found, before = {}, 0.0
        moments = (
            (Phase.DNS, self.dns_ms),
            (Phase.CONNECT, self.connect_ms),
            (Phase.TLS, self.tls_ms),
            (Phase.FIRST_BYTE, self.first_byte_ms),
        )
        for phase, moment in moments:
            if moment is not None:
                found[phase] = max(moment - before, 0.0)
                before = moment
        return {**found, Phase.TOTAL: self.total_ms}

    def header(self, name: str) -> str | None:
        """The first value of a header; `name` in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), None)


class ProbeTransport(Protocol):
    """Sends requests: no cookies, no redirects, no proxy except the probe target's.

    Each may reach another pod: directly on a connection of its own, through the API server by its choice.
    """

    async def send(self, request: ProbeRequest) -> Answer:
        """The answer, or why there was none. Network failures are returned, not raised."""
        ...

    async def close(self) -> None:
        """Release all connections."""
        ...
