"""TLS over both transports: whom they trust, whom they show, and the words where it fails."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.model.probe_answer import Answer
from cockpit.probe.sender import Failure, ProbeRequest, ProbeTransport
from cockpit.probe.target import parse_target
from tests.probe.certificates import Authority, server_context
from tests.probe.parts import probe_target
from tests.probe.servers import Exchange, Server, free_port, saying, serving
from tests.probe.servers_h2 import Stream, serving_h2

HOST = "www.example.com"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@contextlib.asynccontextmanager
async def raw(content: bytes) -> AsyncIterator[int]:
    """A port that answers anything with these bytes and closes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read(10)
            writer.write(content)
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@contextlib.contextmanager
def refusing(context: ssl.SSLContext) -> Iterator[int]:
    """A port whose handshakes fail with an alert, which a loop's own TLS would not send."""

    def serve() -> None:
        while True:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            with (
                contextlib.suppress(OSError),
                context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False) as tls,
            ):
                try:
                    tls.do_handshake()
                except ssl.SSLError:
                    # Closed while something is unread, a socket would take the alert back.
                    plain = socket.socket(fileno=tls.detach())
                    with plain:
                        plain.shutdown(socket.SHUT_WR)
                        while plain.recv(4096):
                            pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


async def ask(transport: ProbeTransport, port: int, **fields: object) -> Answer:
    return await transport.send(ProbeRequest(probe_target(port, tls=True, **fields), timeout=3.0))


async def test_the_host_is_told_and_checked_though_the_address_is_another(
    transport: ProbeTransport, authority: Authority
) -> None:
    async with serving(saying("v1"), server_context(authority.issue(HOST))) as server:
        answer = await ask(transport, server.port, ca_file=str(authority.file))
    assert (answer.status, answer.failure, answer.text) == (200, None, "")
    assert server.names == [HOST]
    assert server.seen[0].headers["host"] == HOST


async def test_every_phase_is_measured(transport: ProbeTransport, authority: Authority) -> None:
    async with serving(saying("v1"), server_context(authority.issue(HOST))) as server:
        answer = await ask(transport, server.port, ca_file=str(authority.file))
    assert answer.connect_ms is not None
    assert answer.tls_ms is not None
    assert answer.first_byte_ms is not None
    assert answer.dns_ms is None
    assert 0 < answer.connect_ms < answer.tls_ms < answer.first_byte_ms <= answer.total_ms
    assert answer.http_version == "1.1"


