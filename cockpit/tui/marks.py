"""The marked rollouts of the fleet, in the order in which they were marked."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cockpit.model.refs import RolloutKey
from cockpit.model.view import FleetView


class Marks:
    """An act in the fleet goes to all of them. What covers several clusters is marked by its parts."""

    def __init__(self) -> None:
        self._keys: dict[RolloutKey, None] = {}
        self.last: RolloutKey | None = None  # the row that was marked last

    def __bool__(self) -> bool:
        return bool(self._keys)

    @property
    def keys(self) -> tuple[RolloutKey, ...]:
        """The marked rollouts."""
        return tuple(self._keys)

    def toggle(self, keys: Collection[RolloutKey], row: RolloutKey | None = None) -> None:
        """Mark these, the parts of a `row`, or take their marks away if all of them are marked."""
        self.last = row
        if all(key in self._keys for key in keys):
            for key in keys:
                del self._keys[key]
        else:
            self._keys.update(dict.fromkeys(keys))

    def add(self, keys: Iterable[RolloutKey]) -> None:
        """Mark these as well."""
        self._keys.update(dict.fromkeys(keys))

    def keep(self, keys: Iterable[RolloutKey]) -> None:
        """Mark these and nothing else."""
        self.last = None
        self._keys = dict.fromkeys(keys)

    def rows(self, view: FleetView) -> frozenset[RolloutKey]:
        """The rows to mark: those of marked rollouts, and those whose parts are all marked."""
        whole = (group.view.rollout.key for group in view.groups if all(part in self._keys for part in group.parts))
        return frozenset((*self._keys, *whole))

    def words(self, shown: Collection[RolloutKey], *, escape: bool) -> str:
        """How many are marked, how many of them are not among the `shown` rows, and, with `escape`, how to clear."""
        if not self._keys:
            return ""
        hidden = sum(1 for key in self._keys if key not in shown)
        words = f"{len(self._keys)} marked"
        words += f", {hidden} of them not shown" if hidden else ""
        return f"{words}, esc clears" if escape else words
