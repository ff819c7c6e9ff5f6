"""Whether requests fail more often than a service may, judged after every answer. Pure arithmetic."""

from __future__ import annotations

import math
from functools import lru_cache

from cockpit.model.health import Level
from cockpit.probe.detectors import Detector
from cockpit.probe.stats import always_valid

# A service may fail one request in a hundred before anybody is alarmed.
TOLERATED = 0.01
# A rate of errors is decided once one that exceeds what is tolerated by this much would have been noticed.
NOTICED = 0.05
# Rates that are looked for, as multiples of what is tolerated.
_TIMES = (2.5, 5.0, 10.0, 20.0, 40.0, 80.0)
_LEAST_TOLERATED, _MOST_RATE = 0.001, 0.9
_MOST_MISSING = 100_000
# Errors come in bursts: a restarted pod fails several requests at once. Answers within this time, or this many,
# count as one trial.
SLICE_SECONDS = 1.0
SLICE_ANSWERS = 10


class ErrorDetector:
    """Raises an alarm once more than `tolerated` of the requests fail, as a fraction of 1. Times are in seconds."""

    def __init__(self, tolerated: float = TOLERATED) -> None:
        tolerated = max(tolerated, _LEAST_TOLERATED)
        rates = [rate for times in _TIMES if (rate := times * tolerated) < _MOST_RATE]
        self._detector = Detector(tolerated, [(rate, 1.0) for rate in (*rates, (1 + tolerated) / 2)])
        # The null of a slice must stay a chance.
        self._most = max(min(SLICE_ANSWERS, int(0.5 / tolerated)), 1)
        self._answers = self._failed = 0
        self._since = 0.0

    def see(self, failed: bool, at: float) -> None:
        """Take in one answer at the time `at`, which never goes back."""
        if self._answers and (at - self._since >= SLICE_SECONDS or self._answers >= self._most):
            self._close()
        if not self._answers:
            self._since = at
        self._answers += 1
        self._failed += failed

    def settle(self, at: float) -> None:
        """Count the newest answers too, once no more can join them."""
        if self._answers and at - self._since >= SLICE_SECONDS:
            self._close()

    @property
    def level(self) -> Level:
        return self._detector.level

    @property
    def calm(self) -> bool:
        """True while nothing to speak of says that requests fail."""
        return self._detector.level is Level.CALM and self._detector.fresh

    def _close(self) -> None:
        self._detector.see(self._failed > 0, self._answers, self._failed)
        self._answers = self._failed = 0


def answers_missing(answers: float, errors: float, tolerated: float = TOLERATED) -> int:
    """About how many more answers without an error decide that no more than `tolerated` of them fail; 0: decided.

    It is decided where the measured rate is tolerated and the always-valid interval ends less than `NOTICED` above.
    """
    return _missing(round(answers), math.ceil(errors - 1e-6), tolerated)


@lru_cache(maxsize=1024)
def _missing(answers: int, errors: int, tolerated: float) -> int:
    if _decided(answers, errors, tolerated):
        return 0
    few, many = answers, max(answers, 16)
    while not _decided(many, errors, tolerated) and many < _MOST_MISSING:
        few, many = many, many * 2
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if _decided(middle, errors, tolerated) else (middle, many)
    return many - answers


def _decided(answers: int, errors: int, tolerated: float) -> bool:
    if errors > tolerated * answers:
        return False
    return always_valid(errors, answers)[1] <= tolerated + NOTICED
