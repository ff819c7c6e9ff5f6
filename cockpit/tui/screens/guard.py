"""The dialog of a rollout's guard: propose, arm or disarm it, and its conditions."""

from __future__ import annotations

from datetime import tzinfo
from enum import Enum
from typing import Any

from textual.app import App

from cockpit.model.guard import (
    FINAL,
    FORMS,
    USUAL,
    GuardCondition,
    GuardOrder,
    GuardState,
    GuardView,
    condition_words,
    parse_conditions,
    way_words,
)
from cockpit.model.plan import Act, Ask
from cockpit.model.refs import RolloutKey
from cockpit.model.second import Second
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutView
from cockpit.session.guarding.findings import sampling_words
from cockpit.tui.acting import why_no_guard
from cockpit.tui.app_port import app_port_of
from cockpit.tui.messages import ActionRequested
from cockpit.tui.screens.ask import ChoiceForm, LineForm
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.text import guard_words

ARMED_MINUTES = 30


class Wish(Enum):
    """What else a person can want of a guard than another order."""

    KEEP = "keep"
    PLAN = "plan"
    CONDITIONS = "conditions"
    REMOVE = "remove"


def guard_form(
    view: RolloutView, conditions: tuple[GuardCondition, ...], zone: tzinfo | None
) -> ChoiceForm[GuardOrder | Wish]:
    """The choices for a rollout; the first one never arms anything."""
    from cockpit.session.guarding.evaluate import way_back

    guard, back = _current(view), way_back(view.rollout.acts)
    way = way_words(back.act)
    options: list[tuple[str, GuardOrder | Wish]] = []
    if guard and guard.state is GuardState.PROPOSING and guard.way:
        options.append((f"{guard.way_words} now: shows the plan", Wish.PLAN))
    if guard and guard.order.conditions == conditions:
        options.append((f"leave it as it is: {guard_words(guard, zone)}", Wish.KEEP))
    options.append(("propose the way back, and ring", GuardOrder(conditions)))
    if back.enabled:
        options += [
            (f"arm for {ARMED_MINUTES} minutes: {way} by itself", GuardOrder(conditions, True, ARMED_MINUTES * 60.0)),
            (f"arm until the release ends: {way} by itself", GuardOrder(conditions, True)),
        ]
    options.append(("other conditions", Wish.CONDITIONS))
    if guard:
        options.append(("disarm: no guard any more", Wish.REMOVE))
    title = f"guard   {safe_text(view.rollout.key)}   when {condition_words(conditions)}"
    below = [] if back.enabled else [f"it cannot be armed: {safe_text(back.why, 250)}"]
    below += [f"a guard {words}"] if (words := sampling_words(view)) else []
    return ChoiceForm(title, options, enter="chooses", below=below)


def conditions_form(view: RolloutView, conditions: tuple[GuardCondition, ...]) -> LineForm[tuple[GuardCondition, ...]]:
    """The conditions as one line, with commas between them."""

    def parse(text: str) -> tuple[GuardCondition, ...] | str:
        try:
            return parse_conditions([text])
        except ValueError as error:
            return str(error)

    return LineForm(
        f"guard   {safe_text(view.rollout.key)}   when one of these holds",
        ", ".join(map(str, USUAL)),
        parse,
        notes=(f"{'; '.join(FORMS)}. Each may end in 'for 30s'; commas between them.",),
        value=", ".join(map(str, conditions)),
        enter="goes on",
        keep=True,
    )


def ask_for_guard(app: App[Any], key: RolloutKey, conditions: tuple[GuardCondition, ...] = ()) -> None:
    """Open the dialog and carry out what was chosen."""
    port = app_port_of(app)
    view = port.find(key)
    if view is None:
        port.refuse(f"{safe_text(key)}: this rollout is gone")
        return
    guard = _current(view)
    if why := why_no_guard(view):
        port.refuse(why)
        return
    wanted = conditions or (guard.order.conditions if guard else USUAL)

    async def chosen(wish: GuardOrder | Wish | None) -> None:
        match wish:
            case GuardOrder():
                await _set(app, key, wish)
            case Wish.REMOVE if guard and guard.armed and needs_second(port.view, key):
                app.push_screen(PlanDialog(key, Ask(Act.DISARM, by=guard.id), view.rollout.owners))
            case Wish.REMOVE:
                await _set(app, key, None)
            case Wish.PLAN if guard and guard.way:
                app.post_message(ActionRequested(key, guard.way))
            case Wish.CONDITIONS:
                _ask_for_conditions(app, view, wanted)

    app.push_screen(guard_form(view, wanted, port.zone), chosen)


def _ask_for_conditions(app: App[Any], view: RolloutView, conditions: tuple[GuardCondition, ...]) -> None:
    """Open the line of the conditions, then the dialog with those that were typed."""

    def again(found: tuple[GuardCondition, ...] | None) -> None:
        if found:
            ask_for_guard(app, view.rollout.key, found)

    app.push_screen(conditions_form(view, conditions), again)


async def _set(app: App[Any], key: RolloutKey, order: GuardOrder | None) -> None:
    port = app_port_of(app)
    if why := await port.cockpit.guard(key, order):
        port.refuse(why)


def needs_second(view: FleetView, key: RolloutKey) -> bool:
    """Whether an armed guard of the rollout is taken away only with a second person."""
    second = view.pairing.second.context(key.context)
    return second is not None and Second.DISARM in second.needs


def _current(view: RolloutView) -> GuardView | None:
    guard = view.guard
    return guard if guard and guard.state not in FINAL else None
