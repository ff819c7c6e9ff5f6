"""Undo of acts whose rollout is gone, from every screen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.refs import RolloutKey
from cockpit.model.view import Entry, Stage
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.key_bar import KeyBar
from tests.tui.driving import press, rest, said, screen, shown_on
from tests.tui.fake import START, FakeCockpit, fleet


@pytest.mark.parametrize("keys", [("u",), ("i", "u"), ("enter", "u"), ("enter", "i", "u")])
async def test_an_act_that_removed_its_rollout_can_be_undone(keys: tuple[str, ...]) -> None:
    cockpit = FakeCockpit(replace(fleet(), rollouts=fleet().rollouts[:1]))
    key = cockpit.current.rollouts[0].rollout.key
    async with screen(cockpit) as (app, pilot):
        if keys[0] == "enter":
            await press(pilot, "enter")
        finished = Entry("3", START + 90, "ann", key, "finish", "clean up", Stage.VERIFIED)
        gone = replace(cockpit.current, at=START + 400, rollouts=(), journal=(*cockpit.current.journal, finished))
        cockpit.publish(gone)
        await rest(pilot)
        await press(pilot, *(name for name in keys if name != "enter"))
        assert isinstance(app.screen, PlanDialog)
        await press(pilot, "enter")
    assert cockpit.asks == [(key, Ask(Act.UNDO))]
    assert len(cockpit.sent) == 1


async def test_the_journal_undoes_on_the_rollout_of_its_line() -> None:
    other = RolloutKey("prod-eu", "shop", "old", "ingress")
    entry = Entry("0", START, "ann", other, "finish", "clean up", Stage.VERIFIED)
    cockpit = FakeCockpit(replace(fleet(), journal=(entry, *fleet().journal)))
    async with screen(cockpit, keymap={"undo": "b"}) as (app, pilot):
        await press(pilot, "i", "end", "down", "down", "down", "b")
        assert isinstance(app.screen, PlanDialog)
        assert "b undo" in shown_on(app.screen_stack[-2])
    assert cockpit.asks == [(other, Ask(Act.UNDO))]


@pytest.mark.parametrize("keys", [("u",), ("i", "u")])
async def test_nothing_is_undone_that_was_not_sent_or_may_not_be(keys: tuple[str, ...]) -> None:
    refused = Entry("1", START, "ann", fleet().rollouts[0].rollout.key, "finish", "clean up", Stage.REFUSED)
    for view in (replace(fleet(), journal=(refused,)[: len(keys) % 2]), replace(fleet(), read_only=True)):
        cockpit = FakeCockpit(replace(view, rollouts=()))
        async with screen(cockpit) as (app, pilot):
            await press(pilot, *keys)
            assert any(word in said(app) for word in ("no rollout is selected", "journal is empty", "read-only"))
        assert not cockpit.asks


async def test_an_undo_without_its_right_is_dim_and_says_which_is_missing() -> None:
    why = "prod-eu does not allow you to patch ingresses.networking.k8s.io in namespace shop"
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        cockpit.change("http-server", denied=((Act.UNDO, why),))
        await rest(pilot)
        top = app.screen
        assert isinstance(top, FleetScreen)
        assert not top.applies(app.keymap["undo"])
        await press(pilot, "u")
        assert f"http-server: {why}" in said(app)
        assert not cockpit.asks


def lit(app: CockpitApp) -> list[tuple[str, bool]]:
    """The keys of the last line, each with whether it is lit."""
    return [(key.id, enabled) for key, enabled in app.screen.query_one(KeyBar).keys]


async def test_without_an_act_undo_is_dim_and_a_press_still_asks_the_session() -> None:
    """What another process sent a moment ago may not be known to the screen yet."""
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter")
        top = app.screen
        assert isinstance(top, RolloutScreen)
        (key,) = top.selected_keys()
        assert top.applies(app.keymap["undo"])
        assert dict(lit(app))["undo"]
        cockpit.change(key.name, undoing=None)
        await rest(pilot)
        assert not top.applies(app.keymap["undo"])
        assert not dict(lit(app))["undo"]
        assert top.why_not(app.keymap["undo"]).startswith(f"{key.name}: nothing to undo")
        await press(pilot, "u")
        assert isinstance(app.screen, PlanDialog)
    assert cockpit.asks == [(key, Ask(Act.UNDO))]
