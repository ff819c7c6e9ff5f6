"""Plan dialogs: panels over a live screen, one rule for where they start, and no plan that is outdated unnoticed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC

import pytest
from textual.widgets import Button

from cockpit.model.plan import Act, Ask, Milestone, Plan, Refused, Verb
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.view import Counting, Outcome, Prepared, Stage
from cockpit.tui.acting import starts_on_cancel
from cockpit.tui.app import CockpitApp
from cockpit.tui.glyphs import ASCII, UNICODE, Glyphs
from cockpit.tui.lines import plain
from cockpit.tui.plan_text import counting_line
from cockpit.tui.screens import dialog as dialogs
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.below import Below
from cockpit.tui.widgets.shares import Shares
from tests.tui.driving import press, rest, screen, shown, shown_on
from tests.tui.fake import FakeCockpit, fleet, lane, rollout
from tests.tui.plans import plan_of
from tests.tui.terminal import until

KEY = RolloutKey("prod-eu", "shop", "http-server", "ingress")


def plan(act: Act, **parts: object) -> Plan:
    """A plan that only lowers what users get of the new version, unless `parts` say otherwise."""
    return replace(plan_of(KEY, Ask(act), False), **parts)  # type: ignore[arg-type]


def in_phase(phase: Phase) -> Rollout:
    return rollout("http-server", "ingress", phase, (lane(0.3, 0.3),))


@pytest.mark.parametrize("act", list(Act))
def test_what_raises_exposure_or_destroys_starts_on_cancel_whatever_the_act(act: Act) -> None:
    moving = in_phase(Phase.CANARY)
    deleting = replace(plan(act).requests[0], verb=Verb.DELETE)
    for parts in (
        {"raises": True},
        {"final": True},
        {"risky": True},
        {"gone": (deleting.ref,)},
        {"requests": (deleting,)},
    ):
        assert starts_on_cancel(plan(act, **parts), moving), parts
    at_rest = in_phase(Phase.AT_REST)
    assert starts_on_cancel(plan(act), at_rest), "at rest it takes a version away that users have"


@pytest.mark.parametrize("act", [act for act in Act if act not in (Act.RESTART, Act.SCALE)])
def test_what_lowers_exposure_starts_on_send(act: Act) -> None:
    assert not starts_on_cancel(plan(act), in_phase(Phase.CANARY))
    assert not starts_on_cancel(plan(act), None)


@pytest.mark.parametrize("phase", list(Phase))
def test_a_restart_and_fewer_pods_end_what_serves_in_every_phase(phase: Phase) -> None:
    assert starts_on_cancel(plan(Act.RESTART, expected=()), in_phase(phase))
    for pods, cancel in [((("v1", 1),), True), ((("v1", 5),), False), ((("v1", 5), ("v2", 0)), True), ((), True)]:
        assert starts_on_cancel(plan(Act.SCALE, expected=(), pods=pods), in_phase(phase)) == cancel, pods


@pytest.mark.parametrize("act", [Act.ROLLBACK, Act.ABORT])
def test_a_way_back_at_rest_starts_on_cancel_even_where_a_controller_takes_it(act: Act) -> None:
    by_controller = plan(act, expected=(), reaches=Milestone("v1 is stable"))
    assert starts_on_cancel(by_controller, in_phase(Phase.AT_REST))
    assert not starts_on_cancel(by_controller, in_phase(Phase.PAUSED))


def places(app: CockpitApp) -> list[tuple[int, int]]:
    return [app.screen.query_one(id).region.offset for id in ("#cancel", "#send")]


@pytest.mark.parametrize("keys", [("r",), ("w", "plus", "enter")])
async def test_send_and_cancel_never_change_places_and_tab_goes_through_them_in_one_order(
    keys: tuple[str, ...],
) -> None:
    async with screen() as (app, pilot):
        await press(pilot, "enter", *keys)
        assert isinstance(app.screen, PlanDialog)
        before = places(app)
        assert before[0] < before[1]
        send, cancel = (app.screen.query_one(id, Button) for id in ("#send", "#cancel"))
        cancel.focus()
        await press(pilot, "tab")
        assert app.focused is send
        await press(pilot, "tab")
        assert app.focused is cancel
        await press(pilot, "tab", "enter")
        assert send.disabled
        assert send.display
        assert app.focused is cancel
        assert str(cancel.label) == "Close"
        assert [offset[0] for offset in places(app)] == [offset[0] for offset in before]


class SlowToPlan(FakeCockpit):
    """Plans only when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_plan = asyncio.Event()

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        await self.may_plan.wait()
        return await super().prepare(key, ask)


async def test_enter_that_comes_before_the_plan_neither_cancels_nor_sends() -> None:
    cockpit = SlowToPlan()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "r", "enter")
        assert isinstance(app.screen, PlanDialog)
        assert app.focused is None
        assert "planning" in shown(app)
        cockpit.may_plan.set()
        await until(lambda: app.focused is app.screen.query_one("#send"))
        assert not cockpit.sent
        cockpit.may_plan.clear()
        await press(pilot, "escape", "r", "escape")
        assert not isinstance(app.screen, PlanDialog), "escape cancels at any time"


