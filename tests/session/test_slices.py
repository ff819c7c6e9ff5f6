"""Reading in slices: everything else has its turn in between, and what was read is shown in the end."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from cockpit.kube.store import Store
from cockpit.model.refs import DEPLOYMENTS, SERVICES
from cockpit.session.clock import ManualClock
from cockpit.session.facts.cluster import Cluster
from cockpit.session.facts.rollouts import Rollouts
from cockpit.session.facts.slices import (
    FIRST_SECONDS,
    LONGEST_PAUSE,
    LONGEST_SECONDS,
    SCREENFUL,
    SLICE_SECONDS,
    longest_reading,
    pause_after,
    read_in_slices,
)
from tests.session.flip import Flip
from tests.session.test_rollouts import Plain, deployment, names, service


class Slow(ManualClock):
    """A clock that moves as far as a reading takes."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at


class Reading:
    """A cluster with so many slices to read."""

    def __init__(self, clock: Slow, slices: int) -> None:
        self.left = slices
        self._clock = clock

    def read(self, seconds: float) -> bool:
        assert seconds == SLICE_SECONDS
        self._clock.at += seconds
        self.left -= 1
        return self.left > 0


async def test_between_slices_everything_else_has_its_turn() -> None:
    clock, turns = Slow(), 0
    clusters: Any = [Reading(clock, 10), Reading(clock, 5)]

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    busy = asyncio.create_task(others())
    assert await read_in_slices(cast(list[Cluster], clusters), clock)
    busy.cancel()
    assert turns >= 13
    assert [cluster.left for cluster in clusters] == [0, 0]


async def test_what_takes_too_long_is_shown_unfinished() -> None:
    clock = Slow()
    endless = Reading(clock, 10_000)
    assert not await read_in_slices(cast(list[Cluster], [endless]), clock)
    assert clock.at <= LONGEST_SECONDS + SLICE_SECONDS
    assert endless.left > 0


def test_a_reading_that_is_interrupted_goes_on_where_it_was() -> None:
    store = Store("test")
    rollouts = Rollouts(store, (Flip(), Plain()))
    many = [deployment(f"d{n}", f"d{n}", "v1") for n in range(20)]
    rollouts.mark(store.replace(DEPLOYMENTS, many).topics)
    for left in range(19, -1, -1):
        rollouts.read_until(lambda: True)
        assert rollouts.waiting == left
    assert names(rollouts) == [], "what is shown changes only when it is settled"
    rollouts.settle()
    assert len(names(rollouts)) == 20
    assert rollouts.read == 20


def test_what_changes_while_it_is_read_is_read_again_and_claims_come_first() -> None:
    store = Store("test")
    rollouts = Rollouts(store, (Flip(), Plain()))
    rollouts.mark(store.replace(DEPLOYMENTS, [deployment("web-v1", "web", "v1"), deployment("x", "x", "1")]).topics)
    rollouts.read_until(lambda: True)
    rollouts.mark(store.apply(SERVICES, [service("web", "v1")]).topics)
    rollouts.read_until(lambda: True)
    rollouts.settle()
    assert ("manual", "web") in names(rollouts), "the Service that claims the Deployment is read first"
    while rollouts.waiting:
        rollouts.read_until(lambda: True)
    rollouts.settle()
    assert names(rollouts) == [("manual", "web"), ("deployment", "x")]


def test_what_changes_all_the_time_keeps_nothing_else_waiting() -> None:
    store = Store("test")
    rollouts = Rollouts(store, (Flip(), Plain()))
    rollouts.apply(store.replace(SERVICES, [service("busy", "v1")]).topics)
    rollouts.mark(store.apply(DEPLOYMENTS, [deployment("quiet", "quiet", "v1")]).topics)
    for revision in range(2, 4):
        rollouts.mark(store.apply(SERVICES, [service("busy", "v1", revision)]).topics)
        rollouts.read_until(lambda: True)
        rollouts.settle()
    assert ("deployment", "quiet") in names(rollouts)


def test_the_pause_after_a_reading_grows_with_it_and_has_bounds() -> None:
    assert pause_after(0, True, 0.1) == 0.1
    assert 0.01 < pause_after(10, True, 0.01) < pause_after(100, True, 0.01) < LONGEST_PAUSE
    assert pause_after(1_000_000, True, 0.1) == LONGEST_PAUSE


def test_what_is_left_unread_is_not_put_off() -> None:
    assert pause_after(1_000_000, False, 0.1) == 0.0


async def test_a_screenful_is_shown_sooner_than_more_of_it() -> None:
    clock = Slow()
    for shown, longest in ((0, FIRST_SECONDS), (SCREENFUL - 1, FIRST_SECONDS), (SCREENFUL, LONGEST_SECONDS)):
        began = clock.at
        assert not await read_in_slices(cast(list[Cluster], [Reading(clock, 10_000)]), clock, longest_reading(shown))
        assert longest <= clock.at - began <= longest + SLICE_SECONDS
