"""The screen below a dialog: it stays visible and live, and only the cells that change are drawn."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip

from cockpit.tui.lines import Line
from cockpit.tui.widgets.painted import Painted, Tile

# Seconds after a resize at which the whole is drawn again: the panes below are laid out and painted one by one.
SETTLING = (0.1, 0.5, 2.0)


class SeenBelow(Screen[None]):
    """A screen that stays visible below a dialog: the dialog draws what changed, cell by cell.

    The fleet, a rollout and every screen that only reads are such; dialogs are not. `PLACE` is its name in the key
    table.
    """

    PLACE: ClassVar[str]

    def _compositor_refresh(self) -> None:
        dialogs = self._dialogs()
        if not dialogs:
            super()._compositor_refresh()
            return
        regions = set(self._compositor._dirty_regions)
        self._compositor._dirty_regions.clear()
        self._dirty_widgets.clear()
        for below in dialogs:
            below.changed(regions)

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        super()._refresh_layout(size, scroll)
        if size is None:
            return
        # The dialog may have drawn the new size before this screen had it, and panes are painted after their resize.
        for below in self._dialogs():
            below.changed({self.region})
            self.call_after_refresh(below.changed, {self.region})

    def _dialogs(self) -> list[Below]:
        """What shows this screen below a dialog; nothing while it is on top."""
        return [] if self.app.screen is self else list(self.app.screen.query(Below))


class Below(Painted):
    """Fills a dialog's screen with what the screen below shows.

    The library can show it through a transparent screen, but then it writes whole lines whenever a cell changes.
    """

    # Its strip of answers changes cell by cell, and tiles are redrawn from the left edge.
    TILE = 2
    TILES = 100

    def __init__(self) -> None:
        super().__init__()
        self.can_focus = False
        self._seen: list[Strip] | None = None

    @property
    def screen_below(self) -> Screen[Any] | None:
        """The screen below the one that this is on."""
        stack = self.app.screen_stack
        at = stack.index(self.screen) if self.screen in stack else 0
        return stack[at - 1] if at else None

    def draw(self, width: int, height: int) -> list[Line]:
        return []

    def repaint(self) -> None:
        """Nothing: the screen below says what changed."""

    def changed(self, regions: Collection[Region]) -> None:
        """These regions of the screen below have changed."""
        self._seen = None
        if not self._tiled:
            self.refresh(*regions)
            return
        for tile in self.query_children(Tile):
            span = Region(tile.start, 0, tile.size.width, tile.size.height)
            dirty = [region.intersection(span).translate((-tile.start, 0)) for region in regions]
            if dirty := [region for region in dirty if region]:
                tile.refresh(*dirty)

    def strip_at(self, y: int) -> Strip:
        """Line `y` of the screen below."""
        if self._seen is None:
            below = self.screen_below
            self._seen = below._compositor.render_strips() if below is not None else []
            self.look_at(segment.text for strip in self._seen for segment in strip)
        width = self.size.width
        if y < len(self._seen) and self._seen[y].cell_length == width:
            return self._seen[y]
        base = self.rich_style
        return self._seen[y].adjust_cell_length(width, base) if y < len(self._seen) else Strip.blank(width, base)

    def notify_style_update(self) -> None:
        self._seen = None
        super().notify_style_update()

    def on_resize(self, event: Any) -> None:
        self._seen = None
        super().on_resize(event)
        for seconds in SETTLING:
            self.set_timer(seconds, self._all)

    def _all(self) -> None:
        """Draw all of the screen below."""
        below = self.screen_below
        if below is not None:
            self.changed({below.region})


class BelowForMoments(Below):
    """The same below what is open for seconds: fewer pieces open faster, and write more of a line that changes."""

    TILE = 20
    TILES = 10
