"""Where what requests get changes so much that what came before says nothing of it any more. Pure arithmetic.

Counts of minutes of an outage beside minutes without one describe neither: they begin anew where nobody answers any
more, and where requests have gone well for longer than they could if they still failed as before.
"""

from __future__ import annotations

from copy import deepcopy
from enum import Enum

from cockpit.model.view import CellKind
from cockpit.probe.ending import Failures
from cockpit.probe.recognise import VersionReading
from cockpit.probe.stats import wilson
from cockpit.probe.window import Tally

# Requests in a row without an answer of any version, and the seconds that they take at least: a gateway that restarts
# fails as many at once. Or so many of them, however fast.
_FEWEST, _SECONDS, _MANY = 8, 2.0, 500
# The chance of so many requests in a row that nobody answers, if as many were answered as before.
_CHANCE = 1e-5


class _Fate(Enum):
    WELL = "well"
    NOBODY = "nobody"
    FAILED = "failed"  # by a version: it still has its share


class Turning:
    """Keeps the counts since the newest requests in a row began to go well, or to be answered by nobody."""

    def __init__(self) -> None:
        self._fate = _Fate.FAILED
        self._since = self._lasted = 0.0
        self.run = Tally()
        self._failures = Failures()

    def see(self, reading: VersionReading, ms: float, begun: float) -> None:
        """Take in one request that was sent at `begun` (seconds)."""
        fate = _fate(reading)
        if fate is not self._fate:
            self._fate, self._since, self.run = fate, begun, Tally()
        self.run.count(reading, ms)
        self._failures.see(fate is not _Fate.WELL, begun)
        self._lasted = begun - self._since

    def turned(self, counted: Tally) -> bool:
        """Whether what was `counted`, this row of requests included, began with something else."""
        before, run = counted.samples - self.run.samples, self.run.samples
        if before <= 0 or run < _FEWEST:
            return False
        if self._fate is _Fate.NOBODY:
            _, nobody = wilson(min(counted.nobodys, counted.samples) - run, before)
            return nobody**run < _CHANCE and (self._lasted >= _SECONDS or run >= _MANY)
        return self._fate is _Fate.WELL and counted.samples > run and self._failures.ended

    def counts(self) -> Tally:
        """The counts of this row of requests, to go on from."""
        self._failures = Failures()
        return deepcopy(self.run)


def _fate(reading: VersionReading) -> _Fate:
    if reading.version is None and reading.rejected:
        return _Fate.NOBODY
    if reading.kind is not CellKind.ERROR:
        return _Fate.WELL
    return _Fate.NOBODY if reading.version is None else _Fate.FAILED
