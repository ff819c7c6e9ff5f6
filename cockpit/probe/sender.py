"""One request on its own connection, and its answer or failure."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from cockpit.model.clock import Clock
from cockpit.model.probe_answer import (
    BODY_LIMIT,
    COOKIE_LINE_LIMIT,
    DEFAULT_TIMEOUT,
    HEADER_VALUE_LIMIT,
    HEADERS_BYTES,
    HEADERS_LIMIT,
    Answer,
    Failure,
    ProbeRequest,
    ProbeTransport,
)
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.text import safe_text
from cockpit.probe.failure_words import (
    CLOSED,
    H2_ENDED,
    HEADERS_TOO_LONG,
    NEXT_ADDRESS,
    PROXY_UNKNOWN,
    SWITCHED,
    broken_off,
    first_told,
    no_whole_answer,
    not_connected,
    plain,
    proxy_refused,
    tls_words,
    unsendable,
)
from cockpit.probe.names import Names
from cockpit.probe.request_headers import headers_of
from cockpit.probe.tls_files import TlsContexts, TlsFileError

if TYPE_CHECKING:
    import httpx

# Also of the transports in this room.
__all__ = [
    "BODY_LIMIT",
    "DEFAULT_TIMEOUT",
    "HEADERS_LIMIT",
    "HEADER_VALUE_LIMIT",
    "Answer",
    "Failure",
    "ProbeRequest",
    "ProbeTransport",
]
# Loggers that write headers, whose values may be secret, at their lower levels.
_TELLTALES = ("httpcore", "hpack")
_MOST_POOLS = 64


class _Timing:
    """Moments of one request, as the transport reports them."""

    def __init__(self, clock: Clock, request: ProbeRequest) -> None:
        self.clock, self.request = clock, request
        self.begun = clock.monotonic()
        self.looked_up: float | None = None
        self.connected: float | None = None
        self.secured: float | None = None
        self.answered: float | None = None
        self.version = ""

    async def trace(self, event: str, _: Any) -> None:
        # The handshake through a proxy is one of its own kind ("proxy.start_tls.complete").
        if event.endswith("connect_tcp.complete"):
            self.connected = self.clock.monotonic()
        elif event.endswith("start_tls.complete"):
            self.secured = self.clock.monotonic()

    @property
    def in_handshake(self) -> bool:
        return self.request.probe_target.tls and self.connected is not None and self.secured is None

    def answer(self, **fields: Any) -> Answer:
        return Answer(
            dns_ms=self._since(self.looked_up),
            connect_ms=self._since(self.connected),
            tls_ms=self._since(self.secured),
            first_byte_ms=self._since(self.answered),
            total_ms=(self.clock.monotonic() - self.begun) * 1000,
            http_version=self.version,
            **fields,
        )

    def failed(self, failure: Failure, text: str) -> Answer:
        return self.answer(status=None, failure=failure, text=text)

    def late(self) -> Answer:
        return self.failed(Failure.TIMEOUT, no_whole_answer(self.request))

    def _since(self, moment: float | None) -> float | None:
        return None if moment is None else (moment - self.begun) * 1000


class HttpxTransport:
    """Implements `ProbeTransport` with the transport layer of httpx: no cookie jar, no redirects, no environment."""

    def __init__(self, clock: Clock, names: Names | None = None) -> None:
        self._clock = clock
        self._names = names or Names(clock)
        self._contexts = TlsContexts()
        self._pools: dict[tuple[str | None, ssl.SSLContext | None], httpx.AsyncHTTPTransport] = {}

    async def send(self, request: ProbeRequest) -> Answer:
        if why := unsendable(request):
            return Answer(None, failure=Failure.PROTOCOL, text=why)
        target = request.probe_target
        try:
            # Before the clock runs: reading certificates takes longer than many requests.
            context = self._contexts.of(target) if target.tls else None
        except TlsFileError as error:
            return Answer(None, failure=Failure.NO_WAY, text=str(error))
        async with self._pool(target, context) as pool:
            return await self._ask(pool, request, _Timing(self._clock, request))

    async def close(self) -> None:
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()

    async def _ask(self, pool: httpx.AsyncHTTPTransport, request: ProbeRequest, timing: _Timing) -> Answer:
        try:
            async with asyncio.timeout(request.timeout):
                addresses = await self._addresses(request.probe_target, timing)
                tried = []
                for address in addresses:
                    tried.append(await self._attempt(pool, request, address, timing))
                    if tried[-1].failure not in NEXT_ADDRESS:
                        return tried[-1]
                return first_told(tried)
        except TimeoutError:
            return timing.late()
        except socket.gaierror as error:
            return timing.failed(Failure.DNS, safe_text(error.strerror or error, 120))

    async def _addresses(self, target: ProbeTarget, timing: _Timing) -> tuple[str, ...]:
        """Where to connect, in the order to try. A proxy resolves names itself."""
        if target.proxy:
            return (target.address,)
        found = await self._names.addresses(target.address)
        if found != (target.address,):
            timing.looked_up = self._clock.monotonic()
        return found

    async def _attempt(
        self, pool: httpx.AsyncHTTPTransport, request: ProbeRequest, address: str, timing: _Timing
    ) -> Answer:
        import httpx

        try:
            response = await pool.handle_async_request(_wire(request, address, timing))
        except (httpx.TransportError, httpx.InvalidURL, OSError, ValueError) as error:
            failure, text = _why(error, timing)
            return timing.late() if failure is Failure.TIMEOUT else timing.failed(failure, plain(failure, text))
        timing.answered = self._clock.monotonic()
        timing.version = response.extensions.get("http_version", b"").decode().removeprefix("HTTP/")
        try:
            return await self._read(response, timing)
        finally:
            with suppress(httpx.TransportError, OSError, RuntimeError):
                await response.aclose()

    async def _read(self, response: httpx.Response, timing: _Timing) -> Answer:
        import httpx

        if response.status_code < 200:
            return timing.failed(Failure.PROTOCOL, SWITCHED)
        if sum(len(name) + len(value) + 4 for name, value in response.headers.raw) > HEADERS_BYTES:
            return timing.failed(Failure.PROTOCOL, HEADERS_TOO_LONG)
        body, cut, text = bytearray(), False, ""
        broken: Failure | None = None
        try:
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > BODY_LIMIT:
                    cut = True
                    break
        except (httpx.TransportError, OSError, ValueError) as error:
            broken, why = _why(error, timing)
            if broken is Failure.TIMEOUT:
                return timing.late()
            text = broken_off(len(body), CLOSED if broken is Failure.RESET and not why else plain(broken, why))
        return timing.answer(
            status=response.status_code,
            headers=tuple(_bounded_headers(response.headers.raw)),
            body=bytes(body[:BODY_LIMIT]),
            cut=cut,
            failure=broken,
            text=text,
        )

    @asynccontextmanager
    async def _pool(
        self, target: ProbeTarget, context: ssl.SSLContext | None
    ) -> AsyncIterator[httpx.AsyncHTTPTransport]:
        """A pool for this target. A connection of HTTP/2 would take several requests, so each has a pool of its own."""
        if target.http2:
            pool = _new_pool(target, context)
            try:
                yield pool
            finally:
                await pool.aclose()
            return
        key = (target.proxy, context)
        if key not in self._pools:
            while len(self._pools) >= _MOST_POOLS:
                # Certificates that are renewed make new pools; the old ones hold no connections.
                del self._pools[next(iter(self._pools))]
            self._pools[key] = _new_pool(target, context)
        yield self._pools[key]


def _new_pool(target: ProbeTarget, context: ssl.SSLContext | None) -> httpx.AsyncHTTPTransport:
    import httpx

    for name in _TELLTALES:
        logging.getLogger(name).setLevel(logging.WARNING)
    return httpx.AsyncHTTPTransport(
        verify=context or False,
        http1=target.tls or not target.http2,
        http2=target.http2,
        trust_env=False,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        proxy=target.proxy,
    )


def _wire(request: ProbeRequest, address: str, timing: _Timing) -> httpx.Request:
    import httpx

    probe_target = request.probe_target
    place = f"[{address}]" if ":" in address else address
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), request.timeout)
    if probe_target.tls:
        # This limit applies to connecting and to the handshake separately. A handshake that the timeout of the
        # whole request cancels would leave its socket open.
        timeouts["connect"] *= 0.45
    return httpx.Request(
        "GET",
        f"{'https' if probe_target.tls else 'http'}://{place}:{probe_target.port}{probe_target.path}",
        headers=[(name.encode(), value.encode()) for name, value in headers_of(request)],
        extensions={"timeout": timeouts, "sni_hostname": probe_target.host, "trace": timing.trace},
    )


def _bounded_headers(raw: list[tuple[bytes, bytes]]) -> Iterator[tuple[str, str]]:
    for name, value in raw[:HEADERS_LIMIT]:
        short = name.decode("latin-1").lower()[:200]
        limit = COOKIE_LINE_LIMIT if short == "set-cookie" else HEADER_VALUE_LIMIT
        yield short, value[:limit].decode("utf-8", "replace")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(10):  # a chain of causes may be circular
        if seen is None:
            return
        yield seen
        if isinstance(seen, BaseExceptionGroup):
            yield from seen.exceptions
        seen = seen.__cause__ or seen.__context__


def _why(error: BaseException, timing: _Timing) -> tuple[Failure, str]:
    """What failed, and its words; "" where the failure alone says it."""
    import httpx

    chain = list(_causes(error))
    host = timing.request.probe_target.host
    if isinstance(error, httpx.ProxyError) and (code := str(error)[:3]).isdecimal():
        return proxy_refused(int(code))
    if any(isinstance(cause, socket.gaierror) for cause in chain):
        return Failure.NO_WAY, PROXY_UNKNOWN
    if any(isinstance(cause, TimeoutError | httpx.TimeoutException) for cause in chain):
        return Failure.TIMEOUT, ""
    if tls := next((cause for cause in chain if isinstance(cause, ssl.SSLError)), None):
        return Failure.TLS, tls_words(f"{tls} {getattr(tls, 'verify_message', '')}", host)
    if isinstance(error, httpx.RemoteProtocolError | httpx.LocalProtocolError):
        return _of_protocol(str(error))
    if timing.in_handshake:
        return Failure.TLS, tls_words("closed", host)
    return _of_socket(error, chain, timing)


def _of_socket(error: BaseException, chain: list[BaseException], timing: _Timing) -> tuple[Failure, str]:
    import httpx

    numbers = [cause.errno for cause in chain if isinstance(cause, OSError) and cause.errno]
    if timing.connected is None and numbers:
        return not_connected(numbers[0], timing.request.probe_target.proxy is not None)
    if any(isinstance(cause, ConnectionError) for cause in chain) or isinstance(
        error, httpx.ReadError | httpx.WriteError
    ):
        return Failure.RESET, ""
    if isinstance(error, httpx.ConnectError | OSError):
        return Failure.UNREACHABLE, safe_text(str(error), 120)
    return Failure.PROTOCOL, ""


def _of_protocol(text: str) -> tuple[Failure, str]:
    """What the parsers of HTTP/1.1 (h11) and HTTP/2 (h2) say."""
    if "disconnected" in text or "closed connection" in text:
        return Failure.RESET, ""
    if "StreamReset" in text or "ConnectionTerminated" in text:
        return Failure.RESET, H2_ENDED
    if "SWITCH_UPGRADE" in text:
        return Failure.PROTOCOL, SWITCHED
    return Failure.PROTOCOL, HEADERS_TOO_LONG if "too long" in text or "too large" in text else ""
