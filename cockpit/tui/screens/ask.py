"""Small forms: what an act needs to know before it can be planned, and where a probe sends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.tui.aiming import EXAMPLES, Target, address_of, asked_for, target_of
from cockpit.tui.desk import desk_of
from cockpit.tui.forms import (
    PRESETS,
    Weights,
    choice_of,
    count_ask,
    header_ask,
    image_ask,
    image_of,
    steps_ask,
    weights_of,
)
from cockpit.tui.paint import Line, Span, fit, wrap
from cockpit.tui.widgets.scroll_text import ScrollText

NARROW = 60  # columns that a form has on the smallest screen
Asked = TypeVar("Asked")


class Form(ModalScreen[Asked | None]):
    """A form that ends in what it asks for; escape asks for nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", show=False),
        Binding("enter", "submit", "plan it", show=False),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(id="form"):
            yield ScrollText(self.lines_for, desk_of(self.app).glyphs, id="body")

    def on_mount(self) -> None:
        body = self.query_one("#body", ScrollText)
        body.can_focus = False
        body.styles.height = len(self.lines_for(NARROW))

    def lines_for(self, width: int) -> list[Line]:
        """The form as lines."""
        raise NotImplementedError

    def action_submit(self) -> None:
        """End the form with what it asks for."""
        raise NotImplementedError

    def show_form(self) -> None:
        """Draw the form again, with room for all its lines."""
        body = self.query_one("#body", ScrollText)
        body.styles.height = len(self.lines_for(body.size.width or NARROW))
        body.repaint()


class WeightForm(Form[Ask]):
    """Percent by version: typed, by steps, or the next usual one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign,right", "add(5)", "+5", show=False),
        Binding("minus,left", "add(-5)", "-5", show=False),
        Binding("up", "add(1)", "+1", show=False),
        Binding("down", "add(-1)", "-1", show=False),
        Binding("pageup", "preset(1)", "next preset", show=False),
        Binding("pagedown", "preset(-1)", "preset before", show=False),
        Binding("tab", "choose(1)", "next version", show=False, priority=True),
    ]

    def __init__(self, weights: Weights, rollout: Rollout) -> None:
        super().__init__()
        self.weights = weights
        self.rollout = rollout

    def lines_for(self, width: int) -> list[Line]:
        form, glyphs = self.weights, desk_of(self.app).glyphs
        lines: list[Line] = [(Span(f"weight   {safe_text(self.rollout.key)}", "strong"),), ()]
        for index, (name, percent) in enumerate(zip(form.names, form.percents, strict=True)):
            here = index == form.chosen
            bar = glyphs.bars[0] * round(percent / 100 * 20)
            note = "  takes the rest" if index == form.rest else ""
            mark = f"{glyphs.cursor} " if here else "  "
            words = f"{fit(safe_text(name, 60), 14, ellipsis=glyphs.ellipsis)} {percent:>5g}%  {bar:<20}"
            lines.append((Span(mark, "key"), Span(words, "strong" if here else ""), Span(note, "quiet")))
        usual = "  ".join(str(preset) for preset in PRESETS)
        more = "tab next version   " if len(form.names) > 2 else ""
        lines += [
            (),
            (Span("digits set   + - by five   up down by one", "quiet"),),
            (Span(f"pgup pgdn to the next of {usual}", "quiet"),),
            (Span(f"{more}enter shows the plan   esc cancel", "quiet"),),
        ]
        return lines

    def on_key(self, event: events.Key) -> None:
        character = "backspace" if event.key == "backspace" else event.character or ""
        if character == "backspace" or character in set("0123456789."):
            event.stop()
            self._set(self.weights.type(character))

    def _set(self, weights: Weights) -> None:
        self.weights = weights
        self.show_form()

    def action_add(self, points: int) -> None:
        """Raise or lower the chosen version."""
        self._set(self.weights.add(points))

    def action_preset(self, direction: int) -> None:
        """The next usual percentage."""
        self._set(self.weights.preset(direction))

    def action_choose(self, by: int) -> None:
        """Set another version."""
        self._set(self.weights.choose(by))

    def action_submit(self) -> None:
        self.dismiss(self.weights.ask)


class ChoiceForm(Form[Asked]):
    """One of a few ways, by cursor or digit; each is the words to show and what it asks for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j,tab", "move(1)", "down", show=False, priority=True),
    ]

    def __init__(
        self, title: str, options: Sequence[tuple[str, Asked]], first: int = 0, *, enter: str = "shows the plan"
    ) -> None:
        super().__init__()
        self.title_text = title
        self.options = options
        self.index = first
        self.enter = enter

    def lines_for(self, width: int) -> list[Line]:
        glyphs = desk_of(self.app).glyphs
        lines: list[Line] = [(Span(self.title_text, "strong"),), ()]
        for index, (words, _) in enumerate(self.options):
            here = index == self.index
            mark = f"{glyphs.cursor} " if here else "  "
            lines.append((Span(mark, "key"), Span(f"{index + 1} {safe_text(words, 200)}", "strong" if here else "")))
        return [*lines, (), (Span(f"up down or a digit   enter {self.enter}   esc cancel", "quiet"),)]

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character.isdecimal() and 0 < int(event.character) <= len(self.options):
            event.stop()
            self.index = int(event.character) - 1
            self.show_form()

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.index = (self.index + by) % len(self.options)
        self.show_form()

    def action_submit(self) -> None:
        self.dismiss(self.options[self.index][1])


