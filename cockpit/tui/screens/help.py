"""The keys, made from the table that binds them, with why some do not apply now."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from cockpit.tui.desk import desk_of
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.keys import Key, Keymap
from cockpit.tui.paint import Line, Span
from cockpit.tui.widgets.scroll_text import ScrollText

MOVES = (
    ("up down", "move the cursor; left and right choose a pod"),
    ("pgup pgdn", "by pages; home and end go to the ends"),
)


def help_lines(keymap: Keymap, refusal: Callable[[Key], str], glyphs: Glyphs) -> list[Line]:
    """One line a key: the acts first, then moving and looking, then what the signs mean."""
    lines: list[Line] = [(Span("acts: each shows its plan first, none is sent by one key", "strong"),)]
    for key in keymap.keys:
        if key.acts:
            why = refusal(key)
            words = (Span(f"{key.word:<14} "), Span(why or key.help, "quiet" if why else ""))
            lines.append((Span(f"  {key.shown:<8}", "quiet" if why else "key"), *words))
    lines += [(), (Span("moving and looking", "strong"),)]
    lines += [(Span(f"  {keys:<10}", "key"), Span(words)) for keys, words in MOVES]
    for key in keymap.keys:
        if not key.acts:
            lines.append((Span(f"  {key.shown:<8}", "key"), Span(f"{key.word:<14} {key.help}")))
    return [*lines, (), (Span("signs", "strong"),), *sign_lines(glyphs)]


def sign_lines(glyphs: Glyphs) -> list[Line]:
    """What the signs stand for."""
    groups = (
        ("phase", glyphs.phases),
        ("observed", glyphs.verdicts),
        ("pod", glyphs.pods),
        ("data", glyphs.syncs),
        ("act", glyphs.stages),
    )
    lines: list[Line] = []
    for name, looks in groups:
        words = [Span(f"{look.sign} {look.word}   ", look.style) for look in looks.values() if look.word]
        lines.append((Span(f"  {name:<10}", "quiet"), *words))
    return lines


class HelpScreen(ModalScreen[None]):
    """Scrolls; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss(None)", "back", show=False)]

    def __init__(self, refusal: Callable[[Key], str]) -> None:
        super().__init__()
        self.refusal = refusal

    def compose(self) -> ComposeResult:
        desk = desk_of(self.app)
        yield ScrollText(lambda width: help_lines(desk.keymap, self.refusal, desk.glyphs), desk.glyphs, id="help")
