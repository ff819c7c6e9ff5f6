"""Small forms: the arguments of an act, and the target of a probe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Input

from cockpit.model.plan import Act, Ask
from cockpit.model.probe_job import InsideWish
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.model.view import Entry, RolloutView
from cockpit.planning.act_arguments import ACT_SPECS, ArgumentKind
from cockpit.tui.app_port import app_port_of
from cockpit.tui.forms import (
    PRESETS,
    Weights,
    choice_of,
    image_of,
    line_argument,
    line_ask,
    line_hint,
    weights_of,
)
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import Line, Span, fit, wrap
from cockpit.tui.probe_targets import TargetInput, address_of, asked_for, examples, target_of
from cockpit.tui.unheard import say_unheard
from cockpit.tui.widgets.below import Below
from cockpit.tui.widgets.field import Field
from cockpit.tui.widgets.scroll_text import TallText

AROUND = 2  # lines of the frame of a form
HEAD = 2  # lines above the first version or option
LAST = 1_000_000  # the last line of any form
Asked = TypeVar("Asked")


class FormText(TallText):
    """As high as its wrapped lines, limited by the screen's height minus `others` lines."""

    def __init__(self, build: Callable[[int], Sequence[Line]], glyphs: Glyphs, *, others: int = 0) -> None:
        super().__init__(build, glyphs, id="body")
        self.can_focus = False
        self.others = others

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The height in lines."""
        return max(min(len(self.build(width)), viewport.height - AROUND - self.others), 1)


class Form(ModalScreen[Asked | None]):
    """A form that returns what was entered; escape returns None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", show=False),
        Binding("enter", "submit", "plan it", show=False),
    ]

    # What shows the screen below.
    BELOW: ClassVar[type[Below]] = Below

    def compose(self) -> ComposeResult:
        glyphs = app_port_of(self.app).glyphs
        yield self.BELOW()
        with Vertical(id="form", classes="-ascii" if glyphs.ascii else ""):
            yield FormText(self.lines_for, glyphs)

    def on_mount(self) -> None:
        self.show_form()

    def on_key(self, event: events.Key) -> None:
        """Say so where a key of the screen below does nothing."""
        if not event.is_printable or not (event.character or "").isdecimal():
            say_unheard(self, event)

    def on_resize(self) -> None:
        # The height depends on the screen, and the frame is not told when that changes.
        self.show_form(resized=True)

    def lines_for(self, width: int) -> list[Line]:
        """The form as lines."""
        raise NotImplementedError

    def cursor_line(self) -> int | None:
        """The line that stays visible if there is not enough room; None for the first."""
        return None

    def action_submit(self) -> None:
        """Close the form and return what was entered."""
        raise NotImplementedError

    def show_form(self, *, resized: bool = False) -> None:
        """Draw the form again with its new height."""
        for body in self.query(FormText):
            body.cursor = self.cursor_line()
            body.show(resized=resized)


