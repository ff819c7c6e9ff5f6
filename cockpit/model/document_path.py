"""Paths into a JSON document as in kubectl's custom columns: `.labels.team`, `.versions[0].name`, `.owners[*].kind`.

Of kubectl's JSONPath these are taken: names behind a dot (a dot within a name has a backslash before it), names in
quotes and brackets, places in a list, and `[*]` for all of them. There are no filters and no expressions. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from cockpit.model.lazy_re import lazy_re

NOTHING = "<none>"
LONGEST, MOST_STEPS = 300, 20
_STEP = lazy_re(
    r"""\.(?P<name>(?:[^.\[\]\\'"\s]|\\.)+)"""
    r"""|\[(?P<place>\d{1,4})\]|\[(?P<all>\*)\]|\['(?P<single>[^']+)'\]|\["(?P<double>[^"]+)"\]"""
)
Step = str | int | None


def document_path(text: str) -> tuple[Step, ...]:
    """The steps of a path: a name, a place in a list, or None for each of a list. Raises ValueError."""
    text = text.strip()
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    text = text.removeprefix("$")
    if not text.startswith((".", "[")):
        text = f".{text}"
    if len(text) > LONGEST:
        raise ValueError(f"the path is longer than {LONGEST} characters")
    steps: list[Step] = []
    place = 0
    while place < len(text):
        match = _STEP.match(text, place)
        if match is None or len(steps) == MOST_STEPS:
            raise ValueError(f"the path {text[:80]!r} cannot be read from {text[place:][:40]!r} on")
        steps.append(_step(match))
        place = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    if match["all"]:
        return None
    if match["place"] is not None:
        return int(match["place"])
    return re.sub(r"\\(.)", r"\1", match["name"]) if match["name"] else match["single"] or match["double"]


def text_at(document: Any, path: tuple[Step, ...]) -> str:
    """What stands there as text: several values with commas between them, "<none>" for nothing."""
    found = [_text(value) for value in _values(document, path) if value is not None]
    return ",".join(found) or NOTHING


def _values(value: Any, path: tuple[Step, ...]) -> Iterator[Any]:
    if not path:
        yield from value if isinstance(value, list) else (value,)
        return
    step, rest = path[0], path[1:]
    match value, step:
        case list(), None:
            for item in value:
                yield from _values(item, rest)
        case list(), int() if step < len(value):
            yield from _values(value[step], rest)
        case dict(), str() if step in value:
            yield from _values(value[step], rest)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
