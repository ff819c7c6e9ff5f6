"""Columns that a person chooses: of the documents that `-o json` prints, for `list`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.documents import view_document
from cockpit.cli.output import table
from cockpit.model.document_path import Step, document_path, text_at
from cockpit.model.text import safe_text

if TYPE_CHECKING:
    from cockpit.model.view import RolloutView

CUSTOM = "custom-columns="
MOST = 30
Columns = Mapping[str, tuple[Step, ...]]


class ListOutput(click.Choice[str]):
    """The formats of `list`: those with a name, or `custom-columns=NAME:PATH,...` as in kubectl."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The format, checked."""
        if isinstance(value, str) and value.startswith(CUSTOM):
            try:
                columns_of(value)
            except ValueError as problem:
                self.fail(str(problem), param, ctx)
            return value
        return super().convert(value, param, ctx)


def columns_of(output: str) -> Columns:
    """The columns of `custom-columns=...`, in their order. Raises ValueError."""
    found: dict[str, tuple[Step, ...]] = {}
    for part in output.removeprefix(CUSTOM).split(","):
        name, colon, path = part.partition(":")
        if not colon or not name.strip() or not path.strip():
            raise ValueError(f"{part[:60]!r} is no column; write NAME:PATH, such as TEAM:.labels.team")
        found[safe_text(name.strip(), 60)] = document_path(path)
    if len(found) > MOST:
        raise ValueError(f"these are more than {MOST} columns")
    return found


def column_cells(shown: RolloutView, columns: Columns) -> list[str]:
    """The values of one rollout."""
    document = view_document(shown) if columns else {}
    return [text_at(document, path) for path in columns.values()]


def custom_table(views: Sequence[RolloutView], columns: Columns) -> str:
    """One line per rollout with only these columns."""
    return table(tuple(columns), [column_cells(shown, columns) for shown in views], names=columns)


def named_columns(columns: Mapping[str, str]) -> Columns:
    """Those of the settings, which were checked when they were read."""
    return {safe_text(name, 60): document_path(path) for name, path in columns.items()}
