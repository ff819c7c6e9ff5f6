"""The guard's dialog, and where a guard is seen and heard."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from cockpit.model.guard import USUAL, GuardOrder, GuardState, GuardView, parse_conditions
from cockpit.model.plan import Act
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Phase
from cockpit.tui.app import CockpitApp
from cockpit.tui.glyphs import UNICODE
from cockpit.tui.lines import plain
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.screens.leaving import LeaveForm
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.text import guard_words
from cockpit.tui.widgets.header_bar import header_line
from tests.tui.driving import press, rest, said, screen, shown
from tests.tui.fake import START, FakeCockpit

ARMED = GuardView(GuardOrder(armed=True), "ann", START, START + 1800, way=Act.ROLLBACK, words="hurt for 30s")
PROPOSING = replace(ARMED, order=GuardOrder(), state=GuardState.PROPOSING, words="hurt: v2 fails 27%", rings=1)
NAME = "http-server"


def with_guard(guard: GuardView | None) -> FakeCockpit:
    cockpit = FakeCockpit()
    cockpit.current = replace(
        cockpit.current,
        rollouts=tuple(replace(v, guard=guard) if v.rollout.key.name == NAME else v for v in cockpit.current.rollouts),
    )
    return cockpit


def of(cockpit: FakeCockpit) -> list[GuardOrder | None]:
    assert all(key.name == NAME for key, _ in cockpit.guards)
    return [order for _, order in cockpit.guards]


async def test_a_guard_proposes_unless_it_is_armed_on_purpose() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "g")
        text = shown(app)
        assert "when hurt for 30s" in text
        assert "arm until the release ends: roll back by itself" in text
        await press(pilot, "enter")
        assert of(cockpit) == [GuardOrder()]


async def test_the_dialog_says_which_requests_a_guard_starts() -> None:
    for running in (False, True):
        cockpit = FakeCockpit()
        target = ProbeTarget("10.0.0.1", 80, "shop.test", "/api")
        cockpit.current = replace(
            cockpit.current,
            rollouts=tuple(
                replace(v, probe=replace(v.probe, running=running, probe_target=target, asked_rate=10.0))
                for v in cockpit.current.rollouts
            ),
        )
        async with screen(cockpit) as (app, pilot):
            await press(pilot, "g")
            assert ("a guard samples it: GET http://shop.test/api, 10/s" in shown(app)) is not running


@pytest.mark.parametrize(("digit", "seconds"), [("2", 1800.0), ("3", None)])
async def test_arming_is_a_choice_of_its_own(digit: str, seconds: float | None) -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (_, pilot):
        await press(pilot, "g", digit, "enter")
        assert of(cockpit) == [GuardOrder(USUAL, True, seconds)]


async def test_other_conditions_are_typed_and_a_wrong_one_is_explained() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "g", "4", "enter")
        await press(pilot, *", x", "enter")
        assert "'x' is no condition" in shown(app)
        await press(pilot, "backspace", *"slower", "enter")
        assert "when hurt for 30s or slower" in shown(app)
        await press(pilot, "enter")
        assert of(cockpit) == [GuardOrder(parse_conditions(["hurt for 30s, slower"]))]


async def test_one_that_is_armed_is_left_as_it_is_or_disarmed() -> None:
    cockpit = with_guard(ARMED)
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "g")
        assert "leave it as it is: guard armed until 00:30:00" in shown(app)
        await press(pilot, "enter")
        assert of(cockpit) == []
        await press(pilot, "g", "6", "enter")
        assert of(cockpit) == [None]


async def test_why_no_guard_was_set_is_said() -> None:
    cockpit = FakeCockpit()
    cockpit.why_no_guard = "no guard was set: this session is read-only"
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "g", "2", "enter")
        assert "this session is read-only" in said(app)


async def test_the_plan_of_the_way_back_is_a_key_away_once_it_is_proposed() -> None:
    async with screen(with_guard(PROPOSING)) as (app, pilot):
        await press(pilot, "g", "enter")
        assert isinstance(app.screen, PlanDialog)
        assert app.screen.ask.act is Act.ROLLBACK


async def test_every_screen_says_that_a_guard_is_armed() -> None:
    async with screen(with_guard(ARMED)) as (app, pilot):
        assert "guard armed" in shown(app).splitlines()[0]
        await press(pilot, "enter")
        header, title = shown(app).splitlines()[:2]
        assert "guard armed" in header
        assert "guard armed until 00:30:00" in title
        await press(pilot, "i")
        assert "guard armed" in shown(app).splitlines()[0]


async def test_it_rings_once_for_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    bells: list[int] = []
    monkeypatch.setattr(CockpitApp, "bell", lambda self: bells.append(1))
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        cockpit.change(NAME, guard=ARMED)
        await rest(pilot)
        assert bells == []
        for _ in range(2):
            cockpit.change(NAME, at=cockpit.current.at + 1, guard=PROPOSING)
            await rest(pilot)
        assert bells == [1]
        assert "guard proposes: hurt: v2 fails 27%" in said(app)
        cockpit.change(NAME, guard=replace(PROPOSING, state=GuardState.FAILED, rings=2))
        await rest(pilot)
        assert bells == [1, 1]


def test_words() -> None:
    assert guard_words(None) == ""
    assert guard_words(replace(ARMED, state=GuardState.ENDED)) == ""
    assert guard_words(replace(ARMED, until=None)) == "guard armed"
    assert guard_words(replace(ARMED, state=GuardState.BLIND)) == "guard armed, cannot measure"
    assert guard_words(PROPOSING) == "guard proposes"
    assert guard_words(replace(ARMED, state=GuardState.ACTED)) == "guard acted"


def test_the_header_counts_armed_guards_at_80_columns() -> None:
    view = FakeCockpit().current
    every = replace(view, rollouts=tuple(replace(each, guard=ARMED) for each in view.rollouts))
    (line,) = plain([header_line(every, every.clusters, (), 80, UNICODE, None)])
    assert f"{len(view.rollouts)} guards armed" in line
    assert len(line) <= 80


async def test_leaving_asks_while_a_guard_is_armed() -> None:
    cockpit = with_guard(ARMED)
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "q")
        text = shown(app)
        assert "quit? An armed guard ends" in text
        assert f"guarded: prod-eu:shop/{NAME}" in text
        await press(pilot, "ctrl+q")
        assert sum(isinstance(one, LeaveForm) for one in app.screen_stack) == 1, "it asks once"
        await press(pilot, "enter")
        assert not app.leaving
        assert not cockpit.guards
        await press(pilot, "q", "escape")
        assert not app.leaving


@pytest.mark.parametrize("guard", [None, PROPOSING, replace(ARMED, state=GuardState.ENDED)])
async def test_leaving_does_not_ask_where_nothing_would_act(guard: GuardView | None) -> None:
    async with screen(with_guard(guard)) as (app, pilot):
        await press(pilot, "q")
        assert app.leaving
        assert app.parting == ()


async def test_who_leaves_can_go_on_guarding_by_a_command() -> None:
    cockpit = with_guard(replace(ARMED, order=GuardOrder(parse_conditions(["hurt for 30s", "split off"]), True)))
    async with screen(cockpit, program=("cockpit", "--kubeconfig", "/tmp/my file")) as (app, pilot):
        await press(pilot, "q", "2", "enter")
        assert app.leaving
        assert not cockpit.guards
    # It was armed until 30 minutes after the start, five of which have passed.
    (line,) = app.parting
    words = shlex.split(line)
    assert words[:5] == ["cockpit", "--kubeconfig", "/tmp/my file", "guard", f"prod-eu:shop/{NAME}"]
    assert words[5:] == ["--if", "hurt for 30s", "--if", "split off", "--arm", "--until", "25m"]


async def test_who_leaves_can_disarm() -> None:
    cockpit = with_guard(ARMED)
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "q", "3", "enter")
        assert app.leaving
        assert of(cockpit) == [None]
        assert app.parting == ()


async def test_at_rest_nothing_is_guarded_and_the_key_says_why() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "end")
        top = app.screen
        assert isinstance(top, FleetScreen)
        shown_now = top.selected()
        assert shown_now
        assert shown_now.rollout.phase is Phase.AT_REST
        await press(pilot, "g")
        assert app.screen is top
        assert f"{shown_now.rollout.key.name}: it is at rest: no release is under way" in said(app)


async def test_who_may_not_go_back_is_offered_no_arming() -> None:
    why = "prod-eu does not allow you to patch ingresses in namespace shop"
    cockpit = FakeCockpit()
    denied = tuple(
        replace(
            each,
            rollout=replace(each.rollout, acts=tuple(replace(a, enabled=False, why=why) for a in each.rollout.acts)),
        )
        for each in cockpit.current.rollouts
    )
    cockpit.current = replace(cockpit.current, rollouts=denied)
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "g")
        text = " ".join(shown(app).split())
        assert "1 propose the way back" in text
        assert "by itself" not in text
        assert f"it cannot be armed: {why}" in text
        await press(pilot, "enter")
        assert of(cockpit) == [GuardOrder()]
