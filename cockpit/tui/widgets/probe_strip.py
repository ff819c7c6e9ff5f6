"""One coloured cell per answer. The cells go round, so that an answer draws one cell and no other moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cockpit.model.text import safe_text
from cockpit.model.view import Cell, CellKind, ProbeView
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.paint import Line, Span, clip
from cockpit.tui.text import rough
from cockpit.tui.widgets.painted import Painted

# One to so many blank cells ahead of the newest, so that the eye finds where it goes on. They are blanked as a
# block: four cells in one go cost as many bytes as one.
BLOCK = 4
# Even, so that blocks begin where tiles begin.
MARGIN = 2


def cell_span(cell: Cell, slots: Mapping[str, int], glyphs: Glyphs) -> Span:
    """Colour and sign of one answer; they differ without colours too."""
    if cell.kind is not CellKind.ANSWER or cell.version is None:
        look = glyphs.odd_cells[CellKind.ERROR if cell.kind is CellKind.ERROR else CellKind.UNKNOWN]
        return Span(look.sign, look.style)
    slot = slots.get(cell.version, 3)
    return Span(glyphs.cells[slot], f"version-{slot + 1}")


def strip_lines(
    cells: Sequence[Cell], total: int, slots: Mapping[str, int], width: int, height: int, glyphs: Glyphs
) -> list[Line]:
    """The newest answers in `height` rows; answer number n is always in place n modulo the places."""
    columns = (width - 2 * MARGIN) // BLOCK * BLOCK
    places = columns * height
    gap = BLOCK - total % BLOCK
    if places <= BLOCK:
        return []
    grid: list[Span] = [Span(" ")] * places
    newest = cells[-(places - gap) :] if cells else ()
    for number, cell in enumerate(newest, total - len(newest)):
        grid[number % places] = cell_span(cell, slots, glyphs)
    return [(Span(" " * MARGIN), *grid[y * columns : (y + 1) * columns]) for y in range(height)]


def legend(probe: ProbeView, slots: Mapping[str, int], width: int, glyphs: Glyphs) -> Line:
    """What the signs mean, and how many answers there were."""
    spans = [Span(" answers  ", "quiet")]
    for name, slot in slots.items():
        spans.append(Span(f"{glyphs.cells[slot]} {safe_text(name, 20)}  ", f"version-{slot + 1}"))
    for kind, count in ((CellKind.ERROR, probe.errors), (CellKind.UNKNOWN, probe.unknown)):
        if count:
            look = glyphs.odd_cells[kind]
            spans.append(Span(f"{look.sign} {look.word} {rough(count)}  ", look.style))
    if probe.message:
        spans.append(Span(safe_text(probe.message), "waiting"))
    elif probe.door:
        spans.append(Span(safe_text(probe.door.url, 200), "quiet"))
    return clip(tuple(spans), width, glyphs.ellipsis)


class ProbeStrip(Painted):
    """A legend and the cells."""

    # A tile is written from its left edge, mostly for one new cell.
    TILE = 2
    TILES = 80

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.probe: ProbeView | None = None
        self.slots: Mapping[str, int] = {}

    def show(self, probe: ProbeView, slots: Mapping[str, int]) -> None:
        """Show the newest answers."""
        self.probe, self.slots = probe, slots
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        probe = self.probe
        if probe is None:
            return []
        if not probe.running and not probe.strip:
            text = safe_text(probe.message) or "probe is off: o starts it"
            return [(Span(f" {text}", "quiet"),)]
        cells = strip_lines(probe.strip, probe.strip_total, self.slots, width, height - 1, self.glyphs)
        return [legend(probe, self.slots, width, self.glyphs), *cells]
