"""Whether failures ended: requests go well for longer than they could if they still failed as before.

Pure arithmetic.
"""

from __future__ import annotations

from cockpit.probe.error_detector import SLICE_ANSWERS, SLICE_SECONDS
from cockpit.probe.stats import wilson

# While requests fail at any steady rate, they seem to have ended at most once in 20,000 answers: in one of twenty
# times that 1,000 answers are looked at.
_CHANCE = 5e-5
# A rate of fewer failures is not known.
_FEWEST = 3


class Failures:
    """Counts trials since the first that failed, and the newest in a row that did not. Times are in seconds.

    Errors come in bursts, so a trial is the answers of a moment, as in an `ErrorDetector`.
    """

    def __init__(self) -> None:
        self.run = 0  # answers since the newest failure
        self._failed = self._before = self._well = 0
        self._answers, self._bad, self._since = 0, False, 0.0

    def see(self, failed: bool, at: float) -> None:
        """Take in one answer at the time `at`."""
        if self._answers and (at - self._since >= SLICE_SECONDS or self._answers >= SLICE_ANSWERS):
            self._close()
        if not self._answers:
            self._since = at
        self._answers += 1
        self._bad = self._bad or failed
        self.run = 0 if failed else self.run + 1

    @property
    def ended(self) -> bool:
        """Whether the answers since the newest failure are certainly of a time without failures."""
        if self._failed < _FEWEST or not self._well or self._bad:
            return False
        # The first failure began the count, and a rate of few trials is hardly known.
        rate, _ = wilson(self._failed - 1, self._before)
        # As many runs begin as there are failures.
        return rate * (1 - rate) ** self._well < _CHANCE

    def _close(self) -> None:
        if self._bad:
            self._before += self._well + 1 if self._failed else 0
            self._failed, self._well = self._failed + 1, 0
        elif self._failed:
            self._well += 1
        self._answers, self._bad = 0, False
