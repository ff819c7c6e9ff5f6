"""Whether the answers bear out the split that is written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.model.rollout import Lane, Verdict
from cockpit.probe.stats import ALPHA, SplitTest, always_valid, answers_needed

# A split counts as borne out when a version with twice its share would have been noticed,
# but no finer than 5 points and no coarser than 15.
FINEST, COARSEST = 0.05, 0.15
# Answers after which a version of 5% would have shown up, with 95%: ln(0.05) / ln(0.95).
CLEAN = 59
# By how much wider an interval may grow again before a split that was borne out counts as undecided:
# a verdict must not flicker with every answer.
_STEADY = 1.3


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict with its reason in words; `more` is about how many answers are missing, None where none would help."""

    verdict: Verdict
    p_value: float | None
    text: str
    more: int | None = None


class Judge:
    """Judges one lane's answers against its written shares, after every answer if need be."""

    def __init__(self, written: Mapping[str, float | None]) -> None:
        self.written = usable_split(written)
        self._test = SplitTest(self.written or {})
        self._seen: dict[str, int] = {}
        self._borne_out = False

    def see(self, version: str) -> None:
        """Take in one answer that named `version`."""
        self._seen[version] = self._seen.get(version, 0) + 1
        self._test.see(version)

    @property
    def off(self) -> bool:
        """True once the written split is refuted."""
        return self.written is not None and self._test.p_value <= ALPHA

    def ruling(self) -> Ruling:
        """What can be said by now."""
        if self.written is None:
            return Ruling(Verdict.UNKNOWN, None, "no split is written")
        ruling = rule(self._seen, self.written, self._test.p_value, self._borne_out)
        self._borne_out = ruling.verdict is Verdict.ON
        return ruling


def usable_split(written: Mapping[str, float | None]) -> dict[str, float] | None:
    """The written shares, made to sum to exactly 1; None where one is missing or they make no sense."""
    shares = {name: share for name, share in written.items() if share is not None}
    total = sum(shares.values())
    if len(shares) < len(written) or not math.isfinite(total) or min(shares.values(), default=-1.0) < 0:
        return None
    return {name: share / total for name, share in shares.items()} if total > 0 else None


def rule(seen: Mapping[str, int], written: Mapping[str, float], p_value: float, borne_out: bool = False) -> Ruling:
    """The ruling on answers by version against a split that sums to 1, with the test's p-value.

    `borne_out` is true where the ruling before was ON.
    """
    n = sum(seen.values())
    if n == 0:
        return Ruling(Verdict.NOT_YET, None, "no answer named a version yet")
    stray = next((name for name in seen if not written.get(name)), None)
    if stray is not None:
        text = f"{stray} answered {seen[stray]} of {n} requests, 0% is written"
        return Ruling(Verdict.OFF, 0.0, text)
    if p_value <= ALPHA:
        return Ruling(Verdict.OFF, p_value, _contradiction(seen, written, n, p_value))
    slack = _STEADY if borne_out else 1.0
    more = max(_missing(seen.get(name, 0), n, share, slack) for name, share in written.items())
    if more:
        return Ruling(Verdict.NOT_YET, p_value, f"not yet decidable, ~{more} more", more)
    name = _telling(written)
    return Ruling(Verdict.ON, p_value, f"consistent with {_percent(written[name])} {_range(seen.get(name, 0), n)}", 0)


def describe(lane: Lane) -> str:
    """The verdict of a lane that a probe filled in, in words."""
    written = usable_split({share.version: share.written for share in lane.shares})
    seen = {s.version: round(s.observed.share * s.observed.samples) for s in lane.shares if s.observed}
    if written is None:
        return "no split is written"
    if lane.verdict is Verdict.UNKNOWN:
        return "answers name no version" if lane.samples else "nobody looked yet"
    answered = {name: count for name, count in seen.items() if count}
    return rule(answered, written, lane.p_value or 0.0, lane.verdict is Verdict.ON).text


def tolerance(share: float) -> float:
    """How far off a share must be known not to be, before the split counts as borne out."""
    return min(max(min(share, 1 - share), FINEST), COARSEST)


def _missing(hits: int, n: int, share: float, slack: float) -> int:
    """About how many more answers a version's share needs; 0 where it is borne out."""
    if share in (0.0, 1.0):
        return max(CLEAN - n, 0)
    low, high = always_valid(hits, n)
    width = tolerance(share)
    if max(high - share, share - low) <= width * slack:
        return 0
    return max(answers_needed(share, width) - n, n // 4, 10)


def _contradiction(seen: Mapping[str, int], written: Mapping[str, float], n: int, p_value: float) -> str:
    def distance(name: str) -> float:
        share = written[name]
        return abs(seen.get(name, 0) / n - share) / math.sqrt(share * (1 - share) + 1e-9)

    name = max(sorted(written, key=lambda one: written[one]), key=distance)
    p = "p<0.001" if p_value < 0.001 else f"p={p_value:.3f}"
    return f"contradicts {_percent(written[name])} for {name} {_range(seen.get(name, 0), n)}, {p}"


def _telling(written: Mapping[str, float]) -> str:
    """The version whose share says most: the smallest that is not 0."""
    return min((name for name, share in written.items() if share > 0), key=lambda name: written[name])


def _range(hits: int, n: int) -> str:
    low, high = always_valid(hits, n)
    return f"({low * 100:.0f}-{high * 100:.0f}%, n={n})"


def _percent(share: float) -> str:
    return f"{share * 100:.3g}%"
