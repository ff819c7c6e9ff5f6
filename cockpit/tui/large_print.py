"""Figures that are read from the last row of a room; pure."""

from __future__ import annotations

from cockpit.tui.lines import Line, Span

# Each character in five rows of three dots.
_DOTS = {
    "0": "### #.# #.# #.# ###",
    "1": ".#. ##. .#. .#. ###",
    "2": "### ..# ### #.. ###",
    "3": "### ..# .## ..# ###",
    "4": "#.# #.# ### ..# ..#",
    "5": "### #.. ### ..# ###",
    "6": "### #.. ### #.# ###",
    "7": "### ..# .#. .#. .#.",
    "8": "### #.# ### #.# ###",
    "9": "### #.# ### ..# ###",
    "%": "#.# ..# .#. #.. #.#",
    "?": "### ..# .#. ... .#.",
}
ROWS = 5
# A dot is as wide as it is high if it takes two columns.
_WIDE = 2
_ACROSS = 3


def columns(text: str, scale: int) -> int:
    """Columns that a text takes, with a dot of `scale` rows."""
    return max(len(text) * (_ACROSS + 1) - 1, 0) * _WIDE * scale


def scale_for(text: str, width: int, height: int) -> int:
    """The largest scale that fits; 0 if none does."""
    scale = max(min(height // ROWS, 8), 0)
    while scale and columns(text, scale) > width:
        scale -= 1
    return scale


def large(text: str, scale: int, sign: str, style: str) -> list[Line]:
    """The text in rows of dots drawn with `sign`. Characters that have no dots are left out."""
    shapes = [_DOTS[character].split() for character in text if character in _DOTS]
    rows: list[Line] = []
    for row in range(ROWS):
        dots = ".".join(shape[row] for shape in shapes)
        drawn = "".join((sign if dot == "#" else " ") * _WIDE * scale for dot in dots)
        rows += [(Span(drawn, style),)] * scale
    return rows
