"""How long a controller may take, by which clock, and who looks again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from cockpit.model.awaited import Awaited
from cockpit.model.plan import Act, ActState, Ask
from cockpit.model.reasons import in_vain
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Phase, Rollout, Step
from cockpit.planning.instead import or_undo
from cockpit.session.clock import ManualClock
from cockpit.session.facts.overdue import Overdue
from cockpit.session.facts.own_clock import by_own_clock

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
KEY = RolloutKey("t", "shop", "web", "argo")
CHANGE = Awaited("Rollout shop/web", "Argo", "picked up the last change", ("generation", "7"))
STALE = "t is not up to date"


def waiting(*awaited: Awaited) -> Rollout:
    return Rollout(KEY, "ingress", Phase.PROGRESSING, "", (), (), (), "1", awaited=awaited)


def said(overdue: Overdue, rollout: Rollout, stale: str = "") -> list[str]:
    return [found.text for found in overdue.told(rollout, stale).findings]


async def test_a_change_that_was_made_before_anybody_looked_is_as_old_as_its_object_says() -> None:
    overdue = Overdue(ManualClock(NOW + 61), lambda key: None)
    (text,) = said(overdue, waiting(replace(CHANGE, since="2026-01-01T00:00:00Z")))
    assert "has not picked up the last change since 00:00:00 UTC" in text


async def test_a_change_that_was_seen_counts_by_the_clock_of_this_machine() -> None:
    clock = ManualClock(NOW)
    overdue = Overdue(clock, lambda key: None)
    assert not said(overdue, waiting())
    # The API server's clock is an hour behind.
    behind = waiting(replace(CHANGE, since="2025-12-31T23:00:00Z"))
    assert not said(overdue, behind)
    await clock.advance(59)
    assert not said(overdue, behind)
    await clock.advance(1)
    assert said(overdue, behind)


async def test_another_change_begins_anew() -> None:
    clock = ManualClock(NOW)
    overdue = Overdue(clock, lambda key: None)
    for generation in range(7, 12):
        assert not said(overdue, waiting(replace(CHANGE, token=("generation", str(generation)))))
        await clock.advance(40)


async def test_one_more_act_brings_a_controller_that_is_silent_no_more_time() -> None:
    clock = ManualClock(NOW)
    overdue = Overdue(clock, lambda key: None)
    assert not said(overdue, waiting(CHANGE))
    await clock.advance(61)
    assert said(overdue, waiting(CHANGE))
    assert said(overdue, waiting(replace(CHANGE, token=("generation", "8"))))
    assert not said(overdue, waiting()), "it works again"
    assert not said(overdue, waiting(replace(CHANGE, token=("generation", "9"))))


async def test_a_later_change_does_not_move_since_when_a_controller_has_done_nothing() -> None:
    clock = ManualClock(NOW + 600)
    overdue = Overdue(clock, lambda key: None)
    first = replace(CHANGE, since="2026-01-01T00:01:00Z")
    later = replace(CHANGE, token=("generation", "8"), since="2026-01-01T00:09:00Z")
    for change in (first, later):
        (found,) = overdue.told(waiting(change), "").findings
        assert "since 00:01:00 UTC" in found.text


async def test_nobody_is_told_to_wait_for_a_controller_that_is_silent() -> None:
    clock = ManualClock(NOW)
    overdue = Overdue(clock, lambda key: None)
    held = replace(waiting(CHANGE), acts=(ActState(Act.ROLLBACK, enabled=False, why="not seen yet; wait a moment"),))
    assert overdue.told(held, "").acts == held.acts
    await clock.advance(61)
    (act,) = overdue.told(held, "").acts
    assert act.why == "not seen yet: start it again first"
    why = or_undo("not seen yet; wait a moment", Ask(Act.ROLLBACK), "image v2")
    undo = ", or undo, which takes back image v2, whether the controller runs or not"
    assert in_vain(why, overdue.told(held, "")) == f"not seen yet: start it again first{undo}"
    assert or_undo("not seen yet; wait a moment", Ask(Act.ROLLBACK), "") == "not seen yet; wait a moment"
    assert or_undo("no older version", Ask(Act.ROLLBACK), "image v2") == "no older version"


async def test_a_rollout_that_was_deleted_and_made_again_has_waited_for_nothing() -> None:
    clock = ManualClock(NOW)
    overdue = Overdue(clock, lambda key: None)
    new = waiting(replace(CHANGE, token=("generation", "1")))
    assert not said(overdue, new)
    overdue.left({KEY})
    await clock.advance(600)
    assert not said(overdue, new)
    await clock.advance(60)
    assert said(overdue, new)


async def test_a_pause_is_over_when_it_ends_and_not_when_it_begins() -> None:
    clock = ManualClock(NOW)
    overdue = Overdue(clock, lambda key: None)
    pause = waiting(replace(CHANGE, undone="gone on", token=("pause",), since="2026-01-01T00:10:00Z"))
    for seconds in (0, 600, 59):
        await clock.advance(seconds)
        assert not said(overdue, pause)
    await clock.advance(1)
    assert said(overdue, pause)


async def test_nothing_becomes_overdue_while_the_cluster_is_not_heard_and_what_is_stays() -> None:
    clock = ManualClock(NOW)
    overdue, rollout = Overdue(clock, lambda key: None), waiting(CHANGE)
    assert not said(overdue, rollout)
    await clock.advance(120)
    assert not said(overdue, rollout, STALE)
    # Its controllers may have been cut off too, and get their time once it is back.
    assert not said(overdue, rollout)
    await clock.advance(60)
    assert said(overdue, rollout)
    assert said(overdue, rollout, STALE)
    assert said(overdue, rollout)


async def test_a_machine_that_slept_did_not_wait() -> None:
    clock = ManualClock(NOW)
    overdue, rollout = Overdue(clock, lambda key: None), waiting(CHANGE)
    assert not said(overdue, rollout)
    clock.suspend(3600)
    assert not said(overdue, rollout)


async def test_it_is_looked_at_again_when_it_is_due_without_any_event() -> None:
    clock = ManualClock(NOW)
    rollout, seen = waiting(CHANGE), list[list[str]]()
    overdue = Overdue(clock, lambda key: seen.append(said(overdue, rollout)))
    task = asyncio.create_task(overdue.run())
    assert not said(overdue, rollout)
    await asyncio.sleep(0)
    await clock.advance(59)
    assert not any(seen)
    await clock.advance(1)
    assert seen[-1]
    looks = len(seen)
    await clock.advance(600)
    assert len(seen) == looks, "who is told of is not looked at again"
    task.cancel()


async def test_a_clock_that_is_ahead_makes_nothing_overdue_early() -> None:
    clock = ManualClock(NOW + 75)
    overdue = Overdue(clock, lambda key: None, lambda key: 75.0)
    change = waiting(replace(CHANGE, since="2026-01-01T00:00:00Z"))
    assert not said(overdue, change)
    await clock.advance(59)
    assert not said(overdue, change)
    await clock.advance(1)
    assert said(overdue, change)


async def test_a_clock_that_is_behind_makes_nothing_overdue_late() -> None:
    overdue = Overdue(ManualClock(NOW), lambda key: None, lambda key: -75.0)
    assert said(overdue, waiting(replace(CHANGE, since="2025-12-31T23:59:59Z")))


def test_the_end_of_a_pause_is_told_by_the_clock_by_which_it_is_counted() -> None:
    paused = replace(waiting(), step=Step(1, 3, 0.2, until="2026-01-01T00:10:00Z"))
    shown = by_own_clock(paused, lambda key: 75.4)
    assert shown.step is not None
    assert shown.step.until == "2026-01-01T00:11:15Z"
    (told,) = shown.findings
    assert told.id == "clock-off"
    assert "this machine's clock is 1m ahead of the API server's" in told.text
    assert by_own_clock(paused, lambda key: 1.5) is paused
    assert not by_own_clock(waiting(), lambda key: 75.4).findings, "nothing depends on it"
    odd = replace(waiting(), step=Step(1, 3, 0.2, until="soon"))
    assert by_own_clock(odd, lambda key: 75.4).step == odd.step
