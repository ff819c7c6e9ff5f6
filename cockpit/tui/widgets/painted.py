"""The base of every live pane: it keeps the lines on screen and redraws only the cells that changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from cockpit.model.text import safe_text
from cockpit.tui.ink import Ink
from cockpit.tui.paint import BLANK, Line, changed_runs


def joined(segments: Iterable[Segment]) -> list[Segment]:
    """Neighbours of one style as one segment, spaces in the style before them: a change of style is 20 to 40 bytes."""
    found: list[Segment] = []
    for segment in segments:
        before = found[-1] if found else None
        if before is not None and before.style is not None and segment.style is not None:
            same = before.style == segment.style
            blank = segment.text.isspace() and _behind(before.style) == _behind(segment.style)
            if same or blank:
                found[-1] = Segment(before.text + segment.text, before.style)
                continue
        found.append(segment)
    return found


def _behind(style: Style) -> tuple[object, ...]:
    return style.bgcolor, style.reverse, style.underline


class Tile(Widget):
    """A few columns of its parent. The terminal gets whole tiles from their left edge, so narrow ones save bytes."""

    def __init__(self, start: int, columns: int | None) -> None:
        super().__init__()
        self.start = start
        self.styles.width = columns if columns is not None else "1fr"

    def render_line(self, y: int) -> Strip:
        assert isinstance(self.parent, Painted)
        return self.parent.strip_at(y).crop(self.start, self.start + self.size.width)


class Painted(Widget):
    """Shows what `draw` returns. `repaint` compares with what is on screen and refreshes the difference."""

    # Columns of one tile; 0 where lines change so seldom that whole lines are fine.
    TILE: ClassVar[int] = 0
    TILES: ClassVar[int] = 20

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: list[Line] = []
        self._strips: dict[int, Strip] = {}
        self._ink: Ink | None = None
        self._drawn_for: Size | None = None

    def compose(self) -> ComposeResult:
        if self.TILE:
            for number in range(self.TILES):
                yield Tile(number * self.TILE, self.TILE)
            yield Tile(self.TILES * self.TILE, None)

    def draw(self, width: int, height: int) -> list[Line]:
        """The lines to show in this size; fewer leave the rest blank."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Draw, and refresh the cells that differ from what is on screen."""
        # Before the first layout there is no size; the first line that is asked for draws them all.
        if not self.size or self._drawn_for is None:
            return
        width, height = self.size
        old, new = self.lines, self._draw_all()
        regions: list[Region] = []
        for y in range(max(len(old), len(new))):
            before, after = old[y] if y < len(old) else BLANK, new[y] if y < len(new) else BLANK
            if before != after:
                self._strips.pop(y, None)
                regions += [Region(x, y, length, 1) for x, length in changed_runs(before, after, width)]
        if not regions:
            return
        if not self.TILE:
            self.refresh(*regions)
            return
        for tile in self.query_children(Tile):
            span = Region(tile.start, 0, tile.size.width, height)
            dirty = [region.intersection(span).translate((-tile.start, 0)) for region in regions]
            if dirty := [region for region in dirty if region]:
                tile.refresh(*dirty)

    def _draw_all(self) -> list[Line]:
        self._drawn_for = self.size
        self.lines = self.draw(*self.size)[: self.size.height]
        return self.lines

    def render_line(self, y: int) -> Strip:
        return self.strip_at(y)

    def strip_at(self, y: int) -> Strip:
        """Line `y` in the colours of the theme, as wide as the widget."""
        if self._drawn_for != self.size:
            self._strips.clear()
            self._draw_all()
        strip = self._strips.get(y)
        if strip is None:
            line = self.lines[y] if y < len(self.lines) else BLANK
            base = self.rich_style
            if self._ink is None:
                self._ink = Ink(self.app.theme_variables)
            segments = [Segment(self._safe(text), base + self._ink[style]) for text, style in line if text]
            strip = self._strips[y] = Strip(joined(segments)).adjust_cell_length(self.size.width, base)
        return strip

    @staticmethod
    def _safe(text: str) -> str:
        # The last gate before the terminal: a line that was built from unchecked text does no harm.
        return text if text.isprintable() else safe_text(text, limit=len(text))

    def notify_style_update(self) -> None:
        self._strips.clear()
        self._ink = None
        super().notify_style_update()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Draw what shows the focus. A handler of the event would come before `has_focus` tells the truth."""
        super().watch_has_focus(has_focus)
        self.repaint()

    def on_resize(self, _event: events.Resize) -> None:
        # A tile whose own size stays keeps its old picture, and a line may have been drawn for the new size already.
        self._strips.clear()
        self._draw_all()
        for widget in (self, *self.query_children(Tile)):
            widget.refresh()
