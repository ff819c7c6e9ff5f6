"""What the panes say, as pure functions of a view."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.plan import Act, Ask
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Lane, Phase, Role, Share, Verdict
from cockpit.model.shares import rough
from cockpit.model.view import Entry, Stage
from cockpit.tui.forms import Weights, line_ask, weights_of
from cockpit.tui.glyphs import UNICODE
from cockpit.tui.lines import plain, width_of
from cockpit.tui.rows import Order
from cockpit.tui.text import main_share, version_slots
from cockpit.tui.widgets.probe_strip import whole_clauses
from cockpit.tui.widgets.rollout_row import ALONE, Surroundings, columns, heading, row
from cockpit.tui.widgets.timeline import latest
from cockpit.tui.widgets.version_list import pod_cells
from tests.tui.fake import NOWHERE, START, fleet, lane, pods, rollout, version

SLOTS = {"v1": 0, "v2": 1}


def test_rough_numbers_change_seldom() -> None:
    assert [rough(n) for n in (7, 99, 100, 819, 1000, 12_345)] == ["7", "99", "100", "810", "1.0k", "12.3k"]


@pytest.mark.parametrize("width", [80, 120])
def test_a_row_of_a_probe_that_stopped_is_told_as_past(width: int) -> None:
    view = fleet().rollouts[0]
    for share, verdict in ((0.44, Verdict.OFF), (1.0, Verdict.ON), (0.999, Verdict.ON)):
        past = rollout("web", "ingress", Phase.CANARY, (lane(0.3, share, verdict=verdict),))
        stopped = replace(view, rollout=past, probe=replace(view.probe, running=False), health=NOWHERE)
        spans = row(stopped, columns(width), UNICODE, ALONE, None, START)
        [bar, *_] = [span for span in spans if "█" in span.text]
        assert bar.style == "quiet"
        assert not {"ok", "risk"} & {span.style for span in spans}


@given(st.integers(12, 240), st.booleans(), st.booleans())
def test_rows_and_heading_fit_every_width(width: int, namespaces: bool, contexts: bool) -> None:
    layout = columns(width)
    for view in fleet().rollouts:
        line = row(view, layout, UNICODE, Surroundings(namespaces, contexts), None, START)
        assert width_of(line) + 2 <= width
    assert width_of(heading(layout, Order.NAME, UNICODE)) <= width


def test_a_row_tells_the_released_version_and_at_rest_the_busy_one() -> None:
    http, _, _, demo = (view.rollout for view in fleet().rollouts)
    shown = [main_share(r, r.lanes[0]) for r in (http, demo)]
    assert [share.version for share in shown if share] == ["v2", "v1"]


def test_more_pods_than_room_say_how_many() -> None:
    spans = pod_cells(pods("v1", 300, 500), None, 14, UNICODE)
    assert sum(len(span.text) for span in spans) == 14
    hidden = int(spans[-1].text.strip("+ ") if spans[-1].text.strip() else spans[-2].text.strip("+ "))
    assert hidden + sum(span.text == "■" for span in spans) == 500


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


@pytest.mark.parametrize(
    ("act", "text", "ask"),
    [
        (Act.HEADER, "foo=bar", Ask(Act.HEADER, version="v2", header=("foo", "bar"))),
        (Act.HEADER, "v1 foo=a b", Ask(Act.HEADER, version="v1", header=("foo", "a b"))),
        (Act.HEADER, " - ", Ask(Act.HEADER, version="v2")),
        (Act.HEADER, "v1 -", Ask(Act.HEADER, version="v1")),
        (Act.HEADER, "foo", "KEY=VALUE"),
        (Act.HEADER, "", "write it as KEY=VALUE"),
        (Act.HEADER, "a b=c", "not a valid header name"),
        (Act.SCALE, "v1=3", Ask(Act.SCALE, counts=(("v1", 3),))),
        (Act.SCALE, "3", Ask(Act.SCALE, counts=(("v2", 3),))),
        (Act.SCALE, "v9=3", "versions are v1, v2"),
        (Act.SCALE, "v1=many", "whole number"),
    ],
)
def test_a_line_is_read_as_what_the_act_needs_or_says_what_is_wrong(act: Act, text: str, ask: Ask | str) -> None:
    found = line_ask(fleet().rollouts[0].rollout, act, text)
    assert found == ask if isinstance(ask, Ask) else ask in str(found)


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("width", [40, 60, 76, 116])
def test_no_heading_is_cut_by_the_sign_of_the_sort_order(order: Order, width: int) -> None:
    layout = columns(width)
    (head,) = plain([heading(layout, order, UNICODE)])
    (plain_head,) = plain([heading(layout, order, replace(UNICODE, sorted=" "))])
    assert head.replace(UNICODE.sorted, " ").split() == plain_head.split()


def test_the_way_so_long_as_it_fits_is_whole_clauses() -> None:
    text = "the probe itself is too slow: 91 of 372 beats late; figures are of what was sent"
    assert whole_clauses(text, 60) == "the probe itself is too slow: 91 of 372 beats late"
    assert whole_clauses(text, 100) == text
    assert whole_clauses(text, 5) == "the probe itself is too slow: 91 of 372 beats late"
