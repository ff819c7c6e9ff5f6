"""One HTTP/1.1 connection: requests in, answers out, in order and within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from cockpit.demo.clock import DemoClock
from cockpit.demo.gateway.http1 import LONGEST_HEAD, BadHeadError, Head, Reply, encode_reply, error_reply, parse_head


@dataclass(frozen=True)
class ListenerPort:
    """The listener that took a connection; without a port it is the gateway's own."""

    scheme: str = "http"
    port: int | None = None


PLAIN = ListenerPort()
Handler = Callable[[Head], Reply]
# Seconds after which a client that has not sent a complete request is disconnected, as nginx does.
IDLE = 75.0


class Connection(asyncio.Protocol):
    """Answers each request with what `handler` says; one answer at a time."""

    def __init__(self, handler: Handler, clock: DemoClock, open_ones: set[Connection]) -> None:
        self._handler = handler
        self._clock = clock
        self._open_ones = open_ones
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._later: asyncio.Task[None] | None = None
        self._head: Head | None = None
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open_ones.add(self)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget everything."""
        self._open_ones.discard(self)
        self._transport = None
        if self._idle:
            self._idle.cancel()
        if self._later:
            self._later.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer what is complete; stop reading while an answer is under way."""
        self._buffer += data
        self._proceed()
        # A body that is still to come is bounded by its announced length; only what comes after it has to wait.
        if self._transport and (self._later or self._full) and len(self._buffer) > LONGEST_HEAD:
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """A client that only half closes still gets its answer, save over TLS, which knows no half of a connection."""
        plain = self._transport is not None and self._transport.get_extra_info("ssl_object") is None
        return plain and self._later is not None

    def pause_writing(self) -> None:
        """The client does not read: no further answers for now."""
        self._full = True

    def resume_writing(self) -> None:
        """The client reads again."""
        self._full = False
        self._proceed()

    def abort(self) -> None:
        """Close at once, as a pod that is gone does."""
        if self._transport:
            self._transport.abort()

    def _proceed(self) -> None:
        while self._transport and not self._later and not self._full and not self._transport.is_closing():
            try:
                head = self._next()
            except BadHeadError as error:
                self._send(error_reply(error.status), with_body=True, keep_alive=False)
                return
            if head is None:
                self._transport.resume_reading()
                return
            self._answer(head)

    def _next(self) -> Head | None:
        """The next request whose body has come too; None while there is none."""
        if self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end > LONGEST_HEAD or (end < 0 and len(self._buffer) > LONGEST_HEAD):
                raise BadHeadError(431)
            if end < 0:
                return None
            self._head = parse_head(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
            if self._head.length and self._head.headers.get("expect", "").lower() == "100-continue":
                self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if len(self._buffer) < self._head.length:
            return None
        head, self._head = self._head, None
        del self._buffer[: head.length]
        return head

    def _answer(self, head: Head) -> None:
        if self._idle:
            self._idle.cancel()
        reply = self._handler(head)
        if reply.drop:
            self.abort()
        elif reply.latency > 0:
            self._later = asyncio.get_running_loop().create_task(self._answer_later(head, reply))
        else:
            self._finish(head, reply)

    async def _answer_later(self, head: Head, reply: Reply) -> None:
        await self._clock.sleep(reply.latency)
        self._later = None
        self._finish(head, reply)
        self._proceed()

    def _finish(self, head: Head, reply: Reply) -> None:
        self._send(reply, with_body=head.method != "HEAD", keep_alive=head.keep_alive)
        if head.keep_alive:
            self._wait()

    def _send(self, reply: Reply, *, with_body: bool, keep_alive: bool) -> None:
        self._write(encode_reply(reply, with_body=with_body, keep_alive=keep_alive))
        if not keep_alive and self._transport:
            self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport:
            self._transport.write(data)

    def _wait(self) -> None:
        self._idle = asyncio.get_running_loop().call_later(IDLE, self.abort)
