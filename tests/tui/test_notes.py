"""A note from the palette goes to the rollout that is looked at, and what others did is shown for what it is."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.journal import ActRecord, Origin, RequestRecord, Seen, SeenShare
from cockpit.model.view import Entry, Stage
from cockpit.tui.commands import commands, ranked
from cockpit.tui.entry_text import more_of
from cockpit.tui.keys import remapped
from tests.tui.driving import press, said, screen
from tests.tui.fake import START, FakeCockpit, fleet


def test_what_follows_note_are_its_words() -> None:
    entries = commands(remapped({}), fleet(), "fleet")
    [command] = ranked(entries, "note users report errors")
    assert command.note == "users report errors"
    assert any(entry.note == " " for entry in entries), "the command is listed"


async def test_a_note_is_about_the_selected_rollout() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        assert cockpit.followed == 1
        await press(pilot, "colon", *"note", "space", *"seen", "enter")
        await pilot.pause()
        assert "noted: seen" in said(app)
        assert [text for _, text in cockpit.notes] == ["seen"]
        assert cockpit.notes[0][0] in {view.rollout.key for view in cockpit.view().rollouts}


def test_an_entry_tells_where_it_comes_from_and_what_was_seen() -> None:
    key = fleet().rollouts[0].rollout.key
    shares = (SeenShare("default", "v2", 0.3, 0.3, 0.44, 0.4, 0.5, 812, 9), SeenShare("beta", "v2", None, 1.0))
    record = ActRecord(("v2 10% -> 30%",), requests=(RequestRecord("patch Ingress", "", ("weight 10 -> 30",), "ok"),))
    entry = Entry(
        *("1", START, "ann", key, "set-weight", "v2 30%", Stage.VERIFIED),
        record=record,
        seen=Seen("canary", "hurt", "v2 fails", 1, shares),
    )
    assert list(more_of(entry)) == [
        "planned: v2 10% -> 30%",
        "patch Ingress: weight 10 -> 30 (ok)",
        "seen: v2 44% of 812 answers, 30% written, 9 failed, v2 in lane beta 100% written; canary, hurt: v2 fails",
    ]
    told = replace(entry, record=None, seen=None, origin=Origin.EVENT)
    assert list(more_of(told)) == ["told by the Event of another session, which says what its writer claims"]
