"""Detectors that may be read after every answer, for a whole shift. Pure arithmetic.

Each is an e-SR detector: M <- L * (1 + M) with a likelihood ratio L against the null, averaged over alternatives
(Shin, Ramdas and Rinaldo, "E-detectors", 2022). While the null holds, the expected number of answers until M reaches
a threshold is at least that threshold. So `ALARM` means at most one false alarm in 18 million answers: 1,000 hours at
5 answers per second.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

from cockpit.model.health import Level

DOUBTFUL = 1e4
ALARM = 1.8e7
# Below this much evidence what came before says nothing: counts of a possible change start anew.
_CALM_ENOUGH = 20.0
# An alarm ends once the answers since speak as strongly for the null as they spoke against it.
_REFUTED = math.log(ALARM)
# Rates of chance are kept away from 0 and 1, so that one answer never decides alone.
_LEAST = 1e-4


class Detector:
    """Tests after every trial that hits have the rate `null`, against rates in `alternatives` (rate, weight).

    A trial is one answer, or a slice of `n` answers that counts as hit if one of them is; for a slice the null is the
    largest chance that answers with this rate can give it however they depend on each other, min(n * null, 1/2).
    `streams` is the number of detectors that share one budget: each gets that part of it.
    An alarm lasts until as many trials refute it: until the trials since speak as strongly for the null, against the
    rate that was measured in the alarm.
    """

    def __init__(self, null: float, alternatives: Sequence[tuple[float, float]], streams: int = 1) -> None:
        total = sum(weight for _, weight in alternatives)
        self._rates = tuple(rate for rate, _ in alternatives)
        self._weights = tuple(weight / total for _, weight in alternatives)
        self._null = null
        self._streams = max(streams, 1)
        self._factors = lru_cache(maxsize=64)(self._computed)
        self._alarmed = False
        self._m = [0.0] * len(self._rates)
        self._hits = self._trials = 0  # since little spoke against the null
        self._against = self._for = 0.0  # the rate that was measured in an alarm, and the evidence since for the null
        self.evidence = 0.0

    def see(self, hit: bool, n: int = 1, count: int | None = None) -> None:
        """Take in one trial; `count` is how many of its `n` answers are hits."""
        if self._alarmed:
            self._refute(hit, n)
            return
        hits, misses = self._factors(n)
        factors = hits if hit else misses
        self._m = [factor * (1.0 + m) for factor, m in zip(factors, self._m, strict=True)]
        value = sum(weight * m for weight, m in zip(self._weights, self._m, strict=True))
        self.evidence = value / self._streams
        if self.evidence < _CALM_ENOUGH:
            self._hits = self._trials = 0
        self._hits += int(hit) if count is None else count
        self._trials += n
        if self.evidence >= ALARM:
            self._alarmed, self._against = True, self._measured()
            self._for = 0.0

    @property
    def level(self) -> Level:
        """What the trials so far amount to."""
        if self._alarmed:
            return Level.ALARM
        return Level.DOUBTFUL if self.evidence >= DOUBTFUL else Level.CALM

    @property
    def fresh(self) -> bool:
        """True while nothing changes: no alarm and little evidence for one, or an alarm and nothing that refutes it."""
        return self._for == 0.0 if self._alarmed else self.evidence < _CALM_ENOUGH

    def _restart(self) -> None:
        self._alarmed = False
        self._m = [0.0] * len(self._rates)
        self._hits = self._trials = 0
        self.evidence = self._for = 0.0

    def _measured(self) -> float:
        share = (self._hits + 0.5) / (self._trials + 1)
        # A measured rate next to the null could never be told from it again.
        above = share > self._null
        beyond = [rate for rate in self._rates if (rate > self._null) == above] or [share]
        return bounded(max(share, min(beyond)) if above else min(share, max(beyond)))

    def _refute(self, hit: bool, n: int) -> None:
        null, against = bounded(self._null), self._against
        if n > 1:
            null, against = of_slice(null, n), bounded(1 - (1 - against) ** n)
        gain = math.log(null / against) if hit else math.log((1 - null) / (1 - against))
        self._for = max(0.0, self._for + gain)
        if self._for >= _REFUTED:
            self._restart()

    def _computed(self, n: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        null = bounded(self._null) if n == 1 else of_slice(bounded(self._null), n)
        chances = [1 - (1 - rate) ** n for rate in self._rates]
        # A slice may hit less often than the null allows: then its likelihood ratio says nothing.
        useful = [max(chance, null) for chance in chances] if n > 1 else chances
        return tuple(c / null for c in useful), tuple((1 - c) / (1 - null) for c in useful)


def of_slice(rate: float, n: int) -> float:
    """The largest chance that one of `n` answers is a hit, if each is with this rate."""
    return min(n * rate, 0.5)


def bounded(rate: float) -> float:
    """A rate kept away from 0 and 1."""
    return min(max(rate, _LEAST), 1 - _LEAST)


def worst(levels: Iterable[Level]) -> Level:
    """The highest level; CALM for none."""
    return max(levels, default=Level.CALM)
