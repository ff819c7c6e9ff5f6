"""The probe of one rollout, against real sockets, with time in the test's hand."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

from cockpit.model.rollout import Verdict
from cockpit.model.view import CellKind, Health
from cockpit.probe.engine import Probe
from cockpit.probe.pacer import Budget
from cockpit.probe.sender import Transport
from cockpit.session.clock import ManualClock
from tests.probe.parts import V1, V2, door, lane, until
from tests.probe.probing import answers, in_turn, passing, running
from tests.probe.servers import Exchange, saying, serving


async def test_it_counts_the_versions_that_answer(probe: Probe, clock: ManualClock) -> None:
    async with serving(in_turn(["version: v1", "version: v2"])) as server, running(probe):
        probe.aim(door(server.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 10)
        probe.stop()
    (default,) = probe.lanes()
    assert default.samples == 10
    shares = {share.version: share.observed for share in default.shares}
    assert shares["v1"] is not None
    assert (shares["v1"].share, shares["v1"].samples) == (0.5, 10)
    assert shares["v1"].low < 0.5 < shares["v1"].high
    assert default.verdict is Verdict.NOT_YET
    view = probe.view()
    assert [cell.version for cell in view.strip] == ["v1", "v2"] * 5
    assert (view.total, view.errors, view.unknown, view.running) == (10, 0, 0, False)


async def test_a_new_epoch_counts_afresh_and_keeps_the_strip(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("version: v1")) as server, running(probe):
        probe.aim(door(server.port), [lane(v1=1.0, v2=0.0)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 5)
        began = probe.view().epoch_since
        probe.aim(door(server.port), [lane(v1=0.0, v2=1.0)], [V1, V2], "e2")
        assert probe.lanes()[0].samples == 0
        assert probe.view().epoch_since == clock.now() != began
        server.behaviour = saying("version: v2")
        await answers(probe, clock, 5)
    (default,) = probe.lanes()
    assert 0 < default.samples < 5, "the first two seconds after a change do not count"
    assert default.verdict is not Verdict.OFF
    assert probe.view().strip_total == 10


async def test_an_answer_asked_for_before_the_change_does_not_count_after_it(
    transport: Transport, clock: ManualClock
) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        asked.set()
        await go_on.wait()
        await exchange.answer("version: v1")

    probe = Probe(transport, clock, Budget(clock), rate=1.0, settle=0.0)
    async with serving(slow) as server, running(probe):
        probe.aim(door(server.port), [lane(v1=1.0, v2=0.0)], [V1, V2], "e1")
        probe.start()
        await asyncio.wait_for(asked.wait(), 10)
        probe.aim(door(server.port), [lane(v1=0.0, v2=1.0)], [V1, V2], "e2")
        go_on.set()
        await until(lambda: probe.view().strip_total == 1)
        assert probe.lanes()[0].samples == 0
        await answers(probe, clock, 1)
        assert probe.lanes()[0].samples == 1


async def test_another_door_counts_afresh_at_once(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("v1")) as one, serving(saying("v2")) as two, running(probe):
        probe.aim(door(one.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 3)
        probe.aim(door(two.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
        assert probe.view().total == 0
        await answers(probe, clock, 3)
        assert probe.view().total == 3
        assert [cell.version for cell in probe.view().strip] == ["v1"] * 3 + ["v2"] * 3


async def test_the_same_aim_again_changes_nothing(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("v1")) as server, running(probe):
        target = door(server.port)
        probe.aim(target, [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await answers(probe, clock, 3)
        lanes, view, revision = probe.lanes(), probe.view(), probe.revision
        probe.aim(target, [lane(v1=1.0)], [V1], "e1")
        assert probe.revision == revision
        assert probe.lanes() is lanes
        assert probe.view() is view


async def test_the_default_lane_is_asked_every_other_time_and_patterns_never(probe: Probe, clock: ManualClock) -> None:
    async def by_header(exchange: Exchange) -> None:
        await exchange.answer("v2" if exchange.headers.get("foo") == "bar" else "v1")

    lanes = [
        lane(v1=1.0, v2=0.0),
        lane("foo=bar", (("foo", "bar"),), v1=0.0, v2=1.0),
        lane("foo=~b.*", None, v2=1.0),
        lane("beta", (("Cookie", "beta=always"),), v1=1.0),
    ]
    async with serving(by_header) as server, running(probe):
        probe.aim(door(server.port), lanes, [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 8)
        probe.stop()
        seen = probe.lanes()
    assert [one.name for one in seen] == [one.name for one in lanes]
    assert [one.samples for one in seen] == [4, 2, 0, 2]
    assert seen[2].verdict is Verdict.UNKNOWN
    matched = seen[1].shares[1].observed
    assert matched is not None
    assert matched.share == 1.0


async def test_a_version_that_is_written_0_and_answers_is_off_at_once(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("v2")) as server, running(probe):
        probe.aim(door(server.port), [lane(v1=1.0, v2=0.0)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 1)
    assert (probe.lanes()[0].verdict, probe.lanes()[0].p_value) == (Verdict.OFF, 0.0)


async def test_errors_count_with_their_version_where_the_answer_names_it(probe: Probe, clock: ManualClock) -> None:
    replies = itertools.cycle([("v2 is broken", "500 Internal Server Error"), ("v1", "200 OK"), ("", "503 Busy")])

    async def failing(exchange: Exchange) -> None:
        await exchange.answer(*next(replies))

    async with serving(failing) as server, running(probe):
        probe.aim(door(server.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 6)
    (default,) = probe.lanes()
    assert (default.samples, default.errors, default.unknown) == (6, 4, 0)
    first, second = (share.observed for share in default.shares)
    assert first is not None
    assert second is not None
    assert (first.errors, second.errors, second.share) == (0, 2, 0.5)
    assert [cell.note for cell in probe.view().strip][:3] == ["500", "200", "503"]
    assert [cell.kind for cell in probe.view().strip][:3] == [CellKind.ERROR, CellKind.ANSWER, CellKind.ERROR]


async def test_errors_of_a_version_are_remembered_over_a_new_split_and_not_behind_another_door(
    probe: Probe, clock: ManualClock
) -> None:
    async def failing(exchange: Exchange) -> None:
        await exchange.answer("v2 is broken", "500 Internal Server Error")

    async with serving(failing) as server, running(probe):
        probe.aim(door(server.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 4)
        probe.stop()
        probe.aim(door(server.port), [lane(v1=0.2, v2=0.8)], [V1, V2], "e2")
        assert probe.view().total == 0
        assert probe.view().health == (Health("v2", 4, 4),)
        probe.aim(door(server.port, path="/other"), [lane(v1=0.2, v2=0.8)], [V1, V2], "e2")
        assert probe.view().health == ()


async def test_nothing_is_sent_before_start_after_stop_or_without_a_door(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("v1")) as server, running(probe):
        probe.aim(None, [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await clock.advance(5)
        assert not probe.view().running
        probe.stop()
        probe.aim(door(server.port), [lane(v1=1.0)], [V1], "e1")
        await clock.advance(5)
        assert server.connections == 0
        probe.start()
        await answers(probe, clock, 2)
        probe.stop()
        seen = server.connections
        await clock.advance(20)
        assert server.connections <= seen + 1
        assert not probe.view().running


async def test_the_rate_is_what_came_in_lately(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("v1")) as server, running(probe):
        probe.aim(door(server.port), [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await answers(probe, clock, 20)
        assert 0.8 <= probe.view().rate <= 1.2
        probe.stop()
        await clock.advance(30)
        assert probe.view().rate == 0.0


async def test_a_changed_rate_is_heard_while_waiting(transport: Transport, clock: ManualClock) -> None:
    probe = Probe(transport, clock, Budget(clock), rate=0.01)
    async with serving(saying("v1")) as server, running(probe):
        probe.aim(door(server.port), [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await answers(probe, clock, 1)
        probe.set_rate(1.0)
        assert probe.view().asked_rate == 1.0
        await clock.advance(3)
        await until(lambda: probe.view().strip_total >= 2)


async def test_probes_share_one_budget(transport: Transport, clock: ManualClock) -> None:
    budget = Budget(clock, rate=10.0, concurrency=4)
    probes = [Probe(transport, clock, budget, rate=10.0) for _ in range(3)]
    async with serving(saying("v1")) as server, contextlib.AsyncExitStack() as stack:
        for one in probes:
            await stack.enter_async_context(running(one))
            one.aim(door(server.port), [lane(v1=1.0)], [V1], "e1")
            one.start()
        await passing(clock, 10)
        totals = [one.view().strip_total for one in probes]
    assert sum(totals) <= 102
    assert sum(totals) >= 60
    assert min(totals) >= 15, "none is starved"


async def test_listeners_hear_of_every_answer(transport: Transport, clock: ManualClock) -> None:
    heard: list[int] = []
    probe = Probe(transport, clock, Budget(clock), rate=1.0, changed=lambda: heard.append(1))
    async with serving(saying("v1")) as server, running(probe):
        probe.aim(door(server.port), [lane(v1=1.0)], [V1], "e1")
        probe.start()
        before = len(heard)
        await answers(probe, clock, 3)
        assert len(heard) >= before + 3
