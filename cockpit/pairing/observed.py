"""How long the holder of a Lease has been silent, by this session's own clock.

As client-go's leader election judges: what counts is when this session last saw the Lease change, never a time that
another machine wrote into it, so clocks that differ do not matter.
"""

from __future__ import annotations

from collections.abc import Collection

from cockpit.model.refs import Ref
from cockpit.model.values import dataclass


@dataclass(slots=True)
class _Record:
    heard: object
    at: float


class Observed:
    """The last change of each Lease that was seen. Times are monotonic seconds of one clock."""

    def __init__(self) -> None:
        self._records: dict[Ref, _Record] = {}

    def note(self, ref: Ref, heard: object, at: float) -> None:
        """A Lease was read at `at`; `heard` changes with each renewal."""
        record = self._records.get(ref)
        if record is None or record.heard != heard:
            self._records[ref] = _Record(heard, at)

    def silent(self, ref: Ref, heard: object, at: float) -> float:
        """Seconds for which the Lease has been as it is; 0 for one that was not seen like this before."""
        record = self._records.get(ref)
        return max(at - record.at, 0.0) if record and record.heard == heard else 0.0

    def keep(self, refs: Collection[Ref]) -> None:
        """Forget Leases that are gone."""
        self._records = {ref: record for ref, record in self._records.items() if ref in refs}
