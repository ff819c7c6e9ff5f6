"""Proposes a plan to a second person: whether it can be, and the question why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App

from cockpit.model.refs import RolloutKey
from cockpit.model.second import Proposal
from cockpit.model.second_order import SecondOrder, SecondWish
from cockpit.model.text import safe_text
from cockpit.model.view import Prepared
from cockpit.tui.app_port import app_port_of
from cockpit.tui.screens.ask import LineForm


def may_propose(prepared: Prepared, proposal: Proposal | None) -> bool:
    """Whether a plan waits for a second person, and is not proposed yet; `proposal` is that of the rollout."""
    return prepared.proposable and (proposal is None or (proposal.mine and proposal.plan != prepared.digest))


def ask_why(app: App[Any], key: RolloutKey, prepared: Prepared, say: Callable[[str], None]) -> None:
    """Ask why, and propose it; `say` hears what came of it."""

    def parse(text: str) -> tuple[str] | str:
        why = safe_text(text, 200)
        return (why,) if why else "say why: they will read it"

    def chosen(given: tuple[str] | None) -> None:
        if given is None:
            return

        async def work() -> None:
            order = SecondOrder(SecondWish.PROPOSE, prepared, why=given[0])
            answer = await app_port_of(app).cockpit.second(key, order)
            say(answer.words)

        app.run_worker(work(), group=f"second {key}", exclusive=True, exit_on_error=False)

    title = f"propose   {safe_text(key)}   why?"
    app.push_screen(LineForm(title, "v2 is measured, nothing fails", parse, enter="proposes it"), chosen)
