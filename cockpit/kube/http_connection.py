"""HTTP/1.1 on one connection: a request, its response, then perhaps the next. h11 knows the grammar."""

from __future__ import annotations

import asyncio
from dataclasses import field
from typing import TYPE_CHECKING

from cockpit.kube.http_failures import HttpFailure, Unsendable, broken, late, not_http
from cockpit.kube.http_wire import CONNECT_SECONDS, Place, Wire, encrypt, open_wire, too_slow
from cockpit.model.values import dataclass

if TYPE_CHECKING:
    import h11

Headers = tuple[tuple[str, str], ...]

# Of a response before its body.
HEAD_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is what stands in the request line, quoted. `last`: the connection is closed after it."""

    method: str
    target: str
    headers: Headers = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    last: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """What comes before a body. Names of headers are lower case."""

    status: int
    headers: Headers

    def header(self, name: str) -> str | None:
        return next((value for found, value in self.headers if found == name), None)


class HttpConnection:
    """One request at a time: `ask`, then `arrived` and `more` until the body has ended. `place` is the server's."""

    def __init__(self, wire: Wire, place: Place) -> None:
        import h11

        self.place = place
        self._wire = wire
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        self._told_of_the_end = False  # h11 was
        self.idle_since = 0.0

    @property
    def reusable(self) -> bool:
        """True if the last response came whole, and nothing besides it."""
        import h11

        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE and self.silent

    @property
    def silent(self) -> bool:
        """True if nothing came after the last response, and the connection is open."""
        return self._http.trailing_data == (b"", False) and self._wire.untouched

    def next_request(self) -> None:
        """Make ready for the request after the last."""
        self._http.start_next_cycle()

    async def ask(self, request: Request, silence: float) -> Head:
        """Send a request; the head of its response. Raises Unsendable, HttpFailure."""
        import h11

        self._send(request)
        while True:
            event = self._event()
            if event is h11.NEED_DATA:
                await self.more(silence, within=False)
            elif isinstance(event, h11.Response):
                return Head(event.status_code, tuple((_text(name), _text(value)) for name, value in event.headers))
            elif not isinstance(event, h11.InformationalResponse):
                raise not_http()

    def _send(self, request: Request) -> None:
        import h11

        headers = list(request.headers)
        if request.body is not None or request.method in ("POST", "PUT", "PATCH"):
            headers.append(("Content-Length", str(len(request.body or b""))))
        if request.last:
            headers.append(("Connection", "close"))
        try:
            fields = [(name.encode("ascii"), value.strip().encode()) for name, value in headers]
            head = h11.Request(method=request.method, target=request.target, headers=fields)
        except (h11.LocalProtocolError, UnicodeError):
            raise Unsendable from None
        sent = self._http.send(head) or b""
        if request.body:
            sent += self._http.send(h11.Data(request.body)) or b""
        self._wire.write(sent + (self._http.send(h11.EndOfMessage()) or b""))

    def arrived(self) -> tuple[bytes, bool]:
        """What is here of a body, and whether it has ended. Many chunks are one piece: each costs its reader."""
        import h11

        found: list[bytes] = []
        try:
            while isinstance(event := self._event(), h11.Data):
                found.append(event.data)
        except HttpFailure:
            if not found:
                raise
            return b"".join(found), False  # the next call raises it again
        return b"".join(found), event is not h11.NEED_DATA

    def _event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        import h11

        try:
            return self._http.next_event()
        except h11.RemoteProtocolError:
            raise (broken(None, within=True) if self._told_of_the_end else not_http()) from None

    async def more(self, silence: float, *, within: bool) -> None:
        """Wait for the next bytes; `within` a body or before it."""
        try:
            data = await self._wire.read(silence)
        except TimeoutError:
            raise late(silent=True) from None
        if not data and (self._wire.error or not within):
            raise broken(self._wire.error, within=within)
        self._told_of_the_end = not data
        self._http.receive_data(data)

    def close(self) -> None:
        """At once; whoever still waits for a response learns that it is lost."""
        self._wire.close()


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


async def open_connection(server: Place, proxy: Place | None = None, to_proxy: Headers = ()) -> HttpConnection:
    """Connect to a server, through a proxy if there is one; `to_proxy` are headers for it alone. Raises HttpFailure."""
    wire = await open_wire(proxy or server)
    if proxy is not None and server.tls is not None:
        try:
            await _tunnel(wire, server, to_proxy)
            await encrypt(wire, server)
        except BaseException:
            wire.close()
            raise
    return HttpConnection(wire, server)


async def _tunnel(wire: Wire, server: Place, to_proxy: Headers) -> None:
    """Ask a proxy to pass on what comes next, whatever it is (RFC 9110, section 9.3.6). Raises HttpFailure."""
    request = Request("CONNECT", server.authority, (("Host", server.authority), *to_proxy))
    connection = HttpConnection(wire, server)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            head = await connection.ask(request, CONNECT_SECONDS)
    except TimeoutError:
        raise too_slow() from None
    except HttpFailure as failure:
        raise HttpFailure(str(failure), sent=False) from None
    if not 200 <= head.status < 300:
        raise HttpFailure(f"the proxy answered {head.status}", sent=False)
    if not connection.silent:
        raise HttpFailure("the response is not HTTP", sent=False)
