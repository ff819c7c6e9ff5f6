"""A pane that has the whole screen, and comes back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.view import Point
from cockpit.tui.glyphs import UNICODE
from cockpit.tui.history import Cell
from cockpit.tui.lines import plain, width_of
from cockpit.tui.rollout_layout import Needs, alone, places
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.brief_pane import BriefPane
from cockpit.tui.widgets.history_chart import HistoryChart, Picture, values_at
from cockpit.tui.widgets.painted import Painted
from cockpit.tui.widgets.probe_strip import ProbeStrip
from cockpit.tui.widgets.rollout_table import RolloutTable
from cockpit.tui.widgets.shares import Shares
from cockpit.tui.widgets.timeline import Timeline
from cockpit.tui.widgets.version_list import VersionList
from tests.tui.driving import press, rest, screen, shown
from tests.tui.fake import START, FakeCockpit
from tests.tui.states import hurt, state, unmeasured
from tests.tui.test_looking import with_pods
from tests.tui.test_rollout_layout import needs
from tests.tui.test_rollout_layout import shown as panes_of

TIME = re.compile(r"\d\d:\d\d:\d\d")


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


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
@pytest.mark.parametrize(("tabs", "kind"), [(2, Shares), (3, HistoryChart)])
async def test_who_gets_what_and_the_way_so_far_take_the_screen_too(
    size: tuple[int, int], tabs: int, kind: type[Painted]
) -> None:
    async with screen(with_pods(), size) as (app, pilot):
        await press(pilot, "enter")
        before = shown(app)
        await press(pilot, *["tab"] * tabs, "plus")
        pane = app.screen.query_one(kind)
        assert pane.has_focus
        assert (pane.size.width, pane.size.height >= size[1] - 7) == (size[0], True)
        assert not app.screen.query_one(VersionList).display
        assert app.screen.query_one(ProbeStrip).display == (kind is Shares), "the strip closes the frame of the shares"
        await press(pilot, "plus", "shift+tab", *["shift+tab"] * (tabs - 1))
        assert shown(app) == before


async def test_a_cursor_tells_the_values_of_each_moment_and_stays_on_it() -> None:
    cockpit = FakeCockpit(state(hurt()))
    async with screen(cockpit, (140, 40)) as (app, pilot):
        await press(pilot, "enter", "tab", "tab", "tab")
        chart = app.screen.query_one(HistoryChart)
        assert chart.has_focus

        def foot() -> str:
            return plain(chart.lines)[-1]

        newest = foot()
        assert "00:04:55  users 2" in newest
        assert "written 25%" in newest
        await press(pilot, "home")
        assert "00:00:00  users" in foot()
        assert "written 5%" in foot()
        await press(pilot, *["right"] * 4)
        at = foot()
        assert any("cursor" in span.style for line in chart.lines for span in line)
        view = cockpit.current
        later = replace(view.rollouts[0].probe, history=(*view.rollouts[0].probe.history, *more_points()))
        cockpit.change(view.rollouts[0].rollout.key.name, at=view.at + 60, probe=later)
        await rest(pilot)
        assert TIME.findall(foot()) == TIME.findall(at) == ["00:00:20"]
        await press(pilot, "end")
        assert foot() != at
        await press(pilot, "tab")
        assert "users" not in foot()
        assert not any("cursor" in span.style for line in chart.lines for span in line)


async def test_without_a_measurement_the_cursor_has_nowhere_to_go() -> None:
    async with screen(FakeCockpit(state(unmeasured())), (140, 40)) as (app, pilot):
        await press(pilot, "enter", "tab", "tab", "tab", "left", "home", "end", "plus", "plus")
        assert "nothing was measured" in shown(app)


SHARES = st.none() | st.floats(0, 1)
CELLS = st.builds(
    Cell,
    share=SHARES,
    samples=st.integers(0, 10**6),
    written=SHARES,
    worst=st.floats(0, 1),
    p50_ms=st.none() | st.floats(0, 10**6),
)


@given(CELLS, st.booleans())
def test_values_are_told_in_any_width_from_all_of_them_to_one(cell: Cell, times: bool) -> None:
    lines = values_at(cell, START, Picture(times=times), UNICODE, UTC)
    widths = [width_of(line) for line in lines]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] <= 30
    last = plain(lines)[-1]
    first = "p50" if times and cell.p50_ms is not None else "users" if cell.share is not None else "no answers"
    assert last.startswith(f"00:00:00  {first}")


def more_points() -> tuple[Point, ...]:
    return tuple(Point(START + 300 + 5 * n, "default", (("v1", 0.5), ("v2", 0.5)), 60, 5.0) for n in range(12))
