"""The plan dialog: what would be sent is shown first, then sent once, then watched until it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from cockpit.model.plan import Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Owner
from cockpit.model.text import safe_text
from cockpit.model.view import Outcome, Prepared, Stage
from cockpit.tui.desk import desk_of
from cockpit.tui.messages import ActionFinished
from cockpit.tui.paint import Line, Span, width_of, wrap
from cockpit.tui.plan_text import plan_lines, refused_lines, stage_lines, title
from cockpit.tui.widgets.marked_button import MarkedButton
from cockpit.tui.widgets.scroll_text import ScrollText


class PlanDialog(ModalScreen[None]):
    """One act from plan to outcome. Leaving it after sending does not stop what was sent."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", show=False),
        Binding("left", "app.focus_previous", "left", show=False),
        Binding("right", "app.focus_next", "right", show=False),
        Binding("up", "scroll(-1)", "up", show=False),
        Binding("down", "scroll(1)", "down", show=False),
        Binding("pageup", "scroll(-10)", "page up", show=False),
        Binding("pagedown", "scroll(10)", "page down", show=False),
    ]

    class StageReported(Message):
        """The act got to another stage; comes from the session's thread."""

        def __init__(self, outcome: Outcome) -> None:
            super().__init__()
            self.outcome = outcome

    def __init__(self, rollout: RolloutKey, ask: Ask, owners: Sequence[Owner]) -> None:
        super().__init__()
        self.rollout = rollout
        self.ask = ask
        self.owners = owners
        self.prepared: Prepared | Refused | None = None
        self.outcomes: list[Outcome] = []
        self.sent = False

    def compose(self) -> ComposeResult:
        glyphs = desk_of(self.app).glyphs
        with Vertical(id="dialog"):
            yield ScrollText(self.body, glyphs, id="body")
            yield Input(placeholder=f"type {safe_text(self.rollout.name)} to send", id="name", compact=True)
            with Horizontal(id="buttons"):
                yield MarkedButton("Cancel", glyphs, id="cancel")
                yield MarkedButton("Send", glyphs, id="send", disabled=True)

    def on_mount(self) -> None:
        self.query_one("#name").display = False
        self.query_one("#body").can_focus = False
        self.query_one("#cancel").focus()
        self.run_worker(self._prepare(), group="prepare", exclusive=True, exit_on_error=False)

    async def _prepare(self) -> None:
        self.prepared = await desk_of(self.app).cockpit.prepare(self.rollout, self.ask)
        if isinstance(self.prepared, Prepared) and not self.prepared.blocked:
            send = self.query_one("#send", Button)
            if self.asks_name:
                name = self.query_one("#name")
                name.display = True
                name.focus()
            else:
                send.disabled = False
                if not self.prepared.plan.raises:
                    send.focus()
        else:
            self.query_one("#send").display = False
            self._close_label("Close")
        self._show()

    @property
    def asks_name(self) -> bool:
        """Whether the name must be typed: what cannot simply be taken back, in production."""
        return isinstance(self.prepared, Prepared) and self.prepared.production and self.prepared.plan.final

    def body(self, width: int) -> list[Line]:
        """All lines of the dialog."""
        glyphs = desk_of(self.app).glyphs
        act = self.prepared.plan.title if isinstance(self.prepared, Prepared) else self.ask.act.value
        # Which cluster it goes to stands at the end, and must not be cut off.
        lines: list[Line] = [(Span(words, "strong"),) for words in wrap(title(act, self.rollout), width)]
        if isinstance(self.prepared, Prepared) and self.prepared.production:
            mark = " PRODUCTION "
            if width_of(lines[-1]) + len(mark) + 2 > width:
                lines.append(())
            lines[-1] = (*lines[-1], Span("  "), Span(mark, "production"))
        lines.append((Span(glyphs.rule * width, "quiet"),))
        lines += stage_lines(self.outcomes, width, glyphs)
        if self.outcomes:
            lines.append((Span(glyphs.rule * width, "quiet"),))
        if self.prepared is None:
            lines.append((Span(f"planning, and asking the server for a dry run {glyphs.ellipsis}", "quiet"),))
        elif isinstance(self.prepared, Refused):
            lines += refused_lines(self.prepared, width)
        else:
            lines += plan_lines(self.prepared, self.owners, width, glyphs)
        return lines

    def _show(self) -> None:
        self.query_one("#body", ScrollText).repaint()

    def _close_label(self, label: str) -> None:
        cancel = self.query_one("#cancel", Button)
        cancel.label = label
        cancel.focus()

    @on(Input.Changed, "#name")
    def _name_typed(self, event: Input.Changed) -> None:
        self.query_one("#send").disabled = self.sent or event.value != safe_text(self.rollout.name)

    @on(Input.Submitted, "#name")
    def _name_done(self) -> None:
        self.query_one("#send").focus()

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        """Close the dialog; what was sent goes on."""
        self.dismiss()

    @on(Button.Pressed, "#send")
    def _send_pressed(self) -> None:
        if self.sent or not isinstance(self.prepared, Prepared) or self.prepared.blocked:
            return
        self.sent = True
        self.query_one("#send").display = False
        self.query_one("#name").display = False
        self._close_label("Close")
        # The app owns the sending, so that leaving the dialog does not cancel it.
        self.app.run_worker(self._send(self.prepared), group="acts", exit_on_error=False)

    async def _send(self, prepared: Prepared) -> None:
        app = self.app
        try:
            outcome = await desk_of(app).cockpit.send(prepared, report=self._report)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            outcome = Outcome(Stage.UNKNOWN, why, prepared.plan)
        self._report(outcome)
        app.post_message(ActionFinished(self.rollout, outcome))

    def _report(self, outcome: Outcome) -> None:
        self.post_message(self.StageReported(outcome))

    @on(StageReported)
    def _stage_reported(self, message: StageReported) -> None:
        if not self.outcomes or self.outcomes[-1] != message.outcome:
            self.outcomes.append(message.outcome)
            self._show()

    def action_scroll(self, by: int) -> None:
        """Scroll the plan."""
        self.query_one("#body", ScrollText).action_scroll_by(by)
