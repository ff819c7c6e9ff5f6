"""HTTP to one API server: credentials, timeouts, bounded answers, and one error tree for what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from cockpit.kube.credentials import Credentials, Headers
from cockpit.kube.errors import ApiError, BadAnswer, ConfigError, Stalled, Unauthorized, Unreachable, from_status
from cockpit.kube.proxies import is_loopback, proxy_for
from cockpit.kube.target import Target

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 10.0
# Bookmarks come about once a minute; a stream without a byte for longer is cut and resumed.
STALL_SECONDS = 70.0
LINE_BYTES = 64 << 20
ERROR_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` is quoted, `what` names its object in errors; a `write` gets a connection of its own."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    what: str = ""
    write: bool = False
    dry_run: bool = False
    accept: str = "application/json"

    @property
    def url_path(self) -> str:
        return self.path + ("?" + urlencode(self.query) if self.query else "")


class Transport:
    """Connections to one cluster. Reads share connections; each write opens one, so that it cannot be lost
    on a connection that idled to death.

    `timeout` is how many seconds without a byte of the answer end a request, `stall` the same for streams.
    """

    def __init__(
        self, target: Target, credentials: Credentials, *, timeout: float = 30.0, stall: float = STALL_SECONDS
    ) -> None:
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
        """The body of a successful answer; BadAnswer where it is longer than `limit` bytes."""
        async with self._answer(call, self._timeout) as response:
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise BadAnswer(f"longer than {limit} bytes", context=self._target.context, what=call.what)
            return body

    async def lines(self, call: Call) -> AsyncGenerator[list[bytes]]:
        """Whole lines as they arrive; an empty batch first, once the answer has begun with success.

        A last line without its end is dropped: it was cut off.
        """
        async with self._answer(call, self._stall) as response:
            yield []
            rest = bytearray()
            async for chunk in response.content.iter_any():
                if b"\n" not in chunk:
                    rest += chunk
                    if len(rest) > LINE_BYTES:
                        raise BadAnswer("a line without end", context=self._target.context, what=call.what)
                    continue
                *whole, last = chunk.split(b"\n")
                whole[0] = bytes(rest + whole[0])
                rest = bytearray(last)
                if lines := [line for line in whole if line.strip()]:
                    yield lines

    async def close(self) -> None:
        """Close every connection; requests under way fail."""
        self._closed = True
        sessions, self._sessions, self._readers = self._sessions, [], None
        for session in sessions:
            await session.close()

    @asynccontextmanager
    async def _answer(self, call: Call, silence: float) -> AsyncIterator[aiohttp.ClientResponse]:
        """A successful response. Credentials that are not accepted are renewed once, and a call that
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
            raise ConfigError(f"{self._target.context}: {self._server} is no server address.") from None
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

        sent = [*headers, ("Accept", call.accept)]
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

        kind = Stalled if isinstance(error, aiohttp.SocketTimeoutError) else Unreachable
        words = f"{self._server}: {_failure(error)}"
        return kind(words, context=self._target.context, what=call.what, sent=sent)

    def _read_session(self) -> aiohttp.ClientSession:
        """The shared session, made anew when renewed credentials brought another client certificate."""
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
                # Ten thousand pods are 81 MB plain and 4.6 MB packed; packing only costs where no wire is.
                "Accept-Encoding": "identity" if is_loopback(self._server) else "gzip",
            },
        )
        self._sessions.append(session)
        return session


async def _never_repeated(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Middleware that hides from aiohttp a loss after which it would send a DELETE or PUT a second time."""
    import aiohttp

    try:
        return await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientPayloadError("connection lost") from error


def _failure(error: Exception) -> str:
    """The failure in words; class names of a library tell an operator nothing."""
    import aiohttp

    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"the server's certificate is not trusted ({error.certificate_error})"
        case aiohttp.ClientConnectorDNSError():
            return "the name does not resolve"
        case aiohttp.ClientSSLError():
            return f"TLS failed ({error.os_error.strerror or error.os_error})"
        case aiohttp.ClientConnectorError():
            return error.os_error.strerror or str(error.os_error) or "no connection"
        case aiohttp.ClientHttpProxyError():
            return f"the proxy answered {error.status}"
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {CONNECT_SECONDS:g} s"
        case TimeoutError():
            return "no answer in time"
        case aiohttp.ServerDisconnectedError():
            return "the connection was closed without an answer"
        case aiohttp.ClientPayloadError():
            return "the connection was lost before the answer was complete"
        case OSError():
            return error.strerror or "the connection broke"
    return "the answer is no HTTP"
