"""The same requests through libcurl if `pycurl` is installed: a fraction of the CPU per answer.

libcurl's multi interface (curl_multi_socket_action) waits for its sockets with a selector of its own, of which the loop
sees one descriptor: a reader or writer of the loop for each socket costs more than the request.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cockpit.model.clock import Clock
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.text import safe_text
from cockpit.probe.curl_exchange import Exchange
from cockpit.probe.failure_words import (
    CLOSED,
    H2_ENDED,
    HEADERS_TOO_LONG,
    NEXT_ADDRESS,
    PROXY_UNKNOWN,
    SWITCHED,
    broken_off,
    first_told,
    is_tls_alert,
    no_whole_answer,
    not_connected,
    plain,
    proxy_refused,
    tls_words,
    unsendable,
)
from cockpit.probe.names import Names, is_address
from cockpit.probe.request_headers import headers_of
from cockpit.probe.sender import (
    BODY_LIMIT,
    Answer,
    Failure,
    HttpxTransport,
    ProbeRequest,
    ProbeTransport,
)
from cockpit.probe.tls_files import TlsContexts, TlsFileError

if TYPE_CHECKING:
    import pycurl

_IDLE_HANDLES = 64
# Seconds for which libcurl keeps what it read of a file of CAs (CURLOPT_CA_CACHE_TIMEOUT): a user's may change.
_CA_CACHE_TIMEOUT = 321
# Error codes of libcurl (libcurl-errors.3) that pycurl does not name.
_WEIRD_SERVER_REPLY, _HTTP2_STREAM, _TOO_LARGE = 8, 92, 100
# By CURL_HTTP_VERSION_1_0 and so on.
_VERSIONS = {1: "1.0", 2: "1.1", 3: "2"}
# What a handle is configured for: the request and the address to connect to.
_Purpose = tuple[ProbeRequest, str]


def open_transport(clock: Clock) -> ProbeTransport:
    """The cheapest transport that is installed."""
    try:
        return CurlTransport(clock)
    except ImportError:
        return HttpxTransport(clock)


def _header_line(name: str, value: str) -> bytes:
    """The header as libcurl expects it: one without a value ends in a semicolon; with a colon libcurl drops it."""
    return (f"{name}: {value}" if value else f"{name};").encode()


def _later(answer: Answer, looked_up: float, spent: float) -> Answer:
    """An answer of the attempt that began `spent` ms after the request did; the name took `looked_up` ms."""

    def since(moment: float | None) -> float | None:
        return None if moment is None else moment + spent

    return replace(
        answer,
        dns_ms=looked_up,
        connect_ms=since(answer.connect_ms),
        tls_ms=since(answer.tls_ms),
        first_byte_ms=since(answer.first_byte_ms),
        total_ms=answer.total_ms + spent,
    )


class CurlTransport:
    """Implements `ProbeTransport`."""

    def __init__(self, clock: Clock, names: Names | None = None) -> None:
        """Raises ImportError if pycurl is not installed."""
        import pycurl

        self._curl: Any = pycurl
        self._events = {
            pycurl.POLL_IN: selectors.EVENT_READ,
            pycurl.POLL_OUT: selectors.EVENT_WRITE,
            pycurl.POLL_INOUT: selectors.EVENT_READ | selectors.EVENT_WRITE,
        }
        self._clock = clock
        self._names = names or Names(clock)
        self._contexts = TlsContexts()
        self._multi: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sockets: selectors.DefaultSelector | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due: float | None = None  # when libcurl wants to be called, in the loop's time
        self._idle: list[tuple[_Purpose, pycurl.Curl]] = []
        self._under_way: dict[Any, Exchange] = {}

    async def send(self, request: ProbeRequest) -> Answer:
        target = request.probe_target
        if why := unsendable(request):
            return Answer(None, failure=Failure.PROTOCOL, text=why)
        if target.tls and (target.ca_file or target.cert_file):
            try:
                self._contexts.of(target)  # libcurl's own words would not name the file
            except TlsFileError as error:
                return Answer(None, failure=Failure.NO_WAY, text=str(error))
        if target.proxy or is_address(target.address):
            return await self._attempt(request, target.address, request.timeout)
        return await self._by_name(request)

    async def _by_name(self, request: ProbeRequest) -> Answer:
        begun = self._clock.monotonic()
        try:
            async with asyncio.timeout(request.timeout):
                addresses = await self._names.addresses(request.probe_target.address)
        except TimeoutError:
            return Answer(None, failure=Failure.TIMEOUT, text=no_whole_answer(request), total_ms=request.timeout * 1000)
        except socket.gaierror as error:
            return Answer(None, failure=Failure.DNS, text=safe_text(error.strerror or error, 120))
        looked_up = spent = self._clock.monotonic() - begun
        tried = []
        for address in addresses:
            tried.append(await self._attempt(request, address, max(request.timeout - spent, 0.001)))
            if tried[-1].failure not in NEXT_ADDRESS:
                return _later(tried[-1], looked_up * 1000, spent * 1000)
            spent = self._clock.monotonic() - begun
        return _later(first_told(tried), looked_up * 1000, spent * 1000)

    async def close(self) -> None:
        for handle in list(self._under_way):
            self._finish(handle, self._curl.E_ABORTED_BY_CALLBACK, "the probe ended")
        for _, handle in self._idle:
            handle.close()
        self._idle.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._multi is not None:
            self._multi.close()
            self._multi = None
        if self._sockets is not None and self._loop is not None:
            self._loop.remove_reader(self._sockets.fileno())
            self._sockets.close()
            self._sockets = None

    async def _attempt(self, request: ProbeRequest, address: str, timeout: float) -> Answer:
        self._open()
        purpose = (request, address)
        handle = self._handle(purpose)
        exchange = Exchange(asyncio.get_running_loop().create_future())
        handle.setopt(self._curl.HEADERFUNCTION, exchange.take_header)
        handle.setopt(self._curl.WRITEFUNCTION, exchange.take_body)
        handle.setopt(self._curl.TIMEOUT_MS, max(int(timeout * 1000), 1))
        if request.probe_target.http2 and not request.probe_target.proxy:
            handle.setopt(self._curl.OPENSOCKETFUNCTION, exchange.open_socket)
        self._under_way[handle] = exchange
        self._multi.add_handle(handle)
        try:
            code, text = await exchange.done
            return self._answer(handle, exchange, code, text, request)
        finally:
            exchange.close_socket()
            self._let_go(handle, purpose)

    def _handle(self, purpose: _Purpose) -> Any:
        """A handle configured for the request: one that last served the same request is reused unchanged."""
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
        c, probe_target = self._curl, request.probe_target
        host = f"[{probe_target.host}]" if ":" in probe_target.host else probe_target.host
        place = f"[{address}]" if ":" in address else address
        # The URL names the host, for SNI and the certificate; through a proxy without TLS it names the address.
        authority = place if probe_target.proxy and not probe_target.tls else host
        handle.setopt(
            c.URL,
            f"{'https' if probe_target.tls else 'http'}://{authority}:{probe_target.port}{probe_target.path}".encode(),
        )
        if not probe_target.proxy:
            handle.setopt(c.CONNECT_TO, [f"::{place}:{probe_target.port}"])
        handle.setopt(c.PROXY, probe_target.proxy or "")  # empty: ignore the environment's proxy too
        handle.setopt(c.NOPROXY, "")
        handle.setopt(c.HTTPHEADER, [_header_line(*header) for header in headers_of(request)])
        handle.setopt(c.FRESH_CONNECT, 1)
        handle.setopt(c.FORBID_REUSE, 1)
        handle.setopt(c.FOLLOWLOCATION, 0)
        handle.setopt(c.PATH_AS_IS, 1)
        handle.setopt(c.NOSIGNAL, 1)
        version = c.CURL_HTTP_VERSION_1_1
        if probe_target.http2:
            version = c.CURL_HTTP_VERSION_2TLS if probe_target.tls else c.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
        handle.setopt(c.HTTP_VERSION, version)
        if probe_target.tls:
            self._set_up_tls(handle, probe_target)

    def _set_up_tls(self, handle: Any, target: ProbeTarget) -> None:
        c = self._curl
        handle.setopt(c.SSL_SESSIONID_CACHE, 0)
        handle.setopt(c.SSL_VERIFYPEER, int(not target.insecure))
        handle.setopt(c.SSL_VERIFYHOST, 0 if target.insecure else 2)
        if target.ca_file:
            handle.setopt(c.CAINFO, target.ca_file)
            handle.unsetopt(c.CAPATH)  # the system's
            handle.setopt(_CA_CACHE_TIMEOUT, 0)
        if target.cert_file:
            handle.setopt(c.SSLCERT, target.cert_file)
            handle.setopt(c.SSLKEY, target.key_file or target.cert_file)
            handle.setopt(c.KEYPASSWD, "")  # without it OpenSSL would ask on the terminal

    def _answer(self, handle: Any, exchange: Exchange, code: int, text: str, request: ProbeRequest) -> Answer:
        c = self._curl
        status = (handle.getinfo(c.RESPONSE_CODE) or None) if exchange.headed else None
        failure, words = None, ""
        if not exchange.cut and (code != c.E_OK or not status):
            failure, words = self._why(handle, exchange, code, text, request.probe_target)
        if status and status < 200:
            failure, words = (Failure.PROTOCOL, SWITCHED) if status == 101 else (failure or Failure.PROTOCOL, words)
            status = None  # of an answer before the answer
        if failure is Failure.TIMEOUT:
            status, words = None, no_whole_answer(request)
        elif failure is not None and status is not None:
            words = broken_off(
                len(exchange.body), words or (CLOSED if failure is Failure.RESET else plain(failure, ""))
            )
        elif failure is not None:
            words = plain(failure, words)
        return Answer(
            status=status,
            headers=exchange.headers() if status else (),
            body=bytes(exchange.body[:BODY_LIMIT]) if status else b"",
            cut=exchange.cut,
            failure=failure,
            text=words,
            connect_ms=handle.getinfo(c.CONNECT_TIME) * 1000 or None,
            tls_ms=(handle.getinfo(c.APPCONNECT_TIME) * 1000 or None) if request.probe_target.tls else None,
            first_byte_ms=(handle.getinfo(c.STARTTRANSFER_TIME) * 1000 or None) if status else None,
            total_ms=handle.getinfo(c.TOTAL_TIME) * 1000,
            http_version=_VERSIONS.get(handle.getinfo(c.INFO_HTTP_VERSION), ""),
        )

    def _why(self, handle: Any, exchange: Exchange, code: int, text: str, target: ProbeTarget) -> tuple[Failure, str]:
        """What failed, and its words; "" where the failure alone says it."""
        c = self._curl
        if exchange.too_long or code == _TOO_LARGE:
            return Failure.PROTOCOL, HEADERS_TOO_LONG
        if target.proxy and (answered := handle.getinfo(c.HTTP_CONNECTCODE)) >= 300:
            return proxy_refused(answered)
        if code == c.E_COULDNT_RESOLVE_PROXY:
            return Failure.NO_WAY, PROXY_UNKNOWN
        if code == c.E_COULDNT_CONNECT and exchange.sockets < 2:
            return not_connected(handle.getinfo(c.OS_ERRNO), target.proxy is not None)
        if code in (c.E_SSL_CONNECT_ERROR, c.E_PEER_FAILED_VERIFICATION) or is_tls_alert(text):
            return Failure.TLS, tls_words(text, target.host)
        return self._of_answer(exchange, code, text)

    def _of_answer(self, exchange: Exchange, code: int, text: str) -> tuple[Failure, str]:
        """What failed once there was a connection."""
        c = self._curl
        if code == _HTTP2_STREAM or exchange.sockets > 1:
            return Failure.RESET, H2_ENDED
        if "chunk" in text or "nghttp2" in text:  # with the code of a connection that broke, or of a timeout
            return Failure.PROTOCOL, ""
        # In the midst of the headers the code is that of success.
        if code in (c.E_OK, c.E_GOT_NOTHING, c.E_PARTIAL_FILE, c.E_RECV_ERROR, c.E_SEND_ERROR):
            return Failure.RESET, ""
        if code == c.E_OPERATION_TIMEDOUT:
            return Failure.TIMEOUT, ""
        known = code in (c.E_UNSUPPORTED_PROTOCOL, _WEIRD_SERVER_REPLY, c.E_HTTP2)
        return Failure.PROTOCOL, "" if known else safe_text(text, 120)

    def _open(self) -> None:
        if self._multi is not None:
            return
        self._loop, self._sockets = asyncio.get_running_loop(), selectors.DefaultSelector()
        self._loop.add_reader(self._sockets.fileno(), self._ready)
        self._multi = self._curl.CurlMulti()
        self._multi.setopt(self._curl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(self._curl.M_TIMERFUNCTION, self._set_timer)

    def _watch(self, what: int, fd: int, _multi: Any, _data: Any) -> None:
        """Called by libcurl: which socket it waits for, and for which event."""
        sockets = self._sockets
        if sockets is None:
            return
        events = self._events.get(what, 0)
        if not events:
            with contextlib.suppress(KeyError):
                sockets.unregister(fd)
            return
        try:
            sockets.modify(fd, events)
        except KeyError:
            sockets.register(fd, events)

    def _set_timer(self, milliseconds: int) -> None:
        """Called by libcurl: when it wants to be called again. It must not be called from here.

        A timer that is armed for an earlier time stays: most times are replaced before they come.
        """
        assert self._loop is not None
        self._due = self._loop.time() + milliseconds / 1000 if milliseconds >= 0 else None
        if self._due is None or (self._timer is not None and self._timer.when() <= self._due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._due, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        if self._multi is None or self._loop is None or self._due is None:
            return
        if self._due > self._loop.time():
            self._timer = self._loop.call_at(self._due, self._on_time)
            return
        self._due = None
        self._multi.socket_action(self._curl.SOCKET_TIMEOUT, 0)
        self._collect()

    def _ready(self) -> None:
        """Sockets can be read or written."""
        if self._multi is None or self._sockets is None:
            return
        c = self._curl
        for key, events in self._sockets.select(0):
            action = (c.CSELECT_IN if events & selectors.EVENT_READ else 0) | (
                c.CSELECT_OUT if events & selectors.EVENT_WRITE else 0
            )
            self._multi.socket_action(key.fd, action)
        self._collect()

    def _collect(self) -> None:
        """Tell the transfers that have ended."""
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
