"""HTTP to one API server: credentials, timeouts, bounded responses, and every failure as a KubeError."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import field
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from cockpit.kube import http_library
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
from cockpit.kube.proxies import is_loopback, proxy_for
from cockpit.model.values import dataclass

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 10.0
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
        http_library.load()
        if credentials.tls is None:
            http_library.trust_this_machine()  # a proxy may take TLS
        self._target = target
        self._server = target.server.rstrip("/")
        self._credentials = credentials
        self._timeout = timeout
        self._stall = stall
        self._sessions: list[aiohttp.ClientSession] = []
        self._readers: aiohttp.ClientSession | None = None
        self._tls: object = None
        self._proxy = proxy_for(target)
        name = target.cluster.get("tls-server-name")
        self._tls_name = str(name) if name and self._server.startswith("https://") else None
        self._closed = False

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
            async for piece in response.content.iter_any():
                size += len(piece)
                if size > limit:
                    raise BadAnswer(f"longer than {limit} bytes", context=self._target.context, what=call.what)
                yield piece

    async def lines(self, call: Call) -> AsyncGenerator[list[bytes]]:
        """Complete lines as they arrive; first an empty batch, once the server has responded with success.

        A last line without a newline is dropped: it was cut off.
        """
        async with self._answer(call, self._stall) as response:
            yield []
            rest = bytearray()
            async for chunk in response.content.iter_any():
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
        import aiohttp

        async with (
            self._named_failures(call),
            self._sent(self._read_session(), call, credentials, self._timeout) as response,
        ):
            body, broken = bytearray(), ""
            try:
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > limit:
                        break
            except (aiohttp.ClientError, OSError) as error:
                broken = _failure(error)
            headers = tuple((name.lower(), value) for name, value in response.headers.items())
            return Relayed(response.status, headers, bytes(body[:limit]), len(body) > limit, broken)

    async def close(self) -> None:
        """Close every connection; requests under way fail."""
        self._closed = True
        sessions, self._sessions, self._readers = self._sessions, [], None
        for session in sessions:
            await session.close()

    @asynccontextmanager
    async def _answer(self, call: Call, silence: float) -> AsyncIterator[aiohttp.ClientResponse]:
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
    async def _once(self, call: Call, headers: Headers, silence: float) -> AsyncIterator[aiohttp.ClientResponse]:
        import aiohttp

        session = self._write_session() if call.write else self._read_session()
        try:
            async with (
                self._named_failures(call),
                self._sent(session, call, headers, silence) as response,
            ):
                if not 200 <= response.status < 300:
                    raise await self._refusal(response, call)
                yield response
        except aiohttp.InvalidURL:
            raise ConfigError(f"{self._target.context}: {self._server} is not a valid server URL.") from None
        finally:
            if call.write:
                if session in self._sessions:
                    self._sessions.remove(session)
                await session.close()

    @asynccontextmanager
    async def _sent(
        self, session: aiohttp.ClientSession, call: Call, headers: Headers, silence: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        import aiohttp
        import yarl

        sent = [*headers, *call.headers]
        if not any(name.lower() == "accept" for name, _ in call.headers):
            sent.append(("Accept", call.accept))
        if call.body is not None:
            sent.append(("Content-Type", call.content_type))
        async with asyncio.timeout(self._timeout + CONNECT_SECONDS):
            response = await session.request(
                call.method,
                yarl.URL(self._server + call.url_path, encoded=True),
                data=call.body,
                headers=sent,
                proxy=self._proxy,
                server_hostname=self._tls_name,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=silence),
                middlewares=(_never_repeated,) if call.write else (),
            )
        try:
            yield response
        finally:
            response.close()

    async def _refusal(self, response: aiohttp.ClientResponse, call: Call) -> ApiError:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > ERROR_BYTES:
                break
        return from_status(
            response.status,
            bytes(body),
            context=self._target.context,
            what=call.what,
            retry_after=response.headers.get("Retry-After"),
        )

    @asynccontextmanager
    async def _named_failures(self, call: Call) -> AsyncIterator[None]:
        import aiohttp

        try:
            yield
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError) as error:
            raise self._unreachable(error, call, sent=False) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error, call, sent=True) from None

    def _unreachable(self, error: Exception, call: Call, *, sent: bool) -> Unreachable:
        import aiohttp

        kind = Unreachable
        if isinstance(error, aiohttp.SocketTimeoutError):
            kind = Stalled
        elif isinstance(error, aiohttp.ClientConnectorCertificateError):
            kind = Untrusted
        through = f" through the proxy {_without_user(self._proxy)}" if self._proxy else ""
        words = f"{self._server}{through}: {_failure(error)}"
        return kind(words, context=self._target.context, what=call.what, sent=sent)

    def _read_session(self) -> aiohttp.ClientSession:
        """The shared session, created again when renewed credentials have a new client certificate."""
        tls = self._credentials.tls
        if self._readers is None or tls is not self._tls:
            self._tls = tls
            self._readers = self._session(keep=True)
        return self._readers

    def _write_session(self) -> aiohttp.ClientSession:
        return self._session(keep=False)

    def _session(self, *, keep: bool) -> aiohttp.ClientSession:
        import aiohttp

        if self._closed:
            raise ConfigError(f"{self._target.context}: the connection is closed.")
        tls = self._credentials.tls
        connector = aiohttp.TCPConnector(limit=0, ssl=tls if tls is not None else True, force_close=not keep)
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=1 << 20,
            headers={
                "User-Agent": "rollout-cockpit",
                # 10,000 pods are 81 MB plain and 4.6 MB compressed; on loopback, compression only costs CPU.
                "Accept-Encoding": "identity" if is_loopback(self._server) else "gzip",
            },
        )
        self._sessions.append(session)
        return session


async def _never_repeated(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Middleware that keeps aiohttp from retrying a DELETE or PUT after the connection was lost."""
    import aiohttp

    try:
        return await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientPayloadError("connection lost") from error


def _failure(error: Exception) -> str:
    """The failure in plain words, because a library's class names do not help an operator."""
    import aiohttp

    match error:
        case aiohttp.ClientConnectorError():
            return _no_connection(error)
        case aiohttp.ClientHttpProxyError():
            return f"the proxy answered {error.status}"
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {CONNECT_SECONDS:g} s"
        case TimeoutError():
            return "no response in time"
        case aiohttp.ServerDisconnectedError():
            return "the connection was closed without a response"
        case aiohttp.ClientPayloadError():
            return "the connection was lost before the response was complete"
        case OSError():
            return error.strerror or "the connection broke"
    return "the response is not HTTP"


def _no_connection(error: aiohttp.ClientConnectorError) -> str:
    import aiohttp

    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"the server's certificate is not trusted ({error.certificate_error})"
        case aiohttp.ClientConnectorDNSError():
            return "the host name does not resolve"
        case aiohttp.ClientSSLError():
            return f"TLS failed ({error.os_error.strerror or error.os_error})"
    # The library's own words for a refused connection say less than the system's.
    number = error.os_error.errno or 0  # below 0 it is one of the resolver's own
    known = os.strerror(number).lower() if number > 0 else ""
    return known or error.os_error.strerror or str(error.os_error) or "no connection"


def _without_user(url: str) -> str:
    """The address of a proxy without a user and a password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
