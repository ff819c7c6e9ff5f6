"""How long the phases of answers take: name, connection, TLS, first byte, and all together."""

from __future__ import annotations

from cockpit.model.probe_answer import Answer, Phase, PhaseTimes
from cockpit.probe.window import Histogram

# Answers after which the older ones are let go, so that an old minute does not count for ever.
_BLOCK = 500


class Phases:
    """The times of each phase over the last one to two blocks of answers, or with `everything` over all of them."""

    def __init__(self, *, everything: bool = False) -> None:
        self._everything = everything
        self._older: dict[Phase, Histogram] = {}
        self._newer: dict[Phase, Histogram] = {}
        self._count = 0

    def add(self, answer: Answer) -> None:
        """Take in an answer; one that failed says nothing."""
        found = answer.phases()
        if not found:
            return
        for phase, ms in found.items():
            self._newer.setdefault(phase, Histogram()).add(ms)
        self._count += 1
        if not self._everything and self._count % _BLOCK == 0:
            self._older, self._newer = self._newer, {}

    def times(self) -> tuple[PhaseTimes, ...]:
        """The times of the phases that were measured, in order."""
        found = []
        for phase in Phase:
            both = Histogram()
            for part in (self._older, self._newer):
                if phase in part:
                    both.merge(part[phase])
            p50, p99 = both.quantile(0.5), both.quantile(0.99)
            if p50 is not None and p99 is not None:
                found.append(PhaseTimes(phase, p50, p99))
        return tuple(found)
