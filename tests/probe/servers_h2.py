"""A server on loopback that speaks HTTP/2, well or badly."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from h2.exceptions import ProtocolError

Behaviour2 = Callable[["Stream"], Awaitable[None]]


@dataclass
class Stream:
    """One request of a connection."""

    h2: H2Connection
    number: int
    headers: dict[str, str]
    writer: asyncio.StreamWriter

    async def send(self, data: bytes = b"") -> None:
        """Send what is due, and then these bytes as they are."""
        self.writer.write(self.h2.data_to_send() + data)
        await self.writer.drain()

    async def head(self, status: str = "200", *headers: tuple[str, str]) -> None:
        self.h2.send_headers(self.number, [(":status", status), *headers])
        await self.send()

    async def answer(self, body: bytes, *headers: tuple[str, str], status: str = "200") -> None:
        self.h2.send_headers(self.number, [(":status", status), *headers])
        self.h2.send_data(self.number, body, end_stream=True)
        await self.send()

    async def reset(self, code: int = 2) -> None:
        self.h2.reset_stream(self.number, code)
        await self.send()

    async def go_away(self, last: int = 0, code: int = 0) -> None:
        self.h2.close_connection(error_code=code, last_stream_id=last)
        await self.send()


@dataclass
class Server2:
    behaviour: Behaviour2
    port: int = 0
    connections: int = 0
    seen: list[dict[str, str]] = field(default_factory=list)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        # Hostile answers would not pass the checks of what is sent.
        lax = H2Configuration(client_side=False, validate_outbound_headers=False, normalize_outbound_headers=False)
        h2 = H2Connection(lax)
        h2.initiate_connection()
        try:
            writer.write(h2.data_to_send())
            while data := await reader.read(65536):
                for event in h2.receive_data(data):
                    if isinstance(event, RequestReceived) and event.stream_id and event.headers:
                        headers = {bytes(k).decode(): bytes(v).decode() for k, v in event.headers}
                        self.seen.append(headers)
                        await self.behaviour(Stream(h2, event.stream_id, headers, writer))
                writer.write(h2.data_to_send())
                await writer.drain()
        except (ConnectionError, ssl.SSLError, ProtocolError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def serving_h2(behaviour: Behaviour2, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server2]:
    """A server of HTTP/2 on a port of its own on loopback; without `tls` it expects clients to know that."""
    made = Server2(behaviour)
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "handle"]:
            task.cancel()
        await server.wait_closed()
