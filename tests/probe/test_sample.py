"""Sampling once, against real sockets."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.sampling import sample_code
from cockpit.model.rollout import Verdict
from cockpit.probe.expect import Expectation, ExpectationError, ExpectationJudge, meets, parse_expectation
from cockpit.probe.recognise import VersionFromError
from cockpit.probe.sample import MOST_VERSIONS, PATIENCE, SampleOrder, SampleResult, sample
from cockpit.probe.sender import ProbeTransport
from cockpit.session.clock import ManualClock, SystemClock
from tests.probe.parts import V1, V2, probe_target, version
from tests.probe.servers import Behaviour, Exchange, free_port, saying, serving

FAST = 5000.0


def three_of_ten() -> Behaviour:
    replies = itertools.cycle(["v1"] * 4 + ["v2"] + ["v1"] + ["v2"] * 2 + ["v1"] * 2)

    async def behave(exchange: Exchange) -> None:
        await exchange.answer(f'{{"code": 200, "message": "version: {next(replies)}"}}')

    return behave


async def test_versions_are_found_in_the_answers(transport: ProbeTransport) -> None:
    async with serving(three_of_ten()) as server:
        result = await sample(transport, SystemClock(), SampleOrder(probe_target(server.port), count=50, rate=FAST))
    assert (result.samples, result.errors, result.unknown, result.verdict) == (50, 0, 0, Verdict.UNKNOWN)
    assert [(seen.version, seen.answers, seen.share) for seen in result.versions] == [("v1", 35, 0.7), ("v2", 15, 0.3)]
    assert result.versions[1].low < 0.3 < result.versions[1].high
    assert result.target == f"http://www.example.com:{server.port}/"


async def test_the_document_has_every_field(transport: ProbeTransport) -> None:
    async with serving(saying("v1")) as server:
        result = await sample(transport, SystemClock(), SampleOrder(probe_target(server.port), count=3, rate=FAST))
    document = json.loads(json.dumps(result.document()))
    assert {"target", "samples", "errors", "unknown", "seconds", "verdict", "versions"} <= document.keys()
    assert document["verdict"] == "unknown"
    assert document["versions"][0].keys() == {
        "version",
        "answers",
        "share",
        "low",
        "high",
        "errors",
        "p50_ms",
        "p99_ms",
    }


async def test_a_written_split_is_judged_until_it_is_decided(transport: ProbeTransport) -> None:
    async with serving(three_of_ten()) as server:
        order = SampleOrder(probe_target(server.port), versions=(V1, V2), written={"v1": 0.7, "v2": 0.3}, rate=FAST)
        right = await sample(transport, SystemClock(), order)
        order = SampleOrder(probe_target(server.port), versions=(V1, V2), written={"v1": 0.95, "v2": 0.05}, rate=FAST)
        wrong = await sample(transport, SystemClock(), order)
    assert right.verdict is Verdict.ON
    assert "consistent with 30%" in right.text
    assert 50 < right.samples < 200
    assert wrong.verdict is Verdict.OFF
    assert "contradicts 5%" in wrong.text
    assert wrong.samples < 100


async def test_an_expectation_takes_the_place_of_what_is_written(transport: ProbeTransport) -> None:
    async with serving(three_of_ten()) as server:
        met = SampleOrder(probe_target(server.port), expected=parse_expectation(["v2=30"], 10), rate=FAST)
        missed = SampleOrder(probe_target(server.port), expected=parse_expectation(["v2=60%"], 5), rate=FAST)
        assert (await sample(transport, SystemClock(), met)).verdict is Verdict.ON
        assert (await sample(transport, SystemClock(), missed)).verdict is Verdict.OFF


async def test_an_expectation_is_judged_like_a_written_split(transport: ProbeTransport) -> None:
    async with serving(three_of_ten()) as server:
        target = probe_target(server.port)
        for texts, written in ((["v2=30"], {"v1": 0.7, "v2": 0.3}), (["v2=5"], {"v1": 0.95, "v2": 0.05})):
            expected = SampleOrder(target, expected=parse_expectation(texts), count=150, rate=FAST, concurrency=1)
            known = SampleOrder(target, versions=(V1, V2), written=written, count=150, rate=FAST, concurrency=1)
            outside, inside = [await sample(transport, SystemClock(), order) for order in (expected, known)]
            assert (outside.verdict, outside.text, outside.p_value) == (inside.verdict, inside.text, inside.p_value)
            assert outside.versions == tuple(
                replace(version, p50_ms=mine.p50_ms, p99_ms=mine.p99_ms)
                for version, mine in zip(inside.versions, outside.versions, strict=True)
            )


async def test_an_answer_of_a_version_that_nobody_expects_is_off(transport: ProbeTransport) -> None:
    async with serving(three_of_ten()) as server:
        order = SampleOrder(probe_target(server.port), expected=parse_expectation(["v1=100"]), rate=FAST)
        result = await sample(transport, SystemClock(), order)
    assert result.verdict is Verdict.OFF
    assert "v2 answered" in result.text


async def test_answers_that_name_no_version_do_not_meet_an_expectation(transport: ProbeTransport) -> None:
    nothing = "<html></html>" + "-" * 100
    replies = itertools.cycle(["version: v1", nothing, "version: v2", nothing])

    async def half(exchange: Exchange) -> None:
        await exchange.answer(next(replies))

    async with serving(half) as server:
        order = SampleOrder(probe_target(server.port), expected=parse_expectation(["v2=50"]), count=200, rate=FAST)
        result = await sample(transport, SystemClock(), order)
    assert result.verdict is Verdict.UNKNOWN
    assert "name no version" in result.text
    assert [(one.version, one.answers) for one in result.versions] == [("others", 100), ("v1", 50), ("v2", 50)]


async def test_the_longest_wait_can_be_chosen(transport: ProbeTransport) -> None:
    clock = ManualClock()
    async with serving(three_of_ten()) as server:
        expected = parse_expectation(["v2=30"])
        order = SampleOrder(probe_target(server.port), expected=expected, rate=0.5, patience=10.0)
        result = await driven(clock, sample(transport, clock, order))
    assert result.verdict is Verdict.NOT_YET
    assert 10.0 <= result.seconds < 13.0


async def test_headers_choose_a_lane(transport: ProbeTransport) -> None:
    async def by_header(exchange: Exchange) -> None:
        await exchange.answer("v2" if exchange.headers.get("foo") == "bar" else "v1")

    async with serving(by_header) as server:
        order = SampleOrder(probe_target(server.port), headers=(("foo", "bar"),), versions=(V1, V2), count=5, rate=FAST)
        result = await sample(transport, SystemClock(), order)
    assert [(seen.version, seen.answers) for seen in result.versions] == [("v1", 0), ("v2", 5)]


async def driven(clock: ManualClock, sampling: Coroutine[Any, Any, SampleResult]) -> SampleResult:
    """The result of sampling while time goes on in small steps, with turns in which requests come and go."""
    task = asyncio.create_task(sampling)
    for _ in range(2_000):
        for _ in range(50):
            await asyncio.sleep(0)
        if task.done():
            break
        await clock.advance(0.05)
    return await asyncio.wait_for(task, 10)


async def test_it_ends_after_its_duration(transport: ProbeTransport) -> None:
    clock = ManualClock()
    async with serving(saying("v1")) as server:
        order = SampleOrder(probe_target(server.port), duration=10.0, rate=1.0)
        result = await driven(clock, sample(transport, clock, order))
    assert 8 <= result.samples <= 11
    assert 10.0 <= result.seconds < 12.0


async def test_a_question_that_is_not_decided_is_given_up(transport: ProbeTransport) -> None:
    clock = ManualClock()
    async with serving(three_of_ten()) as server:
        written = {"v1": 0.7, "v2": 0.3}
        order = SampleOrder(probe_target(server.port), versions=(V1, V2), written=written, rate=0.5)
        result = await driven(clock, sample(transport, clock, order))
    assert result.verdict is Verdict.NOT_YET
    assert "more" in result.text
    assert PATIENCE <= result.seconds < PATIENCE + 3


async def test_a_refused_target_is_told(transport: ProbeTransport) -> None:
    order = SampleOrder(probe_target(free_port()), count=5, rate=FAST)
    result = await sample(transport, SystemClock(), order)
    assert (result.samples, result.errors, result.verdict, result.versions) == (5, 5, Verdict.UNKNOWN, ())
    assert "refused the connection" in result.message


async def test_requests_that_do_not_reach_the_service_are_not_counted(
    transport: ProbeTransport, capsys: pytest.CaptureFixture[str]
) -> None:
    order = SampleOrder(probe_target(80, proxy=f"http://127.0.0.1:{free_port()}"), count=5, rate=FAST)
    result = await sample(transport, SystemClock(), order)
    assert (result.samples, result.errors, result.verdict) == (0, 0, Verdict.UNKNOWN)
    assert "the proxy cannot be reached" in result.message
    assert sample_code(result, order) is ExitCode.ERROR
    assert capsys.readouterr().err == "no request got as far as the service\n"


async def test_answers_without_a_version_are_told(transport: ProbeTransport) -> None:
    async with serving(saying("<html></html>" + "-" * 100)) as server:
        result = await sample(transport, SystemClock(), SampleOrder(probe_target(server.port), count=5, rate=FAST))
    assert result.unknown == 5
    assert "--version-from" in result.message


async def test_a_host_or_path_that_nobody_serves_is_told(transport: ProbeTransport) -> None:
    async with serving(saying("404 page not found", "404 Not Found")) as server:
        order = SampleOrder(probe_target(server.port, path="/versoin"), count=5, rate=FAST)
        result = await sample(transport, SystemClock(), order)
    assert result.message == "www.example.com answers 404 at /versoin: check host, path and headers"


async def test_progress_is_heard_and_not_with_every_answer(transport: ProbeTransport) -> None:
    heard: list[SampleResult] = []
    clock = ManualClock()
    async with serving(saying("v1")) as server:
        order = SampleOrder(probe_target(server.port), duration=2.0, rate=20.0)
        result = await driven(clock, sample(transport, clock, order, heard.append))
    assert 5 <= len(heard) <= 21
    assert len(heard) < result.samples
    assert [part.samples for part in heard] == sorted(part.samples for part in heard)


async def test_a_server_that_makes_names_up_does_not_fill_the_table(transport: ProbeTransport) -> None:
    numbers = itertools.count()

    async def inventive(exchange: Exchange) -> None:
        await exchange.answer(f"version: v{next(numbers)}")

    async with serving(inventive) as server:
        result = await sample(transport, SystemClock(), SampleOrder(probe_target(server.port), count=80, rate=FAST))
    assert (len(result.versions), result.unknown) == (MOST_VERSIONS, 80 - MOST_VERSIONS)


async def test_a_broken_version_from_is_refused_before_anything_is_sent(transport: ProbeTransport) -> None:
    async with serving(saying("v1")) as server:
        with pytest.raises(VersionFromError):
            await sample(transport, SystemClock(), SampleOrder(probe_target(server.port, version_from="regex:(")))
    assert server.connections == 0


class TestExpectations:
    def test_as_typed(self) -> None:
        assert parse_expectation(["v2=30", "a=b=12.5%"], 5) == Expectation({"v2": 0.3, "a=b": 0.125}, 0.05)
        assert parse_expectation(["v2=30"]) == Expectation({"v2": 0.3}, None)

    @pytest.mark.parametrize(
        ("texts", "tolerance", "words"),
        [
            (["v2"], 5, "needs VERSION=PERCENT"),
            (["=5"], 5, "needs VERSION=PERCENT"),
            (["v2=x"], 5, "needs VERSION=PERCENT"),
            (["v2=nan"], 5, "needs VERSION=PERCENT"),
            (["v2=101"], 5, "needs VERSION=PERCENT"),
            (["v2=1", "v2=2"], 5, "v2 is named twice"),
            (["v2=60", "v1=60"], 5, "add up to 120%"),
            (["v2=30"], 0, "--tolerance 0"),
        ],
    )
    def test_what_is_wrong_is_named(self, texts: list[str], tolerance: float, words: str) -> None:
        with pytest.raises(ExpectationError, match=words):
            parse_expectation(texts, tolerance)

    @pytest.mark.parametrize(
        ("seen", "verdict"),
        [
            ({"v1": 1400, "v2": 600}, Verdict.ON),
            ({"v1": 7, "v2": 3}, Verdict.NOT_YET),
            ({"v1": 700, "v2": 300}, Verdict.NOT_YET),
            ({"v1": 640, "v2": 360}, Verdict.NOT_YET),
            ({"v1": 500, "v2": 500}, Verdict.OFF),
            ({"v1": 1000}, Verdict.OFF),
            ({}, Verdict.NOT_YET),
        ],
    )
    def test_met_or_not(self, seen: dict[str, int], verdict: Verdict) -> None:
        assert meets({"v2": 0.3}, 0.05, seen).verdict is verdict


async def test_versions_that_are_known_and_silent_are_listed(transport: ProbeTransport) -> None:
    async with serving(saying("v1")) as server:
        order = SampleOrder(probe_target(server.port), versions=(V1, V2, version("v3")), count=4, rate=FAST)
        result = await sample(transport, SystemClock(), order)
    assert [(seen.version, seen.answers) for seen in result.versions] == [("v1", 4), ("v2", 0), ("v3", 0)]


@pytest.mark.parametrize(("share", "seen"), [(60, 20), (90, 30)])
def test_a_contradiction_names_the_version_that_was_expected(share: int, seen: int) -> None:
    judge = ExpectationJudge(parse_expectation([f"v2={share}"]))
    for number in range(300):
        judge.see("v2" if number % 100 < seen else "v1")
    assert judge.ruling().text.startswith(f"contradicts {share}% for v2 (")


def test_a_share_that_is_borne_out_is_that_of_the_version_that_was_expected() -> None:
    judge = ExpectationJudge(parse_expectation(["v2=90"]))
    for number in range(300):
        judge.see("v1" if number % 10 == 5 else "v2")
    assert judge.ruling().text.startswith("consistent with 90% (")
