"""The plan dialog: a panel over the screen that shows what would be sent, sends it once, and tells what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from cockpit.model.plan import Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Owner
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, Outcome, Prepared, RolloutView, Stage
from cockpit.session.port import Cockpit
from cockpit.tui.acting import starts_on_cancel
from cockpit.tui.app_port import AppPort, app_port_of
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import Line, Span, width_of, wrap
from cockpit.tui.messages import ActionFinished
from cockpit.tui.pace import facts
from cockpit.tui.plan_text import outdated_lines, plan_lines, refused_lines, stage_lines, title
from cockpit.tui.widgets.below import Below
from cockpit.tui.widgets.field import Field
from cockpit.tui.widgets.marked_button import MarkedButton
from cockpit.tui.widgets.scroll_text import ScrollText

# Lines of the screen below that stay in sight: its title, what hurts and who gets what.
IN_SIGHT = 13
# Lines of a dialog at least, and those of its frame and its buttons.
LEAST, AROUND = 8, 3
# Seconds between looks at whether the plan could still be sent.
LOOK_SECONDS = 1.0
DETAILS_KEY, AGAIN_KEY = "p", "r"


class DialogText(ScrollText):
    """As high as its lines, as long as what is below it stays in sight."""

    def __init__(self, build: Callable[[int], Sequence[Line]], glyphs: Glyphs) -> None:
        super().__init__(build, glyphs, id="body")
        self.can_focus = False
        self.others = 0  # lines of the dialog beside the frame and the buttons
        self.whole = False  # whether the dialog may cover all

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The height in lines."""
        around = AROUND + self.others
        room = viewport.height if self.whole else max(viewport.height - IN_SIGHT, LEAST)
        return max(min(len(self.build(width)), min(room, viewport.height) - around), 1)


