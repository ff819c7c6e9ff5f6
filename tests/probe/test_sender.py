"""One request at a time against servers that behave well and badly."""

from __future__ import annotations

import asyncio
import socket

import pytest

from cockpit.probe.names import Names
from cockpit.probe.sender import BODY_LIMIT, Failure, ProbeRequest, ProbeTransport
from cockpit.session.clock import SystemClock
from tests.probe.conftest import MakeTransport
from tests.probe.parts import probe_target
from tests.probe.servers import Exchange, free_port, saying, serving


async def test_an_answer_comes_with_status_headers_body_and_times(transport: ProbeTransport) -> None:
    async with serving(saying("version: v1", X_Pod="web-1")) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port, path="/version?a=1")))
    assert (answer.status, answer.body, answer.failure) == (200, b"version: v1", None)
    assert answer.header("X-POD") == "web-1"
    assert answer.connect_ms is not None
    assert answer.first_byte_ms is not None
    assert 0 <= answer.connect_ms <= answer.first_byte_ms <= answer.total_ms
    assert server.seen[0].target == "/version?a=1"


async def test_it_asks_for_the_host_at_another_address(transport: ProbeTransport) -> None:
    async with serving(saying("")) as server:
        await transport.send(ProbeRequest(probe_target(server.port, host="shop.example")))
    assert server.seen[0].headers["host"] == "shop.example"


async def test_a_door_asked_for_by_its_own_address_is_asked_for_with_its_port(transport: ProbeTransport) -> None:
    async with serving(saying("")) as server:
        await transport.send(ProbeRequest(probe_target(server.port, host="127.0.0.1")))
    assert server.seen[0].headers["host"] == f"127.0.0.1:{server.port}"


async def test_the_headers_of_a_lane_stand_above_those_of_the_door(transport: ProbeTransport) -> None:
    target = probe_target(0, headers=(("X-Team", "shop"), ("foo", "no")))
    async with serving(saying("")) as server:
        request = ProbeRequest(probe_target(server.port, headers=target.headers), (("Foo", "bar"), ("Cookie", "a=b")))
        await transport.send(request)
    headers = server.seen[0].headers
    assert (headers["x-team"], headers["foo"], headers["cookie"]) == ("shop", "bar", "a=b")
    assert server.seen[0].head.lower().count("foo:") == 1


async def test_a_lane_by_browser_has_its_own_user_agent_and_no_other(transport: ProbeTransport) -> None:
    async with serving(saying("")) as server:
        await transport.send(ProbeRequest(probe_target(server.port), (("user-agent", "Andriod"),)))
    assert server.seen[0].headers["user-agent"] == "Andriod"
    assert server.seen[0].head.lower().count("user-agent:") == 1


async def test_headers_may_be_empty_or_of_any_script(transport: ProbeTransport) -> None:
    async with serving(saying("v1")) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port), (("X-None", ""), ("X-City", "北京"))))
    assert answer.status == 200
    names = {line.partition(":")[0].lower() for line in server.seen[0].head.split("\r\n")}
    assert {"x-none", "x-city"} <= names
    assert server.seen[0].headers["x-city"].encode("latin-1").decode() == "北京"


def test_credentials_are_in_no_repr() -> None:
    target = probe_target(80, headers=(("Authorization", "hunter2"),), proxy="http://me:hunter2@proxy")
    assert "hunter2" not in repr(ProbeRequest(target, (("Cookie", "hunter2"),)))


async def test_every_request_has_a_connection_of_its_own(transport: ProbeTransport) -> None:
    async def keeping_alive(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nv1")
        await exchange.reader.read()

    async with serving(keeping_alive) as server:
        for _ in range(3):
            assert (await transport.send(ProbeRequest(probe_target(server.port)))).body == b"v1"
        assert server.connections == 3
        assert all(exchange.headers["connection"] == "close" for exchange in server.seen)


async def test_cookies_are_not_kept_and_redirects_not_followed(transport: ProbeTransport) -> None:
    async with serving(saying("", "302 Found", Set_Cookie="pin=v1", Location="/elsewhere")) as server:
        first = await transport.send(ProbeRequest(probe_target(server.port)))
        await transport.send(ProbeRequest(probe_target(server.port)))
    assert first.status == 302
    assert [exchange.target for exchange in server.seen] == ["/", "/"]
    assert "cookie" not in server.seen[1].headers


async def test_a_proxy_in_the_environment_is_not_used(
    transport: ProbeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    async with serving(saying("v1")) as server:
        assert (await transport.send(ProbeRequest(probe_target(server.port)))).status == 200


async def test_the_proxy_of_the_door_is_used_and_keeps_the_host(transport: ProbeTransport) -> None:
    async with serving(saying("v1")) as proxy:
        target = probe_target(
            8080, address="web.shop.svc", host="www.example.com", proxy=f"http://127.0.0.1:{proxy.port}"
        )
        answer = await transport.send(ProbeRequest(target))
    assert answer.status == 200
    assert proxy.seen[0].target == "http://web.shop.svc:8080/"
    assert proxy.seen[0].headers["host"] == "www.example.com"


async def test_refused(transport: ProbeTransport) -> None:
    answer = await transport.send(ProbeRequest(probe_target(free_port())))
    assert (answer.status, answer.failure) == (None, Failure.REFUSED)
    assert answer.text


async def test_a_reset_and_a_close_without_an_answer(transport: ProbeTransport) -> None:
    async def reset(exchange: Exchange) -> None:
        exchange.reset()

    async def close(exchange: Exchange) -> None:
        pass

    for behaviour in (reset, close):
        async with serving(behaviour) as server:
            answer = await transport.send(ProbeRequest(probe_target(server.port)))
        assert (answer.status, answer.failure) == (None, Failure.RESET)


async def test_a_server_that_never_answers_costs_the_timeout(transport: ProbeTransport) -> None:
    async def silent(exchange: Exchange) -> None:
        await exchange.reader.read()

    async with serving(silent) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port), timeout=0.05))
    assert (answer.status, answer.failure) == (None, Failure.TIMEOUT)
    assert "0.05 s" in answer.text