async def test_a_message_never_covers_the_buttons() -> None:
    app = CockpitApp(FakeCockpit(), zone=UTC)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await press(pilot, "enter", "r")
        app.notify("another rollout took effect")
        await until(lambda: bool(app.screen.query("Toast")) and app.screen.query("Toast").first().region.height > 0)
        toast, buttons = app.screen.query("Toast").first().region, app.screen.query_one("#buttons").region
        assert not toast.overlaps(buttons)
        assert toast.y < app.screen.query_one("#dialog").region.y


async def test_the_screen_below_stays_visible_and_goes_on_while_an_act_takes_effect() -> None:
    cockpit = FakeCockpit()
    cockpit.hold = asyncio.Event()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "r", "enter")
        below = app.screen_stack[-2]
        assert isinstance(below, RolloutScreen)
        assert "44% ±6" in picture(app)
        assert "sent" in picture(app)
        http = cockpit.current.rollouts[0].rollout
        cockpit.change("http-server", at=cockpit.current.at + 5, rollout=replace(http, lanes=(lane(0.0, 0.02),)))
        await rest(pilot)
        await rest(pilot)
        assert "2% ±2" in picture(app), "the bars move"
        assert "44% ±6" not in picture(app)
        cockpit.hold.set()
        await rest(pilot)
        assert "verified" in picture(app)
        dialog = app.screen.query_one("#dialog")
        assert dialog.region.y >= below.query_one(Shares).region.bottom


