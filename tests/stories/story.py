"""What a story is: objects, an operator's hand, and what of the cluster's answer is worth telling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Obj = dict[str, Any]
# What of an object belongs to the story: JSON, or None for "nothing to tell".
Rail = Callable[[Obj], Any]


class Hand(Protocol):
    """An operator at work on one namespace. `kind` is a built-in kind's name or "plural.group/version"."""

    def apply(self, *docs: Obj) -> None:
        """Create objects, or apply them over what is there."""

    def merge(self, kind: str, name: str, patch: Obj, subresource: str = "") -> None:
        """Send a JSON merge patch, to a subresource such as "status" or to the object."""

    def edit(self, kind: str, name: str, *operations: Obj) -> None:
        """Send a JSON patch (RFC 6902)."""

    def get(self, kind: str, name: str) -> Obj:
        """One object as it is."""

    def delete(self, kind: str, name: str) -> None:
        """Delete an object; finalizers may hold it."""

    def until(self, kind: str, name: str, test: Callable[[Obj], object]) -> None:
        """Wait until `test` holds for an object; fails after a bounded time."""


@dataclass(frozen=True)
class Watched:
    """A kind that is followed while a story is played.

    `rails` name what is told of each object: the sequence of each rail's values, with repetitions folded, is
    compared. `counts` are rails of numbers, told by their turning points alone (0 1 2 3 1 is told as 0 3 1): how
    fast pods come, and how many of them a controller sees at once, is chance. Of those only the first and the last
    are compared, and that none is higher or lower than what was recorded.
    `flapping` names rails on which a controller goes back and forth between two values, how often is chance: of such
    an alternation the first two values are told and, where it ends on the first one, that.
    `track` names the sequence an object belongs to; None leaves the object out. By default its own name.
    """

    kind: str
    rails: Mapping[str, Rail]
    counts: Mapping[str, Callable[[Obj], int]] = field(default_factory=dict)
    flapping: frozenset[str] = frozenset()
    track: Callable[[Obj], str | None] = lambda obj: str(obj["metadata"]["name"])


@dataclass(frozen=True)
class Story:
    """One course of events: what is there, what an operator does, and what is watched.

    `play` has to end by waiting for the state in which the cluster has come to rest.
    """

    name: str
    about: str
    play: Callable[[Hand], None]
    watched: tuple[Watched, ...]


def status(obj: Obj) -> Obj:
    """The status of an object, empty while it has none."""
    return dict(obj.get("status") or {})


def conditions(obj: Obj, *types: str) -> dict[str, str]:
    """ "status reason" of the conditions, of all types or of those named."""
    found = {
        entry["type"]: f"{entry['status']} {entry.get('reason', '')}" for entry in status(obj).get("conditions") or []
    }
    return {type_: found[type_] for type_ in sorted(found) if not types or type_ in types}


def count(field: str) -> Callable[[Obj], int]:
    """A number of the status, 0 when it is left out."""
    return lambda obj: int(status(obj).get(field) or 0)


def told(obj: Obj) -> str | None:
    """The track of an Event: the object it is about."""
    about = obj.get("involvedObject") or {}
    return f"{about.get('kind')} {about.get('name')}"
