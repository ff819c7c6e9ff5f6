"""Keys that come too early, or are for the screen below a dialog: nothing is sent by them, and nothing is silent."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act
from cockpit.tui.app import CockpitApp
from cockpit.tui.messages import ActionRequested
from cockpit.tui.screens.ask import Form
from cockpit.tui.screens.plan import PlanDialog
from tests.tui.driving import press, rest, screen
from tests.tui.fake import FakeCockpit
from tests.tui.terminal import until
from tests.tui.test_dialogs import KEY, SlowToPlan


def hearing(app: CockpitApp) -> list[str]:
    """What is refused from now on; a message on the screen is gone after a while, however slow the machine is."""
    heard: list[str] = []
    app.refuse = heard.append  # type: ignore[method-assign, assignment]
    return heard


@pytest.mark.parametrize("second", [Act.PROMOTE, Act.UNDO, Act.SET_WEIGHT])
async def test_a_second_act_before_the_dialog_of_the_first_opens_no_other(second: Act) -> None:
    cockpit = SlowToPlan()
    async with screen(cockpit) as (app, pilot):
        heard = hearing(app)
        await press(pilot, "enter")
        # As they come from a terminal that was slow: both are read before the first is worked off.
        app.post_message(ActionRequested(KEY, Act.ROLLBACK))
        app.post_message(ActionRequested(KEY, second))
        await until(lambda: isinstance(app.screen, PlanDialog))
        await rest(pilot)
        assert sum(isinstance(each, PlanDialog) for each in app.screen_stack) == 1
        assert isinstance(app.screen, PlanDialog)
        assert app.screen.ask.act is Act.ROLLBACK
        assert "was not asked for: this dialog comes first" in str(heard)
        cockpit.may_plan.set()
        await until(lambda: app.focused is app.screen.query_one("#send"))
        assert not cockpit.sent


@pytest.mark.parametrize("key", ["A", "u", "x", "w", "q", "slash", "question_mark"])
@pytest.mark.parametrize("planned", [False, True])
async def test_a_key_of_the_screen_below_says_that_it_did_nothing(key: str, planned: bool) -> None:
    cockpit = SlowToPlan()
    if planned:
        cockpit.may_plan.set()
    async with screen(cockpit) as (app, pilot):
        heard = hearing(app)
        await press(pilot, "enter", "r")
        dialog = app.screen
        await press(pilot, key)
        assert app.screen is dialog
        assert "was not done: this dialog comes first, esc leaves it" in str(heard)
        assert not cockpit.sent


async def test_enter_before_the_plan_says_that_nothing_is_sent() -> None:
    async with screen(SlowToPlan()) as (app, pilot):
        heard = hearing(app)
        await press(pilot, "enter", "r", "enter")
        assert "nothing is sent yet: the plan is still being made" in str(heard)


@pytest.mark.parametrize("key", ["A", "q", "x"])
async def test_a_form_says_so_too(key: str) -> None:
    async with screen(FakeCockpit()) as (app, pilot):
        heard = hearing(app)
        await press(pilot, "enter", "w", key)
        assert isinstance(app.screen, Form)
        assert "was not done: this dialog comes first" in str(heard)
        await press(pilot, "5", "0")
        assert str(heard).count("was not done") == 1


async def test_what_is_typed_into_a_field_is_not_taken_for_a_key() -> None:
    async with screen(FakeCockpit()) as (app, pilot):
        heard = hearing(app)
        await press(pilot, "enter", "O", "q", "A")
        assert "was not done" not in str(heard)
