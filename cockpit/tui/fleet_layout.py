"""How much room the parts of the fleet's screen get; pure."""

from __future__ import annotations

from cockpit.model.values import dataclass

_BESIDE_COLUMNS = 110
# From here on both have the room for more columns in the table.
_BESIDE_MORE_COLUMNS = 140
# The table's least columns there; the pane names the cause and the way back, and needs about 50.
_ROOMY_COLUMNS, _OWN_COLUMNS = 90, 102


@dataclass(frozen=True, slots=True)
class Places:
    """Where table and brief stand: beside each other or below, with the table's columns or the brief's lines."""

    beside: bool
    table_columns: int
    brief_lines: int


def places(width: int, height: int, wanted: int, more_columns: bool = False) -> Places:
    """For a body of this size, and so many lines wanted by the table. Room is not stretched: the brief gets it.

    With `more_columns`, of a person's own, the table stays wide until there is room for both.
    """
    if width >= (_BESIDE_MORE_COLUMNS if more_columns else _BESIDE_COLUMNS):
        if width < _BESIDE_MORE_COLUMNS:
            return Places(True, min(max(width - 40, 78), 86), 0)
        return Places(True, min(max(width - 60, _OWN_COLUMNS if more_columns else _ROOMY_COLUMNS), 118), 0)
    if height < 12:
        return Places(False, width, 0)
    # From a terminal of 24 lines on, the cause and the way back are there in two lines each.
    least = 4 if height < 16 else 8 if height >= 22 else 5 if width >= 80 else 7
    # In steps, so that not every new row moves the brief.
    table = -(-wanted // 4) * 4
    return Places(False, width, max(least, height - max(table, 8)))
