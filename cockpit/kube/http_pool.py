"""Connections to one API server, used again while they are young."""

from __future__ import annotations

import asyncio

from cockpit.kube.http_connection import Head, Headers, HttpConnection, Request, open_connection
from cockpit.kube.http_failures import HttpFailure, broken
from cockpit.kube.http_wire import Place

# A connection that was idle for longer is closed: firewalls forget it without a word.
IDLE_SECONDS = 15.0
# Asking twice is as asking once (RFC 9110, section 9.2.2), and the cockpit's others are not.
_REPEATABLE = frozenset({"GET", "HEAD"})


class HttpPool:
    """Asks a server, through `proxy` if there is one; `to_proxy` are headers for it alone, `idle` is in seconds."""

    def __init__(self, proxy: Place | None = None, to_proxy: Headers = (), *, idle: float = IDLE_SECONDS) -> None:
        self._keep = idle
        self._closed = False
        self._proxy = proxy
        self._to_proxy = to_proxy
        self._idle: list[HttpConnection] = []
        self._used: set[HttpConnection] = set()
        self._opening: set[asyncio.Task[HttpConnection]] = set()
        self._sweeping: asyncio.TimerHandle | None = None

    async def ask(self, server: Place, request: Request, silence: float) -> tuple[HttpConnection, Head]:
        """The head of a response, and the connection on which its body comes; give it back.

        The server may close an idle connection just as a request is sent on it; then a read is sent once more. What is
        `last` on its connection is sent on a new one, and once. Raises HttpFailure, Unsendable.
        """
        used = None if request.last else self._young(server)
        if used is not None:
            try:
                return used, await self._asked(used, request, silence)
            except HttpFailure as failure:
                if failure.answered or failure.silent or request.method not in _REPEATABLE:
                    raise
        new = await self._opened(server)
        return new, await self._asked(new, request, silence)

    async def _opened(self, server: Place) -> HttpConnection:
        """A new connection; `close` ends the way to it, however far it is."""
        opening = asyncio.ensure_future(open_connection(server, self._proxy, self._to_proxy))
        self._opening.add(opening)
        try:
            new = await opening
        except asyncio.CancelledError:
            if opening.done() and not opening.cancelled() and opening.exception() is None:
                opening.result().close()
            current = asyncio.current_task()
            if self._closed and current is not None and not current.cancelling():
                raise _ended() from None
            raise
        finally:
            self._opening.discard(opening)
        if self._closed:
            new.close()
            raise _ended()
        return new

    async def _asked(self, connection: HttpConnection, request: Request, silence: float) -> Head:
        self._used.add(connection)
        try:
            return await connection.ask(request, silence)
        except BaseException:
            self._drop(connection)
            raise

    def _young(self, server: Place) -> HttpConnection | None:
        """An idle connection to the server, with the credentials that are used now."""
        while self._idle:
            connection = self._idle.pop()
            if connection.place == server and connection.reusable:
                connection.next_request()
                return connection
            connection.close()
        return None

    def give_back(self, connection: HttpConnection) -> None:
        """Keep a connection whose response was read to its end; close any other."""
        if connection not in self._used or not connection.reusable:
            self._drop(connection)
            return
        self._used.discard(connection)
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle.append(connection)
        self._sweep_later()

    def _drop(self, connection: HttpConnection) -> None:
        self._used.discard(connection)
        connection.close()

    def _sweep_later(self) -> None:
        if self._idle and self._sweeping is None:
            oldest = min(connection.idle_since for connection in self._idle)
            self._sweeping = asyncio.get_running_loop().call_at(oldest + self._keep, self._sweep)

    def _sweep(self) -> None:
        """Close what is too old."""
        self._sweeping = None
        now = asyncio.get_running_loop().time()
        old = [connection for connection in self._idle if connection.idle_since + self._keep <= now]
        self._idle = [connection for connection in self._idle if connection not in old]
        for connection in old:
            connection.close()
        self._sweep_later()

    async def close(self) -> None:
        """Close every connection; requests under way fail."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for opening in self._opening:
            opening.cancel()
        for connection in (*self._idle, *self._used):
            connection.close()
        self._idle.clear()
        self._used.clear()
        await asyncio.sleep(0)  # the sockets are closed in the loop's next turn


def _ended() -> HttpFailure:
    """Closed before anything was sent."""
    return HttpFailure(str(broken(None, within=False)), sent=False)
