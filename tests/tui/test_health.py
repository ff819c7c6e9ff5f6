"""The one health of a rollout on every screen, and nothing beside it that says otherwise."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from cockpit.model.finding_order import worst_first
from cockpit.model.health import AnswerHealth, Health, RolloutHealth
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Followed, Lane, Phase, Severity, Share, Verdict
from cockpit.model.view import FleetView, RolloutView
from cockpit.session.facts.groups import groups_of
from cockpit.tui.brief_split import split_lines
from cockpit.tui.glyphs import ASCII, UNICODE, Glyphs
from cockpit.tui.health_words import error_rate
from cockpit.tui.lines import Line, plain, width_of
from cockpit.tui.pace import facts
from cockpit.tui.rows import Grouping, Order, Section, blocks_of, rows_of, sections_of
from cockpit.tui.since import FirstSeen
from cockpit.tui.widgets.health_panel import HealthPanel
from cockpit.tui.widgets.rollout_row import ALONE, columns, heading, row
from cockpit.tui.widgets.rollout_table import RolloutTable
from cockpit.tui.widgets.shares import lane_lines
from tests.tui.driving import press, rest, screen, shown
from tests.tui.fake import DOUBTFUL, FINE, HURT, NOWHERE, QUIET, START, FakeCockpit, fleet, lane, probing, rollout

SLOTS = {"v1": 0, "v2": 1}
STOPPED = RolloutHealth(Health.NOT_MEASURED, "the probe is off, last measured 10m ago")
ALL = (HURT, DOUBTFUL, NOWHERE, FINE)
TITLES = ("✗ users are hurt", "? doubtful", "· not measured", "✓ fine")


def view_of(name: str, health: RolloutHealth, *findings: Finding, **parts: object) -> RolloutView:
    """A rollout whose split is as written."""
    found = rollout(name, "ingress", Phase.CANARY, (lane(0.3, 0.3),), findings=findings)
    return replace(RolloutView(found, probing(), health=health), **parts)  # type: ignore[arg-type]


def fleet_of(*views: RolloutView) -> FleetView:
    return replace(fleet(), rollouts=views, journal=())


def styles_of(line: Line, word: str) -> set[str]:
    return {span.style for span in line if word in span.text}


def row_of(view: RolloutView, width: int = 78, glyphs: Glyphs = UNICODE) -> Line:
    return row(view, columns(width), glyphs, ALONE, None, START)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [78, 116])
def test_a_row_says_the_health_whatever_the_split_is(glyphs: Glyphs, width: int) -> None:
    said = {Health.HURT: "hurt", Health.DOUBTFUL: "doubtful", Health.NOT_MEASURED: "by hand", Health.FINE: "by hand"}
    critical = Finding("x", Severity.CRITICAL, "something")
    for health in ALL:
        for verdict in Verdict:
            found = (replace(critical, id="hurt"),) if health is HURT else ()
            of = rollout("web", "ingress", Phase.CANARY, (lane(0.3, 0.3, verdict=verdict),), findings=found)
            line = row_of(view_of("web", health, rollout=of), width, glyphs)
            (text,) = plain([line])
            assert said[health.health] in text
            if health in (HURT, DOUBTFUL):
                look = glyphs.healths[health.health]
                assert line[0] == (f"{look.sign} ", look.style)
            assert width_of(line) == width_of(heading(columns(width), Order.WHY, glyphs)) - 2
            assert not any(f" {word} " in text for word in ("ok", "OFF", "fine"))


def test_a_row_says_what_users_get_and_marks_what_is_only_written() -> None:
    (seen,) = plain([row_of(view_of("web", FINE))])
    assert "███░░░░░░  30%" in seen
    unseen = rollout("web", "ingress", Phase.CANARY, (lane(0.3, None),))
    (text,) = plain([row_of(view_of("web", NOWHERE, rollout=unseen))])
    assert "written 30%" in text
    assert "█" not in text


def test_what_is_not_measured_is_amber_in_every_theme_word() -> None:
    assert UNICODE.healths[Health.NOT_MEASURED].style == UNICODE.healths[Health.DOUBTFUL].style == "waiting"


@pytest.mark.parametrize(("health", "words"), zip(ALL, TITLES, strict=True))
async def test_the_first_panel_of_the_rollout_screen_says_the_health(health: RolloutHealth, words: str) -> None:
    async with screen(FakeCockpit(fleet_of(view_of("web", health)))) as (app, pilot):
        await press(pilot, "enter")
        [first, *_] = plain(app.screen.query_one(HealthPanel).lines)
        assert words in first
        assert styles_of(app.screen.query_one(HealthPanel).lines[0], words) == {UNICODE.healths[health.health].style}
        assert shown(app).count(words) == 1


CAUSE = Finding(
    "selector-misses",
    Severity.CRITICAL,
    "Service shop/web selects no pods, so its requests fail: it asks for app=wbe, the pods of Deployment web have"
    " app=web",
)


async def test_a_cause_has_the_room_of_the_symptom_that_it_explains() -> None:
    found = worst_first([Finding("no-answers", Severity.CRITICAL, "the last 40 requests failed"), CAUSE])
    broken = view_of("web", RolloutHealth(Health.HURT, CAUSE.text), *found)
    async with screen(FakeCockpit(fleet_of(broken))) as (app, pilot):
        assert "last 40 requests" not in shown(app)
        await press(pilot, "enter")
        panel = plain(app.screen.query_one(HealthPanel).lines)
        assert "Service shop/web selects no pods, so its requests fail: it asks for app=wbe" in panel[1]
        assert "the pods of Deployment web have app=web" in panel[2]
        assert shown(app).count("selects no pods") == 1


def test_a_row_says_the_cause_in_short() -> None:
    found = worst_first([Finding("no-answers", Severity.CRITICAL, "the last 40 requests failed"), CAUSE])
    (line,) = plain([row_of(view_of("web", HURT, *found))])
    assert "selects none" in line
    assert "no answers" not in line


def sections(view: FleetView, opened: Collection[RolloutKey] = ()) -> list[Section]:
    return sections_of(blocks_of(view, opened), Grouping.STANDING, Order.WHY, FirstSeen(START), 1)


def test_hurt_and_doubtful_rollouts_come_first_and_the_others_keep_their_order() -> None:
    names = {"a": FINE, "b": NOWHERE, "c": DOUBTFUL, "d": FINE, "e": HURT, "f": NOWHERE, "g": HURT}
    view = fleet_of(*(view_of(name, health) for name, health in names.items()))
    rows = rows_of(sections(view))
    assert "".join(each.rollout.key.name for each in rows) == "egcabdf"


def test_the_parts_of_a_hurt_group_stay_below_its_row() -> None:
    parts = []
    for name, context, health in (("a", "eu", FINE), ("web", "eu", FINE), ("web", "us", HURT)):
        part = view_of(name, health)
        parts.append(replace(part, rollout=replace(part.rollout, key=RolloutKey(context, "shop", name, "ingress"))))
    view = replace(fleet_of(*parts), groups=groups_of(parts))
    whole = view.groups[0].view.rollout.key
    assert [str(each.rollout.key) for each in rows_of(sections(view, {whole}))] == [
        str(whole), *(str(parts[n].rollout.key) for n in (1, 2, 0)),
    ]  # fmt: skip


async def test_the_cursor_stays_on_its_rollout_when_another_is_hurt() -> None:
    fake = FakeCockpit(fleet_of(*(view_of(name, FINE) for name in "abc")))
    async with screen(fake) as (app, pilot):
        await press(pilot, "down")
        fake.change("c", health=HURT)
        await rest(pilot)
        table = app.screen.query_one(RolloutTable)
        assert [each.rollout.key.name for each in table.rows] == ["c", "a", "b"]
        assert table.current
        assert table.current.rollout.key.name == "b"


async def test_what_is_not_measured_says_the_key_that_measures_it() -> None:
    off = replace(view_of("b", STOPPED), probe=replace(probing(), running=False))
    async with screen(FakeCockpit(fleet_of(off))) as (app, _):
        assert f"not measured: {STOPPED.reason}; o starts the probe" in " ".join(shown(app).split())
    async with screen(FakeCockpit(fleet_of(view_of("b", STOPPED)))) as (app, _):
        assert "starts the probe" not in shown(app)


async def test_a_doubt_without_a_finding_is_told_with_its_reason() -> None:
    async with screen(FakeCockpit(fleet_of(view_of("a", FINE), view_of("web", DOUBTFUL)))) as (app, _):
        assert f"? {DOUBTFUL.reason}" in shown(app)


@pytest.mark.parametrize(
    ("health", "probe", "words"),
    [
        (FINE, probing(), f"✓ fine: {FINE.reason}"),
        (DOUBTFUL, probing(), DOUBTFUL.reason),
        (STOPPED, replace(probing(), running=False), f"{STOPPED.reason}; o starts the probe"),
        (NOWHERE, QUIET, f"{NOWHERE.reason}; O sets where requests go"),
        (RolloutHealth(Health.NOT_MEASURED, "measuring"), probing(), "measuring"),
    ],
)
async def test_the_findings_of_a_rollout_say_its_health_with_the_reason(
    health: RolloutHealth, probe: object, words: str
) -> None:
    async with screen(FakeCockpit(fleet_of(view_of("web", health, probe=probe)))) as (app, pilot):
        await press(pilot, "enter")
        assert words in " ".join(shown(app).split())
        assert "no findings" not in shown(app)
        assert "no problems" not in shown(app)


async def test_a_health_that_a_finding_says_already_is_not_said_twice() -> None:
    found = Finding("split-off", Severity.CRITICAL, HURT.reason)
    async with screen(FakeCockpit(fleet_of(view_of("web", HURT, found)))) as (app, pilot):
        await press(pilot, "enter")
        assert shown(app).count(HURT.reason) == 1


@pytest.mark.parametrize("health", [HURT, DOUBTFUL])
async def test_no_ok_stands_beside_a_hurt_or_doubtful_rollout(health: RolloutHealth) -> None:
    found = Finding("errors", Severity.CRITICAL, "v2 fails 27% of its requests")
    view = fleet_of(view_of("web", health, *((found,) if health is HURT else ())))
    async with screen(FakeCockpit(view)) as (app, pilot):
        for keys in ((), ("enter",)):
            await press(pilot, *keys)
            assert "✓" not in shown(app)
            assert " ok" not in shown(app)
    drawn = lane_lines(view.rollouts[0].rollout.lanes[0], True, SLOTS, 80, UNICODE, health=health.health)
    assert styles_of(drawn[0], "split as written") == {"quiet"}


def test_a_right_split_of_a_fine_rollout_is_told_as_such() -> None:
    drawn = lane_lines(lane(0.3, 0.3), True, SLOTS, 80, UNICODE, health=Health.FINE)
    assert "✓ split as written" in plain(drawn)[0]
    assert styles_of(drawn[0], "split as written") == {"ok"}


def heading_of(**parts: object) -> str:
    made: Lane = replace(lane(0.3, 0.3), **parts)  # type: ignore[arg-type]
    return plain(lane_lines(made, True, SLOTS, 80, UNICODE))[0]


def test_a_lane_says_how_far_it_is_measured() -> None:
    assert "… measuring: ~40 more answers" in heading_of(verdict=Verdict.NOT_YET, missing=40)
    assert "? doubtful: perhaps not as written" in heading_of(verdict=Verdict.DOUBTFUL)
    assert "… not yet followed: still the old split" in heading_of(verdict=Verdict.NOT_YET, followed=Followed.NOT_YET)
    partly = heading_of(verdict=Verdict.OFF, followed=Followed.PARTLY)
    assert "✗ OFF: one gateway still has the old split" in partly
    assert "USERS" in partly
    assert "no verdict: answers name no version" in heading_of(verdict=Verdict.UNKNOWN, samples=30, unknown=30)


def test_the_error_rate_of_a_version_is_that_of_its_findings() -> None:
    v1, v2 = lane(0.3, 0.3, errors=100).shares
    known = (AnswerHealth("default", "v2", 100.0, 27.0, 0.0), AnswerHealth("default", "v1", 0.0, 0.0, 0.0))
    assert error_rate(known, v2) == 0.27
    assert error_rate((), v2) == 100 / 244
    assert error_rate(known, v1) == 0.0
    assert error_rate(known, Share("v3", 0.1, 0.1)) is None


def test_figures_that_move_are_not_drawn_at_once_but_another_health_is() -> None:
    before = view_of("web", HURT, Finding("errors", Severity.CRITICAL, "v2 fails 27%", "", "v2 default"))
    moved = view_of(
        "web",
        replace(HURT, reason="v2 fails 26%"),
        Finding("errors", Severity.CRITICAL, "v2 fails 26%", "", "v2 default"),
    )
    assert facts(before) == facts(moved)
    assert facts(before) != facts(replace(before, health=DOUBTFUL))
    still = replace(before.probe, running=False)
    assert facts(replace(before, probe=still)) != facts(replace(moved, probe=still)), "no later view may follow"


def test_fleet_and_rollout_screen_tell_the_same_errors_and_times() -> None:
    shown = lane(0.3, 0.3, errors=100)
    known = (
        AnswerHealth("default", "v2", 100.0, 27.0, 0.0, p50_ms=900.0),
        AnswerHealth("other", "v2", 100.0, 90.0, 0.0, p50_ms=5.0),
    )
    view = RolloutView(rollout("web", "ingress", Phase.CANARY, (shown,)), probing(health=known), health=HURT)
    (pane,) = [line.split()[-2:] for line in plain(split_lines(view, 80, UNICODE)) if " v2 " in line]
    (table,) = [line for line in plain(lane_lines(shown, True, SLOTS, 80, UNICODE, known=known)) if " v2 " in line]
    assert pane == ["27%", "15ms"]
    assert "  27%   15ms" in table
