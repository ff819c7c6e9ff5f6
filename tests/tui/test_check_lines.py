"""What judges a release, on its screen: one line where there is little room, more where there is some."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.checks import Check, CheckState, Measured, Metric, Said
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.tui.check_lines import MOST_LINES, check_height, check_lines
from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.lines import plain, width_of
from tests.tui.driving import press, rest, screen, shown
from tests.tui.fake import QUIET, FakeCockpit, fleet
from tests.tui.test_steps import stepped

SUCCESS = Metric(
    "success-rate",
    CheckState.RUNNING,
    (Measured("0.98", CheckState.SUCCESSFUL), Measured("0.91", CheckState.FAILED)),
    interval="30s",
    taken=3,
    count=5,
    failed=1,
    failure_limit=2,
)
LATENCY = Metric("latency", CheckState.INCONCLUSIVE, (Measured("1.2", CheckState.INCONCLUSIVE),), taken=1, count=1)
STEP = Check("AnalysisRun", "web-2-4", "step 5", CheckState.RUNNING, True, metrics=(SUCCESS,))
BACK = Check("AnalysisRun", "web-2", "background", CheckState.INCONCLUSIVE, True, metrics=(SUCCESS, LATENCY))
TRIAL = Check("Experiment", "web-2-3", "step 4", CheckState.FAILED, message="no pods")
SAYS = Said("canaryStatus", "BatchRelease is at state Progressing")


def judged(*checks: Check, said: tuple[Said, ...] = (), phase: Phase = Phase.PROGRESSING) -> Rollout:
    return replace(stepped(5, phase), checks=checks, said=said)


def lines(shown: Rollout, most: int = 9, width: int = 120) -> list[str]:
    return plain(check_lines(shown, most, width, UNICODE))


def test_a_line_has_the_value_how_far_it_is_and_what_may_fail() -> None:
    assert lines(judged(STEP)) == [
        " ▶ analysis step 5 running · success-rate 0.91 (failed), 3 of 5, 1 failed, every 30s, 2 may fail"
    ]


def test_the_metric_that_decides_comes_first() -> None:
    (line,) = lines(judged(BACK))
    assert line.index("latency 1.2 (inconclusive)") < line.index("success-rate")


def test_a_check_without_metrics_has_its_message() -> None:
    assert lines(judged(TRIAL)) == [" ✗ experiment step 4 failed · no pods"]


def test_where_there_is_no_room_the_last_line_says_how_many_more_there_are() -> None:
    told = lines(judged(BACK, STEP, said=(SAYS,)), 1)
    assert len(told) == 1
    assert told[0].startswith(" +2 more  ? analysis background inconclusive")


@pytest.mark.parametrize(("height", "count"), [(24, 1), (29, 1), (30, 3), (36, 3)])
def test_a_low_screen_has_one_line_of_it(height: int, count: int) -> None:
    assert check_height(judged(BACK, STEP, said=(SAYS,)), height) == count


def test_a_high_screen_has_some_and_a_release_that_is_over_none() -> None:
    many = tuple(replace(STEP, name=str(number)) for number in range(20))
    assert check_height(judged(*many), 50) == MOST_LINES
    assert check_height(judged(*many, phase=Phase.AT_REST), 50) == 0


@given(st.text(max_size=40), st.integers(1, 130), st.booleans())
def test_no_line_is_wider_than_the_screen(words: str, width: int, ascii_: bool) -> None:
    safe = safe_text(words)
    odd = Check("AnalysisRun", safe, "step 1", CheckState.ERROR, True, safe, (replace(SUCCESS, name=safe),))
    rollout = judged(odd, said=(Said(safe, safe),))
    assert all(width_of(line) <= width for line in check_lines(rollout, 2, width, ASCII if ascii_ else UNICODE))


async def test_the_screen_shows_one_and_the_findings_show_all() -> None:
    view = replace(fleet(), rollouts=(RolloutView(judged(BACK, STEP, said=(SAYS,)), QUIET),))
    async with screen(FakeCockpit(view)) as (app, pilot):
        await press(pilot, "enter")
        await rest(pilot)
        assert "+2 more  ? analysis background inconclusive" in shown(app)
        assert SAYS.text not in shown(app)
        await press(pilot, "enter")
        await rest(pilot)
        told = " ".join(shown(app).split())
        assert "analysis step 5 running" in told
        assert "success-rate" in told
        assert SAYS.text in told
