"""Which of the templates on record somebody means who names one: one rule for every controller that keeps some."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Generic, TypeVar

from cockpit.model.text import safe_text
from cockpit.model.values import dataclass

T = TypeVar("T")
_MOST = 12


@dataclass(frozen=True, slots=True)
class Record(Generic[T]):
    """A template that `source` holds: the number of its revision, its unique `names`, and what it says of a version."""

    source: T
    number: int
    names: Collection[str]
    tags: Collection[str]


def meant_by(name: str, records: Iterable[Record[T]]) -> T | str | None:
    """The template of a revision number, a name or an image tag; a reason as text if several fit, None if none does."""
    every = list(records)
    for ways in (
        [each for each in every if name in (str(each.number), f"revision {each.number}")],
        [each for each in every if name in each.names],
        [each for each in every if name in each.tags],
    ):
        if len(ways) == 1:
            return ways[0].source
        if ways:
            numbers = ", ".join(str(each.number) for each in ways)
            return f"{safe_text(name, 80)} matches revisions {numbers}: choose one by its number"
    return None


def on_record(records: Sequence[Record[T]]) -> str:
    """The newest of them by number, with the tags of each."""
    known = [f"{r.number} ({', '.join(sorted(r.tags))})" if r.tags else str(r.number) for r in records]
    return ", ".join(reversed(known[-_MOST:]))