class PlanDialog(ModalScreen[None]):
    """One act from plan to outcome. Closing it after sending does not stop the act."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", show=False),
        Binding("left", "app.focus_previous", "left", show=False),
        Binding("right", "app.focus_next", "right", show=False),
        Binding("up", "scroll(-1)", "up", show=False),
        Binding("down", "scroll(1)", "down", show=False),
        Binding("pageup", "scroll(-10)", "page up", show=False),
        Binding("pagedown", "scroll(10)", "page down", show=False),
        Binding(f"{DETAILS_KEY},k", "details", "patch and kubectl line", show=False),
        Binding(AGAIN_KEY, "again", "plan again", show=False),
    ]

    class StageReported(Message):
        """The act reached another stage; posted from the session's thread."""

        def __init__(self, outcome: Outcome) -> None:
            super().__init__()
            self.outcome = outcome

    # Until there is a plan nothing has the focus: enter that comes too early neither sends nor cancels.
    AUTO_FOCUS = ""

    # Whether a newer outcome of the same stage replaces the one before.
    one_line_a_stage = False

    def __init__(self, rollout: RolloutKey, ask: Ask, owners: Sequence[Owner]) -> None:
        super().__init__()
        self.rollout = rollout
        self.ask = ask
        self.owners = owners
        self.prepared: Prepared | Refused | None = None
        self.outcomes: list[Outcome] = []
        self.sent = False
        self.details = False
        self.outdated = ""
        self._looked_at: object = None

    @property
    def port(self) -> AppPort:
        """The app."""
        return app_port_of(self.app)

    def compose(self) -> ComposeResult:
        glyphs = self.port.glyphs
        yield Below()
        with Vertical(id="dialog", classes="-ascii" if glyphs.ascii else ""):
            yield DialogText(self.body, glyphs)
            yield Field(placeholder=f"type {safe_text(self.rollout.name)} to send", id="name", compact=True)
            with Horizontal(id="buttons"):
                yield ScrollText(self.hint, glyphs, id="hint")
                yield MarkedButton("Cancel", glyphs, id="cancel")
                yield MarkedButton("Send", glyphs, id="send", disabled=True)

    def on_mount(self) -> None:
        self.query_one("#name").display = False
        self.query_one("#hint").can_focus = False
        self._plan()
        self.set_interval(LOOK_SECONDS, self._look)

    def on_resize(self) -> None:
        # The height depends on the screen, and the frame is not told when that changes.
        self._show()

    def _plan(self) -> None:
        self._looked_at = _of(self.port.find(self.rollout))
        self.run_worker(self._prepare(), group="prepare", exclusive=True, exit_on_error=False)

    async def plan_it(self, cockpit: Cockpit) -> Prepared | Refused:
        """The plan, tried on the server."""
        return await cockpit.prepare(self.rollout, self.ask)

    async def carry_out(self, cockpit: Cockpit, prepared: Prepared, report: Callable[[Outcome], None]) -> Outcome:
        """Send the plan and wait for its effect."""
        return await cockpit.send(prepared, report=report)

    async def _prepare(self) -> None:
        self.prepared = await self.plan_it(self.port.cockpit)
        if isinstance(self.prepared, Prepared) and not self.prepared.blocked:
            self._offer(self.prepared)
        else:
            self._close_label("Close")
        self._show()

    def _offer(self, prepared: Prepared) -> None:
        """Let it be sent: Cancel, Send and the field for the name keep their places, whichever has the focus."""
        if self.asks_name:
            name = self.query_one("#name", Input)
            name.value = ""  # what was typed for an outdated plan is not for this one
            name.display = True
            name.focus()
            return
        send = self.query_one("#send", Button)
        send.disabled = False
        shown = self.port.find(self.rollout)
        on_cancel = starts_on_cancel(prepared.plan, shown.rollout if shown else None)
        (self.query_one("#cancel") if on_cancel else send).focus()

    @property
    def asks_name(self) -> bool:
        """Whether the name must be typed: for acts in production that are hard to reverse."""
        return isinstance(self.prepared, Prepared) and self.prepared.asks_for_name

    # What it says

    def body(self, width: int) -> list[Line]:
        """All lines of the dialog."""
        glyphs = self.port.glyphs
        act = self.prepared.plan.title if isinstance(self.prepared, Prepared) else self.ask.act.value
        # The cluster is at the end and must not be cut off.
        lines: list[Line] = [(Span(words, "strong"),) for words in wrap(title(act, self.rollout), width)]
        if isinstance(self.prepared, Prepared) and self.prepared.production:
            mark = " PRODUCTION "
            if width_of(lines[-1]) + len(mark) + 2 > width:
                lines.append(())
            lines[-1] = (*lines[-1], Span("  "), Span(mark, "production"))
        lines += stage_lines(self.outcomes, width, glyphs)
        if self.outdated and not self.sent:
            lines += outdated_lines(self.outdated, AGAIN_KEY, width)
        if self.prepared is None:
            lines.append((Span(f"planning and running a server-side dry run {glyphs.ellipsis}", "quiet"),))
        elif isinstance(self.prepared, Refused):
            lines += refused_lines(self.prepared, width)
        else:
            lines += plan_lines(self.prepared, self.owners, width, glyphs, details=self.details)
        return lines

    def hint(self, width: int) -> list[Line]:
        """The keys beside the buttons."""
        if not isinstance(self.prepared, Prepared):
            return [()]
        words = " hides them" if self.details else " dry run, kubectl line and patch"
        return [(Span(DETAILS_KEY, "key"), Span(words, "quiet"))]

    def _show(self) -> None:
        body = self.query_one(DialogText)
        body.others = int(self.query_one("#name").display)
        body.whole = self.details
        body.refresh(layout=True)
        body.repaint()
        self.query_one("#hint", ScrollText).repaint()

    def _close_label(self, label: str) -> None:
        cancel = self.query_one("#cancel", Button)
        cancel.label = label
        cancel.focus()

    # Whether it still holds

    def show_view(self, view: FleetView) -> None:
        """Look at once whether the plan still holds, if the rollout changed."""
        now = _of(self.port.find(self.rollout))
        if now != self._looked_at:
            self._looked_at = now
            self._look()

    def _look(self) -> None:
        if self.sent or self.outdated or not isinstance(self.prepared, Prepared) or self.prepared.blocked:
            return
        self.run_worker(self._look_at(self.prepared), group="look", exclusive=True, exit_on_error=False)

    async def _look_at(self, prepared: Prepared) -> None:
        why = await self.port.cockpit.outdated(prepared)
        if why and not self.sent and prepared is self.prepared:
            self.outdated = why
            self.query_one("#name").display = False
            self.query_one("#send").disabled = True
            self.query_one("#cancel").focus()
            self._show()

    def action_again(self) -> None:
        """Plan again what is outdated."""
        if self.outdated and not self.sent:
            self.outdated, self.prepared = "", None
            self.set_focus(None)
            self._show()
            self._plan()

    # What is done

    @on(Input.Changed, "#name")
    def _name_typed(self, event: Input.Changed) -> None:
        typed = event.value == safe_text(self.rollout.name)
        self.query_one("#send").disabled = self.sent or bool(self.outdated) or not typed

    @on(Input.Submitted, "#name")
    def _name_done(self) -> None:
        self.query_one("#send").focus()

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        """Close the dialog; an act that was sent continues."""
        self.dismiss()

    @on(Button.Pressed, "#send")
    def _send_pressed(self) -> None:
        prepared = self.prepared
        if self.sent or self.outdated or not isinstance(prepared, Prepared) or prepared.blocked:
            return
        self.sent = True
        self.query_one("#send").disabled = True
        self.query_one("#name").display = False
        self._close_label("Close")
        # The app owns the send, so closing the dialog does not cancel it.
        self.app.run_worker(self._send(prepared), group="acts", exit_on_error=False)

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
        replaces = bool(message.outcome.counting) or self.one_line_a_stage
        if replaces and self.outcomes and self.outcomes[-1].stage is message.outcome.stage:
            self.outcomes.pop()
        self.outcomes.append(message.outcome)
        self._show()

    def action_details(self) -> None:
        """Show or hide how the plan is sent."""
        self.details = not self.details
        self._show()

    def action_scroll(self, by: int) -> None:
        """Scroll the plan."""
        self.query_one(DialogText).action_scroll_by(by)


def _of(shown: RolloutView | None) -> object:
    """What a plan may have been made from, without the figures that a running probe moves."""
    return facts(shown)[:2] if shown else None
