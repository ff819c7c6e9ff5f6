"""Releases that go step by step: the track, what is left of a pause, who has to decide, and the forms of their acts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.plan import Act, ActState, Ask
from cockpit.model.rollout import Phase, PlannedStep, Role, Rollout, Step
from cockpit.model.view import RolloutView
from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.lines import plain, width_of
from cockpit.tui.widgets.rollout_row import release_words as row_words
from cockpit.tui.widgets.step_track import decision, plan_line, release_words, step_line, time_left
from tests.tui.driving import press, rest, said, screen, shown
from tests.tui.fake import QUIET, START, FakeCockpit, fleet, lane, rollout, version

NOW = START + 300
CONTROLLED = (Act.APPROVE, Act.PROMOTE, Act.PAUSE, Act.RESUME, Act.ABORT, Act.RETRY, Act.JUMP, Act.SET_IMAGE)
OTHERS = (Act.RESTART, Act.ENABLE, Act.DISABLE, Act.STEPS)
PLAN = (
    PlannedStep("20%", 0.2),
    PlannedStep("pause", asks=True),
    PlannedStep("40%", 0.4),
    PlannedStep("pause 10m"),
    PlannedStep("analysis success-rate"),
    PlannedStep("100%", 1.0),
)


def stepped(
    at: int | None, phase: Phase = Phase.PAUSED, plan: tuple[PlannedStep, ...] = PLAN, **more: object
) -> Rollout:
    step = None
    if at is not None:
        entry = plan[at - 1]
        step = Step(at, len(plan), 0.2, entry.title, asks=entry.asks)
        step = replace(step, **more)  # type: ignore[arg-type]
    chosen = dict.fromkeys((Act.ENABLE, Act.DISABLE), ("v1", "v2"))
    acts = tuple(ActState(act, True, versions=chosen.get(act, ())) for act in (*CONTROLLED, *OTHERS, Act.ROLLBACK))
    split = (lane(0.2, None),)
    return rollout("rollouts-demo", "argo", phase, split, step=step, steps=plan, acts=acts, message="CanaryPauseStep")


def cockpit(shown: Rollout) -> FakeCockpit:
    return FakeCockpit(replace(fleet(), rollouts=(RolloutView(shown, QUIET),)))


def line(shown: Rollout, width: int = 80) -> str:
    return plain([step_line(RolloutView(shown, QUIET), width, UNICODE, NOW, UTC)])[0]


@pytest.mark.parametrize(
    ("until", "left"),
    [
        ("2026-01-01T00:15:00Z", "until 00:15:00, 10 min left"),
        ("2026-01-01T00:14:01+00:00", "until 00:14:01, 10 min left"),
        ("2026-01-01T00:05:30Z", "until 00:05:30, <1 min left"),
        ("2026-01-01T00:05:00Z", "was due to continue at 00:05:00"),
        ("2026-01-01T05:05:00Z", "until 05:05:00, 5 h left"),
        (None, ""),
        ("soon", ""),
        ("9999-12-31T23:59:59-23:00", ""),
    ],
)
def test_what_is_left_of_a_pause_is_told_by_the_minute(until: str | None, left: str) -> None:
    assert time_left(until, NOW, UTC) == left


def test_the_title_and_the_row_name_the_same_versions() -> None:
    old, stable = version("v0", Role.OLD, 1, 1), version("v1", Role.STABLE, 2, 2)
    preview, canary = version("v3", Role.PREVIEW, 1, 1), version("v2", Role.CANARY, 1, 1)
    shown = replace(stepped(2), versions=(old, stable, preview, canary))
    assert release_words(shown, UNICODE) == "v1 → v2"
    assert row_words(shown, 20, UNICODE).rstrip() == "v1 → v2"


def test_a_finished_step_that_would_ask_waits_for_nobody() -> None:
    assert decision(stepped(2)) == "waits for approval"
    assert decision(replace(stepped(2), phase=Phase.AT_REST)) == ""


@given(st.text(max_size=40) | st.none(), st.floats(0, 4e9))
def test_no_text_of_a_cluster_is_too_odd_a_time(until: str | None, now: float) -> None:
    assert isinstance(time_left(until, now, UTC), str)


def test_the_step_says_where_it_stands_why_and_what_lets_it_go_on() -> None:
    assert line(stepped(2)) == " ●◉○○○○ step 2/6 20% pause  waits for approval  CanaryPauseStep"
    timed = stepped(4, until="2026-01-01T00:15:00Z")
    assert line(timed, 90) == " ●●●◉○○ step 4/6 20% pause 10m  until 00:15:00, 10 min left  CanaryPauseStep"
    assert line(stepped(6, Phase.PROGRESSING)) == " ●●●●●◉ step 6/6 20% 100%  CanaryPauseStep"
    assert line(stepped(None, Phase.AT_REST)) == " CanaryPauseStep"


def test_the_whole_plan_stands_below_with_the_current_step_marked() -> None:
    whole = " 20% › pause › 40% › [pause 10m] › analysis success-rate › 100%"
    assert plain([plan_line(stepped(4), 80, UNICODE)])[0] == whole
    assert plain([plan_line(stepped(4), 45, UNICODE)])[0] == " …[pause 10m] › analysis success-rate…"
    assert (
        plain([plan_line(stepped(None), 80, ASCII)])[0]
        == " 20% > pause > 40% > pause 10m > analysis success-rate > 100%"
    )


@given(st.lists(st.text(max_size=40), min_size=1, max_size=30), st.integers(-3, 40), st.integers(10, 200))
def test_a_plan_of_any_titles_stays_in_its_line_with_the_current_step(titles: list[str], at: int, width: int) -> None:
    plan = tuple(PlannedStep(title) for title in titles)
    shown = replace(stepped(1, plan=plan), step=Step(at, len(plan), None))
    assert width_of(plan_line(shown, width, UNICODE)) <= width


async def test_the_rollout_screen_shows_the_plan_and_hides_the_line_where_there_is_none() -> None:
    fake = cockpit(stepped(2))
    async with screen(fake) as (app, pilot):
        await press(pilot, "enter")
        assert "20% › [pause] › 40%" in shown(app)
        assert "a approve" in shown(app)
        fake.change("rollouts-demo", rollout=replace(stepped(None, Phase.AT_REST), steps=()))
        await rest(pilot)
        assert "›" not in shown(app)


async def test_time_that_passes_alone_changes_the_words_once_a_minute() -> None:
    clock = [NOW]
    fake = cockpit(stepped(4, until="2026-01-01T00:15:00Z"))
    async with screen(fake, (100, 24), now=lambda: clock[0]) as (app, pilot):
        await press(pilot, "enter")
        assert "10 min left" in shown(app)
        clock[0] += 59
        app.screen.query_one("StepTrack").repaint()  # type: ignore[attr-defined]
        assert "10 min left" in shown(app)
        clock[0] += 2
        app.screen.query_one("StepTrack").repaint()  # type: ignore[attr-defined]
        assert "9 min left" in shown(app)


@pytest.mark.parametrize(
    ("keys", "ask"),
    [
        (("a",), Ask(Act.APPROVE)),
        (("A",), Ask(Act.PROMOTE)),
        (("x",), Ask(Act.ABORT)),
        (("t",), Ask(Act.RETRY)),
        (("R",), Ask(Act.RESTART)),
        (("s", "enter"), Ask(Act.JUMP, step=3)),
        (("s", "6", "enter"), Ask(Act.JUMP, step=6)),
        (("E", "enter"), Ask(Act.ENABLE, version="v1")),
        (("D", "down", "enter"), Ask(Act.DISABLE, version="v2")),
        (("S", *"20 50 100", "enter"), Ask(Act.STEPS, version="v2", steps=(0.2, 0.5, 1.0))),
        (("S", *"v1 50%", "enter"), Ask(Act.STEPS, version="v1", steps=(0.5,))),
        (("S", "minus", "enter"), Ask(Act.STEPS, version="v2")),
        (("I", "backspace", *"3", "enter"), Ask(Act.SET_IMAGE, image=("", "registry.example.com/shop/web:v3"))),
        (("I", "home", *"app=", "enter"), Ask(Act.SET_IMAGE, image=("app", "registry.example.com/shop/web:v2"))),
    ],
)
async def test_each_key_of_a_controller_ends_in_a_plan_for_what_it_says(keys: tuple[str, ...], ask: Ask) -> None:
    fake = cockpit(stepped(2, Phase.WAITING))
    async with screen(fake) as (_, pilot):
        await press(pilot, *keys)
        assert fake.asks == [(stepped(2).key, ask)]


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        (("S", "enter"), "write it as PERCENT, such as 20 50 100"),
        (("S", *"50 20", "enter"), "each step must be higher than the one before"),
        (("S", *"blue 20", "enter"), "not a share: use 0 to 100"),
        (("I", "backspace", "equals_sign", "enter"), "does not match"),
        (("I", *" x", "enter"), "[CONTAINER=]IMAGE: name CONTAINER if"),
    ],
)
async def test_what_cannot_be_asked_for_is_said_in_the_form(keys: tuple[str, ...], why: str) -> None:
    fake = cockpit(stepped(2))
    async with screen(fake) as (app, pilot):
        await press(pilot, *keys)
        assert why in " ".join(shown(app).split())
        assert fake.asks == []


async def test_the_steps_to_go_to_are_offered_by_their_titles() -> None:
    async with screen(cockpit(stepped(2))) as (app, pilot):
        await press(pilot, "s")
        assert "step 2 of 6  pause   now" in shown(app)
        assert "step 5 of 6  analysis success-rate" in shown(app)


async def test_a_key_that_does_not_apply_says_why() -> None:
    waits = stepped(2)
    acts = (ActState(Act.APPROVE, False, "nothing waits for approval"),)
    async with screen(cockpit(replace(waits, acts=acts))) as (app, pilot):
        await press(pilot, "a")
        assert "rollouts-demo: nothing waits for approval" in said(app)
