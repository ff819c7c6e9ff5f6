"""Widths of text in terminal columns, and translations that keep the columns of what they replace."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Two spaces or more are padding: what follows stands in a column.
_GAP = re.compile(r"( {2,})")


def columns(text: str) -> int:
    """Width in terminal columns: wide East Asian characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def in_columns(text: str, translate: Callable[[str], str]) -> str:
    """The text with each cell translated, and padding adjusted so that the next cell stays in its column."""
    if "  " not in text:
        return translate(text)
    first, *others = _GAP.split(text)
    done, debt = _cell(first, translate)
    for gap, cell in zip(others[::2], others[1::2], strict=True):
        size = len(gap) + debt
        spaces = max(size, 1 if done.strip() else 0)
        new, longer = _cell(cell, translate)
        done += " " * spaces + new
        debt = size - spaces + longer
    return done


def _cell(text: str, translate: Callable[[str], str]) -> tuple[str, int]:
    """A cell's translation, and by how many columns it is shorter than the text; negative if it is longer."""
    new = translate(text) if text.strip() else text
    return new, columns(text) - columns(new)
