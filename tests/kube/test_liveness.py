"""Live means heard from: a watch is believed only while something comes, or while the server says that nothing did."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from functools import partial

import pytest
from aiohttp import web

from cockpit.kube.informers import Informers
from cockpit.kube.liveness import UNPROVEN_SECONDS
from cockpit.kube.pulse import ANSWER_SECONDS, QUIET_SECONDS, Pulse
from cockpit.model.refs import DEPLOYMENTS, PODS, SERVICES
from cockpit.model.view import Sync
from cockpit.session.clock import ManualClock
from tests.kube.conftest import Follow, MakeApi, MakeDoc, Scripted

WITHIN = 45.0


def test_a_server_that_is_silent_is_stale_in_time() -> None:
    assert QUIET_SECONDS + ANSWER_SECONDS < WITHIN


@pytest.mark.parametrize("later", [0.0, 7.0, 19.0])
async def test_a_frozen_server_is_stale_since_the_last_thing_heard(
    server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc, clock: ManualClock, later: float
) -> None:
    server.then(server.page(pod("a")), server.streams(event("ADDED", pod("b", "11"))), server.hangs(), server.hangs())
    followed = follow()
    await followed.until(lambda: followed.names() == ["a", "b"] and clock.deadlines)
    heard = clock.now()
    await clock.advance(later)
    server.frozen = True
    while followed.sync.state is Sync.LIVE:
        assert clock.now() - heard < WITHIN
        await clock.advance(1.0)
    assert followed.sync.state is Sync.RETRYING
    assert followed.sync.since == heard
    assert followed.sync.error.startswith(f"test does not answer: {server.url}: nothing was heard"), "not one kind"
    assert followed.names() == ["a", "b"], "what was known stays"
    for _ in range(2):
        await followed.retry()
        await clock.advance(ANSWER_SECONDS)
        await followed.until(lambda: clock.deadlines)
        assert followed.sync.state is Sync.RETRYING
        assert followed.sync.since == heard, "the time of the last thing heard never gets younger"
    server.frozen = False
    server.then(server.streams(), server.page(pod("c")), server.streams())
    await followed.retry()
    await followed.until(lambda: followed.sync.state is Sync.LIVE)
    assert followed.names() == ["c"], "who was away for so long is asked for everything"


async def test_one_question_is_enough_for_all_watches_of_a_cluster(
    server: Scripted, make_api: MakeApi, clock: ManualClock
) -> None:
    async def anything(request: web.Request) -> web.StreamResponse:
        answer = server.streams() if request.query.get("watch") else server.page()
        return await answer(request)

    server.then(*[anything] * 6)
    kinds = (PODS, SERVICES, DEPLOYMENTS)
    informers = Informers(
        make_api(), kinds, None, clock=clock, rng=random.Random(1), on_change=lambda _: server.signal.ring()
    )
    running = asyncio.create_task(informers.run())

    def pulsed(count: int) -> bool:
        return server.pulses == count

    await server.requests(6)
    await server.signal.until(lambda: len(clock.deadlines) == 3)
    for n in range(1, 3):
        await clock.advance(QUIET_SECONDS)
        await server.signal.until(partial(pulsed, n))
        await clock.sleeping(3)
    assert server.pulses == 2
    assert {kind.state for kind in informers.kinds()} == {Sync.LIVE}
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_what_a_proxy_swallows_is_found_within_a_minute_or_so(
    server: Scripted, follow: Follow, pod: MakeDoc, clock: ManualClock
) -> None:
    server.then(server.page(pod("a")), server.streams(), server.page(pod("b", "20"), version="20"), server.streams())
    followed = follow()
    await followed.until(lambda: len(server.asked) == 2 and clock.deadlines)
    server.newest = "20"  # something was written, and the watch says nothing of it
    while followed.names() == ["a"]:
        assert clock.monotonic() < UNPROVEN_SECONDS + QUIET_SECONDS
        await clock.advance(1.0)
        await asyncio.sleep(0.001)
    assert followed.names() == ["b"]
    assert followed.sync.state is Sync.LIVE


async def test_a_server_without_bookmarks_proves_that_nothing_happened(
    server: Scripted, follow: Follow, pod: MakeDoc, clock: ManualClock
) -> None:
    server.then(server.page(pod("a")), server.streams())
    followed = follow()
    await followed.until(lambda: len(server.asked) == 2 and clock.deadlines)
    while clock.monotonic() < 4 * UNPROVEN_SECONDS:
        await clock.advance(QUIET_SECONDS / 4)
        await clock.sleeping()
    assert followed.states == ["syncing", "live"]
    assert len(server.asked) == 2, "nothing was listed again"


async def test_a_refusal_of_the_question_is_an_answer(server: Scripted, clock: ManualClock, make_api: MakeApi) -> None:
    pulse = Pulse(make_api(), clock)

    async def forbidden(request: web.Request) -> web.StreamResponse:
        return await server.fails(403, "Forbidden")(request)

    server.page = lambda *_, **__: forbidden  # type: ignore[method-assign]
    await clock.advance(30)
    await pulse.ask("/api/v1/pods", "pods")
    assert pulse.heard == clock.now()
