"""A server that was away may come back with another store: it is asked for everything, and not for what is new."""

from __future__ import annotations

from cockpit.kube.reflector import OUTAGE_SECONDS
from cockpit.model.view import Sync
from cockpit.session.clock import ManualClock
from tests.kube.conftest import Follow, Followed, MakeDoc, Scripted


async def fails(followed: Followed) -> float:
    """Wait for the next failure, and let the time pass until the next attempt; how long that took."""
    await followed.until(lambda: (followed.sync.retry_at or 0.0) > followed.clock.now())
    return await followed.retry()


async def test_what_was_put_back_is_shown_though_its_versions_go_on(
    server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc, clock: ManualClock
) -> None:
    """As a restored etcd snapshot: `b` was made at a version that the server gives anew."""
    server.then(server.page(pod("a")), server.streams(event("ADDED", pod("b", "11")), end="drop"))
    server.then(*[server.fails(503)] * 4, server.streams(event("ADDED", pod("c", "12"))))
    server.then(server.page(pod("a"), pod("c", "12"), version="12"), server.streams())
    followed = follow()
    for _ in range(5):
        await fails(followed)
    assert clock.monotonic() >= OUTAGE_SECONDS
    await followed.until(lambda: followed.sync.state is Sync.LIVE and followed.names() == ["a", "c"])
    assert followed.sync.relists == 1


async def test_a_short_break_costs_no_list(
    server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc, clock: ManualClock
) -> None:
    server.then(server.page(pod("a")), server.streams(event("ADDED", pod("b", "11")), end="drop"))
    server.then(server.fails(503), server.streams(event("ADDED", pod("c", "12"))))
    followed = follow()
    for _ in range(2):
        await fails(followed)
    await followed.until(lambda: followed.names() == ["a", "b", "c"])
    assert clock.monotonic() < OUTAGE_SECONDS
    assert followed.sync.relists == 0


async def test_who_is_throttled_asks_for_no_list(server: Scripted, follow: Follow, pod: MakeDoc) -> None:
    server.then(server.page(pod("a")), server.fails(429, headers={"Retry-After": "20"}), server.streams())
    followed = follow()
    assert await fails(followed) >= 20.0 > OUTAGE_SECONDS
    await followed.until(lambda: followed.sync.state is Sync.LIVE)
    assert followed.sync.relists == 0
    assert len(server.asked) == 3
