"""Strips of answers in a fixed pattern."""

from __future__ import annotations

from cockpit.model.view import Cell, CellKind


def strip(count: int, every: int = 4, errors_every: int = 0) -> tuple[Cell, ...]:
    """Answers in a fixed pattern: each `every`-th from v2, each `errors_every`-th an error of v2."""
    cells = []
    for i in range(count):
        if errors_every and i % errors_every == errors_every - 1:
            cells.append(Cell(CellKind.ERROR, "v2", "default", "500"))
        else:
            cells.append(Cell(CellKind.ANSWER, "v2" if i % every == 0 else "v1", "default"))
    return tuple(cells)
