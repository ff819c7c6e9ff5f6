"""What is on the terminal, and the part of the app that writes only what differs from it.

A screen that opens is laid out in several passes, and the library writes it whole after each: 28 to 77 kB at 80x24 for
a screen, 300 kB for a dialog, which over SSH is seen. Here each pass is compared with the lines that were written, and
a screen takes 5 to 10 kB, a dialog 3 kB (`tests/benchmarks/test_terminal_bytes.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.control import Control
from rich.segment import Segment
from textual import events
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.screen import ModalScreen, Screen
from textual.strip import Strip

from cockpit.tui.app_part import AppPart

Piece = tuple[int, int, Strip]  # column, line, what stands there


class Pieces(CompositorUpdate):
    """An update that writes these pieces."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self.pieces = list(pieces)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for x, y, strip in self.pieces:
            yield Control.move_to(x, y).segment
            yield from strip

    def render_segments(self, console: Console) -> str:
        return "".join(Control.move_to(x, y).segment.text + strip.render(console) for x, y, strip in self.pieces)


class TerminalLines:
    """The lines that a terminal shows, as far as they were written since `forget`."""

    def __init__(self) -> None:
        self._lines: dict[int, Strip] = {}
        self._size: Size | None = None

    def resized(self, size: Size) -> None:
        """The terminal has this size now, and broke its lines anew."""
        self._size = size
        self.forget()

    def forget(self) -> None:
        """What the terminal shows is not known any more: the next update writes all of it."""
        self._lines = {}

    def differing(self, update: CompositorUpdate) -> CompositorUpdate | None:
        """What of an update the terminal does not show yet, noted as written; None for nothing."""
        if isinstance(update, LayoutUpdate):
            given: Iterator[Piece] = _lines_of(update)
        elif isinstance(update, ChopsUpdate):
            given = _pieces_of(update)
        else:
            self.forget()
            return update
        if self._size is not None and not _fits(update, self._size):
            # Made for the size before: longer lines would be broken. Another one for this size follows.
            return None
        found = [piece for each in given if (piece := self._new_in(*each)) is not None]
        return Pieces(found) if found else None

    def _new_in(self, x: int, y: int, strip: Strip) -> Piece | None:
        """The part of a piece that differs from what is shown there."""
        line, strip = self._lines.get(y), strip.simplify()
        end = x + strip.cell_length
        if line is None or line.cell_length < end:
            if x == 0:
                self._lines[y] = strip
            return x, y, strip
        before, after = _ends_alike(line.crop(x, end).simplify(), strip)
        if before + after >= strip.cell_length:
            return None
        self._lines[y] = Strip.join((line.crop(0, x), strip, line.crop(end))).simplify()
        return x + before, y, strip.crop(before, strip.cell_length - after)


def _fits(update: LayoutUpdate | ChopsUpdate, size: Size) -> bool:
    """Whether the terminal has the room for an update."""
    if isinstance(update, LayoutUpdate):
        return update.region.right <= size.width and update.region.bottom <= size.height
    return len(update.chops) <= size.height and all(ends[-1] <= size.width for ends in update.chop_ends if ends)


def _ends_alike(old: Strip, new: Strip) -> tuple[int, int]:
    """How many columns both begin with, and end with, by whole runs of one style."""
    was, now = list(old), list(new)
    if old.cell_length != new.cell_length:
        return 0, 0
    front = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    was, now = was[front:][::-1], now[front:][::-1]
    back = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    return _columns(list(new)[:front]), _columns(now[:back])


def _columns(segments: Iterable[Segment]) -> int:
    return sum(segment.cell_length for segment in segments)


def _lines_of(update: LayoutUpdate) -> Iterator[Piece]:
    for y, strips in enumerate(update.strips, update.region.y):
        yield update.region.x, y, Strip.join(strips)


def _pieces_of(update: ChopsUpdate) -> Iterator[Piece]:
    """The pieces that the library would write: within the spans that changed, from the beginning of what was drawn."""
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < last and end > first:
                yield x, y, strip if end <= last else strip.crop(0, last - x)


class PaintingPart(AppPart):
    """`CockpitApp` inherits it.

    A screen that replaces another is written whole once, which also removes what somebody else wrote on the terminal;
    a dialog is not, and neither is what comes back from below it.
    """

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._on_terminal = TerminalLines()
        self._shown: Screen[Any] | None = None

    def on_mount(self) -> None:
        """The terminal was in other hands while the cockpit was suspended, also to the shell (SIGTSTP)."""
        self.app_resume_signal.subscribe(self, lambda _: self.redraw())

    def redraw(self) -> None:
        """Draw all again, whatever the terminal shows: somebody else may have written on it."""
        self._on_terminal.forget()
        self.refresh(layout=True)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Resize):
            self._on_terminal.resized(event.size)
        await super().on_event(event)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        writes = self._running and not self._closed and not self.is_headless and not self._batch_count
        if writes and self._driver is not None and isinstance(renderable, CompositorUpdate):
            if screen is not self._shown:
                if not isinstance(screen, ModalScreen) and not isinstance(self._shown, ModalScreen):
                    self._on_terminal.forget()
                self._shown = screen
            renderable = self._on_terminal.differing(renderable)
        super()._display(screen, renderable)
