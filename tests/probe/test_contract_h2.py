"""HTTP/2 over both transports, from servers that speak it well, badly, or not at all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cockpit.model.probe_answer import Answer, Phase
from cockpit.probe.sample import SampleOrder, sample
from cockpit.probe.sender import BODY_LIMIT, Failure, ProbeRequest, ProbeTransport
from cockpit.session.clock import SystemClock
from tests.probe.certificates import Authority, server_context
from tests.probe.parts import probe_target
from tests.probe.servers import saying, serving
from tests.probe.servers_h2 import Behaviour2, Stream, serving_h2

HOST = "www.example.com"
ENDED = "the server ended the HTTP/2 request (RST_STREAM or GOAWAY)"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def fine(stream: Stream) -> None:
    await stream.answer(b"version: v1", ("x-pod", "web-1"))


async def ask(transport: ProbeTransport, behaviour: Behaviour2, timeout: float = 5.0) -> Answer:
    """Without TLS, where both sides know that it is HTTP/2."""
    async with serving_h2(behaviour) as server:
        return await transport.send(ProbeRequest(probe_target(server.port, http2=True), timeout=timeout))


async def test_it_is_agreed_on_with_tls(transport: ProbeTransport, authority: Authority) -> None:
    async with serving_h2(fine, server_context(authority.issue(HOST), "h2", "http/1.1")) as server:
        target = probe_target(server.port, tls=True, http2=True, ca_file=str(authority.file), path="/a?b=c")
        answers = await asyncio.gather(*(transport.send(ProbeRequest(target, (("X-Lane", "a"),))) for _ in range(5)))
    for answer in answers:
        assert (answer.status, answer.failure, answer.text, answer.http_version) == (200, None, "", "2")
        assert (answer.body, answer.header("x-pod")) == (b"version: v1", "web-1")
        assert list(answer.phases()) == [Phase.CONNECT, Phase.TLS, Phase.FIRST_BYTE, Phase.TOTAL]
    assert server.connections == 5, "each request has a connection of its own"
    seen = server.seen[0]
    assert (seen[":authority"], seen[":path"], seen[":scheme"], seen["x-lane"]) == (HOST, "/a?b=c", "https", "a")
    assert not {"connection", "host"} & seen.keys()


async def test_a_server_that_does_not_speak_it_answers_in_the_older_one(
    transport: ProbeTransport, authority: Authority
) -> None:
    async with serving(saying("v1"), server_context(authority.issue(HOST), "http/1.1")) as server:
        target = probe_target(server.port, tls=True, http2=True, ca_file=str(authority.file))
        answer = await transport.send(ProbeRequest(target))
    assert (answer.status, answer.failure, answer.http_version) == (200, None, "1.1")
    assert server.connections == 1


async def test_it_is_not_offered_unless_asked_for(transport: ProbeTransport, authority: Authority) -> None:
    context = server_context(authority.issue(HOST), "h2", "http/1.1")
    async with serving(saying("v1"), context) as server:
        target = probe_target(server.port, tls=True, ca_file=str(authority.file))
        answer = await transport.send(ProbeRequest(target))
    assert (answer.status, answer.http_version) == (200, "1.1")


async def test_without_tls_it_is_expected(transport: ProbeTransport) -> None:
    answer = await ask(transport, fine)
    assert (answer.status, answer.failure, answer.http_version, answer.body) == (200, None, "2", b"version: v1")


async def test_without_tls_a_server_of_the_older_one_is_no_http(transport: ProbeTransport) -> None:
    async with serving(saying("v1", "400 Bad Request")) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port, http2=True), timeout=1.0))
    assert answer.status is None
    assert answer.failure in (Failure.PROTOCOL, Failure.RESET)


async def reset(stream: Stream) -> None:
    await stream.reset()


async def reset_in_body(stream: Stream) -> None:
    await stream.head()
    stream.h2.send_data(stream.number, b"version: v1")
    await stream.send()
    await asyncio.sleep(0.05)
    await stream.reset()


async def refuse(stream: Stream) -> None:
    await stream.reset(7)


async def drain(stream: Stream) -> None:
    await stream.go_away()


async def go_away(stream: Stream) -> None:
    await stream.go_away(code=2)


async def close(stream: Stream) -> None:
    stream.writer.close()


async def nonsense(stream: Stream) -> None:
    await stream.send(b"\0\0\0\4\0\0\0\0\5")  # settings of one stream (RFC 9113, section 6.5)


@pytest.mark.parametrize(
    ("behaviour", "status", "failure", "words"),
    [
        (reset, None, Failure.RESET, ENDED),
        (reset_in_body, 200, Failure.RESET, f"broke off after 11 bytes: {ENDED}"),
        (refuse, None, Failure.RESET, ENDED),
        (drain, None, Failure.RESET, ENDED),
        (go_away, None, Failure.RESET, ENDED),
        (close, None, Failure.RESET, "the connection was closed without an answer"),
        (nonsense, None, Failure.PROTOCOL, "the answer is not valid HTTP"),
    ],
    ids=["reset", "reset in the body", "refused stream", "goaway", "goaway with an error", "close", "nonsense"],
)
async def test_the_same_failure_has_the_same_words(
    transport: ProbeTransport, behaviour: Behaviour2, status: int | None, failure: Failure, words: str
) -> None:
    async with serving_h2(behaviour) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port, http2=True), timeout=1.0))
    assert (answer.status, answer.failure, answer.text) == (status, failure, words)
    assert len(server.seen) == 1, "what was refused is counted, and not sent again"


async def test_a_server_that_drips_costs_the_timeout(transport: ProbeTransport) -> None:
    async def dripping(stream: Stream) -> None:
        await stream.head()
        for _ in range(60):
            stream.h2.send_data(stream.number, b"x")
            await stream.send()
            await asyncio.sleep(0.05)

    answer = await ask(transport, dripping, timeout=0.3)
    assert (answer.status, answer.failure, answer.text) == (
        None,
        Failure.TIMEOUT,
        "no complete answer within 0.3 s",
    )


async def test_a_huge_body_is_cut(transport: ProbeTransport) -> None:
    async def huge(stream: Stream) -> None:
        await stream.head()
        for _ in range(2 * BODY_LIMIT // 8192):
            stream.h2.send_data(stream.number, b"x" * 8192)
            await stream.send()

    answer = await ask(transport, huge)
    assert (answer.status, answer.failure, answer.cut, len(answer.body)) == (200, None, True, BODY_LIMIT)


async def test_huge_headers_are_refused_or_bounded(transport: ProbeTransport) -> None:
    async def huge(stream: Stream) -> None:
        await stream.answer(b"v1", *((f"x-{n}", "x" * 2000) for n in range(200)))

    answer = await ask(transport, huge, timeout=2.0)
    assert answer.failure is not None
    assert sum(len(name) + len(value) for name, value in answer.headers) < 100_000


async def test_escapes_in_header_values_do_not_pass_as_other_headers(transport: ProbeTransport) -> None:
    async def evil(stream: Stream) -> None:
        await stream.answer(b"v1", ("x-pod", "a\r\nx-evil: 1"))

    answer = await ask(transport, evil, timeout=2.0)
    assert answer.header("x-evil") is None


async def test_an_older_http_than_was_offered_is_told(transport: ProbeTransport, authority: Authority) -> None:
    async with serving(saying("version: v1"), server_context(authority.issue(HOST), "http/1.1")) as server:
        target = probe_target(server.port, tls=True, http2=True, ca_file=str(authority.file))
        result = await sample(transport, SystemClock(), SampleOrder(target, count=3, rate=1000.0))
    assert result.message == f"{HOST} answers over HTTP/1.1, though HTTP/2 was offered"
