"""Ten tasks of somebody on call, each as the keys it takes on a fleet of ten; a number of keys may only fall."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from cockpit.model.plan import Act, ActState, Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Phase
from cockpit.model.view import FleetView, Prepared
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.logs import LogScreen
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.rollout_table import RolloutTable
from tests.tui.driving import press, rest, screen, shown
from tests.tui.fake import FINE, FakeCockpit
from tests.tui.fleets import FAILS, usual
from tests.tui.plans import plan_of

# What gives more users the new version, and so starts on Cancel.
_RAISING = (Act.SET_WEIGHT, Act.FLIP, Act.APPROVE, Act.RETRY)
VERIFIED = "objects and 120 answers agree"

Check = Callable[[CockpitApp, FakeCockpit], None]
Event = Callable[[FakeCockpit], None]


@dataclass(frozen=True, slots=True)
class Task:
    """`keys` from the fleet's first look to the end, `check` what is then so; `events` happen after so many keys."""

    keys: tuple[str, ...]
    check: Check
    events: Mapping[int, Event] = field(default_factory=dict)


def key_of(name: str) -> RolloutKey:
    return next(view.rollout.key for view in usual().rollouts if view.rollout.key.name == name)


def under_the_cursor(name: str) -> Check:
    def check(app: CockpitApp, cockpit: FakeCockpit) -> None:
        assert app.screen.query_one(RolloutTable).selected == key_of(name)

    return check


def reads(kind: type[object], *texts: str) -> Check:
    def check(app: CockpitApp, cockpit: FakeCockpit) -> None:
        assert isinstance(app.screen, kind)
        # Long sentences wrap.
        told = " ".join(shown(app).split())
        assert [text for text in texts if text not in told] == []

    return check


def sent(*acts: tuple[str, Ask]) -> Check:
    """Exactly these acts were sent, and the outcome of the last one is on the screen."""

    def check(app: CockpitApp, cockpit: FakeCockpit) -> None:
        assert [(plan.plan.rollout, plan.plan.act) for plan in cockpit.sent] == [
            (key_of(name), ask.act) for name, ask in acts
        ]
        assert cockpit.asks == [(key_of(name), ask) for name, ask in acts]
        reads(PlanDialog, VERIFIED)(app, cockpit)

    return check


def healed(app: CockpitApp, cockpit: FakeCockpit) -> None:
    """The way back was sent, and the fleet counts what hurt as at rest."""
    assert [plan.plan.act for plan in cockpit.sent] == [Act.ROLLBACK]
    [row] = [line for line in shown(app).splitlines() if "payments/pay " in line and "│" in line]
    assert "✗" not in row
    assert "○" in row


def rolled_back(cockpit: FakeCockpit) -> None:
    view = next(view for view in cockpit.current.rollouts if view.rollout.key == key_of("pay"))
    cockpit.change("pay", health=FINE, rollout=replace(view.rollout, phase=Phase.AT_REST, findings=()))


def aborted(cockpit: FakeCockpit) -> None:
    view = next(view for view in cockpit.current.rollouts if view.rollout.key == key_of("cart"))
    acts = (ActState(Act.ABORT, False, "it was aborted"), ActState(Act.RETRY, True))
    cockpit.change("cart", rollout=replace(view.rollout, phase=Phase.ABORTED, step=None, acts=acts))


TASKS = {
    "find the failing one": Task((), under_the_cursor("pay")),
    "why it fails": Task(("enter",), reads(RolloutScreen, FAILS)),
    "back": Task(("r", "enter"), sent(("pay", Ask(Act.ROLLBACK)))),
    "see it": Task(("r", "enter", "escape"), healed, {2: rolled_back}),
    "undo": Task(("u", "enter"), sent(("pay", Ask(Act.UNDO)))),
    "weight": Task(
        ("w", "5", "0", "enter", "right", "enter"),
        sent(("pay", Ask(Act.SET_WEIGHT, weights=(("v1", 0.5), ("v2", 0.5))))),
    ),
    "approve": Task(("down", "a", "right", "enter"), sent(("cart", Ask(Act.APPROVE)))),
    "abort and retry": Task(
        ("down", "x", "enter", "escape", "t", "right", "enter"),
        sent(("cart", Ask(Act.ABORT)), ("cart", Ask(Act.RETRY))),
        {3: aborted},
    ),
    "flip": Task(
        ("colon", *"demo", "enter", "f", "right", "enter"),
        sent(("demo-service", Ask(Act.FLIP))),
    ),
    "logs": Task(("l",), reads(LogScreen, "log of Pod payments/v2-0")),
}
# How many keys each took when it was last made shorter.
KEYS = {
    "find the failing one": 0,
    "why it fails": 1,
    "back": 2,
    "see it": 3,
    "undo": 2,
    "weight": 6,
    "approve": 4,
    "abort and retry": 7,
    "flip": 9,
    "logs": 1,
}


def fleet_on_call() -> FleetView:
    return replace(usual(), clusters=tuple(replace(each, production=True) for each in usual().clusters))


def planned(key: RolloutKey, ask: Ask) -> Prepared | Refused:
    """A plan as a session makes it, in a production context: decisive plans ask for a name there, these do not."""
    plan = replace(plan_of(key, ask, ask.act in _RAISING), title=ask.act.value)
    return Prepared(plan, ("server accepts the patch",), production=True)


@pytest.mark.parametrize("name", TASKS)
async def test_a_task_is_done_with_its_keys_and_not_before_the_last(name: str) -> None:
    task, cockpit = TASKS[name], FakeCockpit(fleet_on_call())
    cockpit.answer = planned
    async with screen(cockpit) as (app, pilot):
        for number, pressed in enumerate(task.keys, 1):
            if number == len(task.keys):
                with pytest.raises((AssertionError, ValueError)):
                    task.check(app, cockpit)
            await press(pilot, pressed)
            if event := task.events.get(number):
                event(cockpit)
                await rest(pilot)
        task.check(app, cockpit)


def test_no_task_takes_more_keys_than_it_did() -> None:
    taken = {name: len(task.keys) for name, task in TASKS.items()}
    assert set(taken) == set(KEYS)
    assert {name: count for name, count in taken.items() if count > KEYS[name]} == {}, "a task takes more keys"
    assert taken == KEYS, "a task takes fewer keys: lower its number here"
