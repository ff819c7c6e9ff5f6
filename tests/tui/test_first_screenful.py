"""The cause and the way back stand in the first screenful, whole, and nothing is told twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.health import Health, RolloutHealth
from cockpit.model.rollout import Finding, Phase, PodCell, PodState, Role, Severity
from cockpit.texts.current import use
from cockpit.texts.languages import CHINESE, ENGLISH
from cockpit.tui import fleet_layout, rollout_layout
from cockpit.tui.brief import Facts, brief_lines
from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.keys import remapped
from cockpit.tui.lines import Span, plain, wrap_line
from cockpit.tui.rollout_layout import LEAST_CHART, Needs
from cockpit.tui.standing import unsaid_message
from cockpit.tui.text import pods_of
from cockpit.tui.widgets.health_panel import Told, body_lines, least_height
from cockpit.tui.widgets.rollout_row import columns
from cockpit.tui.widgets.version_list import VersionList
from tests.tui.fake import version
from tests.tui.states import NOW, canary

CAUSE = (
    "HTTPRoute gateway-api/checkout sends 100% of the requests of rule 1 to an invalid backend: Service checkout-v2"
    " does not exist"
)
BACK = (
    Span(" back: ", "strong"),
    Span("not by rolling back: correct the selector of the Service, or the labels of the template; ", "waiting"),
    Span("r", "key"),
    Span(" sends everyone to v1"),
    Span(", "),
    Span("u", "key"),
    Span(" undoes it"),
    Span(" · one patch of HTTPRoute checkout", "quiet"),
)


@pytest.mark.parametrize(("width", "height"), [(78, 5), (78, 8), (58, 8)])
def test_a_long_cause_and_the_way_back_are_there_as_a_whole(width: int, height: int) -> None:
    told = Told(RolloutHealth(Health.HURT, CAUSE), back=BACK)
    lines, _, _ = body_lines(told, width, height, UNICODE)
    text = " ".join(" ".join(plain(lines)).split())
    assert CAUSE in text
    assert "r sends everyone to v1, u undoes it" in text
    assert least_height(told, width + 2, UNICODE) <= 2 + 6


def test_what_a_way_back_sends_takes_no_line_of_its_own() -> None:
    short = (*BACK[:1], *BACK[2:-1], Span(" · one patch of VirtualService default/a-name-that-is-much-too-long-for-it"))
    told = Told(RolloutHealth(Health.HURT, "v2 fails"), back=(*short[:-1], replace_style(short[-1], "quiet")))
    lines, _, _ = body_lines(told, 60, 6, UNICODE)
    assert len(lines) == 2
    assert plain(lines)[1].endswith("…")


def replace_style(span: Span, style: str) -> Span:
    return Span(span.text, style)


def test_a_comma_in_a_style_of_its_own_stays_with_its_word() -> None:
    line = (Span("everyone to v1"), Span(", "), Span("u", "key"), Span(" undoes it"))
    assert plain(wrap_line(line, 80, 0)) == [" everyone to v1, u undoes it"]


def test_cause_and_way_back_come_before_a_second_lane() -> None:
    lanes = rollout_layout.places(80, 24, Needs(3, (3, 3), 7, 5, least=7))
    assert lanes.health.height == 7
    assert lanes.shares.height >= 4


def test_a_chart_with_nothing_to_draw_leaves_its_room_to_what_is_known() -> None:
    drawn = rollout_layout.places(80, 24, Needs(2, (2,), 9, 8))
    blank = rollout_layout.places(80, 24, Needs(2, (2,), 9, 8, charted=False))
    assert drawn.chart.height >= LEAST_CHART
    assert blank.health.height == 9 > drawn.health.height
    assert blank.chart.height <= LEAST_CHART
    assert rollout_layout.places(140, 40, Needs(2, (2,), 9, 8, charted=False)).chart.height == LEAST_CHART


@pytest.mark.parametrize(("width", "height", "wanted"), [(80, 22, 15), (100, 28, 60), (80, 22, 500)])
def test_the_brief_has_two_lines_each_for_cause_split_and_way_back(width: int, height: int, wanted: int) -> None:
    at = fleet_layout.places(width, height, wanted)
    assert at.brief_lines >= 8


@pytest.mark.parametrize("width", [139, 140, 160, 200])
def test_the_pane_beside_the_table_is_wide_enough_for_a_sentence(width: int) -> None:
    at = fleet_layout.places(width, 38, 60)
    assert width - at.table_columns >= 50
    assert columns(at.table_columns - 2).name >= 25


def test_a_release_that_fails_says_so_once() -> None:
    found = Finding("failing-pods", Severity.WARNING, "2 of 2 pods of v2 fail: CrashLoopBackOff")
    other = Finding("canary-empty", Severity.WARNING, "no ready pods behind 40% of Ingress pay-canary")
    view = canary(findings=(found, other))
    shown = replace(view.rollout, phase=Phase.DEGRADED, message=f"{other.text}; v1 100%; it takes no requests")
    facts = Facts(replace(view, rollout=shown), (), False, remapped({}), UNICODE, NOW)
    told = " ".join(" ".join(plain(brief_lines(facts, 76, 30))).split())
    assert told.count(found.text) == 1
    assert told.count(other.text) == 1
    assert "says v1 100%; it takes no requests" in told


def test_a_release_that_fails_says_so_once_in_chinese_too() -> None:
    found = Finding("failing-pods", Severity.WARNING, "2 of 2 pods of v2 fail: CrashLoopBackOff")
    view = canary(findings=(found,))
    fails = replace(view, rollout=replace(view.rollout, phase=Phase.DEGRADED))
    facts = Facts(fails, (), False, remapped({}), UNICODE, NOW)
    use(CHINESE)
    try:
        told = " ".join(plain(brief_lines(facts, 76, 30)))
    finally:
        use(ENGLISH)
    assert told.count("CrashLoopBackOff") == 1


def test_a_message_that_is_no_finding_is_told_as_it_is() -> None:
    told = replace(canary().rollout, message="1 of 2 updated; waits, ")
    assert unsaid_message(told) == "1 of 2 updated; waits, "
    found = Finding("stuck", Severity.WARNING, "it waits for ever")
    assert unsaid_message(replace(told, message=found.text, findings=(found,))) == ""


def test_pods_that_are_to_go_are_told_as_such() -> None:
    old = version("v1", Role.OLD, 3, 0)
    assert (pods_of(old, UNICODE), pods_of(old, ASCII)) == ("3→0", "3->0")
    assert pods_of(replace(old, ready=1, desired=4), UNICODE) == "1/4"


def test_the_version_that_lacks_pods_is_in_sight_where_there_is_one_line() -> None:
    pods = VersionList(UNICODE)
    fails = PodCell("b-1", "uid-b", PodState.FAILING)
    good = version("v1", Role.STABLE, 3, 3)
    bad = replace(version("bad", Role.CANARY, 0, 1), pods=(fails,))
    pods.rollout = replace(canary().rollout, versions=(good, bad))
    assert "bad" in plain(pods.draw(40, 3))[1]
    assert pods.chosen is None
    pods.chosen_version = "v1"
    assert "v1" in plain(pods.draw(40, 3))[1]
