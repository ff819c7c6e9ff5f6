"""HTTP/1.1 from hostile servers over both transports: bounded, in time, and in the same words."""

from __future__ import annotations

import asyncio
import errno
import itertools
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cockpit.model.probe_answer import HEADERS_BYTES, Answer, Phase
from cockpit.probe.failure_words import first_told, not_connected
from cockpit.probe.names import Names
from cockpit.probe.sender import BODY_LIMIT, Failure, ProbeRequest, ProbeTransport
from cockpit.session.clock import SystemClock
from tests.probe.conftest import MakeTransport
from tests.probe.parts import probe_target
from tests.probe.servers import Behaviour, Exchange, free_port, saying, serving

OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def no_more_files() -> Iterator[None]:
    """While this process can open no file and no socket."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as newest:
        lowest = newest.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def sending(*parts: bytes) -> Behaviour:
    """These bytes, then the end of the connection."""

    async def behave(exchange: Exchange) -> None:
        for part in parts:
            await exchange.raw(part)

    return behave


async def ask(transport: ProbeTransport, behaviour: Behaviour, timeout: float = 5.0) -> Answer:
    async with serving(behaviour) as server:
        return await transport.send(ProbeRequest(probe_target(server.port), timeout=timeout))


@pytest.mark.parametrize(
    ("parts", "status", "failure", "words"),
    [
        ([b""], None, Failure.RESET, "the connection was closed without an answer"),
        ([OK + b"X-Pod: we"], None, Failure.RESET, "the connection was closed without an answer"),
        ([b"220 mail.example ESMTP\r\n\r\n"], None, Failure.PROTOCOL, "the answer is not valid HTTP"),
        ([b"HTTP/1.1 abc OK\r\n\r\n"], None, Failure.PROTOCOL, "the answer is not valid HTTP"),
        ([OK + b"X: " + b"x" * 400_000 + b"\r\n\r\n"], None, Failure.PROTOCOL, "the headers are too long"),
        (
            [OK + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 990) for n in range(400)) + b"\r\n"],
            None,
            Failure.PROTOCOL,
            "the headers are too long",
        ),
        (
            [OK + b"Content-Length: 100\r\n\r\nversion: v1"],
            200,
            Failure.RESET,
            "broke off after 11 bytes: the connection was closed",
        ),
        (
            [OK + b"Transfer-Encoding: chunked\r\n\r\nb\r\nversion: v1\r\n"],
            200,
            Failure.RESET,
            "broke off after 11 bytes: the connection was closed",
        ),
        (
            [OK + b"Transfer-Encoding: chunked\r\n\r\nb\r\nversion: v1\r\nzz\r\nmore\r\n"],
            200,
            Failure.PROTOCOL,
            "broke off after 11 bytes: the answer is not valid HTTP",
        ),
        (
            [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
            None,
            Failure.PROTOCOL,
            "the server switched to another protocol",
        ),
    ],
    ids=[
        "closes",
        "closes within the headers",
        "mail",
        "no status",
        "one huge header",
        "many headers",
        "half a body",
        "no last chunk",
        "bad chunk",
        "another protocol",
    ],
)
async def test_the_same_failure_has_the_same_words(
    transport: ProbeTransport, parts: list[bytes], status: int | None, failure: Failure, words: str
) -> None:
    answer = await ask(transport, sending(*parts))
    assert (answer.status, answer.failure, answer.text) == (status, failure, words)
    assert answer.total_ms > 0
    assert answer.phases() == {}


async def test_a_reset_before_and_within_an_answer(transport: ProbeTransport) -> None:
    async def at_once(exchange: Exchange) -> None:
        exchange.reset()

    async def later(exchange: Exchange) -> None:
        await exchange.raw(OK + b"Content-Length: 100\r\n\r\nversion: v1")
        await asyncio.sleep(0.05)
        exchange.reset()

    first, second = await ask(transport, at_once), await ask(transport, later)
    assert (first.failure, first.text) == (Failure.RESET, "the connection was closed without an answer")
    assert (second.failure, second.text) == (Failure.RESET, "broke off after 11 bytes: the connection was closed")


async def test_refused(transport: ProbeTransport) -> None:
    answer = await transport.send(ProbeRequest(probe_target(free_port())))
    assert (answer.failure, answer.text) == (Failure.REFUSED, "the connection was refused")


@pytest.mark.parametrize(
    "start",
    [b"", OK, OK + b"Content-Length: 99\r\n\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n"],
    ids=["nothing", "status", "body", "chunks"],
)
async def test_a_drip_costs_the_timeout_and_no_more(transport: ProbeTransport, start: bytes) -> None:
    async def dripping(exchange: Exchange) -> None:
        await exchange.raw(start)
        drip = b"1\r\nx\r\n" if b"chunked" in start else b"X: y\r\n" if start == OK else b"H" if not start else b"x"
        for _ in range(60):
            await exchange.raw(drip)
            await asyncio.sleep(0.05)

    answer = await ask(transport, dripping, timeout=0.3)
    if start:
        assert (answer.status, answer.failure) == (None, Failure.TIMEOUT)
        assert answer.text == "no complete answer within 0.3 s"
    else:
        assert answer.failure in (Failure.TIMEOUT, Failure.PROTOCOL)  # HHH is no HTTP, however slowly it comes
    assert answer.total_ms < 1500


async def test_endless_bodies_are_cut(transport: ProbeTransport) -> None:
    async def endless(exchange: Exchange) -> None:
        await exchange.raw(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            await exchange.raw(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")

    answer = await ask(transport, endless)
    assert (answer.status, answer.failure, answer.cut, len(answer.body)) == (200, None, True, BODY_LIMIT)


async def test_headers_up_to_the_limit_are_taken(transport: ProbeTransport) -> None:
    lines = b"".join(b"X-%02d: %s\r\n" % (n, b"x" * 990) for n in range(HEADERS_BYTES // 1000 - 10))
    answer = await ask(transport, sending(OK + b"X-Pod: web-1\r\nContent-Length: 2\r\n" + lines + b"\r\nv1"))
    assert (answer.status, answer.failure, answer.header("x-pod")) == (200, None, "web-1")
    assert len(answer.headers) <= 64


async def test_escapes_in_headers_arrive_as_bytes_and_never_as_other_headers(transport: ProbeTransport) -> None:
    behaviour = sending(OK + b"X-Pod: \x1b[31mred\x1b[0m\r\nX-Evil: a\tb\r\nContent-Length: 2\r\n\r\nv1")
    answer = await ask(transport, behaviour)
    # A transport may refuse what RFC 9110 does not allow; it may not let the escape through in another form.
    if answer.failure is None:
        assert answer.header("x-pod") == "\x1b[31mred\x1b[0m"
        assert answer.header("x-evil") == "a\tb"
    else:
        assert (answer.failure, answer.text) == (Failure.PROTOCOL, "the answer is not valid HTTP")
    assert "\x1b" not in answer.text


async def test_interim_answers_are_not_the_answer(transport: ProbeTransport) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Pod: wrong\r\nLink: </a>\r\n\r\n"
    answer = await ask(transport, sending(interim + OK + b"X-Pod: web-1\r\nContent-Length: 2\r\n\r\nv1"))
    assert (answer.status, answer.failure, answer.body) == (200, None, b"v1")
    assert [value for name, value in answer.headers if name == "x-pod"] == ["web-1"]


async def test_endless_interim_answers_end(transport: ProbeTransport) -> None:
    async def endless(exchange: Exchange) -> None:
        while True:
            await exchange.raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 50)

    answer = await ask(transport, endless, timeout=0.5)
    assert answer.status is None
    assert answer.failure in (Failure.TIMEOUT, Failure.PROTOCOL)


async def test_a_loop_of_redirects_is_one_answer(transport: ProbeTransport) -> None:
    async with serving(saying("", "302 Found", Location="/again")) as server:
        for _ in range(3):
            answer = await transport.send(ProbeRequest(probe_target(server.port)))
            assert (answer.status, answer.header("location")) == (302, "/again")
        assert server.connections == 3


async def test_the_lookup_is_a_phase_of_its_own(make_transport: MakeTransport) -> None:
    async def slow(host: str) -> list[str]:
        await asyncio.sleep(0.05)
        return ["127.0.0.1"]

    transport = make_transport(Names(SystemClock(), slow))
    async with serving(saying("v1")) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port, address="web.example")))
    assert answer.dns_ms is not None
    assert answer.connect_ms is not None
    assert answer.first_byte_ms is not None
    assert 40 < answer.dns_ms < answer.connect_ms < answer.first_byte_ms <= answer.total_ms
    assert answer.tls_ms is None
    phases = answer.phases()
    assert list(phases) == [Phase.DNS, Phase.CONNECT, Phase.FIRST_BYTE, Phase.TOTAL]
    parts = sum(ms for phase, ms in phases.items() if phase is not Phase.TOTAL)
    assert parts == pytest.approx(answer.first_byte_ms)


async def test_waiting_for_the_service_is_the_first_byte(transport: ProbeTransport) -> None:
    async def slow(exchange: Exchange) -> None:
        await asyncio.sleep(0.1)
        await exchange.answer("v1")

    answer = await ask(transport, slow)
    assert answer.phases()[Phase.FIRST_BYTE] > 90 > answer.phases()[Phase.CONNECT]


async def test_a_lookup_that_never_ends_costs_the_timeout(make_transport: MakeTransport) -> None:
    async def never(host: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    transport = make_transport(Names(SystemClock(), never))
    answer = await transport.send(ProbeRequest(probe_target(80, address="web.example"), timeout=0.1))
    assert (answer.failure, answer.text) == (Failure.TIMEOUT, "no complete answer within 0.1 s")


async def test_many_at_once_do_not_mix(transport: ProbeTransport) -> None:
    numbers = itertools.count()

    async def behave(exchange: Exchange) -> None:
        await asyncio.sleep(0.01 * (next(numbers) % 5))
        await exchange.answer(exchange.headers["x-number"], X_Number=exchange.headers["x-number"])

    async with serving(behave) as server:
        requests = [ProbeRequest(probe_target(server.port), (("X-Number", str(n)),)) for n in range(40)]
        answers = await asyncio.gather(*map(transport.send, requests))
    assert [answer.body for answer in answers] == [str(n).encode() for n in range(40)]
    assert [answer.header("x-number") for answer in answers] == [str(n) for n in range(40)]


@pytest.mark.parametrize("http2", [False, True])
async def test_a_machine_without_file_descriptors_says_nothing_of_the_service(
    transport: ProbeTransport, http2: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    async with serving(saying("v1")) as server:
        request = ProbeRequest(probe_target(server.port, http2=http2))
        await transport.send(request)  # loads libraries, and opens what is kept open
        with no_more_files():
            answer = await transport.send(request)
    assert (answer.status, answer.failure) == (None, Failure.NO_WAY)
    assert answer.text.startswith("this machine cannot open a connection")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("failures", "told"),
    [
        ([Failure.REFUSED, Failure.NO_WAY], Failure.REFUSED),
        ([Failure.NO_WAY, Failure.UNREACHABLE], Failure.UNREACHABLE),
        ([Failure.REFUSED, Failure.UNREACHABLE], Failure.UNREACHABLE),
        ([Failure.NO_WAY, Failure.NO_WAY], Failure.NO_WAY),
    ],
)
def test_of_several_addresses_what_says_something_of_the_service_is_told(
    failures: list[Failure], told: Failure
) -> None:
    assert first_told([Answer(None, failure=failure) for failure in failures]).failure is told


@pytest.mark.parametrize(
    ("number", "proxied", "failure"),
    [
        (errno.ECONNREFUSED, False, Failure.REFUSED),
        (errno.ENETUNREACH, False, Failure.UNREACHABLE),
        (errno.EHOSTUNREACH, False, Failure.UNREACHABLE),
        (errno.ETIMEDOUT, False, Failure.UNREACHABLE),
        (errno.ECONNREFUSED, True, Failure.NO_WAY),
        (errno.EHOSTUNREACH, True, Failure.NO_WAY),
        *((own, False, Failure.NO_WAY) for own in (0, errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.EPERM)),
    ],
)
def test_whose_fault_a_failed_connection_is(number: int, proxied: bool, failure: Failure) -> None:
    assert not_connected(number, proxied)[0] is failure
