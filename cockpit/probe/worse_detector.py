"""Whether one version does worse than another in the same minutes. Pure arithmetic.

An always-valid test of two streams: each block holds one answer of the new version and those of the old one since
the block before; its likelihood ratio is that of Turner, Ly and Grünwald, "Generic E-variables for exact sequential
k-sample tests" (2021). Where both do badly alike, it stays calm.
"""

from __future__ import annotations

import math

from cockpit.model.health import Level
from cockpit.probe.detectors import ALARM, DOUBTFUL, bounded
from cockpit.probe.ending import Failures

_OLD = (0.002, 0.02, 0.1, 0.3, 0.6)
_NEW = (0.03, 0.08, 0.2, 0.5, 0.9)
# A pair of rates says that the new version is worse if it differs by this factor and by this much.
_FACTOR, _DIFFERENCE = 1.5, 0.02
_PAIRS = tuple((old, new) for old in _OLD for new in _NEW if new >= old * _FACTOR and new - old >= _DIFFERENCE)
_MOST_OLD = 20
# What is bad often comes in bursts: one block a second counts.
_BLOCK_SECONDS = 1.0
# A comparison holds while both versions answer: no block for so long, and it says nothing any more.
_COMPARED_SECONDS = 600.0
# Where no pair of rates explains what was seen since any moment better than this, nothing speaks for a difference.
_CALM_ENOUGH = math.log(20.0)


class WorseDetector:
    """Compares how often something bad happens (an error, a slow answer) to answers of a new and an old version.

    An alarm ends once the new version's answers since speak as strongly for the old one's rate as they spoke against
    it, or once nothing bad happened for so long that it is certainly over (`over`). Times are in seconds and never go
    back.
    """

    def __init__(self) -> None:
        self._old = self._old_bad = 0
        self._last = -math.inf
        self._m = [0.0] * len(_PAIRS)
        self._sums = [0.0] * len(_PAIRS)  # logarithms of the best ratio since any moment, by pair
        self._alarmed = False
        self._failures = Failures()  # since little spoke for a difference
        self._counts = [0, 0, 0, 0]  # old answers, bad ones, new blocks, bad ones: since little spoke for a difference
        self._null = self._against = self._for = 0.0

    def see_old(self, bad: bool) -> None:
        """Take in one answer of the old version."""
        if self._old < _MOST_OLD:
            self._old += 1
            self._old_bad += bad

    def see_new(self, bad: bool, at: float) -> None:
        """Take in one answer of the new version."""
        self._failures.see(bad, at)
        if not self._old or at - self._last < _BLOCK_SECONDS:
            return
        self._last = at
        factors = [_ratio(old, new, self._old, self._old_bad, bad) for old, new in _PAIRS]
        seen, self._old, self._old_bad = (self._old, self._old_bad, 1, int(bad)), 0, 0
        if self._alarmed:
            self._counts = [count + more for count, more in zip(self._counts, seen, strict=True)]
            self._refute(bad)
            return
        self._m = [factor * (1 + m) for factor, m in zip(factors, self._m, strict=True)]
        self._sums = [max(0.0, one + math.log(factor)) for one, factor in zip(self._sums, factors, strict=True)]
        # The mean of `_m` is no measure of that: it rises while nothing happens.
        if max(self._sums) < _CALM_ENOUGH and not bad:
            self._counts, self._failures = [0, 0, 0, 0], Failures()
        self._counts = [count + more for count, more in zip(self._counts, seen, strict=True)]
        if self.evidence >= ALARM:
            self._alarmed, self._for = True, 0.0
            self._measure()

    def compared(self, at: float) -> bool:
        """Whether both versions answered lately."""
        return at - self._last <= _COMPARED_SECONDS

    @property
    def rates(self) -> tuple[float, float]:
        """The old version's rate and the new one's, since something speaks for a difference; 0 where none came."""
        old, old_bad, new, new_bad = self._counts
        return old_bad / old if old else 0.0, new_bad / new if new else 0.0

    @property
    def evidence(self) -> float:
        """Where both are alike, this value is reached at most once in so many blocks on average."""
        return sum(self._m) / len(self._m)

    @property
    def level(self) -> Level:
        if self._alarmed:
            return Level.ALARM
        return Level.DOUBTFUL if self.evidence >= DOUBTFUL else Level.CALM

    @property
    def over(self) -> bool:
        """Whether what raised the alarm is certainly over: nothing bad happened for long enough."""
        return self._alarmed and self._failures.ended

    @property
    def run(self) -> int:
        """Answers of the new version since the newest bad one."""
        return self._failures.run

    def _measure(self) -> None:
        old, old_bad, new, new_bad = self._counts
        self._null = bounded((old_bad + 0.5) / (old + 1))
        self._against = bounded(max((new_bad + 0.5) / (new + 1), _FACTOR * self._null))

    def _refute(self, bad: bool) -> None:
        if not self._for:
            # A fault that becomes worse is over as soon as one that began as bad.
            self._measure()
        null, against = self._null, self._against
        self._for = max(0.0, self._for + math.log(null / against if bad else (1 - null) / (1 - against)))
        if self._for >= math.log(ALARM):
            self._m, self._alarmed, self._counts = [0.0] * len(_PAIRS), False, [0, 0, 0, 0]
            self._sums, self._failures = [0.0] * len(_PAIRS), Failures()


def _ratio(old: float, new: float, answers: int, bad: int, new_bad: bool) -> float:
    """The likelihood of a block under two rates, relative to their common mean."""
    mean = (answers * old + new) / (answers + 1)
    value: float = (old / mean) ** bad * ((1 - old) / (1 - mean)) ** (answers - bad)
    return value * (new / mean if new_bad else (1 - new) / (1 - mean))
