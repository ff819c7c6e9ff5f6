"""Whether the answers agree with the written split.

Only the split between versions is judged. Answers that belong to none of them are not part of it: if they are a
significant part of all answers, no split counts as confirmed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from cockpit.model.health import Level
from cockpit.model.lanes import chance
from cockpit.model.rollout import Followed, Lane, Verdict
from cockpit.model.values import dataclass
from cockpit.probe.split_detector import CLEAN, SplitDetector
from cockpit.probe.stats import always_valid, answers_needed, wilson

# A split counts as confirmed once a version with twice its share would have been noticed,
# but no finer than 5 points and no coarser than 15.
FINEST, COARSEST = 0.05, 0.15
# By how much an interval may widen before a confirmed split counts as undecided: a verdict must not flicker with
# every answer.
_STEADY = 1.3
# If answers that belong to no version certainly exceed their written share by this much, the rest says nothing about
# what users get; fewer answers than this cannot tell.
ASTRAY, FEWEST_ASTRAY = 0.15, 20
# The name of everything that an expectation does not name.
REST = "the rest"
NO_SPLIT = "no split is written"
NOT_COMPARED = "not compared with the split: these are the requests of one client"
NONE_NAMED = "no answer named a version yet"
FOLLOWED = {
    Followed.NOT_YET: "not yet followed: requests still get the previous split",
    Followed.PARTLY: "partly followed: one of the gateways still has the previous split",
}


def undecided(more: int) -> str:
    """That about so many more answers are needed for a verdict."""
    return f"undecided, ~{more} more needed"


def of_no_version(answers: int, total: int, place: str = "") -> str:
    """That so many answers name no version; `place` says in which lane."""
    return f"{answers} of {total} answers{place} name no version of this rollout"


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict with its reason in words. `more` is about how many answers are missing; None if none would help."""

    verdict: Verdict
    p_value: float | None
    text: str
    more: int | None = None


class Judge:
    """Judges answers against written shares. Can be read after every answer."""

    def __init__(self, written: Mapping[str, float | None]) -> None:
        self.written = usable_split(written)
        self._detector = SplitDetector(self.written or {})
        self._seen: dict[str, int] = {}
        self._confirmed = False

    def see(self, version: str) -> None:
        """Take in one answer that named `version`."""
        self._seen[version] = self._seen.get(version, 0) + 1
        if self.written is not None:
            self._detector.see(version)

    def ruling(self) -> Ruling:
        """The verdict so far."""
        if self.written is None:
            return Ruling(Verdict.UNKNOWN, None, NO_SPLIT)
        ruling = rule(self._seen, self.written, self._detector.level, self._detector.p_value, self._confirmed)
        self._confirmed = ruling.verdict is Verdict.ON
        return ruling


def usable_split(written: Mapping[str, float | None]) -> dict[str, float] | None:
    """The written shares, scaled to sum to exactly 1; None if one is missing or they make no sense."""
    shares = {name: share for name, share in written.items() if share is not None}
    total = sum(shares.values())
    if len(shares) < len(written) or not math.isfinite(total) or min(shares.values(), default=-1.0) < 0:
        return None
    return {name: share / total for name, share in shares.items()} if total > 0 else None


def rule(
    seen: Mapping[str, int], written: Mapping[str, float], level: Level, p_value: float, confirmed: bool = False
) -> Ruling:
    """Judge answers by version against a split that sums to 1, with what a `SplitDetector` says of them.

    `confirmed` is true if the previous verdict was ON.
    """
    n = sum(seen.values())
    if n == 0:
        return Ruling(Verdict.NOT_YET, None, NONE_NAMED)
    if level is not Level.CALM:
        off = level is Level.ALARM
        stray = next((name for name in seen if not written.get(name)), None)
        text = _stray(stray, seen[stray], n) if stray else _contradiction(seen, written, n, p_value if off else None)
        return Ruling(Verdict.OFF if off else Verdict.DOUBTFUL, p_value, text)
    slack = _STEADY if confirmed else 1.0
    more = max(_missing(seen.get(name, 0), n, share, slack) for name, share in written.items())
    if more:
        return Ruling(Verdict.NOT_YET, p_value, undecided(more), more)
    name = _telling(written)
    return Ruling(Verdict.ON, p_value, f"consistent with {_percent(written[name])} {_range(seen.get(name, 0), n)}", 0)


