"""Sticky sessions: a client that keeps its cookies beside requests that come without any, over both transports."""

from __future__ import annotations

import itertools
import json
import logging
from dataclasses import replace

import pytest

from cockpit.cli.sampling import sample_text
from cockpit.model.probe_answer import Answer, Phase
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Verdict
from cockpit.probe.engine import Probe
from cockpit.probe.phases import Phases
from cockpit.probe.sample import SampleOrder, SampleResult, sample
from cockpit.probe.sender import Failure, ProbeTransport
from cockpit.probe.sticky import SessionSeen, StickyClient, sticky_lane
from cockpit.probe.verdict import NOT_COMPARED, describe
from cockpit.session.clock import ManualClock, SystemClock
from tests.probe.parts import V1, V2, lane, probe_target
from tests.probe.probing import answers, running
from tests.probe.servers import Behaviour, Exchange, serving

HALVES = {"v1": 0.5, "v2": 0.5}


def sticky_gateway(*, forgets: bool = False) -> Behaviour:
    """Half of the new clients go to each version, and come back to it by a cookie, unless the gateway forgets them."""
    turns = itertools.cycle(["v1", "v2", "v2", "v1", "v2", "v1"] if not forgets else ["v1", "v1", "v2"])

    async def behave(exchange: Exchange) -> None:
        pinned = exchange.headers.get("cookie", "").partition("pin=hunter2-")[2][:2]
        version = next(turns) if forgets or not pinned else pinned
        await exchange.answer(f"version: {version}", Set_Cookie=f"pin=hunter2-{version}; Path=/; HttpOnly")

    return behave


async def sampled(transport: ProbeTransport, behaviour: Behaviour, **fields: object) -> SampleResult:
    async with serving(behaviour) as server:
        target = probe_target(server.port, cookies=True)
        order = SampleOrder(target, versions=(V1, V2), written=HALVES, rate=5000.0, count=120, concurrency=2)
        return await sample(transport, SystemClock(), replace(order, **fields))  # type: ignore[arg-type]


async def test_the_split_is_that_of_requests_without_cookies(transport: ProbeTransport) -> None:
    result = await sampled(transport, sticky_gateway())
    assert result.session is not None
    assert result.samples + result.session.samples == 120
    assert result.session.samples > 40
    assert result.session.changes == 0
    assert len(result.session.versions) == 1
    shares = {seen.version: seen.share for seen in result.versions}
    assert shares["v1"] == pytest.approx(0.5, abs=0.05)
    assert result.verdict is not Verdict.OFF


async def test_a_session_is_never_called_a_split_that_is_off(transport: ProbeTransport) -> None:
    result = await sampled(transport, sticky_gateway(), count=None)
    assert (result.verdict, result.session and result.session.changes) == (Verdict.ON, 0)


async def test_a_gateway_that_forgets_its_sessions_is_seen(transport: ProbeTransport) -> None:
    result = await sampled(transport, sticky_gateway(forgets=True))
    assert result.session is not None
    assert result.session.changes > 20
    assert "the session changed its version" in result.session.text


async def test_without_a_cookie_there_is_no_session(transport: ProbeTransport) -> None:
    async def plain(exchange: Exchange) -> None:
        await exchange.answer("version: v1")

    result = await sampled(transport, plain, written={"v1": 1.0})
    assert result.samples == 120
    assert result.session == SessionSeen(0, 0, (), 0)
    assert "no answer set a cookie" in result.session.text


async def test_cookies_of_others_and_gigantic_ones_are_not_sent_back(transport: ProbeTransport) -> None:
    async def evil(exchange: Exchange) -> None:
        lines = [
            "HTTP/1.1 200 OK",
            "Set-Cookie: other=1; Domain=other.example",
            "Set-Cookie: top=1; Domain=com",
            f"Set-Cookie: giant={'x' * 20_000}",
            "Set-Cookie: escape=\x1b[31m",
            f"Set-Cookie: long={'y' * 3000}; Path=/",
            "Content-Length: 11",
            "Connection: close",
        ]
        await exchange.raw("\r\n".join([*lines, "", "version: v1"]).encode())

    async with serving(evil) as server:
        target = probe_target(server.port, cookies=True)
        await sample(transport, SystemClock(), SampleOrder(target, count=20, rate=5000.0, concurrency=1))
    sent = {exchange.headers.get("cookie") for exchange in server.seen}
    # A transport that refuses the escape has no answer and keeps nothing.
    assert sent <= {None, f"long={'y' * 3000}"}


