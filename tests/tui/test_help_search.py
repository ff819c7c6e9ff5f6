"""The list of keys is searched like every list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.tui.glyphs import UNICODE
from cockpit.tui.keys import remapped
from cockpit.tui.lines import plain
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.screens.help import HelpScreen, help_lines, only
from tests.tui.driving import press, screen, shown

LINES = help_lines(remapped({}), lambda key: "", UNICODE, 80)


def test_an_entry_comes_with_its_title_and_its_further_lines() -> None:
    found = plain(only(LINES, "revisions, to choose"))
    assert [line.split()[0] for line in found] == ["fleet", "V"]
    whole = plain(only(LINES, "namespaces, contexts, rollouts"))
    assert len(whole) > 2, "the words of an entry go on in the next line"


def test_nothing_searched_is_everything_and_nothing_found_is_said() -> None:
    assert only(LINES, "") == LINES
    assert plain(only(LINES, "no such key at all")) == ["not found"]


@given(st.sampled_from([line for line in plain(LINES) if line.strip()]), st.data())
def test_whatever_stands_in_a_line_is_found(line: str, data: st.DataObject) -> None:
    words = data.draw(st.sampled_from(line.split()))
    found = only(LINES, words)
    assert any(words.lower() in text.lower() for text in plain(found)) or line[:1] != " "


async def test_the_field_narrows_the_list_and_escape_shows_all_then_closes() -> None:
    async with screen() as (app, pilot):
        await press(pilot, "question_mark", "slash", *"rewind", "enter")
        assert isinstance(app.screen, HelpScreen)
        assert "ten seconds back" in shown(app)
        assert "roll back" not in shown(app)
        await press(pilot, "escape")
        assert "roll back" in shown(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, FleetScreen)


async def test_a_letter_in_the_field_is_text_and_closes_nothing() -> None:
    async with screen() as (app, pilot):
        await press(pilot, "question_mark", "slash", "q", "u", "i", "t")
        assert isinstance(app.screen, HelpScreen)
        assert "nothing in the cluster changes" in shown(app)
