"""Taking, keeping, asking for and losing the controls, one rule after the other."""

from __future__ import annotations

import asyncio

from cockpit.model.pairing import ControlsAnswer, ControlsOrder, PilotMode, Wish
from cockpit.pairing.marks import ACTING
from cockpit.pairing.pilot_lease import ACTING_SECONDS, LEASE_SECONDS, MAY_ARRIVE_SECONDS, SAFE_SECONDS
from cockpit.session.pairing.controls import Controls
from cockpit.session.pairing.hold import ANSWER_SECONDS
from cockpit.session.pairing.wishes import carry_out
from tests.pairing.calm import Room, play
from tests.pairing.simulation import KEY


async def wish(controls: Controls, which: Wish, to: str = "", reason: str = "", wait: float = 0.0) -> ControlsAnswer:
    return await carry_out(controls, KEY, ControlsOrder(which, to, reason, wait))


async def mark_of(room: Room) -> str | None:
    """What the Lease says of an act, once what is due was written."""
    await asyncio.sleep(1.0)
    assert room.server.lease
    mark = room.server.lease["metadata"]["annotations"].get(ACTING)
    return mark if mark is None else str(mark)


def test_an_act_takes_marks_and_unmarks() -> None:
    async def story(room: Room) -> None:
        ann, _ = room.joins("ann")
        assert await ann.begin(KEY, "flip") == ""
        assert room.server.holder == "ann"
        assert await mark_of(room) == "flip"
        assert await ann.confirm(KEY) == ""
        ann.end(KEY, unknown=False)
        assert await mark_of(room) is None
        assert room.server.holder == "ann", "the controls stay after the act"

    play(story)


def test_strict_refuses_and_advisory_does_not() -> None:
    async def story(room: Room) -> None:
        ann, _ = room.joins("ann")
        strict, _ = room.joins("ben")
        loose, _ = room.joins("eve", PilotMode.ADVISORY)
        assert await ann.begin(KEY, "flip") == ""
        assert "ann on host has the controls of shop/web" in await strict.begin(KEY, "flip")
        assert await loose.begin(KEY, "flip") == ""
        assert await loose.confirm(KEY) == ""
        assert room.server.holder == "ann"

    play(story)


def test_where_leases_may_not_be_written_strict_refuses_and_advisory_sends() -> None:
    async def story(room: Room) -> None:
        strict, way = room.joins("ann")
        way.denied = True
        assert "no right to leases" in await strict.begin(KEY, "flip")
        loose, other = room.joins("eve", PilotMode.ADVISORY)
        other.denied = True
        assert await loose.begin(KEY, "flip") == ""

    play(story)


def test_whoever_waits_too_long_after_the_mark_confirms_it_first() -> None:
    async def story(room: Room) -> None:
        ann, way = room.joins("ann")
        assert await ann.begin(KEY, "flip") == ""
        way.mute = True
        await asyncio.sleep(SAFE_SECONDS + 1)
        assert "cannot be taken" in await ann.confirm(KEY)
        way.mute = False
        assert await ann.confirm(KEY) == ""

    play(story)


def test_what_may_still_arrive_keeps_the_mark_and_the_controls() -> None:
    async def story(room: Room) -> None:
        ann, _ = room.joins("ann")
        assert await ann.begin(KEY, "flip") == ""
        ann.end(KEY, unknown=True)
        assert await mark_of(room) == "flip"
        assert "may still arrive" in (await wish(ann, Wish.RELEASE)).words
        await asyncio.sleep(MAY_ARRIVE_SECONDS + 20)
        assert await mark_of(room) is None
        assert (await wish(ann, Wish.RELEASE)).done

    play(story)


def test_a_silent_pilot_is_taken_over_and_a_marked_one_later() -> None:
    async def story(room: Room) -> None:
        for title, patience in (("", LEASE_SECONDS), ("flip", ACTING_SECONDS)):
            ann, _ = room.joins("ann")
            ben, _ = room.joins("ben")
            assert (await wish(ann, Wish.TAKE)).done if not title else await ann.begin(KEY, title) == ""
            await asyncio.sleep(0.5)
            room.killed("ann")
            began = ben.clock.monotonic()
            answer = await wish(ben, Wish.TAKE, reason="ann is gone", wait=300.0)
            assert answer.done, answer.words
            assert patience - 10 <= ben.clock.monotonic() - began <= patience + 10
            assert (await wish(ben, Wish.RELEASE)).done
            room.killed("ben")

    play(story)


