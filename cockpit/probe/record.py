"""What a probe saw of one lane since the split last changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cockpit.model.rollout import Lane, Observed, Verdict
from cockpit.model.view import CellKind
from cockpit.probe.recognise import Reading
from cockpit.probe.stats import wilson
from cockpit.probe.verdict import Judge, Ruling
from cockpit.probe.window import Tally

# Answers in a row that must bear a split out before a refuted one counts as put right.
HEALED_AFTER = 150
_LOOK_EVERY = 10
# Requests without an answer that names a version, after which none is expected any more.
NAMELESS = 20
# Requests after which the older half is let go: five minutes at the usual rate. What users get is what
# they got of late; an hour of good answers must not hide a bad minute.
BLOCK = 1500


class _Trial:
    """Answers counted and judged together."""

    def __init__(self, written: Mapping[str, float | None]) -> None:
        self.tally = Tally()
        self.judge = Judge(written)

    def count(self, reading: Reading, ms: float) -> None:
        self.tally.count(reading, ms)
        if reading.version is not None:
            self.judge.see(reading.version)


class LaneRecord:
    """Counts and verdict of one lane, over the last one to two blocks of requests.

    A refuted split stays refuted, unless a second count, begun after the last answer that spoke against it,
    comes to bear it out: gateways may take longer to follow than the settling time, and a screen must not
    say OFF for ever after.
    """

    def __init__(self, lane: Lane) -> None:
        self._written = _written(lane)
        self._main = _Trial(self._written)
        self._second: _Trial | None = None
        self._newer: _Trial | None = None
        self.samples = self.errors = self.unknown = 0  # of all requests, those let go of too
        self._filled: tuple[Lane, tuple[int, bool], Lane] | None = None

    def follows(self, lane: Lane) -> bool:
        """False where the lane's written shares are not those that were judged: then count afresh."""
        return _written(lane) == self._written

    @property
    def tally(self) -> Tally:
        return self._main.tally

    @property
    def ruling(self) -> Ruling:
        return self._main.judge.ruling()

    def count(self, reading: Reading, ms: float) -> None:
        """Take in one request that took `ms` milliseconds."""
        self.samples += 1
        self.errors += reading.kind is CellKind.ERROR
        self.unknown += reading.kind is CellKind.UNKNOWN
        self._main.count(reading, ms)
        self._let_go(reading, ms)
        if not self._main.judge.off:
            return
        if self._second is None:
            self._second = _Trial(self._written)
            return
        second = self._second
        second.count(reading, ms)
        if second.judge.off:
            self._second = None
        elif _due_for_a_look(second.tally.named) and second.judge.ruling().verdict is Verdict.ON:
            self._main, self._second = second, None

    def _let_go(self, reading: Reading, ms: float) -> None:
        """Count a newer block beside the older one, and go on with it alone once it is whole."""
        if self._newer is not None:
            self._newer.count(reading, ms)
        if self._newer is not None and self._newer.tally.samples >= BLOCK:
            # A refuted split is put right by answers in a row, not by forgetting.
            if self._newer.judge.off or not self._main.judge.off:
                self._main = self._newer
            self._newer = _Trial(self._written)
        elif self._newer is None and self._main.tally.samples >= BLOCK:
            self._newer = _Trial(self._written)

    def filled(self, lane: Lane, looking: bool) -> Lane:
        """The lane with what was observed; the same object while nothing came in.

        `looking` is true while answers may yet come.
        """
        basis = (self.samples, looking)
        if self._filled is None or self._filled[0] is not lane or self._filled[1] != basis:
            self._filled = (lane, basis, fill(lane, self.tally, self.ruling, looking))
        return self._filled[2]


def fill(lane: Lane, tally: Tally, ruling: Ruling, looking: bool) -> Lane:
    """`lane` with counts and verdict. Shares are of the answers that named a version; where fewer than half
    of the requests did, nothing is decided but that the split is refuted."""
    nameless = tally.named == 0 and (not looking or tally.samples >= NAMELESS)
    # Where most requests name no version, the few that do say nothing about what users get.
    nameless = nameless or (tally.samples >= NAMELESS and tally.named * 2 < tally.samples)
    return replace(
        lane,
        shares=tuple(replace(share, observed=observed(tally, share.version)) for share in lane.shares),
        verdict=Verdict.UNKNOWN if nameless and ruling.verdict is not Verdict.OFF else ruling.verdict,
        samples=tally.samples,
        errors=tally.errors,
        unknown=tally.unknown,
        p_value=ruling.p_value,
    )


def observed(tally: Tally, version: str) -> Observed | None:
    """What was seen of one version, with its Wilson interval; None before any answer named a version."""
    n = tally.named
    if not n:
        return None
    count = tally.versions.get(version)
    answers = count.answers if count else 0
    low, high = wilson(answers, n)
    return Observed(
        share=answers / n,
        low=low,
        high=high,
        samples=n,
        errors=count.errors if count else 0,
        p50_ms=count.latency.quantile(0.5) if count else None,
        p99_ms=count.latency.quantile(0.99) if count else None,
    )


def _due_for_a_look(named: int) -> bool:
    return named >= HEALED_AFTER and named % _LOOK_EVERY == 0


def _written(lane: Lane) -> dict[str, float | None]:
    return {share.version: share.written for share in lane.shares}
