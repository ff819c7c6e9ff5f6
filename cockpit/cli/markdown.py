"""Text from anywhere as parts of a Markdown page that it cannot break out of (CommonMark with GitHub's tables)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cockpit.model.lazy_re import lazy_re
from cockpit.model.text import safe_text

# What has a meaning inside a line. Addresses become links by themselves unless their colon or first dot is escaped.
_SPECIAL = lazy_re(r"[\\`*_\[\]<>|~&$]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_TICKS = lazy_re("`+")
# Longer than any command that the journal keeps.
_LINE = 8000


def inline(text: object, limit: int = 2000) -> str:
    """One safe line that shows exactly these characters, also as a cell of a table."""
    return _SPECIAL.sub(r"\\\g<0>", safe_text(text, limit))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of escaped cells."""
    lines = [heads, ["---"] * len(heads), *([inline(cell, 300) or " " for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code_block(lines: Iterable[str], language: str = "") -> str:
    """Lines as they are, in a fence that is longer than any in them."""
    safe = [safe_text(line, _LINE) for line in lines]
    longest = max((len(ticks) for line in safe for ticks in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((fence + language, *safe, fence))
