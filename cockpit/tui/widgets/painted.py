"""Base of every live pane: keeps the lines on screen and redraws only the cells that changed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from cockpit.model.text import safe_text
from cockpit.texts.current import wide
from cockpit.tui.lines import BLANK, Line, changed_runs
from cockpit.tui.styles import Styles


def joined(segments: Iterable[Segment]) -> list[Segment]:
    """Merge neighbours of one style, spaces included, because each change of style costs 20 to 40 bytes."""
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


@lru_cache(2000)
def in_single_columns(text: str) -> bool:
    """Whether each character takes one column. A mark takes none, so that lengths can agree where columns do not."""
    return text.isascii() or all(cell_len(character) == 1 for character in text)


class Tile(Widget):
    """A few columns of its parent. Textual redraws whole tiles from the left edge, so narrow ones save bytes."""

    def __init__(self, start: int, columns: int | None) -> None:
        super().__init__()
        self.start = start
        self.styles.width = columns if columns is not None else "1fr"

    def render_line(self, y: int) -> Strip:
        assert isinstance(self.parent, Painted)
        return self.parent.strip_at(y).crop(self.start, self.start + self.size.width)


class Painted(Widget):
    """Shows what `draw` returns. `repaint` compares it with the screen and refreshes only the differences."""

    # Columns per tile; 0 if lines change so rarely that redrawing whole lines is fine.
    TILE: ClassVar[int] = 0
    TILES: ClassVar[int] = 20

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: list[Line] = []
        self._strips: dict[int, Strip] = {}
        self._styles: tuple[Style, Styles] | None = None
        self._drawn_for: Size | None = None
        # A wide character on the edge between two tiles would be in neither: see `_as_one`.
        self._tiled = bool(self.TILE) and not wide()
        # Set before it is mounted: it is drawn as a whole, and its tiles are made after its first change.
        self.cut_later = False
        self._has_tiles = False  # or will have them once it is painted

    def compose(self) -> ComposeResult:
        if not self.cut_later:
            self._has_tiles = True
            yield from self._tiles()

    def _tiles(self) -> list[Tile]:
        """The pieces that are redrawn by themselves."""
        starts = range(0, self.TILES * self.TILE, self.TILE) if self._tiled else ()
        return [
            *(Tile(start, self.TILE) for start in starts),
            *([Tile(self.TILES * self.TILE, None)] if starts else ()),
        ]

    def _cut_later(self) -> None:
        """Make the tiles once what changed first is on the screen: until then the pane is drawn as a whole."""
        if self._tiled and not self._has_tiles:
            self._has_tiles = True
            self.call_after_refresh(self._cut_now)

    def _cut_now(self) -> None:
        if self._tiled and self.is_attached and self.is_running:
            self.mount(*self._tiles())

    def draw(self, width: int, height: int) -> list[Line]:
        """The lines to show in this size, at least one column and one line; fewer leave the rest blank.

        It is not called for a pane without any room.
        """
        raise NotImplementedError

    def repaint(self) -> None:
        """Draw, and refresh the cells that changed."""
        # The first `render_line` after a layout draws all lines; without room there is nothing to draw.
        if not self.size or self._drawn_for != self.size:
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
        tiles = self.query_children(Tile) if self._tiled else ()
        if not tiles:
            self.refresh(*regions)
            self._cut_later()
            return
        for tile in tiles:
            span = Region(tile.start, 0, tile.size.width, height)
            dirty = [region.intersection(span).translate((-tile.start, 0)) for region in regions]
            if dirty := [region for region in dirty if region]:
                tile.refresh(*dirty)

    def _draw_all(self) -> list[Line]:
        self._drawn_for = size = self.size
        self.lines = self.draw(*size)[: size.height] if size else []
        return self.lines

    def render_line(self, y: int) -> Strip:
        return self.strip_at(y)

    def strip_at(self, y: int) -> Strip:
        """Line `y` in the theme's colours, as wide as the widget."""
        if self._drawn_for != self.size:
            self._strips.clear()
            self._draw_all()
        strip = self._strips.get(y)
        if strip is None:
            line = self.lines[y] if y < len(self.lines) else BLANK
            if self._styles is None:
                self._styles = self.rich_style, Styles(self.app.theme_variables)
            base, styles = self._styles
            segments = [Segment(self._safe(text), base + styles[style]) for text, style in line if text]
            self.look_at(text for text, _ in line)
            strip = self._strips[y] = Strip(joined(segments)).adjust_cell_length(self.size.width, base)
        return strip

    def look_at(self, texts: Iterable[str]) -> None:
        """Draw whole lines from now on, if one of these texts has a character that is not of one column."""
        if self._tiled and not all(map(in_single_columns, texts)):
            self._tiled = False
            self.call_later(self._as_one)

    def _as_one(self) -> None:
        """Do without tiles: two of them cannot show a half of a wide character each."""
        for tile in self.query_children(Tile):
            tile.display = False
        self.draw_anew()

    @staticmethod
    def _safe(text: str) -> str:
        # Last check before the terminal, in case a line was built from unchecked text.
        return text if text.isprintable() else safe_text(text, limit=len(text))

    def notify_style_update(self) -> None:
        self._strips.clear()
        self._styles = None
        super().notify_style_update()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Redraw the focus. A focus event handler would run before `has_focus` is updated."""
        super().watch_has_focus(has_focus)
        self.repaint()

    def recolour(self) -> None:
        """Draw all again: the colours of the theme are others, whatever this pane's own are."""
        self._styles = None
        self.draw_anew()

    def on_resize(self, _event: events.Resize) -> None:
        self.draw_anew()

    def draw_anew(self) -> None:
        """Draw every line and tile."""
        # A tile of unchanged size keeps its old content, and a line may already be drawn for the new size.
        self._strips.clear()
        self._draw_all()
        for widget in (self, *self.query_children(Tile)):
            widget.refresh()
