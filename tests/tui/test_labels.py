"""Labels that choose what the fleet shows, and columns of a person's own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input

from cockpit.cli.columns import column_cells, named_columns
from cockpit.model.label_selector import label_selector
from cockpit.model.view import FleetView
from cockpit.session.facts.groups import groups_of
from cockpit.tui.commands import commands, ranked, why_nothing
from cockpit.tui.glyphs import UNICODE
from cockpit.tui.keys import remapped
from cockpit.tui.lines import plain, width_of
from cockpit.tui.order import VersionOrder
from cockpit.tui.own import Own, OwnColumns
from cockpit.tui.rows import Order
from cockpit.tui.scope import Scope
from cockpit.tui.widgets.rollout_row import ALONE, columns, heading, row
from cockpit.tui.widgets.rollout_table import RolloutTable
from tests.tui.driving import press, rest, said, screen, shown
from tests.tui.fake import FakeCockpit, fleet
from tests.tui.test_clusters import BOTH

HOSTILE = "\x1b]8;;http://evil/\x07red\x1b[31m\u202e" + "长" * 400


def labelled(view: FleetView, labels: dict[str, str]) -> FleetView:
    """The view with the label `app` on the rollouts of these names."""
    views = tuple(
        replace(each, rollout=replace(each.rollout, labels=(("app", labels[each.rollout.key.name]),)))
        if each.rollout.key.name in labels
        else each
        for each in view.rollouts
    )
    return replace(view, rollouts=views)


PAY = labelled(fleet(), {"reviews": "pay", "http-server": "web"})


def names(app: object) -> list[str]:
    return [each.rollout.key.name for each in app.screen.query_one(RolloutTable).rows]  # type: ignore[attr-defined]


async def test_labels_of_the_command_line_choose_until_one_key_shows_everything() -> None:
    async with screen(FakeCockpit(PAY), labels=label_selector("app=pay")) as (app, pilot):
        assert names(app) == ["reviews"]
        assert "-l app=pay" in shown(app).splitlines()[0]
        await press(pilot, "escape")
        assert len(names(app)) == 4
        assert "-l app" not in shown(app).splitlines()[0]


async def test_labels_are_chosen_by_name_and_keep_the_namespace() -> None:
    async with screen(FakeCockpit(PAY)) as (app, pilot):
        await press(pilot, "colon", *"labels", "space", *"app", "equals_sign", *"web", "enter")
        assert names(app) == ["http-server"]
        await press(pilot, "colon", *"ns", "space", *"shop", "enter")
        assert names(app) == ["http-server"]
        await press(pilot, "colon", *"labels", "space", *"all", "enter")
        assert len(names(app)) == 4


async def test_what_nothing_has_says_what_is_shown_and_how_to_leave_it() -> None:
    async with screen(FakeCockpit(PAY), labels=label_selector("app=none,!team")) as (app, _):
        assert "no rollouts here: only labels app=none,!team is shown" in shown(app)
        assert "esc shows everything again" in shown(app)


def test_labels_that_cannot_be_read_choose_nothing_and_say_why() -> None:
    entries = commands(remapped({}), PAY, "fleet")
    assert ranked(entries, "labels app in pay") == []
    assert why_nothing("labels app in pay", PAY).startswith("the selector cannot be read from 'app in pay' on")
    [found] = ranked(entries, "labels app=pay,team!=x")
    assert found.only == Scope(labels=label_selector("app=pay,team!=x"))
    assert ranked(entries, "labels")[0].only == Scope()


async def test_the_filter_takes_labels_as_k9s_does() -> None:
    async with screen(FakeCockpit(PAY)) as (app, pilot):
        await press(pilot, "slash", "minus", "l", "space", *"app", "equals_sign", *"pay")
        assert names(app) == ["reviews"]
        await press(pilot, "comma")
        assert len(names(app)) == 4
        assert "the selector ends with a comma" in shown(app)


def by_zone() -> FleetView:
    """One release in two clusters, with a label that says which."""
    views = tuple(
        replace(each, rollout=replace(each.rollout, labels=(("app", "pay"), ("zone", each.rollout.key.context))))
        for each in BOTH.rollouts[:2]
    )
    return replace(BOTH, rollouts=views, groups=groups_of(views))


def test_a_row_of_several_clusters_has_the_labels_that_all_of_its_parts_have() -> None:
    assert by_zone().groups[0].view.rollout.labels == (("app", "pay"),)


@pytest.mark.parametrize(
    ("typed", "contexts"),
    [("app=pay", [""]), ("zone!=eu", ["us"]), ("zone in (eu,us)", [""]), ("zone=eu", ["eu"]), ("!zone", [])],
)
async def test_the_filter_chooses_the_parts_that_the_labels_choose(typed: str, contexts: list[str]) -> None:
    """A row for all of them would send an act to a cluster that was left out."""
    async with screen(FakeCockpit(by_zone())) as (app, pilot):
        await press(pilot, "slash")
        app.screen.query_one("#filter", Input).value = f"-l {typed}"
        await rest(pilot)
        rows = app.screen.query_one(RolloutTable).rows
        assert [each.rollout.key.context for each in rows] == contexts


def test_labels_of_some_parts_show_these_alone() -> None:
    first = BOTH.rollouts[0].rollout.key
    views = tuple(
        replace(each, rollout=replace(each.rollout, labels=(("app", "pay"),))) if each.rollout.key == first else each
        for each in BOTH.rollouts
    )
    view = Scope(labels=label_selector("app=pay")).of(replace(BOTH, rollouts=views))
    assert [each.rollout.key for each in view.rollouts] == [first]
    assert view.groups == ()


OWN = named_columns({"TEAM": ".labels.app", "负责人": ".labels.owner", "IMAGE": ".versions[0].images[0]"})
COLUMNS = OwnColumns(tuple(OWN), lambda shown: column_cells(shown, OWN))


@pytest.mark.parametrize(("width", "heads"), [(80, []), (100, ["TEAM", "负责人"]), (120, list(OWN))])
async def test_columns_of_the_settings_stand_where_there_is_room(width: int, heads: list[str]) -> None:
    async with screen(FakeCockpit(PAY), size=(width, 24), own=Own(columns=COLUMNS)) as (app, _):
        text = shown(app)
        assert [head for head in OWN if head in text] == heads
        assert any("reviews" in line and " pay " in line for line in text.splitlines()) == bool(heads)


@given(st.integers(1, 240), st.lists(st.text(min_size=1, max_size=40), max_size=6), st.text(max_size=80))
def test_whatever_a_column_holds_no_line_is_wider_than_its_place(width: int, heads: list[str], value: str) -> None:
    layout = columns(width, heads)
    view = VersionOrder().apply(PAY).rollouts[0]
    own = [value, HOSTILE, "", value * 9][: len(heads)]
    line = row(view, layout, UNICODE, ALONE, None, 0.0, own + [""] * len(heads))
    assert all(text.isprintable() for text in plain([line]))
    if width >= 30:
        assert width_of(line) + 2 <= width
        assert width_of(heading(layout, Order.WHY, UNICODE)) <= width
    assert bool(layout.own) <= (width >= 98)


@given(st.integers(98, 240), st.integers(1, 6))
def test_own_columns_leave_the_others_their_room(width: int, count: int) -> None:
    layout = columns(width, ["TEAM"] * count)
    assert len(layout.own) == min(count, (width - 76) // 11)
    assert layout.name >= columns(76).name
    assert layout.release >= columns(76).release
    assert columns(width, ()) == columns(width)


async def test_labels_alone_shows_all_again_and_says_so() -> None:
    async with screen(FakeCockpit(PAY)) as (app, pilot):
        await press(pilot, "colon", *"labels app=pay", "enter")
        assert names(app) == ["reviews"]
        await press(pilot, "colon", *"labels", "enter")
        assert names(app) != ["reviews"]
        assert "labels cleared; shown: everything" in said(app)
