"""What the panes say, as pure functions of a view."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.plan import Act, Ask
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Lane, Phase, Role, Share, Verdict
from cockpit.model.view import Cell, CellKind, Entry, Point, Stage
from cockpit.tui.forms import Weights, count_ask, header_ask, weights_of
from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.paint import plain, width_of
from cockpit.tui.screens.rollout import Heights, heights
from cockpit.tui.text import rough, told_share, version_slots
from cockpit.tui.widgets.history_chart import chart_lines
from cockpit.tui.widgets.probe_strip import BLOCK, strip_lines
from cockpit.tui.widgets.rollout_table import columns, heading, row
from cockpit.tui.widgets.shares import lane_lines
from cockpit.tui.widgets.timeline import latest
from cockpit.tui.widgets.version_list import observed_of, pod_cells
from tests.tui.fake import START, fleet, history, lane, observed, pods, rollout, strip, version

SLOTS = {"v1": 0, "v2": 1}


def test_a_version_is_told_by_what_all_lanes_saw_of_it() -> None:
    users = Share("v2", 0.0, 0.0, observed(0.0, 0.01, 400, 0, 3, 9))
    testers = Share("v2", 1.0, 1.0, observed(1.0, 0.01, 200, 50, 20, 80))
    lanes = (Lane("default", "", (users,)), Lane("testers", "x-tester", (testers,)))
    found = observed_of(lanes, "v2")
    assert found
    assert (found.answers, found.errors, found.error_rate) == (200, 50, 0.25)
    assert (found.p50_ms, found.p99_ms) == (20, 80), "of the lane where it answers"
    both = observed_of((*lanes, replace(lanes[1], name="more")), "v2")
    assert both
    assert (both.answers, both.errors) == (400, 100)
    assert observed_of(lanes, "v1") is None


def test_rough_numbers_change_seldom() -> None:
    assert [rough(n) for n in (7, 99, 100, 819, 1000, 12_345)] == ["7", "99", "100", "810", "1.0k", "12.3k"]


def test_bars_of_the_three_shares_have_one_scale() -> None:
    lines = plain(lane_lines(lane(0.3, 0.44, 0.06, verdict=Verdict.OFF), True, SLOTS, 80, UNICODE))
    heading_line, declared, written, seen = lines
    assert "OFF: not what is written" in heading_line
    assert "p<0.001" in heading_line
    assert declared[10:53] == written[10:53]
    assert declared.count("█") == 29
    assert "v2 44% ±6" in seen
    left, right = seen.index("├"), seen.index("┤")
    assert left < seen.index("┼") < right


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verdict_of_a_probe_that_stopped_is_told_as_past(verdict: Verdict) -> None:
    drawn = lane_lines(lane(0.3, 0.44, 0.06, verdict=verdict), True, SLOTS, 80, UNICODE, running=False)
    assert "· stopped" in plain(drawn)[0]
    assert {span.style for span in drawn[0]} <= {"", "quiet", "strong"}
    never = lane_lines(lane(0.3, None, verdict=Verdict.UNKNOWN), True, SLOTS, 80, UNICODE, running=False)
    assert "nothing observed" in plain(never)[0]


@pytest.mark.parametrize("width", [80, 120])
def test_a_row_of_a_probe_that_stopped_is_neither_ok_nor_off(width: int) -> None:
    view = fleet().rollouts[0]
    for share, verdict in ((0.44, Verdict.OFF), (1.0, Verdict.ON), (0.999, Verdict.ON)):
        past = rollout("web", "ingress", Phase.CANARY, (lane(0.3, share, verdict=verdict),))
        stopped = replace(view, rollout=past, probe=replace(view.probe, running=False))
        spans = row(stopped, columns(width, False, False), UNICODE, False)
        [told] = [span for span in spans if "%" in span.text and "stopped" in span.text]
        assert told.style == "quiet"
        assert not {"ok", "risk"} & {span.style for span in spans}


def test_what_nobody_knows_is_no_bar() -> None:
    shares = (Share("v1", None, 0.7), Share("v2", None, 0.3))
    lines = plain(lane_lines(Lane("default", "", shares), True, SLOTS, 80, ASCII))
    assert lines[1].split() == ["declared", "-", "v1", "-", "v2", "-"]
    assert "nothing observed" in lines[0]


fractions = st.none() | st.floats(0, 1)


@given(st.lists(st.tuples(fractions, fractions), min_size=1, max_size=6), st.integers(20, 200))
def test_any_shares_fit_the_width(shares: list[tuple[float | None, float | None]], width: int) -> None:
    drawn = Lane("default", "", tuple(Share(f"v{i}", d, w) for i, (d, w) in enumerate(shares)))
    assert all(width_of(line) <= width for line in lane_lines(drawn, False, {}, width, UNICODE))


def test_the_strip_moves_no_cell_that_was_drawn() -> None:
    cells = strip(300)
    before = strip_lines(cells[:200], 200, SLOTS, 80, 2, UNICODE)
    after = strip_lines(cells[:201], 201, SLOTS, 80, 2, UNICODE)
    changed = [(y, x) for y in range(2) for x, (a, b) in enumerate(zip(before[y], after[y], strict=True)) if a != b]
    assert 1 <= len(changed) <= BLOCK + 1


@given(st.integers(0, 400), st.integers(10, 130), st.integers(1, 6))
def test_the_newest_answer_is_always_shown_and_a_gap_follows_it(total: int, width: int, height: int) -> None:
    cells = [Cell(CellKind.ERROR if i == total - 1 else CellKind.ANSWER, "v1", "default") for i in range(total)]
    lines = strip_lines(cells, total, SLOTS, width, height, UNICODE)
    places = [span for line in lines for span in line[1:]]
    assert all(width_of(line) <= width for line in lines)
    if total and places:
        assert places[(total - 1) % len(places)].text == "✗"
        assert places[total % len(places)].text == " "


def test_answers_of_versions_errors_and_strangers_differ_without_colour() -> None:
    kinds = [Cell(CellKind.ANSWER, "v1", ""), Cell(CellKind.ANSWER, "v2", ""), Cell(CellKind.ERROR, "v2", "")]
    kinds.append(Cell(CellKind.UNKNOWN, None, ""))
    for glyphs in (UNICODE, ASCII):
        (line,) = strip_lines(kinds, 4, SLOTS, 40, 1, glyphs)
        assert len({span.text for span in line[1:5]}) == 4


def test_the_chart_begins_at_zero_and_leaves_gaps() -> None:
    points = history(0.05, None, 0.05)
    lines = plain(chart_lines(points, "v2", 1, [], 40, 5, UNICODE, UTC))
    assert lines[0].startswith("  10% ")
    assert lines[3].startswith("   0% ")
    assert lines[3][6] == lines[3][8] == "█"
    assert lines[3][7] == " "
    assert lines[0][6] != "█"


def test_the_chart_marks_the_moments_of_acts() -> None:
    lines = plain(chart_lines(history(0.1, 0.2, 0.3), "v2", 1, [START + 5], 60, 5, UNICODE, UTC))
    assert lines[-1].index("▲") == 7


@given(st.lists(fractions, max_size=100), st.integers(1, 120), st.integers(0, 20))
def test_any_history_fits(shares: list[float | None], width: int, height: int) -> None:
    points = [Point(i, "default", (("v2", s),) if s is not None else (), 5) for i, s in enumerate(shares)]
    assert len(chart_lines(points, "v2", 1, [3.0], width, height, UNICODE, UTC)) <= max(height, 1)


@given(st.integers(60, 240), st.booleans(), st.booleans())
def test_rows_and_heading_fit_every_width(width: int, steps: bool, contexts: bool) -> None:
    layout = columns(width, steps, contexts)
    for view in fleet().rollouts:
        assert width_of(row(view, layout, UNICODE, True)) + 2 <= max(width, 80)
    assert width_of(heading(layout)) <= max(width, 80)


def test_a_row_tells_the_released_version_and_at_rest_the_busy_one() -> None:
    http, _, _, demo = (view.rollout for view in fleet().rollouts)
    told = [told_share(r, r.lanes[0]) for r in (http, demo)]
    assert [share.version for share in told if share] == ["v2", "v1"]


def test_more_pods_than_room_say_how_many() -> None:
    spans = pod_cells(pods("v1", 300, 500), None, 14, UNICODE)
    assert sum(len(span.text) for span in spans) == 14
    hidden = int(spans[-1].text.strip("+ ") if spans[-1].text.strip() else spans[-2].text.strip("+ "))
    assert hidden + sum(span.text == "■" for span in spans) == 500


@given(st.integers(1, 80), st.integers(0, 6), st.integers(0, 12), st.integers(0, 30))
def test_panes_never_take_more_lines_than_there_are(total: int, lanes: int, versions: int, findings: int) -> None:
    lines = heights(total, lanes, versions, findings)
    assert sum(getattr(lines, name) for name in Heights.__slots__) <= max(total - 4, 0)
    assert all(getattr(lines, name) >= 0 for name in Heights.__slots__)


def test_at_24_lines_two_lanes_and_everything_that_matters_are_there() -> None:
    assert heights(24, 2, 2, 1) == Heights(shares=8, versions=3, strip=3, chart=4, findings=1, journal=1)


def test_colours_stay_with_their_versions() -> None:
    first = version_slots(["v1", "v2"], {})
    assert first == {"v1": 0, "v2": 1}
    assert version_slots(["v2", "v3"], first) == {"v2": 1, "v3": 0}
    assert len(set(version_slots([f"v{i}" for i in range(9)], {}).values())) == 4


def test_the_last_stage_of_an_act_stands_for_it() -> None:
    key = RolloutKey("c", "n", "web", "ingress")
    entries = [Entry(id, at, "ann", key, "flip", "t", stage) for id, at, stage in (
        ("1", 1.0, Stage.SENDING), ("2", 2.0, Stage.SENDING), ("1", 3.0, Stage.VERIFIED))]  # fmt: skip
    assert [(e.id, e.stage) for e in latest(entries)] == [("1", Stage.VERIFIED), ("2", Stage.SENDING)]


def form() -> Weights:
    weights = weights_of(fleet().rollouts[0].rollout)
    assert weights is not None
    return weights


def test_one_version_takes_the_rest() -> None:
    assert form().set(50).percents == (50, 50)
    assert form().add(-100).percents == (100, 0)
    assert form().preset(1).percents == (50, 50)
    assert form().preset(-1).percents == (75, 25)
    assert form().type("5").type(".").type("5").percents == (94.5, 5.5)
    assert form().type("x") == form()


edits = st.lists(st.sampled_from(["+", "-", "up", "down", "next", *"0123456789.", "backspace"]), max_size=20)


@given(st.integers(2, 5), edits)
def test_weights_always_add_up(count: int, done: list[str]) -> None:
    versions = tuple(version(f"v{i}", Role.STABLE if i == 0 else Role.CANARY, 1, 1) for i in range(count))
    shares = tuple(Share(v.name, 1 / count, 1 / count) for v in versions)
    weights = weights_of(rollout("web", "istio", Phase.CANARY, (Lane("default", "", shares),), versions=versions))
    assert weights is not None
    for edit in done:
        match edit:
            case "+" | "-":
                weights = weights.add(5 if edit == "+" else -5)
            case "up" | "down":
                weights = weights.preset(1 if edit == "up" else -1)
            case "next":
                weights = weights.choose(1)
            case _:
                weights = weights.type(edit)
    assert abs(sum(weights.percents) - 100) < 0.01
    assert all(-0.01 <= p <= 100.01 for p in weights.percents)
    assert abs(sum(share for _, share in weights.ask.weights) - 1) < 1e-4


def test_header_and_count_forms_say_what_is_wrong() -> None:
    web = fleet().rollouts[0].rollout
    assert header_ask(web, "foo=bar") == Ask(Act.HEADER, version="v2", header=("foo", "bar"))
    assert header_ask(web, "v1 foo=a b") == Ask(Act.HEADER, version="v1", header=("foo", "a b"))
    assert header_ask(web, " - ") == Ask(Act.HEADER, version="v2")
    assert header_ask(web, "v1 -") == Ask(Act.HEADER, version="v1")
    assert "KEY=VALUE" in str(header_ask(web, "foo"))
    assert "no name of a header" in str(header_ask(web, "a b=c"))
    assert count_ask(web, "v1=3") == Ask(Act.SCALE, counts=(("v1", 3),))
    assert count_ask(web, "3") == Ask(Act.SCALE, counts=(("v2", 3),))
    assert "which version" in str(count_ask(web, "v9=3"))
    assert "whole number" in str(count_ask(web, "v1=many"))
