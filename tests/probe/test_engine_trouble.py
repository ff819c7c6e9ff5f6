"""What a probe meets that is no answer of a version: it goes on, and says what is wrong."""

from __future__ import annotations

import asyncio
import itertools
import socket

from cockpit.model.rollout import Verdict
from cockpit.model.view import CellKind
from cockpit.probe.engine import Probe
from cockpit.probe.names import Names
from cockpit.probe.pacer import Budget
from cockpit.probe.sender import HttpxTransport, ProbeTransport
from cockpit.session.clock import ManualClock, SystemClock
from tests.probe.parts import V1, lane, probe_target, until
from tests.probe.probing import answers, passing, running
from tests.probe.servers import Behaviour, Exchange, free_port, saying, serving


async def test_refused_connections_keep_the_pace_and_are_explained(
    transport: ProbeTransport, clock: ManualClock
) -> None:
    probe = Probe(transport, clock, Budget(clock), rate=2.0)
    async with running(probe):
        probe.set_target(probe_target(free_port()), [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await answers(probe, clock, 1)
        before, at = probe.view().strip_total, clock.monotonic()
        for _ in range(2_000):
            await asyncio.sleep(0)
        assert probe.view().strip_total <= before + 1, "time stood still, so nothing more may be sent"
        await clock.advance(10)
        await until(lambda: probe.view().strip_total >= 20)
        assert probe.view().strip_total <= before + 2 * (clock.monotonic() - at) + 1
    view = probe.view()
    assert view.errors == view.total == view.strip_total
    assert "refused the connection" in view.message
    assert "www.example.com" in view.message
    assert "--resolve" in view.message
    assert probe.lanes()[0].verdict is Verdict.UNKNOWN


async def test_a_host_that_does_not_resolve_is_named_with_what_to_type(clock: ManualClock) -> None:
    async def nothing(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    transport = HttpxTransport(SystemClock(), Names(SystemClock(), nothing))
    probe = Probe(transport, clock, Budget(clock), rate=1.0)
    async with running(probe):
        probe.set_target(probe_target(80, address="shop.invalid", host="shop.invalid"), [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await answers(probe, clock, 2)
    assert "shop.invalid does not resolve" in probe.view().message
    assert "--resolve shop.invalid:80:ADDRESS" in probe.view().message
    await transport.close()


async def test_it_survives_a_server_that_misbehaves_in_every_way(probe: Probe, clock: ManualClock) -> None:
    async def reset(exchange: Exchange) -> None:
        exchange.reset()

    async def half(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nversion: v1")

    async def huge(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nversion: v1 " + b"[" * 100_000)

    bad: list[tuple[Behaviour, CellKind, str | None]] = [
        (reset, CellKind.ERROR, None),
        (half, CellKind.ERROR, "v1"),
        (huge, CellKind.ANSWER, "v1"),
        (saying(b"\xff\xfe v1 \x00"), CellKind.ANSWER, "v1"),
        (saying(b'{"version":' * 5000), CellKind.UNKNOWN, None),
        (saying("[bold]v1[/bold] \x1b[31mv1\x1b[0m"), CellKind.ANSWER, "v1"),
        (saying("", "302 Found", Location="/v1"), CellKind.UNKNOWN, None),
        (saying("v1"), CellKind.ANSWER, "v1"),
    ]
    replies = itertools.cycle([behaviour for behaviour, _, _ in bad])

    async def misbehaving(exchange: Exchange) -> None:
        await next(replies)(exchange)

    async with serving(misbehaving) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await answers(probe, clock, len(bad))
    cells = probe.view().strip[: len(bad)]
    assert [(cell.kind, cell.version) for cell in cells] == [(kind, version) for _, kind, version in bad]


async def test_answers_that_name_no_version_are_explained(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("<html>hello</html>")) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await answers(probe, clock, 25)
    assert probe.view().unknown >= 25
    assert "--version-from" in probe.view().message
    assert probe.lanes()[0].verdict is Verdict.UNKNOWN


async def test_a_version_from_that_makes_no_sense_is_told_and_does_not_end_the_probe(
    probe: Probe, clock: ManualClock
) -> None:
    async with serving(saying("nothing here")) as server, running(probe):
        probe.set_target(probe_target(server.port, version_from="regex:("), [lane(v1=1.0)], [V1], "e1")
        assert "is not a valid regular expression" in probe.view().message
        probe.start()
        await answers(probe, clock, 2)
        assert probe.view().total == 2


async def test_a_server_that_hangs_holds_no_more_than_the_allowed_requests(
    transport: ProbeTransport, clock: ManualClock
) -> None:
    go_on = asyncio.Event()

    async def hanging(exchange: Exchange) -> None:
        await go_on.wait()
        await exchange.answer("v1")

    probe = Probe(transport, clock, Budget(clock), rate=10.0, concurrency=3, timeout=60)
    async with serving(hanging) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await passing(clock, 10)
        await until(lambda: len(server.seen) == 3)
        assert server.connections == 3
        go_on.set()
        await until(lambda: probe.view().strip_total >= 4)
    observed = probe.lanes()[0].shares[0].observed
    assert observed is not None
    assert observed.p99_ms is not None
    assert observed.p99_ms > 8_000, "a request that had to wait counts its waiting"
