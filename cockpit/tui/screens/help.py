"""The keys, made from the table that binds them, with why some do not apply now."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from cockpit.model.rollout import Verdict
from cockpit.tui.desk import desk_of
from cockpit.tui.glyphs import Glyphs, Look
from cockpit.tui.keys import Key, Keymap
from cockpit.tui.paint import Line, Span, width_of, wrap
from cockpit.tui.widgets.scroll_text import ScrollText

# Columns before the words of a key.
HEAD = 23
MOVES = (
    ("up down", "move the cursor; left and right choose a pod"),
    ("pgup pgdn", "by pages; home and end go to the ends"),
)


def help_lines(keymap: Keymap, refusal: Callable[[Key], str], glyphs: Glyphs, width: int) -> list[Line]:
    """The acts first, then moving and looking, then what the signs mean; what is longer than a line goes on below."""
    lines: list[Line] = [(Span("acts: each shows its plan first, none is sent by one key", "strong"),)]
    for key in keymap.keys:
        if key.acts:
            why = refusal(key)
            lines += _entry(key.shown, key.word, why or key.help, "quiet" if why else "", width)
    lines += [(), (Span("moving and looking", "strong"),)]
    lines += [(Span(f"  {keys:<10}", "key"), Span(words)) for keys, words in MOVES]
    for key in keymap.keys:
        if not key.acts:
            lines += _entry(key.shown, key.word, key.help, "", width)
    lines += [(), (Span("verdicts: what the answers say of the written split", "strong"),)]
    for look, words in verdict_words(glyphs):
        lines += _entry(look.sign, look.word, words, "", width)
    return [*lines, (), (Span("signs", "strong"),), *sign_lines(glyphs, width)]


def verdict_words(glyphs: Glyphs) -> list[tuple[Look, str]]:
    """Each verdict of the column OBSERVED with what it means."""
    return [
        (glyphs.verdicts[Verdict.ON], "the answers agree with the written split"),
        (glyphs.verdicts[Verdict.OFF], "they do not: other shares are served than are written"),
        (glyphs.verdicts[Verdict.NOT_YET], "too few answers to tell yet"),
        (glyphs.failing, "users are hurt, such as by errors, whatever the split: see the findings"),
        (glyphs.stopped, "the probe is off: what it saw last"),
    ]


def _entry(key: str, word: str, help: str, style: str, width: int) -> list[Line]:
    """A key, its word and what it does, or why it does not apply."""
    first, *rest = wrap(help, max(width - HEAD, 20))
    head = (Span(f"  {key:<6}", style or "key"), Span(f"{word:<14} "), Span(first, style))
    return [head, *((Span(" " * HEAD), Span(line, style)) for line in rest)]


def sign_lines(glyphs: Glyphs, width: int) -> list[Line]:
    """What the signs stand for."""
    groups = (
        ("phase", glyphs.phases),
        ("pod", glyphs.pods),
        ("data", glyphs.syncs),
        ("act", glyphs.stages),
    )
    lines: list[Line] = []
    for name, looks in groups:
        line: Line = (Span(f"  {name:<10}", "quiet"),)
        for look in looks.values():
            word = Span(f"{look.sign} {look.word}   ", look.style)
            if look.word and width_of((*line, word)) - 3 > width:
                lines.append(line)
                line = (Span(" " * 12),)
            line = (*line, word) if look.word else line
        lines.append(line)
    return lines


class HelpScreen(ModalScreen[None]):
    """Scrolls; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss(None)", "back", show=False)]

    def __init__(self, refusal: Callable[[Key], str]) -> None:
        super().__init__()
        self.refusal = refusal

    def compose(self) -> ComposeResult:
        desk = desk_of(self.app)
        yield ScrollText(
            lambda width: help_lines(desk.keymap, self.refusal, desk.glyphs, width), desk.glyphs, id="help"
        )