class LineForm(Form[Asked]):
    """One line of text, read by `parse`; what is wrong with it is told above it, else what enter does.

    The line is `value` at first, or `hint` where that is empty; what is typed replaces it, or with `keep` goes on
    from its end. `notes` stand below the title.
    """

    def __init__(
        self,
        title: str,
        hint: str,
        parse: Callable[[str], Asked | str],
        *,
        notes: tuple[str, ...] = (),
        value: str = "",
        enter: str = "shows the plan",
        keep: bool = False,
    ) -> None:
        super().__init__()
        self.title_text = title
        self.hint = hint
        self.parse = parse
        self.notes = notes
        self.value = value
        self.enter = enter
        self.keep = keep
        self.problem = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="form"):
            yield ScrollText(self.lines_for, desk_of(self.app).glyphs, id="body")
            yield Input(self.value, placeholder=self.hint, id="line", compact=True, select_on_focus=not self.keep)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#line").focus()

    def lines_for(self, width: int) -> list[Line]:
        below, style = (self.problem, "risk") if self.problem else (f"enter {self.enter}   esc cancel", "quiet")
        notes = [(Span(line, "quiet"),) for note in self.notes for line in wrap(note, width)]
        return [(Span(self.title_text, "strong"),), *notes, *((Span(line, style),) for line in wrap(below, width))]

    @on(Input.Submitted, "#line")
    def action_submit(self) -> None:
        parsed = self.parse(self.query_one("#line", Input).value)
        if isinstance(parsed, str):
            self.problem = safe_text(parsed)
            self.show_form()
        else:
            self.dismiss(parsed)


def target_form(view: RolloutView) -> LineForm[Target]:
    """Where the probe of a rollout sends."""
    return LineForm(
        f"probe target   {safe_text(view.rollout.key)}",
        "ADDRESS[:PORT] or URL",
        lambda text: target_of(view, text),
        notes=(asked_for(view), *EXAMPLES),
        value=address_of(view),
        enter="remembers it and starts the probe",
    )


def form_for(rollout: Rollout, act: Act) -> Form[Ask] | None:
    """The form that `act` needs; None where it can be planned at once."""
    name = safe_text(rollout.key)
    versions = ", ".join(safe_text(version.name, 40) for version in rollout.versions)
    if act is Act.SET_WEIGHT and (weights := weights_of(rollout)):
        return WeightForm(weights, rollout)
    if act is Act.HEADER:
        hint = "KEY=VALUE, or VERSION KEY=VALUE; - takes the rule away"
        return LineForm(f"header rule   {name}   ({versions})", hint, lambda text: header_ask(rollout, text))
    if act is Act.SCALE:
        hint = "VERSION=COUNT"
        return LineForm(f"number of pods   {name}   ({versions})", hint, lambda text: count_ask(rollout, text))
    if act is Act.SET_IMAGE:
        title = f"set image   {name}   ({versions})"
        image = image_of(rollout)
        return LineForm(title, "[CONTAINER=]IMAGE", lambda text: image_ask(rollout, text), value=image, keep=True)
    if act is Act.STEPS:
        hint = "20 50 100, or VERSION 20 50 100; - ends the plan"
        return LineForm(f"steps   {name}   ({versions})", hint, lambda text: steps_ask(rollout, text))
    choice = choice_of(rollout, act)
    return ChoiceForm(choice.title, choice.options, choice.first) if choice and choice.options else None
