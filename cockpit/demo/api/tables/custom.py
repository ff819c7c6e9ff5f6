"""Tables of custom kinds: the printer columns that their definition asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from cockpit.demo.api.tables.cells import age, since
from cockpit.demo.api.tables.columns import AGE, NAME, Cells, Column, TableForm

# A field, an index, every entry, or the entries that have one value: what printer columns use of JSONPath.
_STEP = re.compile(
    r"""\.(?P<field>[\w-]+(?:\\\.[\w-]+)*)|\[(?P<index>-?\d{1,6})\]|(?P<every>\[\*\]|\.\*)"""
    r"""|\['(?P<quoted>[^']+)'\]|\[\?\(@\.(?P<key>[\w-]+)\s*==\s*["'](?P<value>[^"']*)["']\)\]""",
    re.ASCII,
)
PLAIN = TableForm((NAME, AGE), lambda obj, now: [obj["metadata"]["name"], age(obj, now)])


def form_of(asked: Sequence[dict[str, Any]]) -> TableForm:
    """The table with these `additionalPrinterColumns`; name and age where there are none."""
    if not asked:
        return PLAIN
    columns = [
        Column(
            str(column.get("name", "")),
            str(column.get("type", "string")),
            str(column.get("format", "")),
            int(column.get("priority") or 0),
            str(column.get("description", "")),
        )
        for column in asked
    ]

    def cells(obj: dict[str, Any], now: float) -> Cells:
        made: Cells = [obj["metadata"]["name"]]
        for column in asked:
            made.append(_cell(obj, str(column.get("jsonPath", "")), str(column.get("type", "")), now))
        return made

    return TableForm((NAME, *columns), cells)


def _cell(obj: dict[str, Any], path: str, type_: str, now: float) -> Any:
    found = next(values_at(obj, path), None)
    if found is None:
        return None
    if type_ == "date":
        return since(found, now)
    if type_ in ("integer", "number"):
        return found if isinstance(found, int | float) and not isinstance(found, bool) else None
    if type_ == "boolean":
        return found if isinstance(found, bool) else None
    return found if isinstance(found, str) else json.dumps(found, separators=(",", ":"))


def values_at(value: Any, path: str) -> Iterator[Any]:
    """The value at a simple JSONPath; nothing for other paths."""
    found, at = [value], 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            return
        found = [inner for entry in found for inner in _inside(entry, step)]
        at = step.end()
    yield from found


def _inside(value: Any, step: re.Match[str]) -> Iterator[Any]:
    field = step["field"].replace("\\.", ".") if step["field"] else step["quoted"]
    if field:
        if isinstance(value, dict) and field in value:
            yield value[field]
    elif step["every"]:
        yield from value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    elif isinstance(value, list):
        if step["index"]:
            number = int(step["index"])
            if -len(value) <= number < len(value):
                yield value[number]
        else:
            yield from (e for e in value if isinstance(e, dict) and e.get(step["key"]) == step["value"])
