"""The same requests through libcurl, where `pycurl` is installed: a fraction of the CPU per answer.

libcurl's multi interface drives its sockets through the loop's readers and writers (curl_multi_socket_action).
"""

from __future__ import annotations

import asyncio
import errno
import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cockpit.model.clock import Clock
from cockpit.model.text import safe_text
from cockpit.probe.names import Names, is_address
from cockpit.probe.sender import (
    BODY_LIMIT,
    HEADER_VALUE_LIMIT,
    HEADERS_LIMIT,
    Answer,
    Failure,
    HttpxTransport,
    ProbeRequest,
    Transport,
    headers_of,
)

if TYPE_CHECKING:
    import pycurl

# Bytes of headers that are read at all; whoever sends more gets cut off.
_HEADERS_BYTES = 100_000
_IDLE_HANDLES = 64
_BREAKS = re.compile("[\r\n\0]")
# What a handle is set up for: the request and the address to connect to.
_Purpose = tuple[ProbeRequest, str]


@dataclass(slots=True)
class _Exchange:
    """What came in for one request."""

    done: asyncio.Future[tuple[int, str]]
    body: bytearray = field(default_factory=bytearray)
    lines: list[bytes] = field(default_factory=list)
    header_bytes: int = 0
    headed: bool = False  # the empty line after the headers has come
    cut: bool = False

    def take_header(self, line: bytes) -> int | None:
        self.header_bytes += len(line)
        if self.header_bytes > _HEADERS_BYTES:
            return 0  # anything but the length ends the transfer
        if line.startswith(b"HTTP/"):
            self.lines.clear()  # after a 100 Continue or a proxy's own answer
            self.headed = False
        elif not line.strip():
            self.headed = True
        elif len(self.lines) < HEADERS_LIMIT and b":" in line:
            self.lines.append(line)
        return None

    def take_body(self, chunk: bytes) -> int | None:
        self.body += chunk
        if len(self.body) > BODY_LIMIT:
            self.cut = True
            return 0
        return None

    def headers(self) -> tuple[tuple[str, str], ...]:
        parted = (line.partition(b":") for line in self.lines)
        return tuple(
            (
                name.decode("latin-1").strip().lower()[:200],
                value.strip()[:HEADER_VALUE_LIMIT].decode("utf-8", "replace"),
            )
            for name, _, value in parted
        )


def open_transport(clock: Clock) -> Transport:
    """The cheapest transport that is installed."""
    try:
        return CurlTransport(clock)
    except ImportError:
        return HttpxTransport(clock)


def _header_line(name: str, value: str) -> bytes:
    """As libcurl takes it: a header without a value ends in a semicolon, with a colon it would be left out."""
    return (f"{name}: {value}" if value else f"{name};").encode()