class WeightForm(Form[Ask]):
    """Percent by version: typed, changed in steps, or set to a preset."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign,right", "add(5)", "+5", show=False),
        Binding("minus,left", "add(-5)", "-5", show=False),
        Binding("up", "add(1)", "+1", show=False),
        Binding("down", "add(-1)", "-1", show=False),
        Binding("pageup", "preset(1)", "next preset", show=False),
        Binding("pagedown", "preset(-1)", "previous preset", show=False),
        Binding("tab", "choose(1)", "next version", show=False, priority=True),
    ]

    def __init__(self, weights: Weights, rollout: Rollout) -> None:
        super().__init__()
        self.weights = weights
        self.rollout = rollout

    def lines_for(self, width: int) -> list[Line]:
        form, glyphs = self.weights, app_port_of(self.app).glyphs
        lines: list[Line] = [(Span(f"weight   {safe_text(self.rollout.key)}", "strong"),), ()]
        for index, (name, percent) in enumerate(zip(form.names, form.percents, strict=True)):
            here = index == form.chosen
            bar = glyphs.bars[0] * round(percent / 100 * 20)
            note = "  gets the rest" if index == form.rest else ""
            mark = f"{glyphs.cursor} " if here else "  "
            words = f"{fit(safe_text(name, 60), 14, ellipsis=glyphs.ellipsis)} {percent:>5g}%  {bar:<20}"
            lines.append((Span(mark, "key"), Span(words, "strong" if here else ""), Span(note, "quiet")))
        usual = "  ".join(str(preset) for preset in PRESETS)
        more = "tab next version   " if len(form.names) > 2 else ""
        lines += [
            (),
            *_quiet("digits set   + - change by 5   up down by 1", width),
            *_quiet(f"pgup pgdn next of {usual}", width),
            *_quiet(f"{more}enter shows the plan   esc cancel", width),
        ]
        return lines

    def cursor_line(self) -> int:
        return HEAD + self.weights.chosen

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
        """Set the next preset percentage."""
        self._set(self.weights.preset(direction))

    def action_choose(self, by: int) -> None:
        """Choose another version."""
        self._set(self.weights.choose(by))

    def action_submit(self) -> None:
        self.dismiss(self.weights.ask)


class ChoiceForm(Form[Asked]):
    """One of a few options, by cursor or digit: the text to show and its result. `below` is shown after them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j,tab", "move(1)", "down", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        options: Sequence[tuple[str, Asked]],
        first: int = 0,
        *,
        enter: str = "shows the plan",
        below: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.title_text = title
        self.options = options
        self.index = first
        self.enter = enter
        self.below = below

    def lines_for(self, width: int) -> list[Line]:
        glyphs = app_port_of(self.app).glyphs
        lines: list[Line] = [(Span(self.title_text, "strong"),), ()]
        for index in range(len(self.options)):
            here = index == self.index
            mark = f"{glyphs.cursor} " if here else "  "
            first, *more = self._option(index, width)
            lines.append((Span(mark, "key"), Span(first, "strong" if here else "")))
            lines += [(Span("    "), Span(words, "strong" if here else "")) for words in more]
        below = [line for note in self.below for line in _quiet(safe_text(note, 300), width)]
        lines += [(), *below] if below else []
        return [*lines, (), *_quiet(f"up down or a digit   enter {self.enter}   esc cancel", width)]

    def _option(self, index: int, width: int) -> list[str]:
        """The lines of an option, without what stands in front of them."""
        return wrap(f"{index + 1} {safe_text(self.options[index][0], 200)}", max(width - 4, 8))

    def cursor_line(self) -> int:
        width = self.query_one(FormText).size.width
        # Before the first layout it has no width.
        above = sum(len(self._option(index, width)) for index in range(self.index)) if width else self.index
        return HEAD + above

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
    """One line of text, read by `parse`; an error is shown above it, otherwise what enter does.

    The line starts with `value`, or shows `hint` if that is empty. Typing replaces it, or with `keep` continues at
    its end. `notes` are shown below the title.
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
        self.hint = safe_text(hint, 1000)
        self.parse = parse
        self.notes = notes
        # A field of the screen library draws what it is given.
        self.value = safe_text(value, 1000)
        self.enter = enter
        self.keep = keep
        self.problem = ""

    def compose(self) -> ComposeResult:
        glyphs = app_port_of(self.app).glyphs
        yield Below()
        with Vertical(id="form", classes="-ascii" if glyphs.ascii else ""):
            yield FormText(self.lines_for, glyphs, others=1)
            yield Field(self.value, placeholder=self.hint, id="line", compact=True, select_on_focus=not self.keep)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#line").focus()

    def lines_for(self, width: int) -> list[Line]:
        below, style = (self.problem, "risk") if self.problem else (f"enter {self.enter}   esc cancel", "quiet")
        notes = [line for note in self.notes for line in _quiet(note, width)]
        return [(Span(self.title_text, "strong"),), *notes, *((Span(line, style),) for line in wrap(below, width))]

    def cursor_line(self) -> int | None:
        return LAST if self.problem else None

    @on(Input.Submitted, "#line")
    def action_submit(self) -> None:
        parsed = self.parse(self.query_one("#line", Input).value)
        if isinstance(parsed, str):
            self.problem = safe_text(parsed)
            self.show_form()
        else:
            self.dismiss(parsed)


def _quiet(words: str, width: int) -> list[Line]:
    """A note or the keys of a form: what does not fit into a line goes on in the next one."""
    return [(Span(line, "quiet"),) for line in wrap(words, width)]


def target_form(view: RolloutView) -> LineForm[TargetInput | InsideWish]:
    """Where the probe of a rollout sends, or which pods of the cluster send for it."""
    return LineForm(
        f"probe target   {safe_text(view.rollout.key)}",
        "ADDRESS[:PORT] or URL",
        lambda text: target_of(view, text),
        notes=(asked_for(view), *examples(view)),
        value=address_of(view),
        enter="remembers it and starts the probe, or shows the plan of the Job",
    )


def form_for(rollout: Rollout, act: Act, journal: Sequence[Entry] = ()) -> Form[Ask] | None:
    """The form that `act` needs; None if it can be planned immediately. `journal` is what the session has noted."""
    name = safe_text(rollout.key)
    versions = ", ".join(safe_text(version.name, 40) for version in rollout.own_versions)
    if ACT_SPECS[act].argument(ArgumentKind.SHARES) and (weights := weights_of(rollout)):
        return WeightForm(weights, rollout)
    if argument := line_argument(act):
        is_image = argument.kind is ArgumentKind.IMAGE
        return LineForm(
            f"{ACT_SPECS[act].title}   {name}   ({versions})",
            line_hint(act),
            lambda text: line_ask(rollout, act, text),
            value=image_of(rollout) if is_image else "",
            keep=is_image,
        )
    choice = choice_of(rollout, act, journal)
    return ChoiceForm(choice.title, choice.options, choice.first) if choice and choice.options else None