def test_who_does_not_answer_hands_over_after_a_minute() -> None:
    async def story(room: Room) -> None:
        ann, _ = room.joins("ann")
        ben, _ = room.joins("ben")
        assert (await wish(ann, Wish.TAKE)).done
        began = ben.clock.monotonic()
        assert (await wish(ben, Wish.TAKE, reason="pager", wait=300.0)).done
        assert ANSWER_SECONDS <= ben.clock.monotonic() - began <= ANSWER_SECONDS + 15
        assert room.server.holder == "ben"
        await asyncio.sleep(1.0)
        assert [pilot.mine for pilot in ann.pilots()] == [False]
        assert "ben" in await ann.begin(KEY, "flip")

    play(story)


def test_an_offer_is_accepted_once_nothing_is_being_sent() -> None:
    async def story(room: Room) -> None:
        ann, _ = room.joins("ann")
        ben, _ = room.joins("ben")
        assert (await wish(ann, Wish.TAKE)).done
        assert (await wish(ann, Wish.OFFER, to="ben")).done
        assert not (await wish(room.joins("eve")[0], Wish.ACCEPT)).done
        assert await ann.begin(KEY, "flip") == ""
        assert "is sending" in (await wish(ben, Wish.ACCEPT)).words
        ann.end(KEY, unknown=False)
        await asyncio.sleep(1.0)
        assert (await wish(ben, Wish.ACCEPT)).done
        assert room.server.holder == "ben"

    play(story)


def test_of_two_who_take_at_once_one_has_them() -> None:
    async def story(room: Room) -> None:
        ann, _ = room.joins("ann")
        ben, _ = room.joins("ben")
        answers = await asyncio.gather(wish(ann, Wish.TAKE), wish(ben, Wish.TAKE))
        assert sorted(answer.done for answer in answers) == [False, True]
        acts = await asyncio.gather(ann.begin(KEY, "flip"), ben.begin(KEY, "flip"))
        assert sorted(bool(why) for why in acts) == [False, True]

    play(story)


def test_who_loses_the_lease_to_another_tool_has_no_controls() -> None:
    async def story(room: Room) -> None:
        ann, _ = room.joins("ann")
        assert await ann.begin(KEY, "flip") == ""
        await asyncio.sleep(0.5)
        room.server.lease = None  # kubectl delete lease
        room.server.watchers[0].set()
        await asyncio.sleep(1.0)
        assert ann.pilots() == ()
        assert "given back or taken over meanwhile" in await ann.confirm(KEY)
        ann.end(KEY, unknown=False)
        ben, _ = room.joins("ben")
        assert (await wish(ben, Wish.TAKE)).done
        assert "ben" in await ann.begin(KEY, "flip")

    play(story)


def test_an_act_in_advisory_mode_takes_free_controls_without_waiting_for_them() -> None:
    async def story(room: Room) -> None:
        eve, way = room.joins("eve", PilotMode.ADVISORY)
        way.mute = True
        assert await eve.begin(KEY, "flip") == ""
        eve.end(KEY, unknown=False)
        way.mute = False
        assert await eve.begin(KEY, "flip") == ""
        await asyncio.sleep(0.5)
        assert room.server.holder == "eve"
        eve.end(KEY, unknown=False)

    play(story)


def test_who_leaves_gives_the_controls_back() -> None:
    async def story(room: Room) -> None:
        ann, _ = room.joins("ann")
        assert (await wish(ann, Wish.TAKE)).done
        await ann.close()
        assert room.server.lease is None

    play(story)


def test_a_holder_writes_only_to_renew() -> None:
    async def story(room: Room) -> None:
        ann, _ = room.joins("ann")
        assert (await wish(ann, Wish.TAKE)).done
        before = len(room.server.holders)
        await asyncio.sleep(80.0)
        assert len(room.server.holders) - before <= 11

    play(story)
