"""Keys as hands know them, on every screen: none has two meanings, and each does what the table says."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from textual.dom import DOMNode
from textual.screen import Screen

from cockpit.tui.app import CockpitApp
from cockpit.tui.keys import ALL_SCREENS, KEYS, SCREENS, Where, bindings_on, clashes, remapped, screens_of
from cockpit.tui.screens.help import HelpScreen
from cockpit.tui.screens.objects import ObjectText
from cockpit.tui.screens.palette import PaletteScreen
from cockpit.tui.widgets.painted import Painted
from tests.tui.driving import press, rest, said, screen, shown
from tests.tui.fake import FakeCockpit
from tests.tui.test_looking import with_pods

# The keys that open each screen from the fleet.
OPENED = {
    "fleet": (),
    "rollout": ("enter",),
    "object": ("y",),
    "text": ("equals_sign",),
    "logs": ("l",),
    "pods": ("v",),
    "revisions": ("V",),
    "journal": ("i",),
    "presenting": ("P",),
}


def bound(node: DOMNode) -> set[str]:
    return set(node._bindings.key_to_bindings)


def own(shown: Screen[Any]) -> set[str]:
    """The keys of a screen that are ours; tab and the like come with every screen of the library."""
    return bound(shown) - set(Screen._merge_bindings().key_to_bindings)


def test_every_place_has_screens_and_every_screen_is_opened_here() -> None:
    assert set(SCREENS) | {Where.EVERYWHERE, Where.APP} == set(Where)
    assert set(OPENED) == ALL_SCREENS
    assert screens_of(Where.EVERYWHERE) == ALL_SCREENS


@pytest.mark.parametrize("place", sorted(OPENED))
async def test_no_key_of_a_screen_is_taken_by_what_is_on_it_or_by_the_app(place: str) -> None:
    async with screen(with_pods()) as (app, pilot):
        await press(pilot, *OPENED[place])
        keys = own(app.screen)
        assert keys
        for pane in app.screen.query(Painted):
            if pane.can_focus:
                assert not keys & bound(pane), f"{type(pane).__name__} takes keys of {place}"
        assert not keys & (bound(app) - {"ctrl+c"})


@pytest.mark.parametrize("place", sorted(ALL_SCREENS))
def test_no_two_keys_of_one_screen_are_the_same(place: str) -> None:
    there = [key for key in KEYS if place in screens_of(key.where)]
    names = [name.strip() for key in there for name in key.keys.split(",")]
    assert len(names) == len(set(names))
    assert len(bindings_on(place)) == len([key for key in there if key.where is not Where.APP])


def test_a_key_may_mean_something_else_on_another_screen_only() -> None:
    assert clashes(KEYS) == []
    assert remapped({"wrap": "t"}).problems, "logs have both"
    assert remapped({"pod-sort": "t"}).problems == ()


# Their keys are those that apply to the rollout.
WITHOUT_FOOTER = {"fleet", "rollout", "presenting"}


@pytest.mark.parametrize("place", sorted(OPENED))
async def test_the_footer_names_only_keys_that_work_there(place: str) -> None:
    async with screen(with_pods(), size=(200, 24)) as (app, pilot):
        await press(pilot, *OPENED[place])
        footer = getattr(app.screen, "FOOTER", ())
        assert footer or place in WITHOUT_FOOTER
        for key in footer:
            assert place in screens_of(app.keymap[key].where) or key == "undo"


@pytest.mark.parametrize("place", sorted(OPENED))
async def test_help_commands_and_refresh_are_everywhere(place: str) -> None:
    async with screen(with_pods()) as (app, pilot):
        await press(pilot, *OPENED[place])
        below = app.screen
        await press(pilot, "f1")
        assert isinstance(app.screen, HelpScreen)
        await press(pilot, "f1", "colon")
        assert isinstance(app.screen, PaletteScreen)
        await press(pilot, "escape", "ctrl+r")
        assert app.screen is below


@pytest.mark.parametrize("place", sorted(OPENED))
async def test_ctrl_c_says_how_to_quit_and_quits_nothing(place: str) -> None:
    async with screen(with_pods(), keymap={"quit": "Q"}) as (app, pilot):
        await press(pilot, *OPENED[place], "ctrl+c")
        assert "Q quits in the fleet, :q and ctrl+q everywhere" in said(app)
        assert not app._exit


async def test_ctrl_c_says_so_in_a_dialog_too() -> None:
    async with screen() as (app, pilot):
        await press(pilot, "r", "ctrl+c")
        assert "ctrl+q everywhere" in said(app)


async def test_a_terminal_that_cannot_suspend_says_so() -> None:
    async with screen() as (app, pilot):
        await press(pilot, "ctrl+z")
        assert "cannot suspend" in said(app)


async def test_ctrl_z_suspends_where_the_terminal_can(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[tuple[int, int]] = []
    async with screen() as (app, pilot):
        assert app._driver
        monkeypatch.setattr(type(app._driver), "can_suspend", property(lambda driver: True))
        monkeypatch.setattr(os, "kill", lambda process, number: stopped.append((process, number)))
        await press(pilot, "ctrl+z")
    assert stopped == [(os.getpid(), signal.SIGTSTP)]


async def test_help_says_each_reason_once() -> None:
    async with screen(size=(120, 200)) as (app, pilot):
        await press(pilot, "down", "down", "down", "question_mark")
        assert shown(app).count("not now: demo-service: does not apply at rest") == 1
        assert shown(app).count("these do not exist for service") == 1
        for word in ("set the share of a version", "send all traffic to the stable version"):
            assert word in shown(app), "what a key does is said even where it does not apply"


async def test_a_remapped_key_works_on_a_text_and_in_its_footer() -> None:
    async with screen(keymap={"search": "ctrl+f", "snapshot": "ctrl+s"}) as (app, pilot):
        await press(pilot, "y", "ctrl+f")
        assert isinstance(app.screen, ObjectText)
        assert app.screen.query_one("#search").display
        assert "ctrl+f search" in shown(app)


async def test_an_unknown_key_id_is_a_warning_and_the_rest_works() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit, keymap={"nonsense": "x", "rollback": "b"}) as (app, pilot):
        assert "no key id nonsense" in said(app)
        await press(pilot, "b")
        assert cockpit.asks


async def test_a_problem_of_the_settings_is_told_on_the_screen() -> None:
    app = CockpitApp(FakeCockpit(), problems=("config.yaml: them: unknown setting; did you mean theme?",))
    async with app.run_test() as pilot:
        await rest(pilot)
        assert "did you mean theme?" in said(app)
