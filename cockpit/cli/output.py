"""Data on stdout: JSON, YAML, or plain text tables, coloured only on a terminal."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.options import given
from cockpit.cli.running import StdoutFailed, reader_left
from cockpit.model.text import safe_text
from cockpit.texts.columns import columns
from cockpit.texts.current import translated

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

# Colour is always in addition to a word.
_COLOURS = {
    "hurt": "red",
    "off": "red",
    "degraded": "red",
    "aborted": "red",
    "critical": "red",
    "refused": "red",
    "forbidden": "red",
    "warning": "yellow",
    "doubtful": "yellow",
    "not measured": "yellow",
    "waiting": "yellow",
    "paused": "yellow",
    "canary": "yellow",
    "progressing": "yellow",
    "not-yet": "yellow",
    "retrying": "yellow",
    "fine": "green",
    "at rest": "green",
    "live": "green",
    "verified": "green",
}


# Columns of what clusters and users name, and of what is typed as it stands.
_NAMES = frozenset(
    {
        *("ROLLOUT", "SYSTEM", "ROUTER", "VERSION", "LANE", "POD", "OBJECT", "OBJECTS", "KIND", "WORKLOAD", "IMAGES"),
        *("OWNERS", "FINDINGS", "ACT", "ACTS", "ID", "KEYS", "WHO", "URL", "TIME", "SETTING", "VALUE", ""),
    }
)


def say(text: str) -> None:
    """One or more lines for people, in the language of this process."""
    emit(translated(text))


def emit(text: str) -> None:
    """One or more lines of data, flushed at once for pipes. Raises BrokenPipeError, and StdoutFailed for others."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        reader_left()
        raise StdoutFailed(error) from None


def emit_document(document: Any, output: str) -> None:
    """A document as JSON (ASCII only, so that it cannot contain terminal escapes) or YAML."""
    if output == "yaml":
        import yaml

        emit(yaml.safe_dump(document, sort_keys=False, allow_unicode=False, width=120).rstrip())
    else:
        emit(json.dumps(document, indent=2))


def emit_line(document: Any) -> None:
    """One JSON document on one line."""
    emit(json.dumps(document, separators=(",", ":")))


def coloured(stream: Any = None) -> bool:
    """True if colour is allowed: a terminal, no non-empty NO_COLOR, no --plain."""
    stream = stream or sys.stdout
    return bool(stream.isatty() and not os.environ.get("NO_COLOR") and not given().plain)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], names: Collection[str] = ()) -> str:
    """Columns two spaces apart, headings first; every cell is made safe. Columns under `names` are not translated."""
    colours = {translated(word): colour for word, colour in _COLOURS.items()}
    kept = _NAMES.union(names)
    cells = [[_cell(cell, head in kept) for head, cell in zip(heads, row, strict=True)] for row in rows]
    heads = [head if head in names else translated(head) for head in heads]
    widths = [max(map(columns, column)) for column in zip(heads, *cells, strict=True)]
    paint = coloured()
    lines: list[str] = []
    for row in [list(heads), *cells]:
        last = len(row) - 1
        padded = [cell if i == last else cell + " " * (widths[i] - columns(cell)) for i, cell in enumerate(row)]
        painted = [_paint(cell, colours) for cell in padded] if paint and lines else padded
        lines.append("  ".join(painted).rstrip())
    return "\n".join(lines)


def _cell(cell: str, is_name: bool) -> str:
    """A safe cell in the language of this process, unless it is a name."""
    return safe_text(cell if is_name else translated(cell), 200)


def _paint(cell: str, colours: Mapping[str, str]) -> str:
    colour = colours.get(cell.strip())
    return click.style(cell, fg=colour) if colour else cell
