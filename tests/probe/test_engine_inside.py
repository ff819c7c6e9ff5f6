"""A probe that takes the answers to requests of others, such as the pods of a Job."""

from __future__ import annotations

import random

from cockpit.model.rollout import Verdict
from cockpit.model.view import CellKind
from cockpit.probe.engine import Probe
from cockpit.probe.pacer import Budget
from cockpit.probe.sender import Answer, Failure, ProbeRequest
from cockpit.session.clock import ManualClock
from tests.probe.parts import V1, V2, lane, probe_target
from tests.probe.probing import passing, running


class Counting:
    """Counts what is sent; a transport is not a server, and nothing may be sent here."""

    def __init__(self) -> None:
        self.sent = 0

    async def send(self, request: ProbeRequest) -> Answer:
        self.sent += 1
        return Answer(200, body=b"version: v1")

    async def close(self) -> None:
        pass


async def receiving(clock: ManualClock, transport: Counting, *lanes: object) -> Probe:
    """A probe that was aimed a second ago."""
    probe = Probe(transport, clock, Budget(clock, 50.0), rate=10.0, settle=2.0)
    probe.set_target(probe_target(80), lanes or (lane(v1=0.5, v2=0.5),), (V1, V2), "1")  # type: ignore[arg-type]
    await clock.advance(1.0)
    return probe


def answer(version: str, ms: float = 10.0) -> Answer:
    return Answer(200, body=f"version: {version}".encode(), total_ms=ms)


async def test_nothing_is_sent_while_answers_of_others_come_in() -> None:
    clock, transport = ManualClock(), Counting()
    probe = await receiving(clock, transport)
    async with running(probe):
        probe.start()
        probe.receive(True)
        assert probe.view().running
        await passing(clock, 3)
        assert transport.sent == 0
        probe.receive(False)
        await passing(clock, 3)
        assert transport.sent > 10


async def test_they_count_as_its_own_do() -> None:
    clock = ManualClock()
    probe = await receiving(clock, Counting())
    probe.receive(True)
    chance = random.Random(3)
    for _ in range(400):
        probe.take(answer(chance.choice(("v1", "v2"))), (), 0.0)
    (seen,), view = probe.lanes(), probe.view()
    assert (seen.samples, seen.verdict) == (400, Verdict.ON)
    assert {share.version for share in seen.shares if share.observed} == {"v1", "v2"}
    assert (view.total, view.strip_total, view.rate) == (400, 400, 80.0)
    assert view.strip[-1].kind is CellKind.ANSWER


async def test_a_log_that_lags_makes_no_version_slow() -> None:
    probe = await receiving(ManualClock(), Counting())
    probe.receive(True)
    probe.take(answer("v1", 20.0), (), 8.0)
    assert [round(ms) for point in probe.view().history for _, ms in point.p50_ms] == [20]


async def test_failures_are_shown_with_their_reason() -> None:
    probe = await receiving(ManualClock(), Counting())
    probe.receive(True)
    probe.take(Answer(None, failure=Failure.REFUSED, text="curl's exit code 7"), (), 0.0)
    assert (probe.view().errors, probe.lanes()[0].errors) == (1, 1)
    assert "refused" in probe.view().message


async def test_answers_count_in_the_lane_of_their_headers_and_in_no_other() -> None:
    beta = (("x-beta", "1"),)
    probe = await receiving(ManualClock(), Counting(), lane(v1=1.0, v2=0.0), lane("beta", beta, v2=1.0))
    probe.receive(True)
    probe.take(answer("v2"), beta, 0.0)
    probe.take(answer("v2"), (("x-other", "1"),), 0.0)
    assert [seen.samples for seen in probe.lanes()] == [0, 1]


async def test_answers_that_come_after_the_end_are_not_counted() -> None:
    probe = await receiving(ManualClock(), Counting())
    probe.receive(True)
    probe.receive(False)
    probe.take(answer("v1"), (), 0.0)
    assert (probe.view().total, probe.view().running) == (0, False)


async def test_an_answer_that_was_under_way_before_the_split_changed_is_not_counted_by_the_new_one() -> None:
    clock = ManualClock()
    probe = await receiving(clock, Counting(), lane(v1=0.5, v2=0.5))
    probe.receive(True)
    await clock.advance(10.0)
    probe.set_target(probe_target(80), (lane(v1=0.48, v2=0.52),), (V1, V2), "2")
    await clock.advance(5.0)
    probe.take(answer("v1"), (), 4.5)  # a log that lags: it was written before gateways could follow
    assert probe.lanes()[0].samples == 0
    probe.take(answer("v1"), (), 0.5)
    assert probe.lanes()[0].samples == 1