async def test_own_cas_replace_those_of_the_system(transport: ProbeTransport, tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    async with serving(saying("v1"), server_context(theirs.issue(HOST))) as server:
        answers = [
            await ask(transport, server.port, ca_file=str(ours.file)),
            await ask(transport, server.port),
            await ask(transport, server.port, ca_file=str(theirs.file)),
        ]
    assert [answer.failure for answer in answers] == [Failure.TLS, Failure.TLS, None]
    assert {answer.text for answer in answers[:2]} == {"its certificate is not signed by a CA that is trusted here"}


async def test_a_file_of_cas_that_changes_is_read_again(transport: ProbeTransport, tmp_path: Path) -> None:
    before, after = Authority(tmp_path, "before"), Authority(tmp_path, "after")
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(before.file.read_bytes())
    async with serving(saying("v1"), server_context(after.issue(HOST))) as server:
        refused = await ask(transport, server.port, ca_file=str(trusted))
        trusted.write_bytes(after.file.read_bytes())
        os.utime(trusted, (1, 1))
        accepted = await ask(transport, server.port, ca_file=str(trusted))
    assert (refused.failure, accepted.failure, accepted.status) == (Failure.TLS, None, 200)


@pytest.mark.parametrize(
    ("host", "age", "asked", "words"),
    [
        ("other.example", 0, HOST, f"its certificate is not for {HOST}"),
        (HOST, 30, HOST, "its certificate has expired"),
        (HOST, -30, HOST, "its certificate is not valid yet"),
        ("*.example.com", 0, "a.b.example.com", "its certificate is not for a.b.example.com"),
    ],
    ids=["wrong host", "expired", "not yet valid", "wildcard"],
)
async def test_a_bad_certificate_is_refused_in_the_same_words_and_accepted_if_told_so(
    transport: ProbeTransport, authority: Authority, host: str, age: int, asked: str, words: str
) -> None:
    context = server_context(authority.issue(host, age=timedelta(days=age)))
    async with serving(saying("v1"), context) as server:
        refused = await ask(transport, server.port, host=asked, ca_file=str(authority.file))
        accepted = await ask(transport, server.port, host=asked, ca_file=str(authority.file), insecure=True)
    assert (refused.status, refused.failure, refused.text) == (None, Failure.TLS, words)
    assert (accepted.status, accepted.failure) == (200, None)


class TestClientCertificates:
    async def test_it_is_shown(self, transport: ProbeTransport, authority: Authority) -> None:
        seen: list[object] = []

        async def behave(exchange: Exchange) -> None:
            seen.append(exchange.writer.get_extra_info("peercert")["subject"])
            await exchange.answer("v1")

        context = server_context(authority.issue(HOST), clients=authority.file)
        async with serving(behave, context) as server:
            client = str(authority.issue("client"))
            answer = await ask(transport, server.port, ca_file=str(authority.file), cert_file=client)
        assert (answer.status, answer.failure) == (200, None)
        assert seen == [((("commonName", "client"),),)]

    async def test_a_key_may_be_in_a_file_of_its_own(self, transport: ProbeTransport, authority: Authority) -> None:
        both = authority.issue("client").read_text()
        start = both.index("-----BEGIN CERTIFICATE")
        (key := authority.file.with_name("key.pem")).write_text(both[:start])
        (cert := authority.file.with_name("cert.pem")).write_text(both[start:])
        context = server_context(authority.issue(HOST), clients=authority.file)
        async with serving(saying("v1"), context) as server:
            answer = await ask(
                transport, server.port, ca_file=str(authority.file), cert_file=str(cert), key_file=str(key)
            )
        assert (answer.status, answer.failure) == (200, None)

    @pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    async def test_a_server_that_wants_one_and_gets_none_or_another(
        self, transport: ProbeTransport, authority: Authority, tmp_path: Path, newest: ssl.TLSVersion
    ) -> None:
        context = server_context(authority.issue(HOST), clients=authority.file)
        context.maximum_version = newest
        stranger = str(Authority(tmp_path, "stranger").issue("client"))
        with refusing(context) as port:
            none = await ask(transport, port, ca_file=str(authority.file))
            other = await ask(transport, port, ca_file=str(authority.file), cert_file=stranger)
        assert (none.failure, other.failure) == (Failure.TLS, Failure.TLS)
        assert "client certificate" in none.text
        assert other.text == "it does not accept the client certificate"

    @pytest.mark.parametrize(
        ("make", "words"),
        [
            (lambda a: {"ca_file": "/nowhere/ca.pem"}, "/nowhere/ca.pem cannot be read: No such file or directory"),
            (lambda a: {"ca_file": str(a.file.parent)}, "is not a file"),
            (lambda a: {"ca_file": str(empty(a))}, "holds no CA certificate in PEM form"),
            (lambda a: {"cert_file": str(empty(a))}, "holds no client certificate and key in PEM form"),
            (lambda a: {"cert_file": str(a.file)}, "holds no client certificate and key in PEM form"),
            (
                lambda a: {"cert_file": str(a.issue("a")), "key_file": str(a.issue("b"))},
                "b 0 False.pem does not belong to the certificate in ",
            ),
            (lambda a: {"cert_file": str(a.issue("a", passphrase=b"hunter2"))}, "is encrypted: give a key without"),
        ],
        ids=["no file", "a folder", "no CA", "no certificate", "no key", "another key", "encrypted"],
    )
    async def test_files_that_cannot_be_used_are_named_and_nothing_is_sent(
        self, transport: ProbeTransport, authority: Authority, make: object, words: str
    ) -> None:
        assert callable(make)
        async with serving(saying("v1"), server_context(authority.issue(HOST))) as server:
            answer = await ask(transport, server.port, **make(authority))
        assert (answer.status, answer.failure) == (None, Failure.NO_WAY)
        assert words in answer.text
        assert "BEGIN" not in answer.text
        assert server.connections == 0


def empty(authority: Authority) -> Path:
    path = authority.file.with_name("empty.pem")
    path.write_text("nothing")
    return path


async def test_a_port_that_does_not_speak_tls(transport: ProbeTransport) -> None:
    async with raw(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        answer = await ask(transport, port)
    assert (answer.failure, answer.text) == (Failure.TLS, "it does not speak TLS")


async def test_a_server_that_closes_during_the_handshake(transport: ProbeTransport) -> None:
    async with raw(b"") as port:
        answer = await ask(transport, port)
    assert (answer.failure, answer.text) == (Failure.TLS, "it closed the connection during the handshake")


async def test_a_handshake_that_never_ends_costs_the_timeout(transport: ProbeTransport) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        target = probe_target(server.sockets[0].getsockname()[1], tls=True)
        answer = await transport.send(ProbeRequest(target, timeout=0.2))
    assert (answer.failure, answer.text) == (Failure.TIMEOUT, "no complete answer within 0.2 s")


async def test_the_address_may_come_from_resolve(transport: ProbeTransport, authority: Authority) -> None:
    from cockpit.probe.target import Overrides

    async with serving(saying("v1"), server_context(authority.issue(HOST))) as server:
        overrides = Overrides(resolve=(f"{HOST}:443:127.0.0.1:{server.port}",), ca_file=str(authority.file))
        answer = await transport.send(ProbeRequest(parse_target(f"https://{HOST}/", overrides)))
    assert (answer.status, server.names) == (200, [HOST])


@contextlib.asynccontextmanager
async def tunnel_to(port: int) -> AsyncIterator[Server]:
    """A proxy whose tunnels all lead to this port."""

    async def behave(exchange: Exchange) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await exchange.raw(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(pass_on(exchange.reader, writer), pass_on(reader, exchange.writer))
        finally:
            await writer.wait_closed()

    async with serving(behave) as proxy:
        yield proxy


class TestProxies:
    async def test_a_tunnel_with_http2(self, transport: ProbeTransport, authority: Authority) -> None:
        async def behave(stream: Stream) -> None:
            await stream.answer(b"v1")

        async with (
            serving_h2(behave, server_context(authority.issue("localhost"), "h2")) as server,
            tunnel_to(server.port) as proxy,
        ):
            answer = await ask(
                transport,
                server.port,
                address="localhost",
                host="localhost",
                http2=True,
                ca_file=str(authority.file),
                proxy=f"http://127.0.0.1:{proxy.port}",
            )
        assert (answer.status, answer.failure, answer.http_version) == (200, None, "2")

    async def test_a_tunnel(self, transport: ProbeTransport, authority: Authority) -> None:
        async with (
            serving(saying("v1"), server_context(authority.issue("localhost"))) as server,
            tunnel_to(server.port) as proxy,
        ):
            answer = await ask(
                transport,
                server.port,
                address="localhost",
                host="localhost",
                ca_file=str(authority.file),
                proxy=f"http://127.0.0.1:{proxy.port}",
            )
        assert (answer.status, answer.failure) == (200, None)
        assert proxy.seen[0].head.startswith(f"CONNECT localhost:{server.port} ")
        assert answer.connect_ms is not None
        assert answer.tls_ms is not None
        assert answer.connect_ms < answer.tls_ms

    @pytest.mark.parametrize(
        ("status", "failure", "advice"),
        [
            ("407 Proxy Authentication Required", Failure.NO_WAY, ": check --proxy"),
            ("403 Forbidden", Failure.NO_WAY, ": check --proxy"),
            ("502 Bad Gateway", Failure.UNREACHABLE, ""),
            ("504 Gateway Timeout", Failure.UNREACHABLE, ""),
        ],
    )
    async def test_a_proxy_that_does_not_open_the_way(
        self, transport: ProbeTransport, status: str, failure: Failure, advice: str
    ) -> None:
        async with serving(saying("no", status)) as proxy:
            answer = await ask(
                transport, 443, address=HOST, host=HOST, proxy=f"http://me:hunter2@127.0.0.1:{proxy.port}"
            )
        assert (answer.status, answer.failure) == (None, failure)
        assert answer.text == f"the proxy answers {status[:3]}{advice}"

    async def test_a_proxy_that_is_not_there_says_nothing_of_the_service(self, transport: ProbeTransport) -> None:
        answer = await ask(transport, 443, address=HOST, proxy=f"http://127.0.0.1:{free_port()}")
        words = "the proxy cannot be reached: Connection refused; check --proxy"
        assert (answer.failure, answer.text) == (Failure.NO_WAY, words)


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
    finally:
        writer.close()
