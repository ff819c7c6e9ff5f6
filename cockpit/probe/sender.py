"""One request on a connection of its own, and what became of it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from cockpit.model.clock import Clock
from cockpit.model.door import Door
from cockpit.model.text import safe_text
from cockpit.probe.names import Names

if TYPE_CHECKING:
    import httpx

BODY_LIMIT = 64 * 1024  # bytes that are read of a body; whatever names a version stands earlier
HEADERS_LIMIT = 64
HEADER_VALUE_LIMIT = 1024
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


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """A GET through `door`, with `headers` on top of the door's own. `timeout` is seconds for all of it."""

    door: Door
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # they may hold credentials
    timeout: float = DEFAULT_TIMEOUT


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `status` is None where nothing did, and `failure` then says why.

    Header names are lower case. `body` is at most `BODY_LIMIT` bytes; `cut` is true where there was more.
    An answer that breaks off in its body has a status and a failure. Times are milliseconds since the
    request began: connected (with TLS), headers read, body read.
    """

    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    cut: bool = False
    failure: Failure | None = None
    text: str = ""
    connect_ms: float | None = None
    first_byte_ms: float | None = None
    total_ms: float = 0.0

    def header(self, name: str) -> str | None:
        """The first value of a header; `name` in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), None)


class Transport(Protocol):
    """Sends requests, each on a connection of its own; no cookies, no redirects, no proxy but the door's."""

    async def send(self, request: ProbeRequest) -> Answer:
        """The answer, or why there was none; raises nothing for what the network does."""
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...


