"""HTTP to one API server: credentials, timeouts, bounded responses, and every failure as a KubeError."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import field
from urllib.parse import urlencode

from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.credentials import Credentials, Headers
from cockpit.kube.errors import (
    ApiError,
    BadAnswer,
    ConfigError,
    Stalled,
    Unauthorized,
    Unreachable,
    Untrusted,
    from_status,
    read_status,
)
from cockpit.kube.http_body import HttpBody
from cockpit.kube.http_connection import Head, Request
from cockpit.kube.http_failures import HttpFailure, Unsendable, late
from cockpit.kube.http_pool import HttpPool
from cockpit.kube.http_server import HttpServer
from cockpit.kube.http_wire import CONNECT_SECONDS
from cockpit.kube.server_time import ServerTime
from cockpit.model.values import dataclass

# Bookmarks come about once a minute; a stream without a byte for longer is closed and resumed.
STALL_SECONDS = 70.0
LINE_BYTES = 64 << 20
ERROR_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` is quoted, `what` names its object in errors; a `write` gets its own connection."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    what: str = ""
    write: bool = False
    dry_run: bool = False
    accept: str = "application/json"
    headers: Headers = field(default=(), repr=False)  # of the caller, besides credentials

    @property
    def url_path(self) -> str:
        return self.path + ("?" + urlencode(self.query) if self.query else "")


@dataclass(frozen=True, slots=True)
class Relayed:
    """A response that may come from behind the API server. Header names are lower case; `broken` says why the body
    is not complete, `cut` that it is longer than what was read."""

    status: int
    headers: Headers
    body: bytes
    cut: bool = False
    broken: str = ""


class Transport:
    """Connections to one cluster. Reads share connections; each write opens its own, so that it cannot be lost
    on a connection that died while idle.

    `timeout` is the read timeout of a request in seconds, `stall` that of a stream.
    """

    def __init__(
        self, target: ConnectTarget, credentials: Credentials, *, timeout: float = 30.0, stall: float = STALL_SECONDS
    ) -> None:
        self._target = target
        self._credentials = credentials
        self._timeout = timeout
        self._stall = stall
        self._server = HttpServer(target)
        self._pool = HttpPool(self._server.proxy, self._server.to_proxy)
        self._closed = False
        self.server_time: ServerTime | None = None
        """Is told the Date of what the server itself answers."""

    async def fetch(self, call: Call, *, limit: int) -> bytes | bytearray:
        """The body of a successful response; BadAnswer if it is longer than `limit` bytes."""
        body = bytearray()
        async with aclosing(self.pieces(call, limit=limit)) as pieces:
            async for piece in pieces:
                body += piece
        return body

    async def pieces(self, call: Call, *, limit: int) -> AsyncGenerator[bytes]:
        """The body of a successful response as it arrives; BadAnswer once it is longer than `limit` bytes."""
        async with self._answer(call, self._timeout) as response:
            size = 0
            while piece := await response.body.read():
                size += len(piece)
                if size > limit:
                    raise BadAnswer(f"longer than {limit} bytes", context=self._target.context, what=call.what)
                yield piece

    async def lines(self, call: Call, silence: float | None = None) -> AsyncGenerator[list[bytes]]:
        """Complete lines as they arrive; first an empty batch, once the server has responded with success.

        A last line without a newline is dropped: it was cut off. `silence` is for how many seconds nothing may come, if
        that is not `stall`.
        """
        async with self._answer(call, silence or self._stall) as response:
            yield []
            rest = bytearray()
            while chunk := await response.body.read():
                if b"\n" not in chunk:
                    rest += chunk
                    if len(rest) > LINE_BYTES:
                        raise BadAnswer("a line that does not end", context=self._target.context, what=call.what)
                    continue
                *whole, last = chunk.split(b"\n")
                whole[0] = bytes(rest + whole[0])
                rest = bytearray(last)
                if lines := [line for line in whole if line.strip()]:
                    yield lines

    async def relay(self, call: Call, *, timeout: float, limit: int) -> Relayed:
        """The response to a call that the API server passes on, whatever its status; no redirect is followed.

        At most `limit` bytes of the body are read. Raises Unreachable, and TimeoutError after `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            used = await self._credentials.headers()
            found = await self._relayed(call, used, limit)
            if found.status == 401 and read_status(found.body) and await self._renewed(used, call):
                found = await self._relayed(call, await self._credentials.headers(), limit)
            return found

    async def _relayed(self, call: Call, credentials: Headers, limit: int) -> Relayed:
        async with self._named_failures(call), self._sent(call, credentials, self._timeout) as response:
            body, broken = bytearray(), ""
            try:
                while len(body) <= limit and (chunk := await response.body.read()):
                    body += chunk
            except HttpFailure as failure:
                broken = str(failure)
            return Relayed(response.head.status, response.head.headers, bytes(body[:limit]), len(body) > limit, broken)

    async def close(self) -> None:
        """Close every connection; requests under way fail."""
        self._closed = True
        await self._pool.close()

    @asynccontextmanager
    async def _answer(self, call: Call, silence: float) -> AsyncIterator[_Response]:
        """A successful response. Rejected credentials are renewed once, and a call that
        changes nothing is repeated with them."""
        headers = await self._credentials.headers()
        try:
            async with self._once(call, headers, silence) as response:
                yield response
                return
        except Unauthorized:
            renewed = await self._renewed(headers, call)
            if not renewed or (call.write and not call.dry_run):
                raise
        async with self._once(call, await self._credentials.headers(), silence) as response:
            yield response

    async def _renewed(self, used: Headers, call: Call) -> bool:
        try:
            return await self._credentials.renew(used)
        except ConfigError as error:
            raise Unauthorized(str(error), context=self._target.context, what=call.what, status=401) from None

    @asynccontextmanager
    async def _once(self, call: Call, headers: Headers, silence: float) -> AsyncIterator[_Response]:
        asked = self.server_time.asked() if self.server_time else None
        async with self._named_failures(call), self._sent(call, headers, silence) as response:
            if self.server_time and asked:
                self.server_time.answered(asked, response.head.header("date"))
            if not 200 <= response.head.status < 300:
                raise await self._refusal(response, call)
            yield response

    @asynccontextmanager
    async def _sent(self, call: Call, headers: Headers, silence: float) -> AsyncIterator[_Response]:
        if self._closed:
            raise ConfigError(f"{self._target.context}: the connection is closed.")
        request = self._request(call, headers)
        try:
            async with asyncio.timeout(self._timeout + CONNECT_SECONDS):
                connection, head = await self._pool.ask(self._server.place(self._credentials.tls), request, silence)
        except TimeoutError:
            raise late() from None
        except Unsendable:
            raise ConfigError(f"{self._target.context}: a header or the path of a request cannot be sent.") from None
        try:
            yield _Response(head, HttpBody(connection, head, silence))
        finally:
            self._pool.give_back(connection)

    def _request(self, call: Call, credentials: Headers) -> Request:
        """The request with all of its headers; a caller's take the place of ours."""
        own = [("Host", self._server.host), ("User-Agent", "rollout-cockpit"), ("Accept", call.accept)]
        # 10,000 pods are 81 MB plain and 4.6 MB compressed; on loopback, compression only costs CPU.
        own.append(("Accept-Encoding", "identity" if self._server.loopback else "gzip"))
        if call.body is not None:
            own.append(("Content-Type", call.content_type))
        if self._server.read_by_the_proxy:
            own += self._server.to_proxy
        given = (*credentials, *call.headers)
        named = {name.lower() for name, _ in given}
        headers = (*(header for header in own if header[0].lower() not in named), *given)
        return Request(call.method, self._server.target_of(call.url_path), headers, call.body, last=call.write)

    async def _refusal(self, response: _Response, call: Call) -> ApiError:
        body = bytearray()
        while len(body) <= ERROR_BYTES and (chunk := await response.body.read()):
            body += chunk
        return from_status(
            response.head.status,
            bytes(body),
            context=self._target.context,
            what=call.what,
            retry_after=response.head.header("retry-after"),
        )

    @asynccontextmanager
    async def _named_failures(self, call: Call) -> AsyncIterator[None]:
        try:
            yield
        except HttpFailure as failure:
            raise self._unreachable(failure, call) from None

    def _unreachable(self, failure: HttpFailure, call: Call) -> Unreachable:
        kind = Stalled if failure.silent else Untrusted if failure.untrusted else Unreachable
        through = f" through the proxy {self._server.proxy_url}" if self._server.proxy else ""
        words = f"{self._server.url}{through}: {failure}"
        return kind(words, context=self._target.context, what=call.what, sent=failure.sent)


@dataclass(frozen=True, slots=True)
class _Response:
    """A head, and the body that follows it."""

    head: Head
    body: HttpBody
