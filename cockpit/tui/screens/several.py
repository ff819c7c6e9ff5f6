"""One act on the marked rollouts: their plans in one dialog, sent one after another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from textual import on
from textual.app import App
from textual.message import Message

from cockpit.model.counts import counted
from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, Outcome, Prepared
from cockpit.session.acts.several import failed, reached_cluster, send_in_turn
from cockpit.tui.acting import starts_on_cancel
from cockpit.tui.app_port import app_port_of
from cockpit.tui.lines import BLANK, Line, Span, wrap
from cockpit.tui.pace import facts
from cockpit.tui.plan_text import outdated_lines, refused_lines, short_lines, stage_lines, title
from cockpit.tui.screens.ask import form_for
from cockpit.tui.screens.dialog import AGAIN_KEY, CANCELLED_SECONDS, ActDialog
from cockpit.tui.several import Item, ended_words
from cockpit.tui.way_back import key_of, word_of

_INDENT = "  "


class SeveralDialog(ActDialog):
    """One plan for each rollout, in one list. What cannot be sent is said and left out."""

    COVERS = True  # a list is read as a whole

    class ItemReported(Message):
        """One of the acts reached another stage."""

        def __init__(self, number: int, outcome: Outcome) -> None:
            super().__init__()
            self.number = number
            self.outcome = outcome

    def __init__(self, items: Sequence[Item], on_end: Callable[[SeveralDialog], None] = lambda dialog: None) -> None:
        super().__init__()
        self.items = list(items)
        self._on_end = on_end
        self.ended = ""
        self._looked_at: object = None

    @property
    def _sendable(self) -> list[Prepared]:
        return [item.prepared for item in self.items if item.prepared]

    # Planning

    def plan(self) -> None:
        self._looked_at = self._facts()
        self.in_background(self._prepare, "prepare")

    async def _prepare(self) -> None:
        await asyncio.gather(*(self._prepare_one(number) for number in range(len(self.items))))
        if self._sendable:
            self.offer(self.names(), on_cancel=any(self._starts_on_cancel(plan) for plan in self._sendable))
        else:
            self.close_label("Close")
        self.show()

    async def _prepare_one(self, number: int) -> None:
        item = self.items[number]
        if item.ask is not None:
            answer = await self.port.cockpit.prepare(item.rollout, item.ask)
            self.items[number] = replace(item, answer=answer, outdated="")
            self.show()

    def _starts_on_cancel(self, prepared: Prepared) -> bool:
        shown = self.port.find(prepared.plan.rollout)
        return starts_on_cancel(prepared.plan, shown.rollout if shown else None)

    def names(self) -> str:
        asks = [plan.plan.rollout.name for plan in self._sendable if plan.asks_for_name]
        return " ".join(safe_text(name) for name in asks)

    @property
    def planned(self) -> bool:
        return bool(self._sendable)

    def forget(self) -> None:
        self.items = [replace(item, answer=None, outdated="") for item in self.items]

    # What it says

    def body(self, width: int) -> list[Line]:
        lines: list[Line] = [(Span(words, "strong"),) for words in wrap(self._head(), width)]
        if self.ended:
            lines += [(Span(words, ""),) for words in wrap(self.ended, width)]
        elif self.outdated_now and not self.sent:
            lines += [(Span(f"something changed since the plans were made; {AGAIN_KEY} plans all again", "risk"),)]
        for item in self.items:
            lines += [BLANK, *self._item_lines(item, width)]
        return lines

    def _head(self) -> str:
        word, whole = word_of(self.items[0].act), counted(len(self.items), "rollout")
        planning = [item for item in self.items if item.ask and item.answer is None]
        if planning:
            return f"{word}: planning and running server-side dry runs, {len(planning)} of {whole} to go"
        out = len(self.items) - len(self._sendable)
        if not out:
            return f"{word}: {whole}"
        return f"{word}: {len(self._sendable)} of {whole}; nothing is sent to the other{'s' if out > 1 else ''}"

    def _item_lines(self, item: Item, width: int) -> list[Line]:
        inner, glyphs = width - len(_INDENT), self.port.glyphs
        act = item.prepared.plan.title if item.prepared else item.act.value
        head: list[Line] = [(Span(words, "strong"),) for words in wrap(title(act, item.rollout, glyphs), width)]
        if item.prepared and item.prepared.production:
            head[-1] = (*head[-1], Span("  "), Span(" PRODUCTION ", "production"))
        lines: list[Line] = stage_lines([item.outcome], inner, glyphs) if item.outcome else []
        if item.outdated and not self.sent:
            lines += outdated_lines(item.outdated, AGAIN_KEY, inner)
        if item.left_out:
            lines += refused_lines(Refused(item.act, item.rollout, item.left_out), inner)
        elif isinstance(item.answer, Prepared):
            lines += short_lines(item.answer, item.owners, inner, glyphs, details=self.details)
        return [*head, *((Span(_INDENT), *line) for line in lines)]

    # Whether they still hold

    @property
    def outdated_now(self) -> bool:
        return any(item.outdated for item in self.items)

    def _facts(self) -> object:
        found = (self.port.find(item.rollout) for item in self.items)
        return [facts(shown)[:2] if shown else None for shown in found]

    def show_view(self, view: FleetView) -> None:
        now = self._facts()
        if now != self._looked_at:
            self._looked_at = now
            self.look()

    def look(self) -> None:
        if not self.sent and self.offered and not self.outdated_now:
            self.in_background(self._look_at_all, "look")

    async def _look_at_all(self) -> None:
        for number, item in enumerate(self.items):
            why = await self.port.cockpit.outdated(item.prepared) if item.prepared else ""
            if why and not self.sent and self.items[number] is item:
                self.items[number] = replace(item, outdated=why)
                self.stop_offering()
                self.show_news()

    # What is done

    @property
    def stopped(self) -> bool:
        """Whether one of them failed."""
        return any(item.outcome is not None and failed(item.outcome) for item in self.items)

    @property
    def reached(self) -> list[RolloutKey]:
        """The rollouts to which something was sent, in this order."""
        return [item.rollout for item in self.items if reached_cluster(item.outcome)]

    def send(self) -> None:
        plans = self._sendable
        if self.sent or self.outdated_now or not plans:
            return
        self.begin()
        self.close_label("Close")
        # The app owns the sending, so closing the dialog does not cancel it.
        self.app.run_worker(self._send(plans), group="acts", exit_on_error=False)

    async def _send(self, plans: Sequence[Prepared]) -> None:
        app, numbers = self.app, [n for n, item in enumerate(self.items) if item.prepared]

        def report(number: int, outcome: Outcome) -> None:
            self.post_message(self.ItemReported(numbers[number], outcome))

        outcomes = await send_in_turn(app_port_of(app).cockpit, plans, report)
        for number, outcome in zip(numbers, outcomes, strict=True):
            self.items[number] = replace(self.items[number], outcome=outcome)
        self.ended = ended_words(self.items, key_of(Act.UNDO, app_port_of(app).keymap))
        if self.is_current:
            self.show_news()
        self._on_end(self)

    @on(ItemReported)
    def _item_reported(self, message: ItemReported) -> None:
        if not self.ended:
            self.items[message.number] = replace(self.items[message.number], outcome=message.outcome)
            self.show()


async def act_on_several(app: App[Any], items: Sequence[Item], on_end: Callable[[SeveralDialog], None]) -> None:
    """Ask for the arguments of each act, one form after the other, then show their plans. Runs in a worker."""
    asked = []
    for item in items:
        shown = app_port_of(app).find(item.rollout)
        ask: Ask | None = None if item.why else Ask(item.act)
        if shown and ask and (form := form_for(shown.rollout, item.act, app_port_of(app).view.journal)):
            ask = await app.push_screen_wait(form)
            if ask is None:
                app.notify("cancelled: nothing was sent", markup=False, timeout=CANCELLED_SECONDS)
                return
        asked.append(replace(item, ask=ask))
    await app.push_screen(SeveralDialog(asked, on_end))
