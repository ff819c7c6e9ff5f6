"""Pictures of the screens, frozen: no clock, no animation, one theme, one size each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any

import pytest
from textual.pilot import Pilot

from cockpit.tui.app import CockpitApp
from tests.tui.fake import START, FakeCockpit
from tests.tui.test_clusters import BOTH

SMALL, LARGE = (80, 24), (120, 36)


def keys(*pressed: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Press these keys before the picture is taken."""

    async def run(pilot: Pilot[None]) -> None:
        await pilot.press(*pressed)
        await pilot.pause()

    return run


def app(**more: Any) -> CockpitApp:
    return CockpitApp(FakeCockpit(), zone=UTC, now=lambda: START + 300, **more)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
def test_fleet(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
def test_rollout(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=keys("enter"))


def test_rollout_with_a_header_lane(snap_compare: Any) -> None:
    assert snap_compare(app(), terminal_size=SMALL, run_before=keys("down", "enter"))


def test_rollout_in_ascii_and_sixteen_colours(snap_compare: Any) -> None:
    assert snap_compare(app(theme="ansi", glyphs="ascii"), terminal_size=SMALL, run_before=keys("enter"))


def test_rollout_in_the_light_theme(snap_compare: Any) -> None:
    assert snap_compare(app(theme="light"), terminal_size=SMALL, run_before=keys("enter"))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
def test_plan_that_raises_exposure(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=keys("w", "pageup", "enter"))


def test_weight_form(snap_compare: Any) -> None:
    assert snap_compare(app(), terminal_size=SMALL, run_before=keys("w", "4", "0"))


def test_help(snap_compare: Any) -> None:
    assert snap_compare(app(), terminal_size=SMALL, run_before=keys("question_mark"))


def test_target_form(snap_compare: Any) -> None:
    assert snap_compare(app(), terminal_size=SMALL, run_before=keys("O"))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
def test_rollout_with_steps(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=keys("down", "down", "enter"))


def test_choice_of_a_step(snap_compare: Any) -> None:
    assert snap_compare(app(), terminal_size=SMALL, run_before=keys("down", "down", "enter", "s"))


def test_help_further_down(snap_compare: Any) -> None:
    assert snap_compare(app(), terminal_size=SMALL, run_before=keys("question_mark", "end"))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
def test_fleet_of_two_clusters_with_the_parts_of_a_rollout(snap_compare: Any, size: tuple[int, int]) -> None:
    two = CockpitApp(FakeCockpit(BOTH), zone=UTC, now=lambda: START + 300)
    assert snap_compare(two, terminal_size=size, run_before=keys("enter"))
