"""Marked rollouts, and one act on all of them: one plan each in one list, sent in turn, undone as one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Phase
from cockpit.model.view import FleetView, Outcome, Prepared, RolloutView, Stage
from cockpit.session.acts.several import MOST, send_in_turn
from cockpit.tui.keys import BY_ID
from cockpit.tui.marks import Marks
from cockpit.tui.screens.ask import WeightForm
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.several import SeveralDialog
from cockpit.tui.several import items_for
from cockpit.tui.widgets.rollout_table import RolloutTable
from tests.tui.driving import press, said, screen, shown
from tests.tui.fake import HURT, FakeCockpit, acts, fleet, lane, probing, rollout
from tests.tui.plans import plan_of
from tests.tui.terminal import until

NAMES = ("a", "b", "c")


def key_of(name: str) -> RolloutKey:
    return RolloutKey("prod-eu", "shop", name, "ingress")


def three(count: int = 3) -> FleetView:
    """Canaries that hurt, in the order of their names."""
    names = NAMES if count == 3 else [f"n{number:02}" for number in range(count)]
    split = (lane(0.3, 0.44),)
    views = (RolloutView(rollout(n, "ingress", Phase.CANARY, split), probing(), health=HURT) for n in names)
    return replace(fleet(), rollouts=tuple(views), journal=())


def prepared(name: str, *, raises: bool = False, final: bool = False, production: bool = False) -> Prepared:
    return Prepared(plan_of(key_of(name), Ask(Act.ROLLBACK), raises, final), (), production=production)


class Answers:
    """A cockpit that ends the act on each rollout with the stage given for it; held ones wait to be let go."""

    def __init__(self, **ends: Stage) -> None:
        self.ends = ends
        self.sent: list[str] = []
        self.held = {name: asyncio.Event() for name in NAMES}

    async def send(self, plan: Prepared, *, wait: float, report: Callable[[Outcome], None]) -> Outcome:
        name = plan.plan.rollout.name
        self.sent.append(name)
        end = self.ends.get(name, Stage.VERIFIED)
        if end is not Stage.REFUSED:
            report(Outcome(Stage.SENT, "accepted", plan.plan))
        await self.held[name].wait()
        return Outcome(end, f"{name} ended", plan.plan)

    def let_go(self, *names: str) -> None:
        for name in names or NAMES:
            self.held[name].set()


async def in_turn(cockpit: Answers, *plans: Prepared) -> tuple[list[Outcome | None], list[tuple[int, Stage]]]:
    seen: list[tuple[int, Stage]] = []
    outcomes = await send_in_turn(cockpit, plans, lambda n, outcome: seen.append((n, outcome.stage)))  # type: ignore[arg-type]
    return outcomes, seen


async def test_what_lowers_exposure_follows_as_soon_as_the_one_before_is_accepted() -> None:
    cockpit = Answers()
    task = asyncio.create_task(in_turn(cockpit, *map(prepared, NAMES)))
    await until(lambda: cockpit.sent == ["a", "b", "c"])
    cockpit.let_go()
    outcomes, seen = await task
    assert [outcome.stage for outcome in outcomes if outcome] == [Stage.VERIFIED] * 3
    assert [number for number, stage in seen if stage is Stage.SENT] == [0, 1, 2]


async def test_what_raises_exposure_waits_until_the_one_before_took_effect() -> None:
    cockpit = Answers()
    task = asyncio.create_task(in_turn(cockpit, *(prepared(name, raises=True) for name in NAMES)))
    for number, name in enumerate(NAMES, 1):
        await until(lambda number=number: len(cockpit.sent) == number)  # type: ignore[misc]
        await asyncio.sleep(0)
        assert cockpit.sent == list(NAMES[:number])
        cockpit.let_go(name)
    assert None not in (await task)[0]


@pytest.mark.parametrize("end", [Stage.REFUSED, Stage.UNKNOWN, Stage.UNVERIFIED])
async def test_it_stops_at_the_first_that_fails(end: Stage) -> None:
    cockpit = Answers(b=end)
    cockpit.let_go()
    outcomes, _ = await in_turn(cockpit, *(prepared(name, raises=True) for name in NAMES))
    assert [outcome.stage if outcome else None for outcome in outcomes] == [Stage.VERIFIED, end, None]
    assert cockpit.sent == ["a", "b"]


async def test_an_error_of_the_session_is_an_unknown_outcome() -> None:
    class Broken(Answers):
        async def send(self, plan: Prepared, *, wait: float, report: Callable[[Outcome], None]) -> Outcome:
            raise ConnectionError("lost")

    outcomes, _ = await in_turn(Broken(), prepared("a"), prepared("b"))
    assert outcomes[0] is not None
    assert (outcomes[0].stage, outcomes[0].why) == (Stage.UNKNOWN, "ConnectionError: lost")
    assert outcomes[1] is None


def test_an_undo_goes_backwards_and_brings_back_what_is_gone() -> None:
    view = replace(three(), rollouts=three().rollouts[:2])
    marked = [key_of(name) for name in NAMES]
    assert [item.rollout.name for item in items_for(BY_ID["undo"], marked, view)] == ["c", "b", "a"]
    assert not any(item.why for item in items_for(BY_ID["undo"], marked, view))
    assert [item.why for item in items_for(BY_ID["rollback"], marked, view)] == ["", "", "this rollout is gone"]


def test_a_row_of_several_clusters_is_marked_when_all_its_parts_are() -> None:
    marks = Marks()
    marks.toggle([key_of("a"), key_of("b")])
    marks.toggle([key_of("b"), key_of("c")])
    assert [key.name for key in marks.keys] == ["a", "b", "c"], "not all were marked, so all are now"
    marks.toggle([key_of("b"), key_of("c")])
    assert [key.name for key in marks.keys] == ["a"]
    assert marks.words({key_of("b")}, escape=True) == "1 marked, 1 of them not shown, esc clears"


async def test_space_marks_and_goes_on_and_escape_clears() -> None:
    async with screen(FakeCockpit(three())) as (app, pilot):
        await press(pilot, "space", "space")
        assert "2 marked, esc clears" in shown(app)
        rows = [line for line in shown(app).splitlines() if "*X" in line or "*✗" in line]
        assert len(rows) == 2
        await press(pilot, "escape")
        assert "marked" not in shown(app)
        await press(pilot, "r")
        assert isinstance(app.screen, PlanDialog), "without marks an act goes to the cursor's rollout"


async def test_an_act_on_marked_rollouts_is_one_list_sent_once_each_and_undone_as_one() -> None:
    cockpit = FakeCockpit(three())
    async with screen(cockpit, size=(100, 40)) as (app, pilot):
        await press(pilot, "space", "down", "space", "r")
        await until(lambda: isinstance(app.screen, SeveralDialog) and app.screen.offered)
        assert [key.name for key, _ in cockpit.asks] == ["a", "c"]
        text = shown(app)
        assert "roll back: 2 rollouts" in text
        assert text.count("v2 in default  30% → 0%") == 2
        await press(pilot, "enter")
        await until(lambda: "done: a, c" in shown(app))
        assert [each.plan.rollout.name for each in cockpit.sent] == ["a", "c"]
        assert "u in the fleet undoes these 2 acts: what was sent stays marked" in " ".join(shown(app).split())
        await press(pilot, "escape", "u")
        await until(lambda: len(cockpit.asks) == 4)
        assert [(key.name, ask.act) for key, ask in cockpit.asks[2:]] == [("c", Act.UNDO), ("a", Act.UNDO)]


async def test_what_failed_and_what_was_not_sent_is_said_and_only_what_was_sent_stays_marked() -> None:
    cockpit = FakeCockpit(three())
    cockpit.answer = lambda key, ask: Prepared(plan_of(key, ask, True), ())
    refused = Outcome(Stage.REFUSED, "it changed since", None)
    sent = Outcome(Stage.VERIFIED, "took effect", None)
    cockpit.stages = (sent,)
    async with screen(cockpit, size=(100, 40)) as (app, pilot):
        await press(pilot, "space", "space", "space", "r")
        await until(lambda: isinstance(app.screen, SeveralDialog) and app.screen.offered)
        assert app.screen.query_one("#cancel").has_focus, "it raises exposure"
        ends = iter([(sent,), (refused,)])
        given = cockpit.send

        async def send(plan: Prepared, **more: object) -> Outcome:
            cockpit.stages = next(ends)
            return await given(plan, **more)  # type: ignore[arg-type]

        cockpit.send = send  # type: ignore[method-assign, assignment]
        await press(pilot, "tab", "enter")
        await until(lambda: "done: a; stopped at b; not sent: c" in shown(app))
        assert "it changed since" in shown(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, FleetScreen)
        assert [key.name for key in app.screen.marks.keys] == ["a"]


async def test_those_that_are_refused_are_said_and_left_out() -> None:
    view = three()
    idle = replace(view.rollouts[1].rollout, acts=acts(why="all requests go to v1"))
    cockpit = FakeCockpit(replace(view, rollouts=(view.rollouts[0], replace(view.rollouts[1], rollout=idle))))
    why = "you may not patch Ingress a"
    cockpit.answer = lambda key, ask: Refused(ask.act, key, why)
    async with screen(cockpit, size=(100, 40)) as (app, pilot):
        await press(pilot, "space", "space", "r")
        await until(lambda: why in shown(app))
        assert "roll back: 0 of 2 rollouts; nothing is sent to the others" in shown(app)
        assert "all requests go to v1" in shown(app)
        await press(pilot, "enter")
        assert not cockpit.sent


async def test_an_act_that_applies_to_none_of_them_is_refused_at_once() -> None:
    async with screen(FakeCockpit(three())) as (app, pilot):
        await press(pilot, "space", "space", "t")
        assert "none of the 2 marked: a:" in said(app)
        assert isinstance(app.screen, FleetScreen)


async def test_in_production_every_name_is_typed_that_exposure_asks_for() -> None:
    cockpit = FakeCockpit(three())
    cockpit.answer = lambda key, ask: Prepared(
        plan_of(key, ask, True, final=key.name != "b"), (), production=key.name != "b"
    )
    async with screen(cockpit, size=(100, 40)) as (app, pilot):
        await press(pilot, "space", "space", "space", "r")
        await until(lambda: isinstance(app.screen, SeveralDialog) and app.screen.offered)
        send = app.screen.query_one("#send")
        await press(pilot, "a")
        assert send.disabled
        await press(pilot, "space", "c", "enter", "enter")
        await until(lambda: len(cockpit.sent) == 3)


async def test_arguments_are_asked_for_one_rollout_after_the_other_and_escape_sends_nothing() -> None:
    cockpit = FakeCockpit(three())
    async with screen(cockpit, size=(100, 40)) as (app, pilot):
        await press(pilot, "space", "space", "w")
        await until(lambda: isinstance(app.screen, WeightForm))
        await press(pilot, "plus", "enter")
        await until(lambda: isinstance(app.screen, WeightForm) and app.screen.rollout.key.name == "b")
        await press(pilot, "plus", "plus", "enter")
        await until(lambda: len(cockpit.asks) == 2)
        assert [dict(ask.weights)["v2"] for _, ask in cockpit.asks] == [0.35, 0.4]
        await until(lambda: isinstance(app.screen, SeveralDialog) and app.screen.offered)
        await press(pilot, "escape", "w")
        await until(lambda: isinstance(app.screen, WeightForm))
        await press(pilot, "escape")
        await until(lambda: isinstance(app.screen, FleetScreen))
        assert "nothing was sent" in said(app)
        assert (len(cockpit.asks), cockpit.sent) == (2, [])


async def test_one_that_is_outdated_stops_all_until_all_are_planned_again() -> None:
    cockpit = FakeCockpit(three())
    async with screen(cockpit, size=(100, 40)) as (app, pilot):
        await press(pilot, "space", "space", "r")
        await until(lambda: isinstance(app.screen, SeveralDialog) and app.screen.offered)
        cockpit.why_outdated = "somebody else wrote it"
        app.screen.look()  # type: ignore[attr-defined]
        await until(lambda: "somebody else wrote it" in shown(app))
        await press(pilot, "tab", "enter")
        assert not cockpit.sent
        cockpit.why_outdated = ""


async def test_more_than_a_session_keeps_are_not_planned() -> None:
    cockpit = FakeCockpit(three(MOST + 1))
    async with screen(cockpit, size=(100, 40)) as (app, pilot):
        await press(pilot, *["space"] * (MOST + 1), "r")
        assert f"an act goes to {MOST} at most" in said(app)
    assert not cockpit.asks


async def test_cancel_says_that_nothing_was_sent() -> None:
    async with screen(FakeCockpit(three())) as (app, pilot):
        await press(pilot, "r", "escape")
        assert "cancelled: nothing was sent" in said(app)


async def test_a_range_is_marked_from_the_last_mark_to_the_cursor() -> None:
    async with screen(FakeCockpit(), (80, 36)) as (app, pilot):
        table = app.screen.query_one(RolloutTable)
        await press(pilot, "M")
        assert "mark a rollout first" in said(app)
        await press(pilot, "space", "down", "M")
        fleet_screen = app.screen
        assert isinstance(fleet_screen, FleetScreen)
        assert set(fleet_screen.marks.keys) == {view.rollout.key for view in table.rows[:3]}
        await press(pilot, "escape", "M")
        assert fleet_screen.marks.keys == ()


async def test_a_range_upwards_leaves_out_what_is_folded_away() -> None:
    async with screen(FakeCockpit(), (80, 36)) as (app, pilot):
        fleet_screen = app.screen
        assert isinstance(fleet_screen, FleetScreen)
        table = fleet_screen.query_one(RolloutTable)
        await press(pilot, "down", "space", "home", "M")
        assert set(fleet_screen.marks.keys) == {view.rollout.key for view in table.rows[:2]}
        await press(pilot, "F", "escape", "space", "end", "M")
        shown = table._unfolded(table._room(table.size.width, table.size.height))
        unfolded = {view.rollout.key for view in table.rows if id(view) in shown}
        assert set(fleet_screen.marks.keys) <= unfolded
        assert table.rows[0].rollout.key in fleet_screen.marks.keys
