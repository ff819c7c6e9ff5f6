"""The scripted colleague is a second cockpit: everything that they do is seen as another person's."""

from __future__ import annotations

from pathlib import Path

from cockpit.model.pairing import Wish
from tests.colleague.company import LEASES, Company, company


async def taken_by_the_colleague(made: Company) -> None:
    await made.passing("the colleague takes the controls", lambda: made.pilot and not made.pilot.mine)


async def silent_after_the_second_question(made: Company) -> None:
    """The person lets the offer pass, and has nothing against the second question either."""
    await taken_by_the_colleague(made)
    await made.passing("they are given back", lambda: made.pilot is None)
    await taken_by_the_colleague(made)
    await made.passing("silence", lambda: made.pilot and made.pilot.silent)


async def test_they_watch_ask_act_hand_over_and_fall_silent(tmp_path: Path) -> None:
    async with company(tmp_path) as made:
        assert made.others == ["demo-colleague on a script"]
        assert made.weight == "10"
        await made.passing("a note", lambda: made.notes)
        assert made.notes == ["I look at orders with you; in a moment I would like to take v2 to 25%"]
        await taken_by_the_colleague(made)
        await made.passing(
            "the act", lambda: any("25%" in e.title for e in made.cockpit.view().journal if e.act != "note")
        )
        assert made.weight == "25"

        await made.passing("the offer", lambda: made.pilot and made.pilot.offered)
        assert (await made.wish(Wish.ACCEPT)).done
        await made.passing("another note", lambda: len(made.notes) == 2)
        await made.passing("a question", lambda: made.pilot and made.pilot.asked)
        assert made.pilot.asked.reason == "shall I keep an eye on it while you get a coffee?"
        assert made.pilot.mine
        # Nobody answers: after a minute the person's own cockpit hands the controls over.
        await taken_by_the_colleague(made)

        await made.passing("silence", lambda: made.pilot and made.pilot.silent)
        await made.passing("nobody is here", lambda: not made.others)
        assert (await made.wish(Wish.TAKE, reason="they are silent")).done
        assert made.pilot.mine
        await made.passing("they wake up", lambda: len(made.notes) == 4)
        assert made.notes[-1] == "my machine was asleep for three minutes; good that you took the controls over"
        assert made.pilot.mine
        await made.passing("they are here again", lambda: made.others)


async def test_they_leave_the_controls_to_who_keeps_them(tmp_path: Path) -> None:
    async with company(tmp_path) as made:
        assert (await made.wish(Wish.TAKE)).done
        await made.passing("a question", lambda: made.pilot.asked)
        assert made.pilot.asked.reason == "may I take v2 to 25%?"
        assert (await made.wish(Wish.DECLINE)).done
        await made.passing("they accept that", lambda: len(made.notes) == 2)
        assert made.notes[-1] == "all right, you keep the controls; I go on watching"
        await made.passing("the second question", lambda: made.pilot.asked)
        assert made.weight == "10"
        assert made.pilot.mine


async def test_what_nobody_takes_over_they_give_back_and_leave_nothing_behind(tmp_path: Path) -> None:
    async with company(tmp_path) as made:
        await silent_after_the_second_question(made)
        await made.passing("they wake up", lambda: len(made.notes) == 4)
        assert "nobody took the controls over; I give them back" in made.notes[-1]
        await made.passing("the controls are free", lambda: made.pilot is None)
        made.playing.cancel()
        left = {"demo-colleague"}
        while left & {"demo-colleague"}:
            await made.clock.advance(0.5)
            items = made.get(LEASES)["items"]
            left = {item["metadata"]["annotations"]["rollouts.cockpit/user"] for item in items}
        assert left == {"demo-admin"}