class _Timing:
    """Moments of one request, as the transport reports them."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.begun = clock.monotonic()
        self.connected: float | None = None
        self.answered: float | None = None

    async def trace(self, event: str, _: Any) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self.connected = self.clock.monotonic()

    def answer(self, **fields: Any) -> Answer:
        return Answer(
            connect_ms=self._since(self.connected),
            first_byte_ms=self._since(self.answered),
            total_ms=(self.clock.monotonic() - self.begun) * 1000,
            **fields,
        )

    def failed(self, failure: Failure, text: str) -> Answer:
        return self.answer(status=None, failure=failure, text=text)

    def _since(self, moment: float | None) -> float | None:
        return None if moment is None else (moment - self.begun) * 1000


class HttpxTransport:
    """Implements `Transport`, with httpx below its client: no cookie jar, no redirects, no environment."""

    def __init__(self, clock: Clock, names: Names | None = None, trust: ssl.SSLContext | None = None) -> None:
        self._clock = clock
        self._names = names or Names(clock)
        self._trust = trust
        self._pools: dict[tuple[str | None, bool, bool], httpx.AsyncHTTPTransport] = {}

    async def send(self, request: ProbeRequest) -> Answer:
        pool = self._pool(request.door)  # before the clock runs: the first one reads the system's certificates
        timing = _Timing(self._clock)
        try:
            async with asyncio.timeout(request.timeout):
                addresses = await self._addresses(request.door)
                for address in addresses[:-1]:
                    answer = await self._attempt(pool, request, address, timing)
                    if answer.failure not in (Failure.REFUSED, Failure.UNREACHABLE):
                        return answer
                return await self._attempt(pool, request, addresses[-1], timing)
        except TimeoutError:
            return timing.failed(Failure.TIMEOUT, f"no whole answer within {request.timeout:g} s")
        except socket.gaierror as error:
            return timing.failed(Failure.DNS, _words(error))

    async def close(self) -> None:
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()

    async def _addresses(self, door: Door) -> tuple[str, ...]:
        """Where to connect, in the order to try. What goes through a proxy is resolved there."""
        return (door.address,) if door.proxy else await self._names.addresses(door.address)

    async def _attempt(
        self, pool: httpx.AsyncHTTPTransport, request: ProbeRequest, address: str, timing: _Timing
    ) -> Answer:
        import httpx

        try:
            response = await pool.handle_async_request(_wire(request, address, timing))
        except (httpx.TransportError, httpx.InvalidURL, OSError, ValueError) as error:
            failure = _failure(error)
            late = f"no answer within {request.timeout:g} s"
            return timing.failed(failure, late if failure is Failure.TIMEOUT else _words(error))
        timing.answered = self._clock.monotonic()
        body, cut, text = bytearray(), False, ""
        broken: Failure | None = None
        try:
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > BODY_LIMIT:
                    cut = True
                    break
        except (httpx.TransportError, OSError, ValueError) as error:
            broken, text = _failure(error), f"broke off after {len(body)} bytes: {_words(error)}"
        finally:
            with suppress(httpx.TransportError, OSError):
                await response.aclose()
        return timing.answer(
            status=response.status_code,
            headers=tuple(_bounded_headers(response.headers.raw)),
            body=bytes(body[:BODY_LIMIT]),
            cut=cut,
            failure=broken,
            text=text,
        )

    def _pool(self, door: Door) -> httpx.AsyncHTTPTransport:
        key = (door.proxy, door.tls, door.insecure)
        if key not in self._pools:
            import httpx

            self._pools[key] = httpx.AsyncHTTPTransport(
                verify=self._context(door),
                trust_env=False,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
                proxy=door.proxy,
            )
        return self._pools[key]

    def _context(self, door: Door) -> ssl.SSLContext | bool:
        if not door.tls:
            return False  # reading the system's certificates takes longer than many a request
        if door.insecure:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        return self._trust or ssl.create_default_context()


def host_header(door: Door) -> str:
    """The Host header: with the port only where the door is asked for by its own address.

    A gateway that is reached at another address listens on another port than its users name,
    and some (Envoy) match the port too.
    """
    host = f"[{door.host}]" if ":" in door.host else door.host
    usual = 443 if door.tls else 80
    return host if door.host != door.address or door.port == usual else f"{host}:{door.port}"


def headers_of(request: ProbeRequest) -> list[tuple[str, str]]:
    """Every header of the request; a lane's header replaces the door's of the same name."""
    own = {name.lower() for name, _ in request.headers}
    given = [*((name, value) for name, value in request.door.headers if name.lower() not in own), *request.headers]
    # Rules may match on it, as in an A/B split by browser: a second one beside it would decide instead.
    agent = () if any(name.lower() == "user-agent" for name, _ in given) else (("User-Agent", "rollout-cockpit"),)
    return [
        ("Host", host_header(request.door)),
        ("Connection", "close"),
        ("Accept-Encoding", "identity"),
        *agent,
        *given,
    ]


def _wire(request: ProbeRequest, address: str, timing: _Timing) -> httpx.Request:
    import httpx

    door = request.door
    place = f"[{address}]" if ":" in address else address
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), request.timeout)
    if door.tls:
        # Connecting and the handshake have this time each. A handshake that is cancelled from outside,
        # by the timeout of the whole, would leave its socket open.
        timeouts["connect"] *= 0.45
    return httpx.Request(
        "GET",
        f"{'https' if door.tls else 'http'}://{place}:{door.port}{door.path}",
        headers=[(name.encode(), value.encode()) for name, value in headers_of(request)],
        extensions={"timeout": timeouts, "sni_hostname": door.host, "trace": timing.trace},
    )


def _bounded_headers(raw: list[tuple[bytes, bytes]]) -> Iterator[tuple[str, str]]:
    for name, value in raw[:HEADERS_LIMIT]:
        yield name.decode("latin-1").lower()[:200], value[:HEADER_VALUE_LIMIT].decode("utf-8", "replace")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(10):  # a chain of causes may be a circle
        if seen is None:
            return
        yield seen
        if isinstance(seen, BaseExceptionGroup):
            yield from seen.exceptions
        seen = seen.__cause__ or seen.__context__


def _failure(error: BaseException) -> Failure:
    import httpx

    chain = list(_causes(error))
    kinds: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Failure], ...] = (
        (socket.gaierror, Failure.DNS),
        (ssl.SSLError, Failure.TLS),
        (ConnectionRefusedError, Failure.REFUSED),
        ((ConnectionResetError, BrokenPipeError, ConnectionAbortedError), Failure.RESET),
        ((TimeoutError, httpx.TimeoutException), Failure.TIMEOUT),
    )
    for kind, failure in kinds:
        if any(isinstance(cause, kind) for cause in chain):
            return failure
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected without sending" in str(error):
        return Failure.RESET
    if isinstance(error, httpx.ReadError | httpx.WriteError):
        return Failure.RESET
    return Failure.UNREACHABLE if isinstance(error, httpx.ConnectError | OSError) else Failure.PROTOCOL


def _words(error: BaseException) -> str:
    """The most telling text of a chain of errors: the deepest that has one, without its numbers."""
    texts = [
        getattr(cause, "verify_message", None) or getattr(cause, "strerror", None) or str(cause)
        for cause in _causes(error)
    ]
    return safe_text(next((text for text in reversed(texts) if text), type(error).__name__), 120)
