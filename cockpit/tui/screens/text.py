"""YAML, events and logs: text of the cluster, read once when the screen opens and again on request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_lines, safe_text
from cockpit.tui.desk import desk_of
from cockpit.tui.paint import Line, Span, wrap_line
from cockpit.tui.widgets.findings import INDENT, Told, finding_spans
from cockpit.tui.widgets.scroll_text import ScrollText

MOST_LINES = 5000


class TextScreen(Screen[None]):
    """A title, text, and the keys to leave and to read again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "app.pop_screen", "back", show=False),
        Binding("r", "read", "read again", show=False),
        Binding("tab,right", "turn(1)", "next object", show=False),
        Binding("shift+tab,left", "turn(-1)", "object before", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.text: tuple[str, ...] = ()
        self.turns = 0

    def compose(self) -> ComposeResult:
        glyphs = desk_of(self.app).glyphs
        yield ScrollText(lambda width: [(Span(f" {self.heading()}", "strong"),)], glyphs, id="heading")
        yield ScrollText(self.lines_for, glyphs, id="text")
        yield ScrollText(lambda width: [(Span(f" {self.keys_line()}", "quiet"),)], glyphs, id="keys")

    def on_mount(self) -> None:
        for fixed in ("#heading", "#keys"):
            self.query_one(fixed).can_focus = False
        self.query_one("#text").focus()
        self.action_read()

    def heading(self) -> str:
        """What the text is of."""
        raise NotImplementedError

    def keys_line(self) -> str:
        """The keys, in words."""
        return "esc back   r read again   up down pgup pgdn home end"

    async def read(self) -> tuple[str, ...]:
        """The text, safe to show."""
        raise NotImplementedError

    def lines_for(self, width: int) -> list[Line]:
        """The text as lines; long ones are cut, not wrapped."""
        return [(Span(f" {line}"),) for line in self.text] or [(Span(" nothing here", "quiet"),)]

    def action_turn(self, by: int) -> None:
        """Go to another object."""
        self.turns += by
        self.action_read()

    def action_read(self) -> None:
        """Read the text from the cluster."""
        self.text = ("reading …",)
        self._show()
        self.run_worker(self._fetch(), group="read", exclusive=True, exit_on_error=False)

    async def _fetch(self) -> None:
        self.text = await self.read()
        self._show()

    def _show(self) -> None:
        for pane in self.query(ScrollText):
            pane.repaint()


class ObjectText(TextScreen):
    """YAML or events of the objects of a rollout, one object at a time."""

    def __init__(self, rollout: Rollout, what: str) -> None:
        super().__init__()
        self.rollout = rollout
        self.what = what

    @property
    def ref(self) -> Ref | None:
        """The object shown."""
        objects = self.rollout.objects
        return objects[self.turns % len(objects)] if objects else None

    @property
    def context(self) -> str:
        """The cluster that the object is in."""
        places = {version.workload: version.context for version in self.rollout.versions if version.context}
        return places.get(self.ref) or self.rollout.key.context

    def heading(self) -> str:
        word = "YAML" if self.what == "yaml" else "events"
        count = len(self.rollout.objects)
        place = f"   {self.turns % count + 1} of {count}" if count > 1 else ""
        return f"{word} of {safe_text(self.ref or 'nothing')} in {safe_text(self.context, 60)}{place}"

    def keys_line(self) -> str:
        return "tab next object   " + super().keys_line()

    async def read(self) -> tuple[str, ...]:
        if self.ref is None:
            return ()
        cockpit = desk_of(self.app).cockpit
        if self.what == "yaml":
            return safe_lines(await cockpit.yaml(self.context, self.ref), MOST_LINES)
        return tuple(safe_text(line, 1000) for line in await cockpit.events(self.context, self.ref))


class FindingsText(TextScreen):
    """Every finding of a rollout in full."""

    def __init__(self, key: RolloutKey, told: Callable[[], Sequence[Told]]) -> None:
        super().__init__()
        self.key = key
        self.told = told
        self.shown: Sequence[Told] = ()

    def heading(self) -> str:
        return f"findings of {safe_text(self.key)}"

    async def read(self) -> tuple[str, ...]:
        self.shown = self.told()
        return tuple(safe_text(each.finding.text) for each in self.shown) or ("no findings",)

    def lines_for(self, width: int) -> list[Line]:
        """Each finding in as many lines as it takes."""
        glyphs = desk_of(self.app).glyphs
        lines: list[Line] = []
        for each in self.shown:
            lines += [*wrap_line(finding_spans(each, glyphs), width, INDENT), ()]
        return lines or super().lines_for(width)


class PodLog(TextScreen):
    """The end of the log of one pod."""

    def __init__(self, context: str, pod: Ref) -> None:
        super().__init__()
        self.context = context
        self.pod = pod

    def heading(self) -> str:
        return f"log of {safe_text(self.pod)} in {safe_text(self.context, 60)}"

    async def read(self) -> tuple[str, ...]:
        lines = await desk_of(self.app).cockpit.logs(self.context, self.pod)
        return tuple(line for text in lines for line in safe_lines(text, MOST_LINES))

    async def _fetch(self) -> None:
        await super()._fetch()
        self.query_one("#text", ScrollText).to_end()
