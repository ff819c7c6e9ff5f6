"""The plan dialog: a panel over the screen that shows what would be sent, sends it once, and tells what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from textual import on
from textual.message import Message

from cockpit.model.plan import Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Owner
from cockpit.model.second import Proposal
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, Outcome, Prepared, RolloutView, Stage
from cockpit.session.port import Cockpit
from cockpit.tui.acting import starts_on_cancel
from cockpit.tui.advising import Keyed
from cockpit.tui.app_port import app_port_of
from cockpit.tui.lines import Line, Span, width_of, wrap
from cockpit.tui.messages import ActionFinished
from cockpit.tui.pace import facts
from cockpit.tui.plan_text import outdated_lines, plan_lines, proposal_lines, refused_lines, stage_lines, title
from cockpit.tui.screens.dialog import AGAIN_KEY, ActDialog
from cockpit.tui.screens.propose import ask_why, may_propose


class PlanDialog(ActDialog):
    """One act from plan to outcome."""

    class StageReported(Message):
        """The act reached another stage; posted from the session's thread."""

        def __init__(self, outcome: Outcome) -> None:
            super().__init__()
            self.outcome = outcome

    # Whether a newer outcome of the same stage replaces the one before.
    one_line_a_stage = False

    def __init__(self, rollout: RolloutKey, ask: Ask, owners: Sequence[Owner]) -> None:
        super().__init__()
        self.rollout = rollout
        self.ask = ask
        self.owners = owners
        self.prepared: Prepared | Refused | None = None
        self.outcomes: list[Outcome] = []
        self.outdated = ""
        self._looked_at: object = None
        self._proposal: Proposal | None = None
        self.told = ""  # what came of a proposal

    @property
    def proposal(self) -> Proposal | None:
        """What is proposed for the rollout."""
        return self.port.view.pairing.proposal(self.rollout)

    def plan(self) -> None:
        self._looked_at = _of(self.port.find(self.rollout))
        self.in_background(self._prepare, "prepare")

    async def plan_it(self, cockpit: Cockpit) -> Prepared | Refused:
        """The plan, tried on the server."""
        return await cockpit.prepare(self.rollout, self.ask)

    async def carry_out(self, cockpit: Cockpit, prepared: Prepared, report: Callable[[Outcome], None]) -> Outcome:
        """Send the plan and wait for its effect."""
        return await cockpit.send(prepared, report=report)

    async def _prepare(self) -> None:
        self.prepared = await self.plan_it(self.port.cockpit)
        self._proposal = self.proposal
        if isinstance(self.prepared, Prepared) and may_propose(self.prepared, self._proposal):
            self.send_label("Propose")
            self.offer("", on_cancel=True)
        elif isinstance(self.prepared, Prepared) and not self.prepared.blocked:
            self.send_label("Send")
            shown = self.port.find(self.rollout)
            self.offer(self.names(), on_cancel=starts_on_cancel(self.prepared.plan, shown.rollout if shown else None))
        else:
            self.close_label("Close")
        self.show()

    def names(self) -> str:
        """The name is asked for in production, for acts that are hard to reverse."""
        asks = isinstance(self.prepared, Prepared) and self.prepared.asks_for_name
        return safe_text(self.rollout.name) if asks else ""

    # What it says

    @property
    def planned(self) -> bool:
        return isinstance(self.prepared, Prepared)

    def _keyed(self, refused: Refused) -> Refused:
        view, port = self.port.find(self.rollout), self.port
        if view is None or not refused.told:
            return refused
        words = Keyed(view, port.view.read_only, port.keymap).words(refused.why, refused.told)
        return replace(refused, why=words)

    def body(self, width: int) -> list[Line]:
        glyphs = self.port.glyphs
        act = self.prepared.plan.title if isinstance(self.prepared, Prepared) else self.ask.act.value
        # The cluster is at the end and must not be cut off.
        lines: list[Line] = [(Span(words, "strong"),) for words in wrap(title(act, self.rollout, glyphs), width)]
        if isinstance(self.prepared, Prepared) and self.prepared.production:
            mark = " PRODUCTION "
            if width_of(lines[-1]) + len(mark) + 2 > width:
                lines.append(())
            lines[-1] = (*lines[-1], Span("  "), Span(mark, "production"))
        lines += stage_lines(self.outcomes, width, glyphs)
        lines += proposal_lines([self.told] if self.told else [], width)
        if self.outdated and not self.sent:
            lines += outdated_lines(self.outdated, AGAIN_KEY, width)
        if self.prepared is None:
            lines.append((Span(f"planning and running a server-side dry run {glyphs.ellipsis}", "quiet"),))
        elif isinstance(self.prepared, Refused):
            lines += refused_lines(self._keyed(self.prepared), width)
        else:
            lines += plan_lines(self.prepared, self.owners, width, glyphs, details=self.details)
        return lines

    # Whether it still holds

    @property
    def outdated_now(self) -> bool:
        return bool(self.outdated)

    def forget(self) -> None:
        self.outdated, self.prepared = "", None

    def show_view(self, view: FleetView) -> None:
        """Look at once whether the plan still holds, if the rollout changed."""
        if self.sent and self.port.slow:
            self.show()
        if isinstance(self.prepared, Prepared) and not self.sent and self.proposal != self._proposal:
            self.plan_again()
        now = _of(self.port.find(self.rollout))
        if now != self._looked_at:
            self._looked_at = now
            self.look()

    def look(self) -> None:
        if self.sent or self.outdated or not isinstance(self.prepared, Prepared) or self.prepared.blocked:
            return
        self.in_background(self._look, "look")

    async def _look(self) -> None:
        prepared = self.prepared
        if not isinstance(prepared, Prepared):
            return
        why = await self.port.cockpit.outdated(prepared)
        if why and not self.sent and prepared is self.prepared:
            self.outdated = why
            self.stop_offering()
            self.show_news()

    def plan_again(self) -> None:
        """Somebody proposed, confirmed or withdrew something: what may be done with the plan has changed."""
        self._proposal = self.proposal
        self.stop_offering()
        self.forget()
        self.plan()

    # What is done

    def send(self) -> None:
        prepared = self.prepared
        if isinstance(prepared, Prepared) and prepared.proposable and not (self.sent or self.outdated):
            ask_why(self.app, self.rollout, prepared, self.say)
            return
        if self.sent or self.outdated or not isinstance(prepared, Prepared) or prepared.blocked:
            return
        self.begin()
        self.close_label("Close")
        # The app owns the send, so closing the dialog does not cancel it.
        self.app.run_worker(self._send(prepared), group="acts", exit_on_error=False)

    def say(self, words: str) -> None:
        """Say what came of a proposal."""
        self.told = words
        if self.is_attached:
            self.show_news()

    async def _send(self, prepared: Prepared) -> None:
        app = self.app
        try:
            outcome = await self.carry_out(app_port_of(app).cockpit, prepared, self._report)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            outcome = Outcome(Stage.UNKNOWN, why, prepared.plan)
        self._report(outcome)
        app.post_message(ActionFinished(self.rollout, outcome))

    def _report(self, outcome: Outcome) -> None:
        self.post_message(self.StageReported(outcome))

    @on(StageReported)
    def _stage_reported(self, message: StageReported) -> None:
        if self.outcomes[-1:] == [message.outcome]:
            return
        same = bool(self.outcomes) and self.outcomes[-1].stage is message.outcome.stage
        if same and (message.outcome.counting or self.one_line_a_stage):
            self.outcomes.pop()
        self.outcomes.append(message.outcome)
        if not same:
            self.show_news()
        elif not (message.outcome.counting and self.port.slow):  # on a slow link the next view draws the count
            self.show()


def _of(shown: RolloutView | None) -> object:
    """What a plan may have been made from, without the figures that a running probe moves."""
    return facts(shown)[:2] if shown else None