async def test_values_of_cookies_are_shown_nowhere(transport: ProbeTransport, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    result = await sampled(transport, sticky_gateway())
    shown = json.dumps(result.document()) + sample_text(result) + repr(result)
    assert "hunter2" not in shown + caplog.text


def test_what_is_printed() -> None:
    seen = SessionSeen(60, 2, (("v1", 40), ("v2", 20)), 3)
    result = SampleResult("http://x/", 60, 0, 0, 1.0, Verdict.ON, (), session=seen, redirects=2)
    text = sample_text(result)
    assert (
        f"with cookies: 60 requests, 2 errors, 40 by v1, 20 by v2: the session changed its version 3 times"
        f" ({NOT_COMPARED})" in text
    )
    assert "0 unknown, 2 redirects (not followed)" in text
    assert result.document()["session"] == {
        "samples": 60,
        "errors": 2,
        "changes": 3,
        "versions": [{"version": "v1", "answers": 40}, {"version": "v2", "answers": 20}],
        "text": seen.text,
    }


class TestClient:
    def test_it_has_one_request_under_way(self) -> None:
        client = StickyClient(ProbeTarget("a", 80, "a"))
        assert client.begin((), 0.0) == ((), False)
        assert client.begin((), 0.0) is None
        client.end(Answer(200, (("set-cookie", "pin=v1"),)), 0.0)
        assert client.begin((("X", "y"),), 0.0) == ((("X", "y"), ("Cookie", "pin=v1")), True)
        client.end(None, 0.0)
        assert client.begin((), 0.0) == ((("Cookie", "pin=v1"),), True)


class TestProbe:
    async def test_a_lane_of_its_own(self, transport: ProbeTransport, clock: ManualClock, probe: Probe) -> None:
        async with serving(sticky_gateway()) as server, running(probe):
            probe.set_target(probe_target(server.port, cookies=True), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
            probe.start()
            await answers(probe, clock, 60)
            plain, kept = probe.lanes()
        assert (plain.name, kept.name, kept.sticky) == ("default", "default with cookies", True)
        assert plain.samples + kept.samples == probe.view().total
        assert kept.samples > 20
        assert kept.verdict is Verdict.UNKNOWN
        assert describe(kept) == NOT_COMPARED
        assert [share.written for share in kept.shares] == [None, None]
        assert sorted(share.observed.share for share in kept.shares if share.observed) == [0.0, 1.0]
        both = [share.observed.share for share in plain.shares if share.observed]
        assert both == pytest.approx([0.5, 0.5], abs=0.05)
        assert {one.lane for one in probe.view().health} == {"default", "default with cookies"}

    async def test_another_target_gets_no_cookies_of_the_former_one(
        self, transport: ProbeTransport, clock: ManualClock, probe: Probe
    ) -> None:
        async with serving(sticky_gateway()) as first, serving(sticky_gateway()) as second, running(probe):
            probe.set_target(probe_target(first.port, cookies=True), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
            probe.start()
            await answers(probe, clock, 10)
            probe.set_target(probe_target(second.port, cookies=True), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
            await answers(probe, clock, 2)
            assert [one.headers.get("cookie") for one in second.seen[:2]] == [None, None]
            await answers(probe, clock, 10)
        assert any("cookie" in exchange.headers for exchange in second.seen)

    async def test_without_the_setting_there_is_none(
        self, transport: ProbeTransport, clock: ManualClock, probe: Probe
    ) -> None:
        async with serving(sticky_gateway()) as server, running(probe):
            probe.set_target(probe_target(server.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
            probe.start()
            await answers(probe, clock, 10)
            assert [one.name for one in probe.lanes()] == ["default"]
        assert not any("cookie" in exchange.headers for exchange in server.seen)

    async def test_phases_are_in_the_view(self, transport: ProbeTransport, clock: ManualClock, probe: Probe) -> None:
        async with serving(sticky_gateway()) as server, running(probe):
            probe.set_target(probe_target(server.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
            probe.start()
            await answers(probe, clock, 5)
            phases = probe.view().phases
        assert {Phase.CONNECT, Phase.FIRST_BYTE, Phase.TOTAL} <= {one.phase for one in phases}
        assert all(0 <= one.p50_ms <= one.p99_ms for one in phases)


def test_a_lane_with_a_rule_keeps_its_name() -> None:
    made = sticky_lane(replace(lane("beta", (("X", "y"),), v1=1.0), match="X: y"))
    assert (made.name, made.match, made.headers) == ("beta with cookies", "X: y with cookies kept", (("X", "y"),))


class TestPhases:
    def test_old_answers_are_let_go(self) -> None:
        phases = Phases()
        for _ in range(1000):
            phases.add(Answer(200, connect_ms=1.0, first_byte_ms=100.0, total_ms=100.0))
        for _ in range(1000):
            phases.add(Answer(200, connect_ms=1.0, first_byte_ms=11.0, total_ms=12.0))
        found = {one.phase: one for one in phases.times()}
        assert found[Phase.FIRST_BYTE].p99_ms == pytest.approx(10.0, rel=0.05)
        assert found[Phase.TOTAL].p50_ms == pytest.approx(12.0, rel=0.05)

    def test_failures_say_nothing(self) -> None:
        phases = Phases()
        phases.add(Answer(None, failure=Failure.TIMEOUT, total_ms=5000.0))
        assert phases.times() == ()
