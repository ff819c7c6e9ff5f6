"""What can be typed after a colon."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input

from cockpit.model.plan import Act
from cockpit.model.view import FleetView
from cockpit.tui.commands import commands, ranked, why_nothing
from cockpit.tui.keys import remapped
from cockpit.tui.scope import Scope
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.screens.logs import LogScreen
from cockpit.tui.screens.objects import ObjectText
from cockpit.tui.screens.palette import PaletteScreen
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.pods import PodsScreen
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.rollout_table import RolloutTable
from tests.tui.driving import press, said, screen, shown
from tests.tui.fake import FakeCockpit, fleet
from tests.tui.test_clusters import BOTH


def elsewhere(name: str, namespace: str) -> FleetView:
    """The usual fleet with one rollout in another namespace."""
    views = tuple(
        replace(view, rollout=replace(view.rollout, key=replace(view.rollout.key, namespace=namespace)))
        if view.rollout.key.name == name
        else view
        for view in fleet().rollouts
    )
    return replace(fleet(), rollouts=views)


def first(query: str, view: FleetView | None = None, place: str = "fleet") -> str:
    found = ranked(commands(remapped({}), view or fleet(), place, ["dark", "light"]), query)
    return found[0].name if found else ""


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("q", "quit"), ("quit", "quit"), ("r", "roll back"), ("rollback", "roll back"), ("set-weight", "weight"),
        ("pods", "pods"), ("logs", "logs"), ("yaml", "YAML"), ("describe", "describe"), ("events", "events"),
        ("ns shop", "ns shop"), ("namespace shop", "ns shop"), ("ns", "ns all"), ("ctx prod-eu", "ctx prod-eu"),
        ("theme light", "theme light"), ("reviews", "prod-eu:shop/reviews"), ("shop/reviews", "prod-eu:shop/reviews"),
        ("help", "keys"), ("ab", "abort"),
    ],
)  # fmt: skip
def test_hands_find_what_they_type(typed: str, name: str) -> None:
    assert first(typed) == name


def test_a_namespace_that_does_not_exist_is_nothing_else() -> None:
    assert first("ns rollback") == ""
    assert "start with -n rollback" in why_nothing("ns rollback", fleet())
    assert "start with --context far" in why_nothing("ctx far", fleet())


def test_acts_are_offered_where_a_rollout_is_selected_and_quit_everywhere() -> None:
    assert first("rollback", place="logs") != "roll back"
    assert first("q", place="logs") == "quit"


def test_a_scope_keeps_its_other_half() -> None:
    found = ranked(commands(remapped({}), fleet(), "fleet", [], Scope(context="prod-eu")), "ns shop")
    assert found[0].only == Scope("shop", "prod-eu")


def test_one_context_shows_the_parts_of_groups_alone() -> None:
    contexts = [cluster.context for cluster in BOTH.clusters]
    view = Scope(context=contexts[0]).of(BOTH)
    assert {shown.rollout.key.context for shown in view.rollouts} == {contexts[0]}
    assert view.groups == ()
    assert Scope().of(BOTH) is BOTH


async def test_a_namespace_narrows_the_fleet_until_all_are_asked_for() -> None:
    async with screen(FakeCockpit(elsewhere("reviews", "books"))) as (app, pilot):
        await press(pilot, "enter", "colon", *"ns", "space", *"books", "enter")
        assert isinstance(app.screen, FleetScreen)
        table = app.screen.query_one(RolloutTable)
        assert [row.rollout.key.name for row in table.rows] == ["reviews"]
        assert "namespace books" in said(app)
        assert "books" in shown(app).splitlines()[0], "the first line says what is shown"
        await press(pilot, "colon", *"ns", "space", *"all", "enter")
        assert len(table.rows) == 4
        await press(pilot, "colon", *"ns", "space", *"books", "enter", "escape")
        assert len(table.rows) == 4


async def test_tab_completes_and_an_unknown_name_chooses_nothing() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "colon", *"ctx", "space", *"prod", "tab")
        assert app.screen.query_one("#query", Input).value == "ctx prod-eu"
        await press(pilot, "escape", "colon", *"ns", "space", *"nowhere", "enter")
        assert isinstance(app.screen, PaletteScreen)
        assert "start with -n nowhere" in shown(app)
    assert not cockpit.asks


async def test_acts_and_looks_by_name() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        for typed, kind in (("pods", PodsScreen), ("logs", LogScreen), ("yaml", ObjectText)):
            await press(pilot, "colon", *typed, "enter")
            assert isinstance(app.screen, kind)
            await press(pilot, "escape")
        await press(pilot, "colon", *"rollback", "enter")
        assert isinstance(app.screen, PlanDialog)
    assert [ask.act for _, ask in cockpit.asks] == [Act.ROLLBACK]


async def test_the_palette_opens_from_a_log_and_leads_to_another_rollout() -> None:
    async with screen() as (app, pilot):
        await press(pilot, "l", "colon", *"reviews", "enter")
        assert isinstance(app.screen, RolloutScreen)
        assert [type(each) for each in app.screen_stack] == [FleetScreen, RolloutScreen]
