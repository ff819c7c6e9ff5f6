"""A probe that is the bottleneck itself says so, and judges nobody by times."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from cockpit.cli.sampling import sample_text
from cockpit.probe.engine import Probe
from cockpit.probe.own_load import LATE, WINDOW, Load, OwnLoad
from cockpit.probe.pacer import SLACK, Budget, Pacer
from cockpit.probe.sample import SampleOrder, sample
from cockpit.probe.sender import ProbeTransport
from cockpit.session.clock import ManualClock
from tests.probe.parts import V1, V2, lane, probe_target
from tests.probe.probing import answers, running
from tests.probe.servers import Exchange, saying, serving


@pytest.mark.parametrize(
    ("load", "says"),
    [
        (Load(), ""),
        (Load(100, 0, 0.2), ""),
        (Load(100, 10, 0.2), ""),
        (Load(19, 19, 0.2), ""),
        (
            Load(200, 41, 0.98),
            "the probe itself is too slow: 41 of 200 beats late, CPU 98%; figures of latency are not the service's",
        ),
        (
            Load(200, 41),
            "the probe itself is too slow: 41 of 200 beats late; figures of latency are not the service's",
        ),
        (
            Load(10, 0, 0.95),
            "the probe itself is too slow: 0 of 10 beats late, CPU 95%; figures of latency are not the service's",
        ),
    ],
)
def test_the_words(load: Load, says: str) -> None:
    assert load.trouble == says


async def test_cpu_is_that_of_the_last_seconds(clock: ManualClock) -> None:
    used = 0.0
    own = OwnLoad(clock, lambda: used)
    for second in range(40):
        for _ in range(5):
            own.beat(0.0)
            await clock.advance(0.2)
            used += 0.2 * (0.99 if second < 20 else 0.1)
        if second == 19:
            busy = own.load()
    assert busy.cpu == pytest.approx(0.99, abs=0.02)
    assert "CPU 99%" in busy.trouble
    assert own.load().cpu == pytest.approx(0.1, abs=0.02)
    assert own.load().trouble == ""
    assert own.load().beats <= 5 * (WINDOW + 1)


async def test_the_first_second_and_a_burst_within_two_say_nothing(clock: ManualClock) -> None:
    used = 0.0
    own = OwnLoad(clock, lambda: used)
    own.beat(1.0, missed=100)
    await clock.advance(1.0)
    own.beat(0.0)
    await clock.advance(1.5)
    used = 1.5
    assert own.load() == Load()
    await clock.advance(1.0)
    assert (own.load().beats, own.load().late) == (1, 0)
    assert own.load().cpu == pytest.approx(0.6)


async def test_late_and_missed_beats_count_and_are_forgotten(clock: ManualClock) -> None:
    own = OwnLoad(clock)
    own.beat(0.0)
    await clock.advance(1.0)
    for _ in range(20):
        own.beat(LATE / 2)
    await clock.advance(2.0)
    own.beat(LATE * 2, missed=4)
    assert own.load() == Load(25, 5, None)
    await clock.advance(WINDOW + 1)
    assert own.load() == Load()


class TestPacer:
    async def test_a_loop_that_wakes_too_late_is_late(self) -> None:
        clock = Overslept(0.03)
        pacer = Pacer(clock, 10)
        await pacer.beat()
        assert pacer.late == 0
        await pacer.beat()
        assert pacer.late == pytest.approx(0.03)

    async def test_a_caller_that_was_held_up_is_not(self, clock: ManualClock) -> None:
        pacer = Pacer(clock, 100)
        await pacer.beat()
        await clock.advance(1.0)
        await pacer.beat(held=True)
        assert (pacer.late, pacer.missed) == (0, 0)

    async def test_a_caller_that_was_busy_itself_is_and_misses_beats(self, clock: ManualClock) -> None:
        pacer = Pacer(clock, 100)
        await pacer.beat()
        await clock.advance(1.01)
        await pacer.beat()
        assert pacer.late == pytest.approx(1.0)
        assert pacer.missed == 100
        await clock.advance(SLACK / 2)
        await pacer.beat()
        assert pacer.missed == 0


class Overslept(ManualClock):
    """Every sleep takes so much longer."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self.advance(seconds + self.by)


async def test_a_run_says_it_in_its_result(transport: ProbeTransport) -> None:
    async with serving(saying("v1")) as server:
        clock = Hurried()
        own = OwnLoad(clock, lambda: clock.monotonic() * 0.97)
        order = SampleOrder(probe_target(server.port), count=10, rate=2.0)
        result = await sample(transport, clock, order, own_load=own)
    assert "the probe itself is too slow: 0 of " in result.too_slow
    assert "CPU 97%" in result.too_slow
    assert result.document()["too_slow"] == result.too_slow
    assert sample_text(result).endswith(result.too_slow)


async def test_no_version_is_slower_because_the_probe_is(transport: ProbeTransport, clock: ManualClock) -> None:
    used = 0.0

    def cpu() -> float:
        return used

    probe = Probe(transport, clock, Budget(clock), rate=1.0, timeout=2.0, own_load=OwnLoad(clock, cpu))
    turns = itertools.cycle(["v1", "v2"])

    async def behave(exchange: Exchange) -> None:
        await exchange.answer(f"version: {next(turns)}")

    async with serving(behave) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
        probe.start()
        for _ in range(40):
            used = clock.monotonic() * 0.99
            await answers(probe, clock, 2)
        view = probe.view()
    assert "the probe itself is too slow" in view.too_slow
    assert view.message == view.too_slow
    assert {one.version for one in view.health} >= {"v1", "v2"}
    assert [one.p50_ms for one in view.health if one.version] == [None, None]


class Hurried(ManualClock):
    """Every sleep is over at once, for whoever sleeps."""

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self.advance(seconds)
        for _ in range(20):
            await asyncio.sleep(0)
