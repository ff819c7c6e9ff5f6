"""A session announces itself, says where it is, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from typing import Any

from cockpit.model.pairing import Person
from cockpit.model.refs import RolloutKey
from cockpit.pairing.marks import ROLLOUT
from cockpit.pairing.presence_lease import ANNOUNCE_SECONDS
from cockpit.session.pairing.presence import Announcer
from tests.pairing.calm import LoopClock, Room, Straight, play

ME = Person("ann", "desk", "s-ann")
KEY = RolloutKey("sim", "shop", "web", "service")
ELSEWHERE = RolloutKey("sim", "pay", "pay", "ingress")


def announcing(room: Room) -> tuple[Announcer, Straight]:
    way = Straight(room.server)
    made = Announcer(way, LoopClock(), "")
    room.tasks["ann"] = [asyncio.ensure_future(made.run(ME))]
    return made, way


def lease(room: Room) -> dict[str, Any]:
    assert room.server.lease
    return room.server.lease


def test_it_says_where_the_person_is_within_seconds() -> None:
    async def story(room: Room) -> None:
        ann, _ = announcing(room)
        await asyncio.sleep(5.0)
        assert room.server.lease is None, "nobody looks at anything yet"
        ann.look_at(KEY)
        await asyncio.sleep(0.5)
        assert lease(room)["metadata"]["annotations"][ROLLOUT] == "shop/web/service"
        ann.look_at(ELSEWHERE)
        await asyncio.sleep(3.0)
        assert lease(room)["metadata"]["annotations"][ROLLOUT] == "pay/pay/ingress"
        assert lease(room)["metadata"]["namespace"] == "pay"

    play(story)


def test_it_is_renewed_and_taken_away() -> None:
    async def story(room: Room) -> None:
        ann, _ = announcing(room)
        ann.look_at(KEY)
        await asyncio.sleep(0.5)
        before, writes = lease(room)["spec"]["renewTime"], len(room.server.holders)
        await asyncio.sleep(4 * ANNOUNCE_SECONDS)
        assert lease(room)["spec"]["renewTime"] != before
        assert len(room.server.holders) - writes <= 5
        await ann.close()
        ann.look_at(ELSEWHERE)
        await asyncio.sleep(60.0)
        assert room.server.lease is None, "who left is not announced again"

    play(story)


def test_a_missing_right_is_told_until_it_is_given() -> None:
    async def story(room: Room) -> None:
        ann, way = announcing(room)
        way.denied = True
        ann.look_at(KEY)
        await asyncio.sleep(0.5)
        assert ann.unseen.startswith("others do not see you: sim does not allow you to write leases in namespace shop")
        way.denied = False
        await asyncio.sleep(90.0)
        assert ann.unseen == ""
        assert room.server.lease

    play(story)


def test_a_lease_whose_creation_got_no_answer_is_found() -> None:
    async def story(room: Room) -> None:
        ann, way = announcing(room)
        way.mute = True
        ann.look_at(KEY)
        await asyncio.sleep(0.5)
        way.mute = False
        await asyncio.sleep(20.0)
        assert lease(room)["spec"]["holderIdentity"] == "s-ann"

    play(story)