def picture(app: CockpitApp) -> str:
    """What is on the terminal, dialog and screen below together."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    assert len(lines) == height
    return "\n".join(strip.text[:width] for strip in lines)


async def test_a_dialog_above_shows_each_cell_of_the_screen_below() -> None:
    async with screen() as (app, pilot):
        await press(pilot, "enter")
        before = picture(app).splitlines()
        await press(pilot, "r")
        top = app.screen.query_one("#dialog").region.y
        assert [line.rstrip() for line in picture(app).splitlines()[:top]] == [line.rstrip() for line in before[:top]]
        await pilot.resize_terminal(100, 40)
        await rest(pilot)
        assert "who gets what" in picture(app)
        assert app.screen.query_one(Below).size == (100, 40)


async def test_the_change_and_the_undo_come_first_and_how_it_is_sent_is_behind_a_key() -> None:
    async with screen() as (app, pilot):
        await press(pilot, "w", "plus", "enter")
        heads = [line[:10].strip() for line in shown(app).splitlines()]
        order = [head for head in heads if head in ("change", "exposure", "warning", "undo", "sends")]
        assert order == ["change", "exposure", "warning", "undo", "sends"]
        assert "kubectl --context" not in shown(app)
        for key in ("p", "k"):
            await press(pilot, key)
            assert "kubectl --context" in shown(app)
            assert "canary-weight: 30" in shown(app)
            await press(pilot, key)
            assert "kubectl --context" not in shown(app)


async def test_an_outdated_plan_says_so_at_once_and_is_not_sent() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "r")
        assert app.focused is app.screen.query_one("#send")
        cockpit.why_outdated = "Ingress shop/http-server-canary: canary-weight 30 -> 40"
        http = cockpit.current.rollouts[0].rollout
        cockpit.change("http-server", rollout=replace(http, lanes=(lane(0.4, 0.44),)))
        await rest(pilot)
        assert "this changed since the plan was made" in shown(app)
        assert "canary-weight 30 -> 40" in " ".join(shown(app).split())
        assert app.screen.query_one("#send").disabled
        assert app.focused is app.screen.query_one("#cancel")
        app.screen.query_one("#send", Button).press()
        await rest(pilot)
        assert not cockpit.sent
        cockpit.why_outdated = ""
        await press(pilot, "r")
        assert "this changed" not in shown(app)
        assert app.focused is app.screen.query_one("#send")
        await press(pilot, "enter")
    assert len(cockpit.asks) == 2
    assert len(cockpit.sent) == 1


async def test_figures_that_move_do_not_make_a_plan_outdated_nor_ask_whether_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dialogs, "LOOK_SECONDS", 3600.0)  # how often it looks anyway is not the matter here
    cockpit = FakeCockpit()
    asked: list[Prepared] = []

    async def outdated(prepared: Prepared) -> str:
        asked.append(prepared)
        return ""

    cockpit.outdated = outdated  # type: ignore[method-assign]
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "r")
        before = len(asked)
        http = cockpit.current.rollouts[0]
        for n in range(5):
            moved = replace(http.rollout, lanes=(lane(0.3, 0.4 + n / 100),))
            cockpit.change("http-server", at=cockpit.current.at + n, rollout=moved)
            await rest(pilot)
        assert len(asked) <= before + 1, "the first of them has another verdict"
        assert isinstance(app.screen, PlanDialog)


async def test_an_outdated_plan_in_production_does_not_take_the_name_any_more() -> None:
    cockpit = FakeCockpit()
    cockpit.answer = lambda key, ask: Prepared(plan_of(key, ask, True, final=True), (), production=True)
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "A", "2", "enter")
        cockpit.why_outdated = "it changed"
        dialog = app.screen
        assert isinstance(dialog, PlanDialog)
        dialog.look()
        await rest(pilot)
        assert not dialog.query_one("#name").display
        assert dialog.query_one("#send").disabled


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_what_is_missing_is_a_bar_with_its_figures(glyphs: Glyphs) -> None:
    half, whole = (plain([counting_line(Counting(answers, 100 - answers), glyphs)])[0] for answers in (50, 100))
    assert half.count(glyphs.bars[0]) == 10
    assert half.endswith("50 of about 100 answers")
    assert whole.count(glyphs.bars[0]) == 20


async def test_the_bar_is_gone_once_the_count_is_over() -> None:
    cockpit = FakeCockpit()
    cockpit.hold = asyncio.Event()
    sent = plan_of(cockpit.current.rollouts[0].rollout.key, Ask(Act.ROLLBACK), False)
    cockpit.stages = (
        Outcome(Stage.SENT, "counted", sent, counting=Counting(40, 60)),
        Outcome(Stage.VERIFIED, "took effect", sent),
    )
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "r", "enter")
        assert "40 of about 100 answers" in shown(app)
        cockpit.hold.set()
        await rest(pilot)
        assert "of about" not in shown(app)
        assert "took effect" in shown(app)


async def test_forms_are_panels_over_the_screen_too() -> None:
    async with screen(FakeCockpit(fleet())) as (app, pilot):
        await press(pilot, "enter", "w")
        assert "who gets what" in picture(app)
        assert "who gets what" in shown_on(app.screen_stack[-2])
        assert app.screen.query_one("#form").region.bottom == 24


async def test_the_journal_goes_on_below_a_dialog_too() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "i", "u")
        assert isinstance(app.screen, PlanDialog)
        newer = replace(cockpit.current.journal[-1], id="9", title="v2 30% -> 35%")
        cockpit.publish(replace(cockpit.current, journal=(*cockpit.current.journal, newer)))
        await rest(pilot)
        await rest(pilot)
        assert "v2 30% → 35%" in picture(app)


def last_lines(app: CockpitApp) -> str:
    """The keys beside the buttons of a dialog."""
    return " ".join(" ".join(line.strip("│ ").split()) for line in shown(app).splitlines()[-2:])


async def test_a_dialog_says_what_enter_and_escape_do_now() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "r")
        assert "enter sends esc cancels p kubectl, dry run" in last_lines(app)
        await press(pilot, "left")
        assert "enter esc cancels p kubectl, dry run" in last_lines(app)
        await press(pilot, "p")
        assert "p hides them" in last_lines(app)
        await press(pilot, "right", "enter")
        await rest(pilot)
        assert "enter esc closes" in last_lines(app)
        assert len(cockpit.sent) == 1


async def test_a_dialog_that_refuses_says_how_it_is_closed() -> None:
    cockpit = FakeCockpit()
    cockpit.answer = lambda key, ask: Refused(ask.act, key, "not now")
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "r")
        assert "enter esc closes" in last_lines(app)
        assert "sends" not in last_lines(app)


async def test_in_production_the_name_is_typed_before_enter_sends() -> None:
    cockpit = FakeCockpit()
    cockpit.answer = lambda key, ask: Prepared(plan(ask.act, final=True), (), production=True)
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "r")
        assert "enter goes to the button esc cancels" in last_lines(app)
        await press(pilot, *"http-server", "enter")
        assert "enter sends esc cancels" in last_lines(app)
        assert not cockpit.sent


class LongPlans(FakeCockpit):
    """Plans that are longer than any panel."""

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        prepared = await super().prepare(key, ask)
        assert isinstance(prepared, Prepared)
        warnings = tuple(f"warning number {number}" for number in range(30))
        return replace(prepared, plan=replace(prepared.plan, warnings=warnings))


async def test_what_comes_of_a_plan_is_in_sight_wherever_it_was_scrolled_to() -> None:
    cockpit = LongPlans()
    cockpit.hold = asyncio.Event()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "r", "pagedown", "pagedown", "enter")
        assert isinstance(app.screen, PlanDialog)
        assert app.screen.sent
        assert "sent" in shown(app)
        await press(pilot, "pagedown", "pagedown")
        assert "warning number 0" not in shown(app)
        cockpit.hold.set()
        await rest(pilot)
        assert "verified" in shown(app)


async def test_that_a_plan_is_outdated_is_in_sight_wherever_it_was_scrolled_to() -> None:
    cockpit = LongPlans()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "r", "pagedown", "pagedown")
        cockpit.why_outdated = "somebody else changed it"
        assert isinstance(app.screen, PlanDialog)
        app.screen.look()
        await rest(pilot)
        assert "somebody else changed it" in shown(app)