class CurlTransport:
    """Implements `Transport`. `certificates` is a file of certificates to trust instead of the system's."""

    def __init__(self, clock: Clock, names: Names | None = None, certificates: str | None = None) -> None:
        """Raises ImportError where pycurl is not installed."""
        import pycurl

        self._curl: Any = pycurl
        self._names = names or Names(clock)
        self._certificates = certificates
        self._multi: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._idle: list[tuple[_Purpose, pycurl.Curl]] = []
        self._under_way: dict[Any, _Exchange] = {}

    async def send(self, request: ProbeRequest) -> Answer:
        door = request.door
        if door.proxy or is_address(door.address):
            return await self._attempt(request, door.address)
        try:
            async with asyncio.timeout(request.timeout):
                addresses = await self._names.addresses(door.address)
        except TimeoutError:
            return Answer(None, failure=Failure.TIMEOUT, text=f"no address within {request.timeout:g} s")
        except socket.gaierror as error:
            return Answer(None, failure=Failure.DNS, text=safe_text(error.strerror or error, 120))
        answer = await self._attempt(request, addresses[0])
        for address in addresses[1:]:
            if answer.failure in (Failure.REFUSED, Failure.UNREACHABLE):
                answer = await self._attempt(request, address)
        return answer

    async def close(self) -> None:
        for handle in list(self._under_way):
            self._finish(handle, self._curl.E_ABORTED_BY_CALLBACK, "the probe ended")
        for _, handle in self._idle:
            handle.close()
        self._idle.clear()
        if self._timer is not None:
            self._timer.cancel()
        if self._multi is not None:
            self._multi.close()
            self._multi = None

    async def _attempt(self, request: ProbeRequest, address: str) -> Answer:
        self._open()
        if any(_BREAKS.search(part) for header in request.headers + request.door.headers for part in header):
            return Answer(None, failure=Failure.PROTOCOL, text="a header holds a line break")
        purpose = (request, address)
        handle = self._handle(purpose)
        exchange = _Exchange(asyncio.get_running_loop().create_future())
        handle.setopt(self._curl.HEADERFUNCTION, exchange.take_header)
        handle.setopt(self._curl.WRITEFUNCTION, exchange.take_body)
        self._under_way[handle] = exchange
        self._multi.add_handle(handle)
        try:
            code, text = await exchange.done
            return self._answer(handle, exchange, code, text, request)
        finally:
            self._let_go(handle, purpose)

    def _handle(self, purpose: _Purpose) -> Any:
        """A handle that is set up for the request: one that served the same before needs nothing."""
        if not self._idle:
            handle = self._curl.Curl()
        else:
            before, handle = self._idle.pop()
            if before == purpose:
                return handle
            handle.reset()
        self._set_up(handle, *purpose)
        return handle

    def _set_up(self, handle: Any, request: ProbeRequest, address: str) -> None:
        c, door = self._curl, request.door
        host = f"[{door.host}]" if ":" in door.host else door.host
        place = f"[{address}]" if ":" in address else address
        # The URL names the host, for SNI and the certificate; through a proxy without TLS the address itself.
        authority = place if door.proxy and not door.tls else host
        handle.setopt(c.URL, f"{'https' if door.tls else 'http'}://{authority}:{door.port}{door.path}".encode())
        if not door.proxy:
            handle.setopt(c.CONNECT_TO, [f"::{place}:{door.port}"])
        handle.setopt(c.PROXY, door.proxy or "")  # empty: not even the environment's
        handle.setopt(c.NOPROXY, "")
        handle.setopt(c.HTTPHEADER, [_header_line(*header) for header in headers_of(request)])
        handle.setopt(c.FRESH_CONNECT, 1)
        handle.setopt(c.FORBID_REUSE, 1)
        handle.setopt(c.SSL_SESSIONID_CACHE, 0)
        handle.setopt(c.HTTP_VERSION, c.CURL_HTTP_VERSION_1_1)
        handle.setopt(c.FOLLOWLOCATION, 0)
        handle.setopt(c.PATH_AS_IS, 1)
        handle.setopt(c.NOSIGNAL, 1)
        handle.setopt(c.TIMEOUT_MS, max(int(request.timeout * 1000), 1))
        handle.setopt(c.SSL_VERIFYPEER, int(not door.insecure))
        handle.setopt(c.SSL_VERIFYHOST, 0 if door.insecure else 2)
        if self._certificates:
            handle.setopt(c.CAINFO, self._certificates)

    def _answer(self, handle: Any, exchange: _Exchange, code: int, text: str, request: ProbeRequest) -> Answer:
        c = self._curl
        status = handle.getinfo(c.RESPONSE_CODE) if exchange.headed else None
        failure = None if code == c.E_OK or exchange.cut else self._failure(handle, code)
        if failure is Failure.TIMEOUT:
            status = None
            text = f"no whole answer within {request.timeout:g} s"
        elif failure is not None and status is not None:
            text = f"broke off after {len(exchange.body)} bytes: {text}"
        connected = handle.getinfo(c.APPCONNECT_TIME if request.door.tls else c.CONNECT_TIME)
        first = handle.getinfo(c.STARTTRANSFER_TIME)
        return Answer(
            status=status,
            headers=exchange.headers() if status else (),
            body=bytes(exchange.body[:BODY_LIMIT]) if status else b"",
            cut=exchange.cut,
            failure=failure,
            text=safe_text(text, 120) if failure else "",
            connect_ms=connected * 1000 or None,
            first_byte_ms=first * 1000 or None,
            total_ms=handle.getinfo(c.TOTAL_TIME) * 1000,
        )

    def _failure(self, handle: Any, code: int) -> Failure:
        c = self._curl
        if code == c.E_COULDNT_CONNECT:
            number = handle.getinfo(c.OS_ERRNO)
            return Failure.REFUSED if number in (0, errno.ECONNREFUSED) else Failure.UNREACHABLE
        return {
            c.E_COULDNT_RESOLVE_HOST: Failure.DNS,
            c.E_COULDNT_RESOLVE_PROXY: Failure.DNS,
            c.E_OPERATION_TIMEDOUT: Failure.TIMEOUT,
            c.E_GOT_NOTHING: Failure.RESET,
            c.E_RECV_ERROR: Failure.RESET,
            c.E_SEND_ERROR: Failure.RESET,
            c.E_SSL_CONNECT_ERROR: Failure.TLS,
            c.E_PEER_FAILED_VERIFICATION: Failure.TLS,
        }.get(code, Failure.PROTOCOL)

    def _open(self) -> None:
        if self._multi is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._multi = self._curl.CurlMulti()
        self._multi.setopt(self._curl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(self._curl.M_TIMERFUNCTION, self._set_timer)

    def _watch(self, what: int, fd: int, _multi: Any, _data: Any) -> None:
        """libcurl says which of its sockets it waits for, and for what."""
        assert self._loop is not None
        c, loop = self._curl, self._loop
        if what in (c.POLL_IN, c.POLL_INOUT):
            loop.add_reader(fd, self._act, fd, c.CSELECT_IN)
        else:
            loop.remove_reader(fd)
        if what in (c.POLL_OUT, c.POLL_INOUT):
            loop.add_writer(fd, self._act, fd, c.CSELECT_OUT)
        else:
            loop.remove_writer(fd)

    def _set_timer(self, milliseconds: int) -> None:
        """libcurl says when it wants to be called again; it must not be called from here."""
        assert self._loop is not None
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if milliseconds >= 0:
            self._timer = self._loop.call_later(milliseconds / 1000, self._act, self._curl.SOCKET_TIMEOUT, 0)

    def _act(self, fd: int, event: int) -> None:
        if self._multi is None:
            return
        self._multi.socket_action(fd, event)
        more = 1
        while more:
            more, fine, failed = self._multi.info_read()
            for handle in fine:
                self._finish(handle, self._curl.E_OK, "")
            for handle, code, text in failed:
                self._finish(handle, code, text)

    def _finish(self, handle: Any, code: int, text: str) -> None:
        exchange = self._under_way.get(handle)
        if exchange is not None and not exchange.done.done():
            exchange.done.set_result((code, text))

    def _let_go(self, handle: Any, purpose: _Purpose) -> None:
        self._under_way.pop(handle, None)
        if self._multi is not None:
            self._multi.remove_handle(handle)
        if self._multi is not None and len(self._idle) < _IDLE_HANDLES:
            self._idle.append((purpose, handle))
        else:
            handle.close()
