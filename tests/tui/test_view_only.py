"""A session that only looks keeps nothing on its machine, runs nothing there, and sends nothing where a viewer says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.model.sampling import ContextSampling, SampleScope
from cockpit.model.view import FleetView
from cockpit.tui.keys import KEEPING
from cockpit.tui.own import Own
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.screens.help import HelpScreen
from cockpit.tui.screens.text import Printed
from tests.tui.driving import press, rest, said, screen, settled, shown
from tests.tui.fake import FakeCockpit, fleet
from tests.tui.test_own import LOGS, PODS, Runs

ONLY_LOOKS = "this session only looks (--view-only)"


def kept(path: Path) -> str:
    path.write_bytes(b"")
    return ""


@pytest.mark.parametrize("place", [(), ("enter",), ("l",), ("i",)])
async def test_nothing_is_kept_from_any_screen(place: tuple[str, ...], tmp_path: Path) -> None:
    folder = tmp_path / "snapshots"
    async with screen(FakeCockpit(), view_only=True, snapshots=folder, keep_record=kept) as (app, pilot):
        await press(pilot, *place)
        for key in ("W", "X"):
            await press(pilot, key)
            assert ONLY_LOOKS in said(app)
            app.clear_notifications()
    assert not folder.exists()


async def test_the_same_keys_keep_where_a_person_sits_at_the_machine(tmp_path: Path) -> None:
    folder = tmp_path / "snapshots"
    async with screen(FakeCockpit(), snapshots=folder, keep_record=kept) as (_, pilot):
        await press(pilot, "W", "X")
        await settled(pilot)
    assert {path.suffix for path in folder.iterdir()} == {".svg", ".txt", ".json", ".record"}


async def test_no_target_is_taken_and_no_command_runs_but_links_are_shown() -> None:
    cockpit, runs = FakeCockpit(), Runs()
    cockpit.current = replace(fleet(), rollouts=fleet().rollouts[2:])  # nowhere to send requests: o asks for a target
    async with screen(cockpit, view_only=True, own=Own((PODS, LOGS), runs)) as (app, pilot):
        for key in ("O", "o", "f6"):
            await press(pilot, key)
            assert ONLY_LOOKS in said(app)
            assert isinstance(app.screen, FleetScreen)
            app.clear_notifications()
        await press(pilot, "f7")
        await settled(pilot)
        assert isinstance(app.screen, Printed)
    assert [len(each) for each in (cockpit.targets, cockpit.wishes, runs.words)] == [0, 0, 0]


def undecided() -> FleetView:
    sampling = ContextSampling(SampleScope.UNDECIDED, 10.0, 50.0)
    return replace(fleet(), clusters=tuple(replace(each, sampling=sampling) for each in fleet().clusters))


async def test_a_viewer_does_not_decide_for_the_machine_what_is_sampled_nor_writes_its_journal() -> None:
    cockpit = FakeCockpit(undecided())
    async with screen(cockpit, view_only=True) as (app, pilot):
        assert isinstance(app.screen, FleetScreen), "nothing is asked"
        for words in ("sample all", "note it is bad"):
            await press(pilot, "colon", *("space" if letter == " " else letter for letter in words), "enter")
            await rest(pilot)
            assert ONLY_LOOKS in said(app)
            app.clear_notifications()
    assert [len(cockpit.samples), len(cockpit.notes)] == [0, 0]


async def test_the_keys_are_dim_and_the_list_of_keys_says_why() -> None:
    async with screen(FakeCockpit(), (100, 60), view_only=True) as (app, pilot):
        top = app.screen
        assert isinstance(top, FleetScreen)
        assert [top.applies(app.keymap[id]) for id in KEEPING] == [False] * len(KEEPING)
        await press(pilot, "question_mark", "slash", *"only", "space", *"looks")
        assert isinstance(app.screen, HelpScreen)
        text = shown(app)
        assert text.count("this session only looks") == len(KEEPING)
