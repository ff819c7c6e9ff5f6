"""One rollout in large print: how many users get the new version, who answers them, and what happens now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from cockpit.model.rollout import Lane, Share
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.view import Cell, CellKind, RolloutView
from cockpit.texts.current import Verbatim
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.large_print import columns, large, scale_for
from cockpit.tui.lines import BLANK, Line, Span, clip, ends, fit, wrap
from cockpit.tui.text import main_share
from cockpit.tui.widgets.painted import Painted

# Columns on both sides, and those of an answer's square with the version's name in it.
MARGIN = 2
SQUARE = 6
# Versions with a bar, and lines of the caption, at most.
_MOST_BARS = 4
_CAPTION = 2


class Presentation(Painted):
    """The parts that fit, the largest figure last. `show` gives it a moment of the rollout."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self._view: RolloutView | None = None
        self._slots: Mapping[str, int] = {}
        self._caption = ""
        self._cells: Sequence[Cell] = ()
        self._place = ""

    def show(
        self, view: RolloutView | None, slots: Mapping[str, int], caption: str, cells: Sequence[Cell], place: str
    ) -> None:
        """`cells` are the answers to show, newest last; `place` says which of how many rollouts it is."""
        self._view, self._slots, self._caption, self._cells, self._place = view, slots, caption, cells, place
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        view, inner = self._view, max(width - 2 * MARGIN, 1)
        if view is None:
            return [_within((Span(fit(self._caption, inner), "quiet"),))]
        rollout = view.rollout
        lane = rollout.default_lane
        title = ends(
            (Span(Verbatim(safe_text(f"{rollout.key.namespace}/{rollout.key.name}", 80)), "strong"),),
            (Span(self._place, "quiet"),),
            inner,
        )
        caption = [(Span(line, "strong"),) for line in wrap(self._caption, inner)[:_CAPTION]]
        bars = bar_lines(lane, self._slots, inner, self.glyphs)[: 2 * _MOST_BARS]
        answers = answer_lines(self._cells, self._slots, inner, self.glyphs)
        below = [BLANK, *bars, BLANK, *answers, BLANK]
        room = height - len(caption) - 2 - len(below)
        body = [title, BLANK, *figure_lines(view, lane, self._slots, inner, room, self.glyphs), *below]
        # What happens is said even where nothing else fits.
        return [_within(line) for line in [*body[: max(height - len(caption), 0)], *caption]]


def _within(line: Line) -> Line:
    return (Span(" " * MARGIN), *line)


def figure_lines(
    view: RolloutView, lane: Lane | None, slots: Mapping[str, int], width: int, height: int, glyphs: Glyphs
) -> list[Line]:
    """The share of the version that is released, as large as there is room for, and what the figure is."""
    share = main_share(view.rollout, lane)
    if share is None:
        return []
    observed, written = share.observed, share.written
    value = observed.share if observed else written
    text = "?" if value is None else percent(round(value, 2))
    of = f"of users get {safe_text(share.version, 40)}"
    if observed is None:
        of = f"is written for {safe_text(share.version, 40)}; what users get is not measured"
    elif written is not None:
        of += f", {percent(written)} is written"
    style = f"version-{slots.get(share.version, 3) + 1}"
    scale = scale_for(text, width, height - 1)
    if not scale:
        return [(Span(f"{text} ", f"{style} strong"), Span(of))]
    rows = large(text, scale, glyphs.bars[0], style)
    beside = width - columns(text, scale) - 3
    if beside >= cell_len(of):
        rows[-1] = (*rows[-1], Span("   "), Span(of))
        return rows
    return [*rows, (Span(of),)]


def bar_lines(lane: Lane | None, slots: Mapping[str, int], width: int, glyphs: Glyphs) -> list[Line]:
    """For each version its name and figure, and below a bar over the whole width that stands for all users."""
    lines: list[Line] = []
    for share in lane.rows if lane else ():
        value = _seen(share)
        slot = slots.get(share.version, 3)
        words = "not measured" if value is None else percent(round(value, 2))
        lines.append((Span(Verbatim(f"{safe_text(share.version, 40)}  "), f"version-{slot + 1} strong"), Span(words)))
        length = round((value or 0.0) * width)
        # Few users are still users.
        length = max(length, 1) if value else 0
        lines.append((Span(glyphs.bars[slot] * length, f"version-{slot + 1}"), Span(" " * (width - length))))
    return lines


def _seen(share: Share) -> float | None:
    return share.observed.share if share.observed else share.written


def answer_lines(cells: Sequence[Cell], slots: Mapping[str, int], width: int, glyphs: Glyphs) -> list[Line]:
    """The newest answers as squares with the version's name, the newest on the right."""
    places = width // SQUARE
    if not places or not cells:
        return []
    spans: list[Span] = []
    for cell in cells[-places:]:
        if cell.kind is CellKind.ANSWER and cell.version is not None:
            style, word = f"version-{slots.get(cell.version, 3) + 1} reverse", safe_text(cell.version, 20)
        else:
            look = glyphs.odd_cells[CellKind.ERROR if cell.kind is CellKind.ERROR else CellKind.UNKNOWN]
            style, word = f"{look.style} reverse", safe_text(cell.note, 20) or look.word
        spans += [Span(fit(f" {word}", SQUARE - 1, ellipsis=glyphs.ellipsis), style), Span(" ")]
    return [clip((Span("newest answers", "quiet"),), width), tuple(spans)]
