"""The dialogs of pairing: the controls of a rollout, who is here, and following somebody."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from textual.app import App

from cockpit.model.pairing import ControlsAnswer, ControlsOrder, PairingView, Pilot, PilotMode, Presence, Wish
from cockpit.model.refs import RolloutKey
from cockpit.model.second_order import SecondOrder, SecondWish
from cockpit.model.text import safe_text
from cockpit.pairing.second_words import state_words
from cockpit.tui.app_port import AppPort, app_port_of
from cockpit.tui.people import my_session, place_words
from cockpit.tui.screens.ask import ChoiceForm, LineForm
from cockpit.tui.screens.confirm import ConfirmDialog
from cockpit.tui.screens.plan import PlanDialog

# Longer than a cockpit that was about to send has to be silent before it is taken over.
ASK_SECONDS = 300.0


def controls_options(pairing: PairingView, key: RolloutKey) -> list[tuple[str, ControlsOrder]]:
    """What can be done with the controls of a rollout; an order to take without a reason asks for one first."""
    pilot = pairing.pilot(key)
    if pilot is None:
        return [("take the controls", ControlsOrder(Wish.TAKE))]
    if not pilot.mine:
        return _of_another(pairing, pilot)
    options = []
    asked = pilot.asked.person.session if pilot.asked else ""
    if pilot.asked:
        reason = f": {pilot.asked.reason}" if pilot.asked.reason else ""
        options.append((f"hand them to {pilot.asked.person}, who asks{reason}", ControlsOrder(Wish.OFFER, to=asked)))
        options.append(("keep them", ControlsOrder(Wish.DECLINE)))
    for each in pairing.others:
        if each.context == key.context and each.person.session != asked:
            options.append((f"offer them to {each.person}", ControlsOrder(Wish.OFFER, to=each.person.session)))
    return [*options, ("give them back: the next act takes them", ControlsOrder(Wish.RELEASE))]


def _of_another(pairing: PairingView, pilot: Pilot) -> list[tuple[str, ControlsOrder]]:
    me = my_session(pairing, pilot.rollout.context)
    if me and pilot.offered == me.session:
        return [
            (f"accept them from {pilot.person}", ControlsOrder(Wish.ACCEPT)),
            (f"leave them with {pilot.person}", ControlsOrder(Wish.DECLINE)),
        ]
    words = "take them over from" if pilot.silent else "ask"
    silent = ", who is silent" if pilot.silent else " for them; without an answer for a minute they are yours"
    return [(f"{words} {pilot.person}{silent}", ControlsOrder(Wish.TAKE, wait=ASK_SECONDS))]


def second_options(pairing: PairingView, key: RolloutKey) -> list[tuple[str, SecondOrder]]:
    """What can be done with what is proposed for the rollout; CONFIRM looks at it first, PROPOSE opens the plan."""
    proposal = pairing.proposal(key)
    if proposal is None:
        return []
    words = state_words(proposal)
    if not proposal.mine:
        look = [(f"look at it: {words}", SecondOrder(SecondWish.CONFIRM, id=proposal.id))]
        return [*look, ("decline it", SecondOrder(SecondWish.WITHDRAW, id=proposal.id))]
    opened = [(f"open the plan: {words}", SecondOrder(SecondWish.PROPOSE, id=proposal.id))]
    return [*opened, ("withdraw it", SecondOrder(SecondWish.WITHDRAW, id=proposal.id))]


def ask_for_controls(app: App[Any], key: RolloutKey) -> None:
    """Open the dialog of a rollout's controls and of what is proposed for it, and carry out what was chosen."""
    port = app_port_of(app)
    pairing = port.view.pairing
    seconds = second_options(pairing, key)
    if pairing.mode(key.context) is PilotMode.OFF and not seconds:
        port.refuse(f"pairing is off in {key.context}: set pairing.pilot to advisory or strict, or start with --pilot")
        return
    pilot = pairing.pilot(key)
    whose = "nobody has them" if pilot is None else "you have them" if pilot.mine else f"{pilot.person} has them"

    def ask(order: ControlsOrder) -> None:
        _ask(app, f"controls {key}", port.cockpit.controls(key, order))

    def chosen(order: ControlsOrder | SecondOrder | None) -> None:
        if order is None:
            return
        if isinstance(order, SecondOrder):
            _second(app, key, order)
        elif order.wish is Wish.TAKE and pilot is not None:
            app.push_screen(_reason_form(key, order), lambda given: ask(given) if given else None)
        else:
            ask(order)

    title = f"controls   {safe_text(key)}   {safe_text(whose, 120)}"
    options: list[tuple[str, ControlsOrder | SecondOrder]] = [*seconds]
    if pairing.mode(key.context) is not PilotMode.OFF:
        options += controls_options(pairing, key)
    else:
        title = f"proposed   {safe_text(key)}"
    app.push_screen(ChoiceForm(title, options, enter="chooses"), chosen)


def _second(app: App[Any], key: RolloutKey, order: SecondOrder) -> None:
    port = app_port_of(app)
    proposal, view = port.view.pairing.proposal(key), port.find(key)
    owners = view.rollout.owners if view else ()
    if order.wish is SecondWish.WITHDRAW:
        _ask(app, f"second {key}", port.cockpit.second(key, order))
    elif proposal is None or proposal.id != order.id:
        port.refuse("this is not proposed any more")
    elif order.wish is SecondWish.CONFIRM:
        app.push_screen(ConfirmDialog(proposal, owners))
    elif proposal.ask is not None:
        app.push_screen(PlanDialog(proposal.rollout, proposal.ask, owners))


def _ask(app: App[Any], group: str, asked: Awaitable[ControlsAnswer]) -> None:
    """Say in the end what was answered; another question of the group takes its place."""

    async def work() -> None:
        answer = await asked
        if answer.done:
            app.notify(safe_text(answer.words, 300), markup=False, timeout=5)
        else:
            app_port_of(app).refuse(answer.words)

    app.run_worker(work(), group=group, exclusive=True, exit_on_error=False)


def _reason_form(key: RolloutKey, order: ControlsOrder) -> LineForm[ControlsOrder]:
    def parse(text: str) -> ControlsOrder | str:
        reason = safe_text(text, 200)
        return ControlsOrder(order.wish, reason=reason, wait=order.wait) if reason else "say why: they will read it"

    return LineForm(f"controls   {safe_text(key)}   why?", "users are hurt", parse, enter="asks for them")


def people_form(port: AppPort, following: str) -> ChoiceForm[tuple[Presence, bool]]:
    """Who is where: go there once, or follow them. The result says to whom, and whether to follow."""
    pairing, options = port.view.pairing, []
    for each in pairing.others:
        words = place_words(each, pairing, port.zone)
        if each.rollout is not None:
            options.append((f"{words}: go there", (each, False)))
        follows = "stop following" if each.person.session == following else "follow"
        options.append((f"{follows} {each.person}", (each, each.person.session != following)))
    below = [line for each in pairing.contexts for line in (each.problem, each.unseen) if line]
    return ChoiceForm(f"who is here   {len(pairing.others)} besides you", options, enter="goes there", below=below)
