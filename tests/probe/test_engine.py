"""The probe of one rollout, against real sockets, with time in the test's hand."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

import pytest

from cockpit.model.health import Level
from cockpit.model.rollout import Followed, Verdict
from cockpit.model.view import CellKind
from cockpit.probe.engine import Probe
from cockpit.probe.pacer import Budget
from cockpit.probe.sender import ProbeTransport
from cockpit.session.clock import ManualClock
from tests.probe.parts import V1, V2, lane, probe_target, until
from tests.probe.probing import answers, in_turn, passing, running
from tests.probe.servers import Exchange, saying, serving


async def test_it_counts_the_versions_that_answer(probe: Probe, clock: ManualClock) -> None:
    async with serving(in_turn(["version: v1", "version: v2"])) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
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
        probe.set_target(probe_target(server.port), [lane(v1=1.0, v2=0.0)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 5)
        began = probe.lanes()[0].awaited_since
        probe.set_target(probe_target(server.port), [lane(v1=0.0, v2=1.0)], [V1, V2], "e2")
        assert probe.lanes()[0].samples == 0
        assert probe.lanes()[0].awaited_since == clock.now() != began
        await answers(probe, clock, 4)
        (default,) = probe.lanes()
        assert (default.samples, default.verdict, default.followed) == (0, Verdict.NOT_YET, Followed.NOT_YET)
        server.behaviour = saying("version: v2")
        await answers(probe, clock, 5)
    (default,) = probe.lanes()
    assert default.samples == 5, "what answers by the previous split does not count"
    assert (default.verdict, default.followed) == (Verdict.NOT_YET, Followed.YES)
    assert probe.view().strip_total == 14


async def test_a_split_that_the_gateway_never_follows_is_off_and_said_to_be_the_previous_one(
    probe: Probe, clock: ManualClock
) -> None:
    async with serving(saying("version: v1")) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=1.0, v2=0.0)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 5)
        probe.set_target(probe_target(server.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e2")
        await answers(probe, clock, 80)
    (default,) = probe.lanes()
    assert (default.verdict, default.followed) == (Verdict.OFF, Followed.NOT_YET)


async def test_two_changes_before_the_gateway_followed_the_first_are_not_yet_followed(
    probe: Probe, clock: ManualClock
) -> None:
    """From v1 alone to half, and at once on to v2 alone; the gateway goes on with v1 alone."""
    async with serving(saying("version: v1")) as server, running(probe):
        for number, share in enumerate((0.0, 0.5, 1.0)):
            probe.set_target(probe_target(server.port), [lane(v1=1 - share, v2=share)], [V1, V2], f"e{number}")
            probe.start()
            await answers(probe, clock, 5)
        await answers(probe, clock, 90)
        (default,) = probe.lanes()
        assert (default.verdict, default.followed) == (Verdict.OFF, Followed.NOT_YET)
        assert default.awaited_since


async def test_answers_by_no_split_that_there_was_are_no_slow_gateway(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("version: v2")) as server, running(probe):
        for number, share in enumerate((0.1, 0.3)):
            probe.set_target(probe_target(server.port), [lane(v1=1 - share, v2=share)], [V1, V2], f"e{number}")
            probe.start()
            await answers(probe, clock, 40)
        (default,) = probe.lanes()
        assert (default.verdict, default.followed) == (Verdict.OFF, Followed.YES)
        assert default.awaited_since is None


async def test_a_change_in_one_lane_says_nothing_of_the_others(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("version: v1")) as server, running(probe):
        header = lane("h", (("x", "1"),), v1=1.0, v2=0.0)
        probe.set_target(probe_target(server.port), [lane(v1=1.0, v2=0.0), header], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 4)
        first = probe.lanes()[1].awaited_since
        probe.set_target(probe_target(server.port), [lane(v1=0.5, v2=0.5), header], [V1, V2], "e2")
        default, other = probe.lanes()
        assert (other.awaited_since, default.awaited_since) == (first, clock.now())
        assert default.awaited_since != first


async def test_a_gateway_of_which_one_replica_lags_follows_partly(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("version: v1")) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=1.0, v2=0.0)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 5)
        probe.set_target(probe_target(server.port), [lane(v1=0.0, v2=1.0)], [V1, V2], "e2")
        server.behaviour = in_turn(["v1", "v2", "v2"])
        await answers(probe, clock, 60)
    (default,) = probe.lanes()
    assert (default.verdict, default.followed) == (Verdict.OFF, Followed.PARTLY)


async def test_stragglers_of_a_gateway_that_converges_do_not_pass_for_a_leak(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("version: v1")) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=1.0, v2=0.0)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 5)
        probe.set_target(probe_target(server.port), [lane(v1=0.0, v2=1.0)], [V1, V2], "e2")
        server.behaviour = in_turn(["v2", "v1", "v2", "v1", "v2", "v1", *["v2"] * 100])
        for _ in range(25):
            await answers(probe, clock, 1)
            (default,) = probe.lanes()
            assert default.verdict is not Verdict.OFF or default.followed is Followed.PARTLY


async def test_a_change_that_leaves_the_split_keeps_what_was_counted(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("v1")) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await answers(probe, clock, 5)
        probe.set_target(probe_target(server.port), [lane(v1=1.0)], [V1], "e2")
        assert probe.lanes()[0].samples == 5


async def test_an_answer_asked_for_before_the_change_does_not_count_after_it(
    transport: ProbeTransport, clock: ManualClock
) -> None:
    asked, go_on, versions = asyncio.Event(), asyncio.Event(), iter(["v1", "v2", "v2"])

    async def slow(exchange: Exchange) -> None:
        asked.set()
        await go_on.wait()
        await exchange.answer(next(versions))

    probe = Probe(transport, clock, Budget(clock), rate=1.0, settle=0.0)
    async with serving(slow) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=1.0, v2=0.0)], [V1, V2], "e1")
        probe.start()
        await asyncio.wait_for(asked.wait(), 10)
        probe.set_target(probe_target(server.port), [lane(v1=0.0, v2=1.0)], [V1, V2], "e2")
        go_on.set()
        await until(lambda: probe.view().strip_total == 1)
        assert probe.lanes()[0].samples == 0
        await answers(probe, clock, 1)
        assert probe.lanes()[0].samples == 1


async def test_another_door_counts_afresh_at_once(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("v1")) as one, serving(saying("v2")) as two, running(probe):
        probe.set_target(probe_target(one.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 3)
        probe.set_target(probe_target(two.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
        assert probe.view().total == 0
        await answers(probe, clock, 3)
        assert probe.view().total == 3
        assert [cell.version for cell in probe.view().strip] == ["v1"] * 3 + ["v2"] * 3


async def test_the_same_aim_again_changes_nothing(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("v1")) as server, running(probe):
        target = probe_target(server.port)
        probe.set_target(target, [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await answers(probe, clock, 3)
        lanes, view, revision = probe.lanes(), probe.view(), probe.revision
        probe.set_target(target, [lane(v1=1.0)], [V1], "e1")
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
        probe.set_target(probe_target(server.port), lanes, [V1, V2], "e1")
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


async def test_a_version_that_is_written_0_and_answers_is_a_doubt_at_once_and_soon_off(
    probe: Probe, clock: ManualClock
) -> None:
    async with serving(saying("v2")) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=1.0, v2=0.0)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 1)
        assert probe.lanes()[0].verdict is Verdict.DOUBTFUL
        await answers(probe, clock, 2)
    assert (probe.lanes()[0].verdict, probe.lanes()[0].p_value) == (Verdict.OFF, 0.0)


async def test_errors_count_with_their_version_where_the_answer_names_it(probe: Probe, clock: ManualClock) -> None:
    replies = itertools.cycle([("v2 is broken", "500 Internal Server Error"), ("v1", "200 OK"), ("", "503 Busy")])

    async def failing(exchange: Exchange) -> None:
        await exchange.answer(*next(replies))

    async with serving(failing) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
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
        probe.set_target(probe_target(server.port), [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 4)
        probe.stop()
        probe.set_target(probe_target(server.port), [lane(v1=0.2, v2=0.8)], [V1, V2], "e2")
        assert probe.view().total == 0
        assert [(one.version, round(one.answers), round(one.errors)) for one in probe.view().health] == [
            ("", 4, 0),
            ("v2", 4, 4),
        ]
        probe.set_target(probe_target(server.port, path="/other"), [lane(v1=0.2, v2=0.8)], [V1, V2], "e2")
        assert probe.view().health == ()


async def test_what_is_known_stays_where_there_is_nowhere_to_ask_for_a_while(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("version: v1", status="500 Internal Server Error")) as server, running(probe):
        lanes, door = [lane(v1=1.0)], probe_target(server.port)
        probe.set_target(door, lanes, [V1], "e1")
        probe.start()
        await answers(probe, clock, 30)
        known = probe.view().health
        newest = max(one.at for one in known)
        for target in (None, door):
            probe.set_target(target, lanes, [V1], "e1")
            assert [(one.version, one.failing) for one in probe.view().health] == [
                ("", Level.CALM),
                ("v1", Level.ALARM),
            ]
            assert max(one.at for one in probe.view().health) == pytest.approx(newest, abs=1.5)
        probe.set_target(probe_target(server.port, path="/else"), lanes, [V1], "e1")
        assert not probe.view().health


async def test_answers_age_while_the_machine_is_suspended(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("version: v1")) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await answers(probe, clock, 5)
        newest = max(one.at for one in probe.view().health)
        probe.stop()
        clock.suspend(3600.0)
        assert clock.now() - max(one.at for one in probe.view().health) == pytest.approx(clock.now() - newest, abs=0.1)


async def test_nothing_is_sent_before_start_after_stop_or_without_a_door(probe: Probe, clock: ManualClock) -> None:
    async with serving(saying("v1")) as server, running(probe):
        probe.set_target(None, [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await clock.advance(5)
        assert not probe.view().running
        probe.stop()
        probe.set_target(probe_target(server.port), [lane(v1=1.0)], [V1], "e1")
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
        probe.set_target(probe_target(server.port), [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await answers(probe, clock, 20)
        assert 0.8 <= probe.view().rate <= 1.2
        probe.stop()
        await clock.advance(30)
        assert probe.view().rate == 0.0


async def test_a_probe_is_doubtful_until_more_answers_decide(transport: ProbeTransport, clock: ManualClock) -> None:
    probe = Probe(transport, clock, Budget(clock), rate=0.5)
    async with serving(saying("v1")) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=1.0, v2=0.0)], [V1, V2], "e1")
        probe.start()
        await answers(probe, clock, 2)
        server.behaviour = saying("v2")
        await answers(probe, clock, 1)
        assert (probe.lanes()[0].verdict, probe.doubtful) == (Verdict.DOUBTFUL, True)
        probe.set_rate(5.0)
        await answers(probe, clock, 2)
        assert (probe.lanes()[0].verdict, probe.doubtful) == (Verdict.OFF, False)


async def test_a_changed_rate_is_heard_while_waiting(transport: ProbeTransport, clock: ManualClock) -> None:
    probe = Probe(transport, clock, Budget(clock), rate=0.01)
    async with serving(saying("v1")) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=1.0)], [V1], "e1")
        probe.start()
        await answers(probe, clock, 1)
        probe.set_rate(1.0)
        assert probe.view().asked_rate == 1.0
        await clock.advance(3)
        await until(lambda: probe.view().strip_total >= 2)


async def test_probes_share_one_budget(transport: ProbeTransport, clock: ManualClock) -> None:
    budget = Budget(clock, rate=10.0, concurrency=4)
    probes = [Probe(transport, clock, budget, rate=10.0) for _ in range(3)]
    async with serving(saying("v1")) as server, contextlib.AsyncExitStack() as stack:
        for one in probes:
            await stack.enter_async_context(running(one))
            one.set_target(probe_target(server.port), [lane(v1=1.0)], [V1], "e1")
            one.start()
        await passing(clock, 10)
        totals = [one.view().strip_total for one in probes]
    assert sum(totals) <= 102
    assert sum(totals) >= 60
    assert min(totals) >= 15, "none is starved"


async def test_listeners_hear_of_every_answer(transport: ProbeTransport, clock: ManualClock) -> None:
    heard: list[int] = []
    probe = Probe(transport, clock, Budget(clock), rate=1.0, changed=lambda: heard.append(1))
    async with serving(saying("v1")) as server, running(probe):
        probe.set_target(probe_target(server.port), [lane(v1=1.0)], [V1], "e1")
        probe.start()
        before = len(heard)
        await answers(probe, clock, 3)
        assert len(heard) >= before + 3
