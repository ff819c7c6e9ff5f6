"""Facts on stdout: JSON, YAML, or tables of plain text that are aligned and coloured only for a terminal."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

import click

from cockpit.cli.options import given
from cockpit.model.text import safe_text

# Colour goes with a word, never instead of one.
_COLOURS = {
    "off": "red",
    "degraded": "red",
    "aborted": "red",
    "critical": "red",
    "refused": "red",
    "forbidden": "red",
    "warning": "yellow",
    "waiting": "yellow",
    "paused": "yellow",
    "canary": "yellow",
    "progressing": "yellow",
    "not-yet": "yellow",
    "retrying": "yellow",
    "on": "green",
    "at rest": "green",
    "live": "green",
    "verified": "green",
}


def emit(text: str) -> None:
    """One line, or several, of data; written through at once so that pipes see it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def emit_document(document: Any, output: str) -> None:
    """A document as JSON (ASCII, so that nothing in it can move a cursor) or YAML."""
    if output == "yaml":
        import yaml

        emit(yaml.safe_dump(document, sort_keys=False, allow_unicode=False, width=120).rstrip())
    else:
        emit(json.dumps(document, indent=2))


def emit_line(document: Any) -> None:
    """One JSON document on one line."""
    emit(json.dumps(document, separators=(",", ":")))


def coloured(stream: Any = None) -> bool:
    """True where colour is welcome: a terminal, no NO_COLOR with a value, no --plain."""
    stream = stream or sys.stdout
    return bool(stream.isatty() and not os.environ.get("NO_COLOR") and not given().plain)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns two spaces apart, heads first; every cell is made safe."""
    cells = [[safe_text(cell, 200) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(heads, *cells, strict=True)]
    paint = coloured()
    lines: list[str] = []
    for row in [list(heads), *cells]:
        last = len(row) - 1
        padded = [cell if i == last else cell + " " * (widths[i] - _width(cell)) for i, cell in enumerate(row)]
        painted = [_paint(cell) for cell in padded] if paint and lines else padded
        lines.append("  ".join(painted).rstrip())
    return "\n".join(lines)


def _paint(cell: str) -> str:
    colour = _COLOURS.get(cell.strip())
    return click.style(cell, fg=colour) if colour else cell


def _width(text: str) -> int:
    """Columns in a terminal: wide East Asian characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
