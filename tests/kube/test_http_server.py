"""Requests as they leave this machine: where to, through what, on which connection, and what is said if one fails."""

from __future__ import annotations

import asyncio
import base64
import gc
import ssl
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.credentials import FixedCredentials, Headers
from cockpit.kube.errors import ConfigError, Stalled, Unreachable
from cockpit.kube.http_connection import Request
from cockpit.kube.http_pool import HttpPool
from cockpit.kube.http_server import HttpServer
from cockpit.kube.http_wire import Place
from cockpit.kube.transport import Call, Transport
from tests.kube.test_connect import ISSUER, Secured, secured

__all__ = ["secured"]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Last(bytes):
    """What a server says before it hangs up."""


NOTHING = Last()


@dataclass
class Bare:
    """A server that notes each request by its connection, and answers by a script; after `Last` it hangs up."""

    script: list[bytes] = field(default_factory=list)
    asked: list[tuple[int, bytes]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    port: int = 0
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            if self.handle is not None:
                await self.handle(reader, writer)
                return
            while head := await head_of(reader):
                self.asked.append((number, head))
                answer = self.script.pop(0) if self.script else OK
                writer.write(answer)
                if isinstance(answer, Last):
                    break
        finally:
            writer.close()
            self.ended.set()

    @property
    def heads(self) -> list[list[bytes]]:
        return [head.rstrip(b"\r\n").split(b"\r\n") for _, head in self.asked]


async def head_of(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


@asynccontextmanager
async def serving(bare: Bare, tls: ssl.SSLContext | None = None) -> AsyncIterator[Bare]:
    server = await asyncio.start_server(bare.serve, "127.0.0.1", 0, ssl=tls)
    bare.port = server.sockets[0].getsockname()[1]
    async with server:
        yield bare


@pytest.fixture
async def bare() -> AsyncIterator[Bare]:
    async with serving(Bare()) as served:
        yield served


def target(url: str, **cluster: object) -> ConnectTarget:
    return ConnectTarget("test", url, "tester", "default", cluster=cluster)


@asynccontextmanager
async def transport(
    to: ConnectTarget, headers: Headers = (), tls: ssl.SSLContext | None = None, **timeouts: float
) -> AsyncIterator[Transport]:
    made = Transport(to, FixedCredentials(headers, tls), **timeouts)
    try:
        yield made
    finally:
        await made.close()


def here(bare: Bare, path: str = "", **cluster: object) -> ConnectTarget:
    return target(f"http://127.0.0.1:{bare.port}{path}", **cluster)


async def get(made: Transport, path: str = "/x", **more: Any) -> bytes:
    return bytes(await made.fetch(Call(**{"method": "GET", "path": path, **more}), limit=1000))


# Connections


async def test_reads_share_a_connection_and_each_write_has_its_own(bare: Bare) -> None:
    async with transport(here(bare)) as made:
        for write in (False, False, True, False):
            await get(made, write=write)
    assert [number for number, _ in bare.asked] == [1, 1, 2, 1]
    assert [b"Connection: close" in head for head in bare.heads] == [False, False, True, False]


async def test_a_read_that_met_a_closing_connection_is_sent_once_more(bare: Bare) -> None:
    async with transport(here(bare)) as made:
        await get(made)
        bare.script = [NOTHING]
        assert await get(made) == b"ok"
        assert [number for number, _ in bare.asked] == [1, 1, 2]
        bare.script = [NOTHING, NOTHING]
        with pytest.raises(Unreachable, match="closed without a response"):
            await get(made)
    assert [number for number, _ in bare.asked] == [1, 1, 2, 2, 3], "twice and not more often"


@pytest.mark.parametrize("more", [{"write": True, "method": "DELETE"}, {"write": True}, {"method": "POST"}])
async def test_what_may_change_something_is_never_sent_again(bare: Bare, more: dict[str, Any]) -> None:
    async with transport(here(bare)) as made:
        await get(made)
        bare.script = [NOTHING]
        with pytest.raises(Unreachable) as caught:
            await get(made, **more)
    assert caught.value.sent
    assert len(bare.asked) == 2


async def test_a_response_that_begins_is_not_asked_for_again(bare: Bare) -> None:
    async with transport(here(bare)) as made:
        await get(made)
        bare.script = [Last(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")]
        with pytest.raises(Unreachable, match="before the response was complete"):
            await get(made)
    assert len(bare.asked) == 2


async def test_a_connection_that_was_idle_for_too_long_is_closed(bare: Bare) -> None:
    pool, place = HttpPool(idle=0.0), Place("127.0.0.1", bare.port)
    connection, _ = await pool.ask(place, Request("GET", "/x", (("Host", "here"),)), 10)
    while not connection.arrived()[1]:
        await connection.more(10, within=True)
    pool.give_back(connection)
    async with asyncio.timeout(10):
        await bare.ended.wait()
    await pool.close()


async def test_other_credentials_take_another_connection(bare: Bare) -> None:
    pool = HttpPool()
    request = Request("GET", "/x", (("Host", "here"),))
    for name in ("first", "first", "second"):
        connection, _ = await pool.ask(Place("127.0.0.1", bare.port, name=name), request, 10)
        while not connection.arrived()[1]:
            await connection.more(10, within=True)
        pool.give_back(connection)
    await pool.close()
    assert [number for number, _ in bare.asked] == [1, 1, 2]


async def test_a_server_that_is_silent_has_stalled(bare: Bare) -> None:
    bare.script = [b""]
    async with transport(here(bare), timeout=0.01) as made:
        with pytest.raises(Stalled, match="no response in time"):
            await get(made)


async def test_closing_ends_what_is_under_way(bare: Bare) -> None:
    bare.script = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]
    async with transport(here(bare)) as made:
        lines = made.lines(Call("GET", "/x"))
        assert await anext(lines) == []
        waiting = asyncio.ensure_future(anext(lines))
        await asyncio.sleep(0)
        await made.close()
        with pytest.raises(Unreachable):
            await waiting
        with pytest.raises(ConfigError, match="closed"):
            await get(made)


# What is asked for


async def test_a_request_has_the_path_of_the_server_before_its_own(bare: Bare) -> None:
    async with transport(here(bare, "/k8s/clusters/c-1/")) as made:
        await get(made, "/api/v1/pods", query={"limit": "1"}, headers=(("accept-encoding", "br"),))
    line, *headers = bare.heads[0]
    assert line == b"GET /k8s/clusters/c-1/api/v1/pods?limit=1 HTTP/1.1"
    assert sorted(headers) == [
        b"Accept: application/json",
        b"Host: 127.0.0.1:%d" % bare.port,
        b"User-Agent: rollout-cockpit",
        b"accept-encoding: br",
    ], "a caller's header takes the place of ours"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.example", "api.example"),
        ("https://api.example:443", "api.example"),
        ("https://api.example:6443", "api.example:6443"),
        ("http://api.example:443", "api.example:443"),
        ("https://[::1]:6443", "[::1]:6443"),
        ("https://[::1]", "[::1]"),
        ("https://bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_the_host_is_named_as_in_the_url(url: str, host: str) -> None:
    assert HttpServer(target(url)).host == host


@pytest.mark.parametrize(
    "url",
    [
        *("https://a b", "https://a,b", "https://a..b", "https://.a", "https://" + "a" * 64 + ".example"),
        *("https://" + "ü" * 70 + ".example", "https://"),
    ],
)
async def test_a_server_without_a_host_is_named(url: str) -> None:
    async with transport(target(url)) as made:
        with pytest.raises(ConfigError, match="is not a valid server URL"):
            await get(made)


async def test_the_dot_that_ends_a_name_is_not_in_a_certificate(secured: Secured) -> None:
    to = target(secured.url, **{"tls-server-name": "kubernetes."})
    async with transport(to, (("Authorization", "Bearer good"),), trusting()) as made:
        assert b"Bearer good" in await get(made)


async def test_a_credential_that_cannot_be_sent_is_not_repeated(bare: Bare) -> None:
    async with transport(here(bare), (("Authorization", "Bearer s3cr3t\nx"),)) as made:
        with pytest.raises(ConfigError, match="cannot be sent") as caught:
            await get(made)
    assert "s3cr3t" not in str(caught.value)
    assert not bare.asked


async def test_a_connection_that_ended_is_freed_without_a_search_for_garbage(secured: Secured) -> None:
    port = urlsplit(secured.url).port or 0
    pool = HttpPool()
    gc.disable()
    try:
        server, asked = Place("localhost", port, trusting(), "kubernetes"), Request("GET", "/x", (("Host", "x"),))
        connection, _ = await pool.ask(server, asked, 10)
        encrypted = weakref.ref(connection._wire.transport)
        del connection
        await pool.close()
        for _ in range(50):
            await asyncio.sleep(0)
        assert encrypted() is None
    finally:
        gc.enable()


# Proxies


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
    writer.close()


def passing_on(bare: Bare, to: str) -> None:
    """Makes the server a proxy that passes everything on to a port of this machine."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bare.asked.append((bare.connections, await head_of(reader)))
        there = await asyncio.open_connection("127.0.0.1", int(to.rpartition(":")[2]))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pipe(reader, there[1]), pipe(there[0], writer), return_exceptions=True)

    bare.handle = handle


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ISSUER.pem)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_passes_on_what_it_cannot_read(
    secured: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    tls = None
    if scheme == "https":
        chain, key = ISSUER.issue("localhost")
        (tmp_path / "proxy.pem").write_text(chain + key)
        (tmp_path / "trusted.pem").write_text(ISSUER.pem)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(tmp_path / "proxy.pem")
    bare = Bare()
    passing_on(bare, secured.url)
    async with serving(bare, tls):
        through = {"proxy-url": f"{scheme}://me:p%40ss@localhost:{bare.port}", "tls-server-name": "kubernetes"}
        async with transport(target(secured.url, **through), (("Authorization", "Bearer good"),), trusting()) as made:
            assert b"Bearer good" in await get(made)
            assert b"Bearer good" in await get(made)
            shown = "".join(map(repr, vars(made).values()))
    (head,) = bare.heads
    address = secured.url.removeprefix("https://").encode()
    assert head[0] == b"CONNECT " + address + b" HTTP/1.1"
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"me:p@ss") in head
    assert not any(b"good" in line for line in head), "the proxy must not learn the token"
    assert not any("Proxy-Authorization" in seen for seen in secured.seen)
    assert "p@ss" not in shown
    assert base64.b64encode(b"me:p@ss").decode() not in shown


async def test_a_proxy_is_not_trusted_to_be_the_server(secured: Secured, bare: Bare) -> None:
    passing_on(bare, secured.url)
    through = {"proxy-url": f"http://localhost:{bare.port}", "tls-server-name": "another"}
    async with transport(target(secured.url, **through), tls=trusting()) as made:
        with pytest.raises(Unreachable, match="certificate is not trusted") as caught:
            await get(made)
    assert not caught.value.sent
    assert not secured.seen


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "the proxy answered 407"),
        (b"hello\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\nand more", "is not HTTP"),
        (NOTHING, "closed without a response"),
    ],
)
async def test_a_proxy_that_refuses_is_named(secured: Secured, bare: Bare, answer: bytes, says: str) -> None:
    bare.script = [answer]
    through = {"proxy-url": f"http://127.0.0.1:{bare.port}"}
    async with transport(target(secured.url, **through), tls=trusting()) as made:
        with pytest.raises(Unreachable, match=says) as caught:
            await get(made, write=True)
    assert not caught.value.sent, "the request itself was not"


async def test_a_proxy_that_reads_the_request_gets_the_whole_url(bare: Bare) -> None:
    through = {"proxy-url": f"http://me:pass@127.0.0.1:{bare.port}"}
    async with transport(target("http://api.example:8080/base", **through)) as made:
        assert await get(made) == b"ok"
    line, *headers = bare.heads[0]
    assert line == b"GET http://api.example:8080/base/x HTTP/1.1"
    assert b"Host: api.example:8080" in headers
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"me:pass") in headers


def test_a_proxy_without_a_host_is_named_and_its_password_is_not() -> None:
    with pytest.raises(ConfigError, match="proxy-url is not a valid server URL") as caught:
        HttpServer(target("https://api.example", **{"proxy-url": "http://me:s3cr3t@"}))
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("through", [True, False], ids=["proxy", "handshake"])
async def test_closing_ends_a_connection_that_is_not_made_yet(bare: Bare, through: bool) -> None:
    """As at the end of a session, while a proxy or a server takes its time: nobody waits for it."""
    reached = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        while await reader.read(1000):
            pass

    bare.handle = wait
    place = f"127.0.0.1:{bare.port}"
    to = target("https://api.example", **{"proxy-url": f"http://{place}"}) if through else target(f"https://{place}")
    made = Transport(to, FixedCredentials((), trusting()))
    asking = asyncio.create_task(get(made))
    await reached.wait()
    await made.close()
    with pytest.raises(Unreachable) as caught:
        await asking
    assert not caught.value.sent
    await bare.ended.wait()
