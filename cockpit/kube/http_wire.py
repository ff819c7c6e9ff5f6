"""One TCP connection to a server, with TLS or through a proxy: bytes there, bytes back."""

from __future__ import annotations

import asyncio
import ssl
import threading

from cockpit.kube.http_failures import HttpFailure, no_connection
from cockpit.model.values import dataclass

CONNECT_SECONDS = 10.0
# As in RFC 8305: another address of the same name is tried after so long.
_NEXT_ADDRESS_SECONDS = 0.25
# So much may lie here unread; then the server waits.
_MOST_UNREAD = 1 << 20
# So much is taken from the operating system at once.
_MOST_AT_ONCE = 1 << 20
_of_thread = threading.local()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server or proxy listens; `tls` None: unencrypted. `name` is what its certificate must say."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    name: str | None = None

    @property
    def numeric(self) -> bool:
        """True for an address in place of a name: there is no other to try."""
        return ":" in self.host or self.host.replace(".", "").isdigit()

    @property
    def certified(self) -> str:
        """The name for the certificate. As bytes, because of a str Python loads the tables of international names."""
        return (self.name or self.host).encode()  # type: ignore[return-value]

    @property
    def authority(self) -> str:
        """Host and port as in a CONNECT request."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Wire(asyncio.BufferedProtocol):
    """An open connection. What arrives waits here until it is read; if it is too much, the server waits."""

    def __init__(self) -> None:
        self._landing = _landing()
        self._arrived = bytearray()
        self._paused = False
        self._waiting: asyncio.Future[None] | None = None
        self.ended = False
        self.error: Exception | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._landing

    def buffer_updated(self, nbytes: int) -> None:
        self._arrived += self._landing[:nbytes]
        if len(self._arrived) > _MOST_UNREAD and not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self.ended = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self.ended, self.error = True, error
        # It leads back here, and holds a quarter of a megabyte: it would lie there until garbage is searched for, and
        # for good if it was made before `gc.freeze`.
        self.transport = None
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    @property
    def untouched(self) -> bool:
        """True while it is open and nothing has come that was not read."""
        return not (self.ended or self._arrived or self._closing)

    @property
    def _closing(self) -> bool:
        return self.transport is None or self.transport.is_closing()

    def write(self, data: bytes) -> None:
        """After its end nothing is sent; `read` tells of that."""
        if self.transport is not None:
            self.transport.write(data)

    async def read(self, seconds: float) -> bytes:
        """What has arrived, or the next thing that does; b"" at the end. Raises TimeoutError."""
        if not self._arrived and not self.ended:
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(seconds):
                    await self._waiting
            finally:
                self._waiting = None
        data = bytes(self._arrived)
        self._arrived.clear()
        if self._paused and self.transport is not None and not self._closing:
            self._paused = False
            self.transport.resume_reading()
        return data

    def close(self) -> None:
        """At once: nothing that is still wanted is under way."""
        if self.transport is not None:
            self.transport.abort()


def _landing() -> memoryview:
    """Where bytes land until the wire that they are for takes them, which it does at once: one place for all wires of
    a thread. It is large, so that what came while a thread did other things is taken in one turn of its loop."""
    if not hasattr(_of_thread, "landing"):
        _of_thread.landing = memoryview(bytearray(_MOST_AT_ONCE))
    return _of_thread.landing  # type: ignore[no-any-return]


async def open_wire(place: Place) -> Wire:
    """Connect. Raises HttpFailure if that takes too long or does not work."""
    wire, loop = Wire(), asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await loop.create_connection(
                lambda: wire,
                place.host,
                place.port,
                ssl=place.tls,
                server_hostname=place.certified if place.tls else None,
                happy_eyeballs_delay=None if place.numeric else _NEXT_ADDRESS_SECONDS,
            )
    except TimeoutError:
        raise too_slow() from None
    except OSError as error:
        raise no_connection(error) from None
    return wire


async def encrypt(wire: Wire, place: Place) -> None:
    """Speak TLS with the server behind a proxy, through an open connection to the proxy. Raises HttpFailure."""
    assert place.tls is not None
    assert wire.transport is not None
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            transport = await asyncio.get_running_loop().start_tls(
                wire.transport, wire, place.tls, server_hostname=place.certified
            )
    except TimeoutError:
        raise too_slow() from None
    except OSError as error:
        raise no_connection(error) from None
    assert transport is not None
    wire.transport = transport


def too_slow() -> HttpFailure:
    """There was no connection in time."""
    return HttpFailure(f"no connection within {CONNECT_SECONDS:g} s", sent=False)
