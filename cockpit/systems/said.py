"""What a controller says in its own words: messages of a status and of its conditions, each text once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cockpit.model.checks import Said
from cockpit.model.fields import entries, mapping, text
from cockpit.model.text import safe_text

_MOST_CONDITIONS, _MOST = 20, 8
_LONGEST = 300


def told_once(found: Iterable[tuple[str, str]]) -> tuple[Said, ...]:
    """Field and text of what is said, safe to show, without empty texts and repetitions."""
    told: dict[str, str] = {}
    for where, words in found:
        shown = safe_text(words, _LONGEST)
        if shown and len(told) < _MOST:
            told.setdefault(shown, safe_text(where, 80))
    return tuple(Said(where, words) for words, where in told.items())


def condition_messages(status: Any) -> Iterator[tuple[str, str]]:
    """Type, reason and message of each condition of a status."""
    for condition in entries(status, "conditions")[:_MOST_CONDITIONS]:
        known = mapping(condition)
        kind, reason = text(known.get("type")), text(known.get("reason"))
        yield f"{kind} {reason}".strip() or "condition", text(known.get("message"))
