"""The picture of a release: one axis with now at its right edge, the same scale all the time, nothing bad left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Phase, Role
from cockpit.model.view import Entry, Point, Stage, WrittenSplit
from cockpit.tui.glyphs import ASCII, UNICODE, Glyphs
from cockpit.tui.history import (
    ZOOMS,
    History,
    Moment,
    axis_for,
    cells_of,
    charted,
    moments_of,
    share_scale,
    time_scale,
)
from cockpit.tui.lines import Line, plain, width_of
from cockpit.tui.widgets.history_chart import AXIS, HistoryChart, Picture, chart_lines
from tests.tui.driving import press, said, screen
from tests.tui.fake import START, FakeCockpit, lane, probing, rollout, version
from tests.tui.fake import history as points_of
from tests.tui.scenes import fleet_of, laned

WIDTH = AXIS + 60 + 1
KEY = RolloutKey("prod-eu", "shop", "web", "ingress")


def split(at: float, share: float, *, found: bool = False) -> WrittenSplit:
    return WrittenSplit(START + at, "default", (("v1", 1 - share), ("v2", share)), found)


def point(at: float, share: float, samples: int = 60, seconds: float = 5.0, **more: object) -> Point:
    shares = (("v1", 1 - share), ("v2", share))
    return replace(Point(START + at, "default", shares, samples, seconds), **more)  # type: ignore[arg-type]


def picture(*points: Point, **parts: object) -> Picture:
    history = History("default", points, (split(0, 0.25, found=True),))
    return replace(Picture(history, "v2", "v1", 1, running=True), **parts)  # type: ignore[arg-type]


def chart(shown: Picture, width: int = WIDTH, height: int = 6) -> list[Line]:
    return chart_lines(shown, width, height, UNICODE, UTC)


def minutes(count: int, share: float = 0.25) -> list[Point]:
    return [point(5.0 * n, share) for n in range(count * 12)]


def test_the_scale_begins_at_zero_and_slices_without_answers_are_gaps() -> None:
    lines = plain(chart(picture(point(0, 0.1), replace(point(5, 0), shares=(), samples=0), point(10, 0.1))))
    assert lines[0].startswith("   30%┤")
    assert lines[-2].startswith("    0%┼")
    assert lines[0].count("─") == 15, "what is written is known of the gap too"
    assert lines[-2].count("█") == 10


def test_now_is_at_the_right_edge_and_the_past_is_blank() -> None:
    lines = plain(chart(picture(*minutes(1)[:6])))
    assert lines[-1].endswith("now")
    assert len(lines[-1]) == WIDTH - 1
    filled = lines[-2][AXIS:]
    assert filled.startswith(" " * 20)
    assert not filled[-3:].isspace()


def test_without_a_probe_the_right_edge_has_its_time() -> None:
    assert plain(chart(picture(*minutes(1), running=False)))[-1].endswith("until 00:00:55")


def test_what_is_written_is_a_line_across_the_observed_share() -> None:
    off = picture(*[point(5.0 * n, 0.08) for n in range(12)])
    assert "─" * 12 in plain(chart(off))[0], "above what is observed"
    over = picture(*[point(5.0 * n, 0.5) for n in range(12)])
    (line,) = [line for line in chart(over, height=9) if any("reverse" in span.style for span in line)]
    assert "─" * 12 in "".join(span.text for span in line), "within what is observed"


@pytest.mark.parametrize("zoom", ZOOMS)
def test_every_zoom_has_the_same_scale(zoom: float | None) -> None:
    way = [*[point(5.0 * n, 0.5) for n in range(60)], *[point(300 + 5.0 * n, 0.05) for n in range(200)]]
    assert plain(chart(picture(*way, zoom=zoom)))[0].startswith("   60%┤")


def test_few_answers_do_not_stretch_the_scale() -> None:
    history = History("default", (point(0, 0.8, samples=3), point(5, 0.1)), (split(0, 0.1, found=True),))
    assert share_scale(history, "v2") == 0.12


def test_the_axis_stands_still_until_a_column_is_full() -> None:
    way = minutes(30)
    axes = [axis_for(History("default", tuple(way[:n])), None, 60) for n in range(300, 306)]
    assert axes[0] is not None
    assert len({axis.end for axis in axes if axis}) <= 2


def test_a_long_release_is_on_the_axis_as_a_whole_and_its_only_error_is_seen() -> None:
    failed = point(1800, 0.25, errors=(("v2", 1),), worst=(("v2", 0.5),))
    way = [*[p for p in minutes(60) if p.at != failed.at], failed]
    way.sort(key=lambda each: each.at)
    lines = plain(chart(picture(*way)))
    (errors,) = [line for line in lines if line.startswith("errors")]
    assert errors.count("✗") == 1
    assert AXIS + 25 <= errors.index("✗") <= AXIS + 35, "in the middle"
    assert "errors" not in "".join(plain(chart(picture(*minutes(60)))))


def test_a_coarse_point_fills_the_columns_that_it_stands_for() -> None:
    coarse = point(0, 0.25, 600, 30.0)
    history = History("default", (coarse, *(point(30 + 5.0 * n, 0.25) for n in range(6))))
    axis = axis_for(history, 60.0, 60)
    assert axis
    shares = [cell.share for cell in cells_of(history, axis, "v2", "v1")]
    assert shares == [0.25] * 12


def test_counts_are_added_up_and_the_worst_is_kept() -> None:
    one = point(0, 1.0, samples=30, worst=(("v2", 0.1),), p50_ms=(("v1", 10.0), ("v2", 100.0)))
    other = point(5, 0.0, samples=10, worst=(("v2", 0.9),), p50_ms=(("v2", 50.0),))
    axis = axis_for(History("default", (one, other)), 600.0, 60)
    assert axis
    cell = cells_of(History("default", (one, other)), axis, "v2", "v1")[-1]
    assert (cell.share, cell.samples, cell.worst, cell.p50_ms, cell.other_ms) == (0.75, 40, 0.9, 100.0, 10.0)


def test_acts_and_changes_are_labelled_below_their_moment() -> None:
    history = History("default", tuple(minutes(10)), (split(0, 0.1, found=True), split(300, 0.25)),
                      (Moment(START + 300, "25% by you"),))  # fmt: skip
    line = plain(chart(replace(picture(), history=history)))[-1]
    assert line.index("▲00:05 25% by you") == AXIS + 30
    assert line.lstrip().startswith("00:00")


def test_of_labels_without_room_the_newest_stay_and_older_ones_keep_their_marks() -> None:
    moments = tuple(Moment(START + at, f"{at}% by you") for at in (540, 560, 580))
    history = History("default", tuple(minutes(10)), (split(0, 0.25, found=True),), moments)
    line = plain(chart(replace(picture(), history=history)))[-1]
    assert "580% by you▲" in line
    assert line.count("▲") >= 1


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_a_history_that_is_not_there_says_of_what(glyphs: Glyphs) -> None:
    assert plain(chart_lines(replace(picture(), history=History()), 60, 5, glyphs, UTC)) == [
        " nothing was measured of v2 yet"
    ]
    assert plain(chart_lines(Picture(), 60, 5, glyphs, UTC)) == [" nothing was measured yet"]


def test_times_have_a_scale_of_their_own_and_the_other_version_as_a_line() -> None:
    slow = [point(5.0 * n, 0.25, p50_ms=(("v1", 24.0), ("v2", 240.0))) for n in range(12)]
    lines = plain(chart(picture(*slow, times=True), height=8))
    assert lines[0].startswith(" 250ms┤")
    assert lines[-2].startswith("   0ms┼")
    assert time_scale(History("default", tuple(slow)), ["v1"]) == 25


fractions = st.none() | st.floats(0, 1)


@given(st.lists(fractions, max_size=100), st.integers(1, 160), st.integers(0, 20), st.sampled_from(ZOOMS), st.text())
def test_any_history_fits(shares: list[float | None], width: int, height: int, zoom: float | None, name: str) -> None:
    points = tuple(Point(7 * i, "default", (("v2", s),) if s is not None else (), 5) for i, s in enumerate(shares))
    shown = Picture(History("default", points, moments=(Moment(3.0, name),)), "v2", "v1", 1, zoom)
    lines = chart_lines(shown, width, height, UNICODE, UTC)
    assert len(lines) <= max(height, 1)
    assert all(width_of(line) <= width for line in lines)


def test_after_a_roll_back_the_way_of_the_new_version_is_still_shown() -> None:
    going = rollout("web", "ingress", Phase.CANARY, (lane(0.3, 0.3),))
    assert charted(going, "default", "") == "v2"
    back = replace(going, phase=Phase.AT_REST, lanes=(lane(0.0, 0.0),),
                   versions=(version("v1", Role.STABLE, 2, 2), version("v2", Role.OLD, 1, 1)))  # fmt: skip
    assert charted(back, "default", "v2") == "v2"
    assert charted(back, "default", "") == "v1"
    newer = replace(going, versions=(*back.versions, version("v3", Role.CANARY, 1, 1)))
    three = replace(newer.lanes[0], shares=(*newer.lanes[0].shares, replace(newer.lanes[0].shares[1], version="v3")))
    assert charted(replace(newer, lanes=(three,)), "default", "v2") == "v3"


def entry(id: str, at: float, stage: Stage, who: str = "ann@prod", act: str = "set-weight") -> Entry:
    return Entry(id, START + at, who, KEY, act, "v2 0% -> 10%", stage)


def test_a_change_that_was_made_from_here_says_by_whom_and_one_from_elsewhere_does_not() -> None:
    splits = (split(0, 0.0, found=True), split(62, 0.1), split(200, 0.25), split(400, 0.5))
    entries = (entry("1", 60, Stage.SENDING), entry("1", 61, Stage.SENT), entry("1", 90, Stage.VERIFIED),
               entry("2", 199, Stage.SENT, "bob"), entry("3", 300, Stage.REFUSED), entry("4", 320, Stage.SENDING),
               entry("5", 350, Stage.SENT, "ann", "restart"))  # fmt: skip
    found = moments_of(splits, entries, "v2", "ann@prod")
    assert [(moment.at - START, moment.words) for moment in found] == [
        (62, "10% by you"), (200, "25% by bob"), (350, "v2 0% -> 10% by you"), (400, "50%"),
    ]  # fmt: skip


def test_an_act_is_told_at_the_change_that_it_made_and_not_at_one_that_somebody_made_shortly_before() -> None:
    splits = (split(0, 0.0, found=True), split(46, 1.0), split(74, 0.0), split(90, 1.0))
    entries = (entry("1", 73, Stage.SENDING), entry("1", 74, Stage.SENT), entry("2", 89, Stage.SENT, "bob"))
    found = moments_of(splits, entries, "v2", "ann@prod")
    assert [moment.words for moment in found] == ["100%", "0% by you", "100% by bob"]


async def test_keys_zoom_change_the_measure_and_go_through_the_lanes() -> None:
    view = replace(laned(), probe=probing(history=points_of(*[0.2] * 200)))
    async with screen(FakeCockpit(fleet_of(view)), size=(120, 36)) as (app, pilot):
        await press(pilot, "enter")
        pane = app.screen.query_one(HistoryChart)
        assert "all, " in plain(pane.lines)[0]
        await press(pilot, "z")
        assert "last 10m" in plain(pane.lines)[0]
        await press(pilot, "z")
        assert "last 1m" in plain(pane.lines)[0]
        await press(pilot, "m")
        assert "p50 of v2" in plain(pane.lines)[0]
        await press(pilot, "m", "L")
        assert ", x-0" in plain(pane.lines)[0]
        await press(pilot, *["L"] * 12)
        assert ", other requests" in plain(pane.lines)[0]


async def test_a_single_lane_says_that_there_is_no_other() -> None:
    async with screen() as (app, pilot):
        await press(pilot, "enter", "L")
        assert "all requests are in one lane" in said(app)
