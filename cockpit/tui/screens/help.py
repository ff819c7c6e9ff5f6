"""The keys, from the key table, with the reason if one does not apply now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from cockpit.model.health import Health
from cockpit.model.rollout import Verdict
from cockpit.tui.app_port import app_port_of
from cockpit.tui.glyphs import Glyphs, Look
from cockpit.tui.keys import Key, Keymap, Where, key_name
from cockpit.tui.lines import Line, Span, plain, width_of, wrap
from cockpit.tui.search import marked, normal
from cockpit.tui.widgets.field import Field
from cockpit.tui.widgets.scroll_text import ScrollText

# Columns before the words of a key.
HEAD = 29
MOVES = (
    ("up down", "move the cursor; left and right choose a pod, or a moment of the way so far"),
    ("pgup pgdn", "move by pages; home and end go to the ends"),
    ("/", "search in this list; esc shows all again"),
)
# The first line of the list.
HOW = "esc closes   / searches   pgup pgdn scroll"
# Titles of the keys that are no acts, and the places that each is about.
PLACES = (
    ("everywhere", (Where.EVERYWHERE, Where.APP)),
    ("fleet and rollout", (Where.ACTING, Where.BOTH, Where.FLEET, Where.ROLLOUT)),
    ("presenting", (Where.PRESENTING,)),
    ("texts and lists", (Where.READING, Where.TEXT, Where.OBJECT, Where.JOURNAL)),
    ("logs", (Where.LOGS,)),
    ("pods", (Where.PODS,)),
    ("revisions", (Where.REVISIONS,)),
    ("a recording (cockpit replay)", (Where.REPLAY,)),
)


def help_lines(keymap: Keymap, refusal: Callable[[Key], str], glyphs: Glyphs, width: int) -> list[Line]:
    """The acts, then the keys of each kind of screen, then what the signs mean; long lines wrap."""
    lines: list[Line] = [(Span("acts: each shows its plan first; no single key sends anything", "strong"),)]
    lines += _acts(keymap, refusal, width)
    lines += [(), (Span("moving", "strong"),)]
    lines += [(Span(f"  {keys:<10}", "key"), Span(words)) for keys, words in MOVES]
    for title, places in PLACES:
        lines += [(), (Span(title, "strong"),)]
        for key in keymap.keys:
            if not key.acts and key.where in places:
                why = refusal(key)
                lines += _entry(_keys_of(key), key.word, why or key.help, "quiet" if why else "", width)
    for title, entries in (
        ("health: how the users of a rollout fare", health_entries(glyphs)),
        ("verdicts: does a lane's observed split match the written one", verdict_entries(glyphs)),
    ):
        lines += [(), (Span(title, "strong"),)]
        for look, words in entries:
            lines += _entry(look.sign, look.word, words, "", width)
    return [*lines, (), (Span("signs", "strong"),), *sign_lines(glyphs, width)]


def _acts(keymap: Keymap, refusal: Callable[[Key], str], width: int) -> list[Line]:
    """The acts that apply, then the others below the reason why not, each reason once."""
    lines: list[Line] = []
    refused: dict[str, list[Key]] = {}
    for key in keymap.keys:
        if key.acts and (why := refusal(key)):
            # What a system does not have is one reason for all of its acts.
            for act in key.acts:
                why = why.replace(f"{act.value} does not exist", "these do not exist")
            refused.setdefault(why, []).append(key)
        elif key.acts:
            lines += _entry(_keys_of(key), key.word, key.help, "", width)
    for why, keys in refused.items():
        lines += [(Span(f"  {words}", "waiting"),) for words in wrap(f"not now: {why}", max(width - 2, 20))]
        for key in keys:
            lines += _entry(_keys_of(key), key.word, key.help, "quiet", width)
    return lines


def _keys_of(key: Key) -> str:
    """Every key of an entry as written on a keyboard."""
    return " ".join(key_name(name.strip()) for name in key.keys.split(","))


def health_entries(glyphs: Glyphs) -> list[tuple[Look, str]]:
    """Each health in the HEALTH column and its meaning."""
    return [
        (glyphs.healths[Health.HURT], "users get errors, no answer, or a version that they should not get"),
        (glyphs.healths[Health.DOUBTFUL], "something speaks against it, not yet for certain: more answers will tell"),
        (glyphs.healths[Health.NOT_MEASURED], "what users get is not known: the findings say why"),
        (glyphs.healths[Health.FINE], "users get what is written, and too few requests fail to matter"),
    ]


def verdict_entries(glyphs: Glyphs) -> list[tuple[Look, str]]:
    """Each verdict in the heading of a lane and its meaning."""
    return [
        (glyphs.verdicts[Verdict.ON], "the observed split matches the written one"),
        (glyphs.verdicts[Verdict.OFF], "the observed split differs from the written one"),
        (glyphs.verdicts[Verdict.DOUBTFUL], "something speaks against the written split; more answers will tell"),
        (glyphs.verdicts[Verdict.NOT_YET], "too few answers for a verdict yet, or the new split is not yet followed"),
        (glyphs.stopped, "the probe is off: its last result"),
    ]


def _entry(key: str, word: str, help: str, style: str, width: int) -> list[Line]:
    """A key, its name and what it does, or why it does not apply."""
    first, *rest = wrap(help, max(width - HEAD, 20))
    head = (Span(f"  {key:<11}", style or "key"), Span(f"{word:<15} ", style), Span(first, style))
    return [head, *((Span(" " * HEAD), Span(line, style)) for line in rest)]


def sign_lines(glyphs: Glyphs, width: int) -> list[Line]:
    """What the signs mean."""
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


def only(lines: Sequence[Line], words: str) -> list[Line]:
    """The entries that hold the words, each with its further lines and below its title; all without words."""
    if not words:
        return list(lines)
    wanted = normal(words, words)
    found: list[Line] = []
    title: Line | None = None
    entry: list[Line] = []

    def end() -> None:
        nonlocal title
        if entry and wanted in normal(" ".join(plain(entry)), words):
            found.extend([title] if title else [])
            found.extend(entry)
            title = None
        entry.clear()

    for line in lines:
        text = "".join(plain([line]))
        if not text.startswith(" ") and text:
            end()
            title = line
        elif text.startswith(" " * HEAD):
            entry.append(line)
        else:
            end()
            entry.append(line)
    end()
    return [marked(line, words) for line in found] or [(Span("not found", "quiet"),)]


def _quiet(words: str) -> Line:
    return (Span(words, "quiet"),)


class HelpScreen(ModalScreen[None]):
    """Scrollable, and searched with the key of all lists; escape, q or ? closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,question_mark,f1", "dismiss(None)", "back", show=False),
        Binding("escape", "back", "back", show=False),
        Binding("slash", "search", "search", show=False),
    ]

    def __init__(self, refusal: Callable[[Key], str]) -> None:
        super().__init__()
        self.refusal = refusal
        self.words = ""

    def compose(self) -> ComposeResult:
        yield ScrollText(self._lines, app_port_of(self.app).glyphs, id="help")
        yield Field(placeholder="only keys that say this; esc shows all", id="search", compact=True)

    def on_mount(self) -> None:
        self.query_one("#search").display = False
        self.query_one("#help").focus()

    def _lines(self, width: int) -> list[Line]:
        port = app_port_of(self.app)
        lines = only(help_lines(port.keymap, self.refusal, port.glyphs, width), self.words)
        return lines if self.words else [*map(_quiet, wrap(HOW, width)), (), *lines]

    def action_search(self) -> None:
        """Open the field."""
        field = self.query_one("#search", Field)
        field.display = True
        field.focus()

    def action_back(self) -> None:
        """Show all keys again, or else close."""
        field = self.query_one("#search", Field)
        if not field.display and not self.words:
            self.dismiss(None)
            return
        field.value = ""
        field.display = False
        self.query_one("#help").focus()

    @on(Input.Changed, "#search")
    def _typed(self, event: Input.Changed) -> None:
        self.words = event.value.strip()
        text = self.query_one("#help", ScrollText)
        text.top = 0
        text.repaint()

    @on(Input.Submitted, "#search")
    def _done(self) -> None:
        self.query_one("#search").display = False
        self.query_one("#help").focus()
