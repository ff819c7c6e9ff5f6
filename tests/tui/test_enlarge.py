"""A pane that has the whole screen, and comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.tui.rollout_layout import Needs, alone, places
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.brief_pane import BriefPane
from cockpit.tui.widgets.history_chart import HistoryChart
from cockpit.tui.widgets.rollout_table import RolloutTable
from cockpit.tui.widgets.timeline import Timeline
from cockpit.tui.widgets.version_list import VersionList
from tests.tui.driving import press, screen, shown
from tests.tui.fake import FakeCockpit
from tests.tui.test_looking import with_pods
from tests.tui.test_rollout_layout import needs
from tests.tui.test_rollout_layout import shown as panes_of


@given(st.integers(1, 500), st.integers(1, 200), needs, st.sampled_from(["pods", "journal"]))
def test_one_pane_has_all_the_room_below_the_title(width: int, height: int, wanted: Needs, pane: str) -> None:
    found = panes_of(alone(places(width, height, wanted), pane, width, height))
    assert set(found) <= {"title", pane}
    if pane in found:
        assert found[pane].width == width
        assert found[pane].height == height - 2 - (found["title"].height if "title" in found else 0)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
@pytest.mark.parametrize("back", ["plus", "escape"])
async def test_the_focused_pane_takes_the_screen_and_gives_it_back(size: tuple[int, int], back: str) -> None:
    async with screen(with_pods(), size) as (app, pilot):
        await press(pilot, "enter")
        before = shown(app)
        await press(pilot, "tab", "plus")
        top = app.screen
        assert isinstance(top, RolloutScreen)
        assert top.query_one(Timeline).size.width >= size[0] - 2
        assert top.query_one(Timeline).size.height >= size[1] - 5
        assert not top.query_one(HistoryChart).display
        assert not top.query_one(VersionList).display
        await press(pilot, back)
        assert app.screen is top
        assert shown(app).splitlines()[:10] == before.splitlines()[:10]


async def test_a_second_escape_leaves_the_rollout() -> None:
    async with screen(with_pods()) as (app, pilot):
        await press(pilot, "enter", "plus", "escape", "escape")
        assert isinstance(app.screen, FleetScreen)


async def test_the_pods_take_the_screen_unless_the_journal_has_the_focus() -> None:
    async with screen(with_pods()) as (app, pilot):
        await press(pilot, "enter", "plus")
        assert app.screen.query_one(VersionList).size.width >= 78
        assert not app.screen.query_one(Timeline).display


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_the_list_takes_the_screen_from_the_brief(size: tuple[int, int]) -> None:
    async with screen(FakeCockpit(), size) as (app, pilot):
        await press(pilot, "plus")
        assert not app.screen.query_one(BriefPane).display
        assert app.screen.query_one(RolloutTable).size.width >= size[0] - 2
        await press(pilot, "plus")
        assert app.screen.query_one(BriefPane).display
