"""A moment's look at the answers as they come: one sign an answer, errors loud, all else quiet.

The signs stand in a ring: a new answer draws one cell and moves no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from cockpit.model.shares import rough
from cockpit.model.text import safe_text
from cockpit.model.view import Cell, CellKind, ProbeView
from cockpit.texts.current import Verbatim
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import BLANK, Line, Span, clip, fit
from cockpit.tui.panels import between, lower_edge
from cockpit.tui.widgets.painted import Painted

# Up to this many blank cells ahead of the newest mark where the ring continues. They are blanked as a block,
# because four cells at once cost as many bytes as one.
BLOCK = 4
# Columns before the first cell and after the last one: frame and label, even, so that blocks start where tiles start.
BEFORE, AFTER = 10, 2
LABEL = "answers"


def cell_span(cell: Cell, slots: Mapping[str, int], glyphs: Glyphs) -> Span:
    """Colour and sign of one answer; the signs alone are distinct too."""
    if cell.kind is not CellKind.ANSWER or cell.version is None:
        look = glyphs.odd_cells[CellKind.ERROR if cell.kind is CellKind.ERROR else CellKind.UNKNOWN]
        return Span(look.sign, look.style)
    slot = slots.get(cell.version, 3)
    return Span(glyphs.answers[slot], f"version-{slot + 1}")


def strip_cells(cells: Sequence[Cell], total: int, slots: Mapping[str, int], width: int, glyphs: Glyphs) -> list[Span]:
    """The newest answers in `width` columns, as many as blocks fill; answer number n is in cell n modulo their number.

    Empty if there is too little room.
    """
    places = width // BLOCK * BLOCK
    gap = BLOCK - total % BLOCK
    if places <= BLOCK:
        return []
    ring: list[Span] = [Span(" ")] * places
    newest = cells[-(places - gap) :] if cells else ()
    for number, cell in enumerate(newest, total - len(newest)):
        ring[number % places] = cell_span(cell, slots, glyphs)
    return ring


def foot_of(probe: ProbeView, glyphs: Glyphs, width: int) -> Line:
    """What is wrong with the probe, else the answers that are no version's, else where it sends."""
    if probe.message:
        return clip((Span(whole_clauses(safe_text(probe.message, 400), width), "waiting"),), width, glyphs.ellipsis)
    if probe.unknown:
        look = glyphs.odd_cells[CellKind.UNKNOWN]
        return clip((Span(f"{look.sign} {rough(probe.unknown)} of {look.word}", look.style),), width, glyphs.ellipsis)
    if probe.source:
        return clip((Span(Verbatim(safe_text(probe.source, 60)), "strong"),), width, glyphs.ellipsis)
    if probe.probe_target:
        return clip((Span(Verbatim(safe_text(probe.probe_target.place, 300)), "quiet"),), width, glyphs.ellipsis)
    return BLANK


def whole_clauses(text: str, width: int) -> str:
    """The clauses of a sentence, between semicolons, that fit; the first one in any case."""
    first, *others = text.split("; ")
    for each in others:
        if cell_len(f"{first}; {each}") > width:
            break
        first = f"{first}; {each}"
    return first


class ProbeStrip(Painted):
    """One row of answers. With `framed`, the last row of a panel, and below it the panel's lower edge.

    On a slow link the row says how many came, without a sign for each.
    """

    # A tile is redrawn from its left edge, usually for one new cell.
    TILE = 2
    TILES = 80

    def __init__(self, glyphs: Glyphs, *, slow: bool = False) -> None:
        super().__init__()
        self.slow = slow
        self.glyphs = glyphs
        self.probe: ProbeView | None = None
        self.slots: Mapping[str, int] = {}
        self.framed = False

    def show(self, probe: ProbeView, slots: Mapping[str, int]) -> None:
        """Show the newest answers."""
        self.probe, self.slots = probe, slots
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        probe = self.probe
        if probe is None:
            return []
        if not self.framed:
            return [self._row(probe, width)]
        frame = self.glyphs.frame
        edge = lower_edge(width, frame, foot=foot_of(probe, self.glyphs, max(width - 12, 1)))
        return [between(self._row(probe, width - 2), width, frame), edge][-height:]

    def _row(self, probe: ProbeView, width: int) -> Line:
        if not probe.running and not probe.strip:
            text = safe_text(probe.message or probe.idle) or "probe is off: press o to start it"
            return (Span(f" {text}", "quiet"),)
        # Without a frame the label takes its place, so that the cells stay in their tiles.
        label = Span(fit(f" {LABEL}", BEFORE - self.framed), "quiet")
        if self.slow:
            words = f"{rough(probe.total)} answers, {rough(probe.errors)} errors, {rough(probe.unknown)} of no version"
            return clip((label, Span(words)), width, self.glyphs.ellipsis)
        room = width - (BEFORE - self.framed) - (AFTER - self.framed)
        return (label, *strip_cells(probe.strip, probe.strip_total, self.slots, room, self.glyphs))