def describe(lane: Lane) -> str:
    """The verdict in words, for a lane with a probe's observations."""
    written = usable_split({share.version: share.written for share in lane.shares if not share.others})
    seen = {s.version: s.observed.answers for s in lane.shares if s.observed and not s.others}
    others = next((s for s in lane.shares if s.others), None) if any(seen.values()) else None
    if lane.sticky:
        return NOT_COMPARED
    if written is None:
        return NO_SPLIT
    if others and others.observed and is_astray(others.observed.answers, others.observed.samples, others.written or 0):
        return of_no_version(others.observed.answers, others.observed.samples)
    if lane.followed is not Followed.YES:
        return FOLLOWED[lane.followed]
    if lane.verdict is Verdict.UNKNOWN:
        return "answers name no version" if lane.samples else "not probed yet"
    answered = {name: count for name, count in seen.items() if count}
    level = {Verdict.OFF: Level.ALARM, Verdict.DOUBTFUL: Level.DOUBTFUL}.get(lane.verdict, Level.CALM)
    return rule(answered, written, level, lane.p_value or 0.0, lane.verdict is Verdict.ON).text


def is_astray(others: int, answered: int, written: float) -> bool:
    """Whether a significant part of the answers belongs to no version, beyond the share written for those."""
    return answered >= FEWEST_ASTRAY and wilson(others, answered)[0] > written + ASTRAY


def tolerance(share: float) -> float:
    """The largest deviation of a share that must be ruled out before the split counts as confirmed."""
    return min(max(min(share, 1 - share), FINEST), COARSEST)


def _missing(hits: int, n: int, share: float, slack: float) -> int:
    """About how many more answers a version's share needs; 0 if it is confirmed."""
    if share in (0.0, 1.0):
        return max(CLEAN - n, 0)
    low, high = always_valid(hits, n)
    width = tolerance(share)
    if max(high - share, share - low) <= width * slack:
        return 0
    return max(answers_needed(share, width) - n, n // 4, 10)


def _stray(name: str, answers: int, n: int) -> str:
    return f"{name} answered {answers} of {n} requests, 0% is written"


def _contradiction(seen: Mapping[str, int], written: Mapping[str, float], n: int, p_value: float | None) -> str:
    """The version furthest from its share. Without a p-value it is a doubt."""

    def distance(name: str) -> float:
        share = written[name]
        return abs(seen.get(name, 0) / n - share) / math.sqrt(share * (1 - share) + 1e-9)

    name = max(sorted(_named(written), key=lambda one: written[one]), key=distance)
    what = f"{_percent(written[name])} for {name} {_range(seen.get(name, 0), n)}"
    return f"answers speak against {what}" if p_value is None else f"contradicts {what}, {chance(p_value)}"


def _telling(written: Mapping[str, float]) -> str:
    """The version whose share is most informative: the smallest above 0."""
    return min((name for name in _named(written) if written[name] > 0), key=lambda name: written[name])


def _named(written: Mapping[str, float]) -> list[str]:
    """The versions to speak of: what somebody expects of a version is said of that version, not of the others."""
    named = [name for name in written if name != REST]
    return named if any(written[name] > 0 for name in named) else list(written)


def _range(hits: int, n: int) -> str:
    low, high = always_valid(hits, n)
    return f"({low * 100:.0f}-{high * 100:.0f}%, n={n})"


def _percent(share: float) -> str:
    return f"{share * 100:.3g}%"