async def test_a_drip_of_bytes_does_not_outlast_the_timeout(transport: ProbeTransport) -> None:
    async def dripping(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            await exchange.raw(b".")
            await asyncio.sleep(0)

    async with serving(dripping) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port), timeout=0.1))
    assert answer.failure is Failure.TIMEOUT or answer.cut


async def test_half_an_answer_keeps_its_status_and_says_where_it_broke_off(transport: ProbeTransport) -> None:
    async def half(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nX-Pod: web-1\r\nContent-Length: 100\r\n\r\nversion: v1")

    async with serving(half) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port)))
    assert answer.status == 200
    assert answer.failure is not None
    assert "after 11 bytes" in answer.text
    assert answer.header("x-pod") == "web-1"


@pytest.mark.parametrize(
    "reply",
    [
        b"\x00\x01 hello\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000,
    ],
    ids=["binary", "ssh", "negative length", "two lengths", "endless header"],
)
async def test_what_is_no_http(transport: ProbeTransport, reply: bytes) -> None:
    async def odd(exchange: Exchange) -> None:
        await exchange.raw(reply)

    async with serving(odd) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port)))
    assert answer.status is None
    assert answer.failure in (Failure.PROTOCOL, Failure.RESET)


async def test_a_huge_body_is_cut_and_the_connection_closed(transport: ProbeTransport) -> None:
    closed = asyncio.Event()

    async def huge(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\nversion: v1")
        try:
            while True:
                await exchange.raw(b"x" * 65536)
        finally:
            closed.set()

    async with serving(huge) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port)))
        await asyncio.wait_for(closed.wait(), 10)
    assert (answer.status, answer.failure, answer.cut, len(answer.body)) == (200, None, True, BODY_LIMIT)


async def test_many_and_long_headers_are_bounded(transport: ProbeTransport) -> None:
    headers = {f"X-{number}": "v" * 2000 for number in range(40)}
    async with serving(saying("", **headers)) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port)))
    assert sum(len(name) + len(value) for name, value in answer.headers) < 100_000
    assert max(len(value) for _, value in answer.headers) == 1024


async def test_bytes_that_are_no_text_arrive_as_they_are(transport: ProbeTransport) -> None:
    async with serving(saying(b"\xff\xfe\x00v1", X_Odd="caf\xe9")) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port)))
    assert answer.body == b"\xff\xfe\x00v1"
    assert answer.header("x-odd") == "caf\N{REPLACEMENT CHARACTER}"


async def test_compressed_answers_are_neither_asked_for_nor_unpacked(transport: ProbeTransport) -> None:
    async with serving(saying(b"\x1f\x8b bomb", Content_Encoding="gzip")) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port)))
    assert answer.body == b"\x1f\x8b bomb"
    assert server.seen[0].headers["accept-encoding"] == "identity"


async def test_a_header_that_cannot_be_sent_is_a_failure_and_nothing_is_sent(transport: ProbeTransport) -> None:
    async with serving(saying("")) as server:
        answer = await transport.send(ProbeRequest(probe_target(server.port), (("foo", "a\r\nEvil: 1"),)))
    assert answer.failure is Failure.PROTOCOL
    assert not server.seen


class TestNames:
    async def test_a_name_that_does_not_resolve(self, make_transport: MakeTransport) -> None:
        async def nothing(host: str) -> list[str]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        transport = make_transport(Names(SystemClock(), nothing))
        answer = await transport.send(ProbeRequest(probe_target(80, address="nowhere.invalid")))
        assert (answer.failure, answer.text) == (Failure.DNS, "Name or service not known")

    async def test_an_address_of_the_other_family_is_tried_where_the_first_refuses(
        self, make_transport: MakeTransport
    ) -> None:
        async def both(host: str) -> list[str]:
            return ["::1", "127.0.0.1"]

        transport = make_transport(Names(SystemClock(), both))
        async with serving(saying("v1")) as server:
            answer = await transport.send(ProbeRequest(probe_target(server.port, address="localhost")))
        assert answer.status == 200
