"""Whether answers follow a written split, judged after every answer. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping

from cockpit.model.health import Level
from cockpit.probe.detectors import ALARM, DOUBTFUL, Detector, worst
from cockpit.probe.stats import always_valid

# By how much the odds of a version may differ from the written ones. Near ones are found late and keep the evidence
# up for long, so each weighs by what one answer tells (found by simulation: a true split is doubtful for less than
# 1 % of the time).
_ODDS = (1.4, 2.0, 2.8, 5.0, 10.0)
_TELLING = 0.03
# A version with a written share of 0 must not answer at all: one such answer is a doubt, and certainly more than this
# fraction of all answers is an alarm.
_TOLERATED_STRAYS = 1e-4
_STRAY_RATES = ((0.002, 0.5), (0.02, 1.0), (0.5, 1.0))
# Answers without a stray that clear an alarm, at least: a version with 5 % would have shown up. They clear the first
# doubt, too; each that follows takes twice as many, so that a small leak does not come and go.
CLEAN = 59
_MOST_DOUBTED, _MOST_CLEAN = 2000, 6000


class SplitDetector:
    """Judges answers by version against shares that sum to 1."""

    def __init__(self, written: Mapping[str, float]) -> None:
        split = {name: share for name, share in written.items() if 0 < share < 1}
        # Of two versions one tells all; of more each is judged, within one budget.
        judged = sorted(split, key=lambda name: split[name])[: 1 if len(split) == 2 else None]
        self._detectors = {name: Detector(split[name], alternatives(split[name]), len(judged)) for name in judged}
        self._strays = _Strays({name for name, share in written.items() if share > 0})
        self._seen = 0
        self._highest = 0.0

    def see(self, name: str) -> None:
        """Take in one answer from a version."""
        alarmed = self.level is Level.ALARM
        self._seen += 1
        if self._strays.see(name):
            return
        for version, detector in self._detectors.items():
            detector.see(version == name)
        self._highest = max(self._highest, max((d.evidence for d in self._detectors.values()), default=0.0))
        if alarmed and self.level is not Level.ALARM:
            # The answers since the fault ended are judged by themselves.
            self._seen, self._highest = 0, 0.0

    @property
    def fresh(self) -> bool:
        """True while the answers since then say nothing about a change: for or against the written split."""
        if self.level is not Level.ALARM:
            return not self.straying and all(detector.fresh for detector in self._detectors.values())
        strays = self._strays.fresh or self._strays.level is not Level.ALARM
        return strays and all(one.fresh for one in self._detectors.values() if one.level is Level.ALARM)

    @property
    def straying(self) -> bool:
        """Whether a version seems to answer that should not."""
        return self._strays.level is not Level.CALM

    @property
    def level(self) -> Level:
        return max(self._strays.level, worst(detector.level for detector in self._detectors.values()))

    @property
    def evidence(self) -> float:
        """A true split reaches this value at most once in so many answers on average."""
        strays = (0.0, DOUBTFUL, ALARM)[self._strays.level]
        return max(strays, max((detector.evidence for detector in self._detectors.values()), default=0.0))

    @property
    def p_value(self) -> float:
        """The largest chance that a true split reached this much evidence by now (Markov); valid at any time."""
        if self._strays.level is Level.ALARM:
            return 0.0
        return min(self._seen / self._highest, 1.0) if self._highest > 0 else 1.0


class _Strays:
    """Judges answers of versions that should get none.

    An alarm ends once the answers without a stray refute the lowest rate that the strays agree with.
    """

    def __init__(self, expected: set[str]) -> None:
        self._expected = expected
        self._begin()

    def _begin(self) -> None:
        self._detector = Detector(_TOLERATED_STRAYS, _STRAY_RATES)
        self._count = self._since_first = self._clean = 0
        self._doubts, self._needed = 0, 0
        self.level = Level.CALM

    def see(self, name: str) -> bool:
        """Take in one answer; true if it is a stray."""
        stray = name not in self._expected
        if self.level is not Level.ALARM:
            self._detector.see(stray)
        self._since_first += bool(stray or self._count)
        if stray:
            self._count += 1
            self._clean = 0
            self._doubt()
        elif self._count:
            self._clean += 1
            if self._clean >= _MOST_CLEAN or (self.level is Level.ALARM and self._clean >= self._needed):
                self._begin()
            elif self._clean >= self._needed and self._detector.level is Level.CALM:
                self.level = Level.CALM
        return stray

    def _doubt(self) -> None:
        if self.level is Level.CALM:
            self._doubts += 1
        self.level = max(self.level, Level.DOUBTFUL, self._detector.level)
        if self.level is Level.DOUBTFUL:
            self._needed = min(CLEAN << (self._doubts - 1), _MOST_DOUBTED)
            return
        lowest = min(max(always_valid(self._count, self._since_first)[0], _TOLERATED_STRAYS), 0.99)
        self._needed = max(math.ceil(math.log(ALARM) / -math.log(1 - lowest)), CLEAN)

    @property
    def fresh(self) -> bool:
        """True if the newest answer was a stray, or none was."""
        return self._clean == 0


def alternatives(share: float) -> list[tuple[float, float]]:
    """The shares that a version may really get instead of `share`, with their weights."""
    found = []
    for odds in (*_ODDS, *(1 / odds for odds in _ODDS)):
        other = odds * share / (1 - share + odds * share)
        told = other * math.log(other / share) + (1 - other) * math.log((1 - other) / (1 - share))
        found.append((other, min(1.0, told / _TELLING)))
    return found
