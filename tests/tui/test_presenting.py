"""A rollout in large print: what happens is told at every size, and follows what really happens."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.health import Health, RolloutHealth
from cockpit.model.plan import Act, ActState
from cockpit.model.rollout import Phase, Step
from cockpit.model.view import CellKind, FleetView, RolloutView, Stage
from cockpit.tui.caption import FRESH, caption
from cockpit.tui.glyphs import UNICODE
from cockpit.tui.keys import remapped
from cockpit.tui.large_print import ROWS, columns, large, scale_for
from cockpit.tui.lines import plain, width_of
from cockpit.tui.way_back import back_line
from tests.tui.driving import press, rest, screen, shown
from tests.tui.fake import START, FakeCockpit, fleet, journal, lane, probing, rollout
from tests.tui.scenes import crowded, laned, quiet, wide, with_findings

KEYMAP = remapped({})


def fleet_of(views: list[RolloutView]) -> FleetView:
    return replace(fleet(), rollouts=tuple(views), journal=())


HURT = RolloutHealth(Health.HURT, "v2 fails 21% of its requests")


def moving(**more: object) -> RolloutView:
    shown = rollout("pay", "argo", Phase.WAITING, (lane(0.3, 0.28),), step=Step(2, 4, 0.3, asks=True))
    return replace(RolloutView(shown, probing(), health=RolloutHealth(Health.FINE, "as written")), **more)  # type: ignore[arg-type]


def acting(*enabled: Act) -> RolloutView:
    """The same one, to which these acts apply."""
    view = moving()
    states = tuple(ActState(act, True, "") for act in enabled)
    return replace(view, rollout=replace(view.rollout, acts=states))


def test_figures_are_drawn_in_dots() -> None:
    assert plain(large("1%", 1, "#", "")) == [
        "  ##    ##  ##",
        "####        ##",
        "  ##      ##",
        "  ##    ##",
        "######  ##  ##",
    ]


@given(st.text("0123456789%", max_size=4), st.integers(-9, 300), st.integers(-9, 80))
def test_the_largest_figure_that_fits(text: str, width: int, height: int) -> None:
    scale = scale_for(text, width, height)
    rows = large(text, scale, "#", "") if scale else []
    assert len(rows) == ROWS * scale <= max(height, 0)
    assert all(width_of(row) == columns(text, scale) for row in rows)
    assert not rows or columns(text, scale) <= width


def test_what_hurts_comes_first_with_the_way_back() -> None:
    words = caption(moving(health=HURT), (), START, KEYMAP)
    assert words.startswith("users are hurt: v2 fails 21%")
    assert words.endswith("r goes back")


def test_the_way_back_is_the_one_of_the_rollouts_screen() -> None:
    both = acting(Act.ABORT, Act.ROLLBACK)
    line = plain([back_line(replace(both, health=HURT), None, KEYMAP, UNICODE)])[0]
    assert "r rolls back" in line
    assert caption(replace(both, health=HURT), (), START, KEYMAP).endswith("r goes back")
    assert caption(replace(acting(Act.ABORT), health=HURT), (), START, KEYMAP).endswith("x goes back")
    assert "goes back" not in caption(replace(acting(), health=HURT), (), START, KEYMAP)


def test_a_wait_names_its_key_where_it_applies() -> None:
    assert caption(acting(Act.APPROVE), (), START, KEYMAP) == "step 2 of 4: waits for a person; a approves"
    assert caption(acting(), (), START, KEYMAP) == "step 2 of 4: waits for a person"


@pytest.mark.parametrize("phase", [Phase.ABORTED, Phase.DEGRADED])
def test_a_release_that_failed_is_not_told_as_fine(phase: Phase) -> None:
    failed = moving()
    failed = replace(failed, rollout=replace(failed.rollout, phase=phase, message="analysis failed"))
    assert caption(failed, (), START, KEYMAP) == f"{phase}: analysis failed"


def test_an_act_is_told_while_it_takes_effect_and_a_moment_after() -> None:
    assert "waiting until users get it" in caption(moving(acting="weight 30 -> 50"), (), START, KEYMAP)
    (entry, *_) = journal(moving().rollout.key)
    entry = replace(entry, stage=Stage.VERIFIED, at=START)
    assert caption(moving(), (entry,), START + FRESH, KEYMAP).endswith("seen in what users get")
    assert "waits for a person" in caption(moving(), (entry,), START + FRESH + 1, KEYMAP)
    assert "hurt" in caption(moving(health=HURT), (entry,), START, KEYMAP), "nobody is told that all is well"


async def test_p_shows_the_rollout_in_large_print_and_space_the_next() -> None:
    cockpit = FakeCockpit(fleet_of([moving(), quiet()]))
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "P")
        text = shown(app)
        assert "██" in text
        assert "of users get v2, 30% is written" in text
        assert "waits for a person" in text
        assert "1 of 2" in text
        await press(pilot, "space")
        assert "2 of 2" in shown(app)
        await press(pilot, "space", "q")
        assert type(app.screen).__name__ == "FleetScreen"


async def test_acts_are_planned_from_there() -> None:
    cockpit = FakeCockpit(fleet_of([moving()]))
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "P", "r")
        assert type(app.screen).__name__ == "PlanDialog"


async def test_slow_motion_shows_one_answer_after_the_other() -> None:
    view = moving()
    cockpit = FakeCockpit(fleet_of([view]))
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "P", "m")
        cells = tuple(replace(cell, kind=CellKind.ERROR, note="503") for cell in view.probe.strip[-5:])
        probe = replace(view.probe, strip=(*view.probe.strip, *cells), strip_total=view.probe.strip_total + 5)
        app.screen.set_interval = lambda *_: None  # type: ignore[method-assign, assignment]
        cockpit.publish(fleet_of([replace(view, probe=probe)]))
        await rest(pilot)
        before = shown(app).count("503")
        assert before < 5, "new answers wait for their turn"
        await press(pilot, "m")
        assert shown(app).count("503") == 5


@pytest.mark.parametrize("size", [(1, 1), (12, 3), (30, 8), (80, 24), (200, 50)])
async def test_every_shape_at_every_size(size: tuple[int, int]) -> None:
    views = [quiet(), with_findings(), crowded(), laned(), wide()]
    async with screen(FakeCockpit(fleet_of(views)), size) as (app, pilot):
        await press(pilot, "P")
        for _ in views:
            assert app.screen.query("Presentation")
            await press(pilot, "space")
