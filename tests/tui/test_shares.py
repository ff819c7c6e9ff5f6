"""Who gets what: users first, beside what is written, in columns under their names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.health import AnswerHealth
from cockpit.model.rollout import Lane, Share, Verdict
from cockpit.model.view import Cell, CellKind
from cockpit.probe.sticky import sticky_lane
from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.lines import plain, width_of
from cockpit.tui.widgets.probe_strip import BLOCK, strip_cells
from cockpit.tui.widgets.shares import COLUMNS, Shares, columns_for, lane_height, lane_lines
from tests.tui.driving import press, screen, shown
from tests.tui.fake import FakeCockpit, fleet, lane, observed
from tests.tui.scenes import crowded, fleet_of, laned
from tests.tui.strips import strip

SLOTS = {"v1": 0, "v2": 1}
fractions = st.none() | st.floats(0, 1)


def drawn(made: Lane, width: int = 80, **more: object) -> list[str]:
    return plain(lane_lines(made, True, SLOTS, width, UNICODE, **more))  # type: ignore[arg-type]


def test_one_error_among_one_answer_is_told_in_the_singular() -> None:
    one = replace(lane(0.3, 0.44), samples=1, errors=1)
    assert " 1 answer, 1 error " in drawn(one, 120)[0]
    assert " 20 answers, 2 errors " in drawn(replace(one, samples=20, errors=2), 120)[0]


def test_requests_that_no_version_answers_have_a_row_with_what_they_get() -> None:
    lost = replace(lane(0.3, 0.2), unanswered=observed(0.2, 0.03, 812, 162), unanswered_note="503")
    *_, row = drawn(lost, 100)
    assert row.split()[1:4] == ["no", "version:", "503"]
    assert " 20% " in row
    assert lane_height(lost) == len(drawn(lost, 100)) == 4
    gone = replace(lost, verdict=Verdict.UNKNOWN, unanswered=observed(1.0, 0.03, 40, 40))
    assert "no verdict: no version answers" in drawn(gone, 100)[0]


def test_every_figure_ends_where_the_name_of_its_column_ends() -> None:
    known = (AnswerHealth("default", "v2", 100.0, 21.0, 0.0), AnswerHealth("default", "v1", 300.0, 0.0, 0.0))
    head, first, second = drawn(lane(0.3, 0.44, 0.06, verdict=Verdict.OFF), 100, known=known)
    assert "✗ OFF: not as written" in head
    for title, one, other in [
        ("USERS", "56% ±6", "44% ±6"), ("WRITTEN", "70%", "30%"), ("ERRORS", "0%", "21%"), ("P50", "12ms", "15ms"),
        ("P99", "48ms", "95ms"),
    ]:  # fmt: skip
        end = head.index(title) + len(title)
        assert first[:end].endswith(one), title
        assert second[:end].endswith(other), title


def test_there_is_always_a_space_between_a_bar_and_its_figure() -> None:
    _, stable, canary = drawn(lane(0.0, 0.0, 0.2), 70)
    assert "█ 100%±10 " in stable
    assert " 0% ±10 " in canary


def test_bars_have_one_scale_and_the_interval_after_them() -> None:
    _, first, second = drawn(lane(0.3, 0.44, 0.06))
    assert first.count("█") - 1 == round(0.56 * 40)
    assert second.count("▒") - 1 == round(0.44 * 40)
    assert second.index("┤") - second.rindex("▒") == round(0.5 * 40) - round(0.44 * 40)


def test_what_is_declared_has_a_column_where_it_is_not_what_is_written() -> None:
    assert "DECLARED" not in drawn(lane(0.3, 0.3))[0]
    shares = (Share("v1", 0.5, 0.7, observed(0.7, 0.1, 40)), Share("v2", 0.5, 0.3, observed(0.3, 0.1, 40)))
    lines = lane_lines(Lane("default", "", shares), True, SLOTS, 100, UNICODE)
    assert "DECLARED" in plain(lines)[0]
    assert {span.style for span in lines[1] if span.text.strip() == "50%"} == {"waiting"}


def test_a_share_that_nobody_measured_is_a_thin_line_of_what_is_written() -> None:
    never = lane_lines(lane(0.3, None, verdict=Verdict.UNKNOWN), True, SLOTS, 80, UNICODE, running=False)
    assert "nothing observed" in plain(never)[0]
    assert plain(never)[1].count("█") == 1, "only its sign"
    assert "─" * 10 in plain(never)[1]
    assert "–" in plain(never)[1]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verdict_of_a_probe_that_stopped_is_told_as_past(verdict: Verdict) -> None:
    lines = lane_lines(lane(0.3, 0.44, 0.06, verdict=verdict), True, SLOTS, 80, UNICODE, running=False)
    assert "· stopped" in plain(lines)[0]
    assert not {"ok", "risk"} & {span.style for line in lines for span in line}


def test_what_nobody_knows_is_no_bar() -> None:
    shares = (Share("v1", None, None), Share("v2", None, None))
    lines = plain(lane_lines(Lane("default", "", shares), True, SLOTS, 80, ASCII))
    assert lines[1].split() == ["1", "v1", "-", "-", "-", "-"]
    assert "nothing observed" in lines[0]


def test_columns_that_have_no_room_are_left_out_from_the_end() -> None:
    lanes = [lane(0.3, 0.3)]
    names = [[column.title for column in columns_for(lanes, width)] for width in (20, 40, 80, 100)]
    assert names == [["USERS"], ["USERS", "WRITTEN"], ["USERS", "WRITTEN", "ERRORS", "P50"],
                     ["USERS", "WRITTEN", "ERRORS", "P50", "P99"]]  # fmt: skip
    assert [column.title for column in COLUMNS][:2] == ["USERS", "WRITTEN"]


@given(st.lists(st.tuples(fractions, fractions), min_size=1, max_size=6), st.integers(20, 200), st.text(max_size=70))
def test_any_shares_fit_the_width(shares: list[tuple[float | None, float | None]], width: int, name: str) -> None:
    made = Lane("default", "", tuple(Share(f"v{i}{name}", d, w) for i, (d, w) in enumerate(shares)))
    assert all(width_of(line) <= width for line in lane_lines(made, False, {}, width, UNICODE))


async def test_lanes_and_versions_without_room_are_counted() -> None:
    for view, words in ((laned(), "12 more lanes: make the terminal taller"), (crowded(), "more versions")):
        async with screen(FakeCockpit(fleet_of(view))) as (app, pilot):
            await press(pilot, "enter")
            assert words in "\n".join(plain(app.screen.query_one(Shares).lines))


async def test_the_split_is_told_once() -> None:
    async with screen(FakeCockpit(fleet())) as (app, pilot):
        await press(pilot, "enter")
        assert shown(app).count("70%") == 1
        assert shown(app).count("56%") == 1


def test_the_strip_moves_no_cell_that_was_drawn() -> None:
    cells = strip(300)
    before = strip_cells(cells[:200], 200, SLOTS, 68, UNICODE)
    after = strip_cells(cells[:201], 201, SLOTS, 68, UNICODE)
    changed = [x for x, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert 1 <= len(changed) <= BLOCK + 1


@given(st.integers(0, 400), st.integers(1, 130))
def test_the_newest_answer_is_always_shown_and_a_gap_follows_it(total: int, width: int) -> None:
    cells = [Cell(CellKind.ERROR if i == total - 1 else CellKind.ANSWER, "v1", "default") for i in range(total)]
    places = strip_cells(cells, total, SLOTS, width, UNICODE)
    assert width_of(tuple(places)) <= width
    if total and places:
        assert places[(total - 1) % len(places)].text == "✗"
        assert places[total % len(places)].text == " "


def test_answers_of_versions_errors_and_strangers_differ_without_colour_and_errors_are_loud() -> None:
    kinds = [Cell(CellKind.ANSWER, "v1", ""), Cell(CellKind.ANSWER, "v2", ""), Cell(CellKind.ERROR, "v2", "")]
    kinds.append(Cell(CellKind.UNKNOWN, None, ""))
    for glyphs in (UNICODE, ASCII):
        spans = strip_cells(kinds, 4, SLOTS, 40, glyphs)[:4]
        assert len({span.text for span in spans}) == 4
        assert spans[2].style == "risk"


def test_a_client_that_keeps_its_cookies_is_not_compared_with_the_split() -> None:
    kept = sticky_lane(lane(0.3, 0.44))
    seen = replace(kept, samples=40, shares=(kept.shares[0], replace(kept.shares[1], observed=observed(1.0, 0.0, 40))))
    head, _, answered = plain(lane_lines(seen, False, SLOTS, 120, UNICODE))
    assert "one client that keeps its cookies" in head
    assert "one client: not compared" in head
    assert "100%" in answered
    assert "30%" not in answered
