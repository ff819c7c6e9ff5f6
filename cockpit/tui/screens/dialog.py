"""What every dialog about plans shares: a panel over the live screen, its text, Cancel and Send, and a name to type."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from cockpit.model.view import FleetView
from cockpit.texts.current import Verbatim, translated
from cockpit.tui.app_port import AppPort, app_port_of
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import Line, Span
from cockpit.tui.unheard import say_unheard
from cockpit.tui.widgets.below import Below
from cockpit.tui.widgets.field import Field
from cockpit.tui.widgets.marked_button import MarkedButton
from cockpit.tui.widgets.scroll_text import ScrollText, TallText

# Lines of the screen below that stay in sight: its title, what hurts and who gets what.
IN_SIGHT = 13
# Lines of a dialog at least, and those of its frame and its buttons.
LEAST, AROUND = 8, 3
# Seconds between looks at whether the plan could still be sent.
LOOK_SECONDS = 1.0
DETAILS_KEY, AGAIN_KEY = "p", "r"
CANCELLED_SECONDS = 3.0
# What enter does on a button with these words.
_ENTER = {
    "Send": "sends",
    "Propose": "asks why",
    "Confirm": "confirms",
    "Cancel": "cancels",
    "Close": "closes",
}


class DialogText(TallText):
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


class ActDialog(ModalScreen[None]):
    """From plan to outcome. Closing it after sending does not stop what was sent."""

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

    # Until there is a plan nothing has the focus: enter that comes too early neither sends nor cancels.
    AUTO_FOCUS = ""

    # Whether it may always be as high as the screen.
    COVERS: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.sent = False
        self.details = False
        self.offered = False  # whether it could be sent, so that to leave it is a decision
        self._send_word, self._close_word = "Send", "Cancel"  # what stands on the buttons

    @property
    def port(self) -> AppPort:
        """The app."""
        return app_port_of(self.app)

    def compose(self) -> ComposeResult:
        glyphs = self.port.glyphs
        yield Below()
        with Vertical(id="dialog", classes="-ascii" if glyphs.ascii else ""):
            yield DialogText(self.body, glyphs)
            yield Field(id="name", compact=True)
            with Horizontal(id="buttons"):
                yield ScrollText(self.hint, glyphs, id="hint")
                yield MarkedButton("Cancel", glyphs, id="cancel")
                yield MarkedButton("Send", glyphs, id="send", disabled=True)

    def on_mount(self) -> None:
        self.query_one("#name").display = False
        self.query_one("#hint").can_focus = False
        self.plan()
        self.set_interval(LOOK_SECONDS, self.look)

    def on_resize(self) -> None:
        # The height depends on the screen, and the frame is not told when that changes.
        self.show(resized=True)

    # What each dialog says and does

    def body(self, width: int) -> list[Line]:
        """All lines of the dialog."""
        raise NotImplementedError

    @property
    def planned(self) -> bool:
        """Whether there is a plan, whose details can be shown."""
        raise NotImplementedError

    @property
    def outdated_now(self) -> bool:
        """Whether what is shown cannot be sent any more because something changed."""
        raise NotImplementedError

    def plan(self) -> None:
        """Start to plan."""
        raise NotImplementedError

    def forget(self) -> None:
        """Forget what was planned, because it is outdated."""
        raise NotImplementedError

    def look(self) -> None:
        """Look whether what is shown could still be sent."""
        raise NotImplementedError

    def show_view(self, view: FleetView) -> None:
        """The view below changed."""
        raise NotImplementedError

    def send(self) -> None:
        """Send what is shown, once."""
        raise NotImplementedError

    # What they share

    def hint(self, width: int) -> list[Line]:
        """The keys beside the buttons: what enter and escape do now, then the details."""
        leaves = _ENTER[self._close_word]
        enter = {"send": _ENTER[self._send_word], "cancel": leaves, "name": "goes to the button"}
        does = enter.get(self.focused.id or "", "") if self.focused else ""
        keys = [("enter", does)] if does and does != leaves else []
        keys.append(("enter esc" if does == leaves else "esc", leaves))
        if self.planned:
            keys.append((DETAILS_KEY, "hides them" if self.details else "kubectl, dry run"))
        line: list[Span] = []
        for key, words in keys:
            gap = Span("  ") if line else Span("")
            line += [gap, Span(Verbatim(key), "key"), Span(Verbatim(f" {translated(words)}"), "quiet")]
        return [tuple(line)]

    def on_key(self, event: events.Key) -> None:
        """Say so where a key that came too early, or is for the screen below, does nothing."""
        say_unheard(self, event, "nothing is sent yet: the plan is still being made; esc leaves")

    def on_descendant_focus(self) -> None:
        """Enter does something else now."""
        self.query_one("#hint", ScrollText).repaint()

    def show(self, *, resized: bool = False) -> None:
        """Draw it again with its new height."""
        body = self.query_one(DialogText)
        body.others = int(self.query_one("#name").display)
        body.whole = self.details or self.COVERS
        body.show(resized=resized)
        self.query_one("#hint", ScrollText).repaint()

    def offer(self, names: str, *, on_cancel: bool) -> None:
        """Let it be sent, once `names` are typed, if there are any.

        Cancel, Send and the field keep their places, whichever has the focus.
        """
        self.offered = True
        if names:
            field = self.query_one("#name", Input)
            field.placeholder = f"type {names} to send"
            field.value = ""  # what was typed for an outdated plan is not for this one
            field.display = True
            field.focus()
            return
        self.query_one("#send", Button).disabled = False
        self.query_one("#cancel" if on_cancel else "#send").focus()

    def begin(self) -> None:
        """It is being sent."""
        self.sent = True
        self.stop_offering()
        self.show_news()

    def show_news(self) -> None:
        """Draw it again with what came of it, which stands at the top, wherever the plan was scrolled to."""
        self.query_one(DialogText).top = 0
        self.show()

    def stop_offering(self) -> None:
        """It cannot be sent any more, or was."""
        self.query_one("#name").display = False
        self.query_one("#send").disabled = True
        self.query_one("#cancel").focus()

    def in_background(self, work: Callable[[], Coroutine[None, None, None]], group: str) -> None:
        """Run it in place of what runs in this group; given as a function, nothing is left over if it never starts."""
        self.run_worker(work, group=group, exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    def send_label(self, label: str) -> None:
        """What the button on the right does."""
        self._send_word = label
        self.query_one("#send", Button).label = translated(label)

    def close_label(self, label: str) -> None:
        """What the button on the left does now."""
        self._close_word = label
        cancel = self.query_one("#cancel", Button)
        cancel.label = translated(label)
        cancel.focus()

    def names(self) -> str:
        """What has to be typed before it is sent; "" if nothing has to."""
        raise NotImplementedError

    @on(Input.Changed, "#name")
    def _name_typed(self, event: Input.Changed) -> None:
        typed = bool(self.names()) and event.value.split() == self.names().split()
        self.query_one("#send").disabled = self.sent or self.outdated_now or not typed

    @on(Input.Submitted, "#name")
    def _name_done(self) -> None:
        self.query_one("#send").focus()

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        """Close the dialog; an act that was sent continues."""
        if self.offered and not self.sent:
            self.app.notify("cancelled: nothing was sent", markup=False, timeout=CANCELLED_SECONDS)
        self.dismiss()

    @on(Button.Pressed, "#send")
    def _send_pressed(self) -> None:
        self.send()

    def action_again(self) -> None:
        """Plan again what is outdated."""
        if self.outdated_now and not self.sent:
            self.forget()
            self.set_focus(None)
            self.show()
            self.plan()

    def action_details(self) -> None:
        """Show or hide how the plan is sent."""
        self.details = not self.details
        self.show()

    def action_scroll(self, by: int) -> None:
        """Scroll the plan."""
        self.query_one(DialogText).action_scroll_by(by)
