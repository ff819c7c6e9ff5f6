"""What a probe observed in one lane since the split last changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from cockpit.model.health import Level
from cockpit.model.rollout import OTHERS, Followed, Lane, Observed, Share, Verdict
from cockpit.model.view import CellKind
from cockpit.probe.following import PATIENCE, Following, part_followed
from cockpit.probe.recognise import VersionReading
from cockpit.probe.split_detector import SplitDetector
from cockpit.probe.stats import always_valid, wilson
from cockpit.probe.turning import Turning
from cockpit.probe.verdict import FOLLOWED, NO_SPLIT, NONE_NAMED, Ruling, is_astray, rule, usable_split
from cockpit.probe.window import Tally

# After so many requests without an answer that names a version, none is expected.
NAMELESS = 20
# Answers that name no version, and requests without an answer, get a row once they are certainly more than this share.
_NOTED = 0.01
# Requests without an answer that can be more than an accident.
_FEWEST_UNANSWERED = 3
# Requests after which the older half is dropped: five minutes at the default rate. An hour of good answers must not
# hide a bad minute.
BLOCK = 1500
# Answers that are kept while it is not known whether the gateway follows a new split.
_MOST_PENDING = 3000
# Splits that are kept while it is not known which of them the gateway follows.
_MOST_POSSIBLE = 4
# Versions without a place in a lane that get a row in it.
_MOST_STRAYS = 5

Interval = Callable[[int, int], tuple[float, float]]


class LaneRecord:
    """Counts and verdict of one lane. Times are monotonic seconds.

    Counts cover the last one to two blocks of requests; those of a refuted split begin where the answers began to
    differ, and all of them begin anew where an outage begins or ends (`turning`). After a change from the split of the
    record `before`, answers count from the first that follow the new one; where old and new are too much alike to tell,
    from `settle` seconds after the change, which was at `since`, or `now` in UTC.
    """

    def __init__(
        self, lane: Lane, before: LaneRecord | None = None, since: float = 0.0, settle: float = 0.0, now: float = 0.0
    ) -> None:
        self._basis = _basis(lane)
        self._now = now
        self._written = usable_split({share.version: share.written for share in lane.shares if not share.others})
        self._others = {share.version for share in lane.shares if share.others}
        self._earlier = before.possible if before is not None else ()
        self._detector = SplitDetector(self._written or {})
        self._following: Following | None = None
        self._pending: list[tuple[VersionReading, float]] = []
        self._counting_from = since + (settle if before is not None else 0.0)
        if self._written and (follow := Following(self._earlier, self._written)).measurable:
            self._following, self._counting_from = follow, since + PATIENCE
        self._told_of = 0  # answers by which it is known that the split is not followed yet
        self.tally = Tally()
        self._newer: Tally | None = None
        self._since_change = Tally()
        self._turning = Turning()
        self._confirmed = self._was_confirmed = False
        self._next_look = 0
        self.samples = self.errors = self.unknown = 0  # of all requests, including dropped blocks
        self._filled: tuple[Lane, tuple[int, bool], Lane] | None = None

    def follows(self, lane: Lane) -> bool:
        """False if the lane's requests or written shares are not those that were judged: counting has to restart."""
        return _basis(lane) == self._basis

    @property
    def possible(self) -> tuple[Mapping[str, float], ...]:
        """The splits that requests may get at the moment, the newest first: gateways follow changes one by one."""
        if self._written is None:
            return self._earlier
        earlier = () if self._was_confirmed else tuple(split for split in self._earlier if split != self._written)
        return (self._written, *earlier)[:_MOST_POSSIBLE]

    @property
    def doubtful(self) -> bool:
        """Whether more answers would decide a doubt."""
        return self._detector.level is Level.DOUBTFUL

    def count(self, reading: VersionReading, ms: float, begun: float = 0.0) -> None:
        """Take in one request that was sent at `begun` and took `ms` milliseconds."""
        if self._following is not None:
            self._count_following(self._following, reading, ms, begun)
        elif begun >= self._counting_from:
            self._count(reading, ms, begun)

    def _count_following(self, following: Following, reading: VersionReading, ms: float, begun: float) -> None:
        if reading.version is None:
            # It follows no split, and users who get no answer must not wait for the gateway.
            self._count(reading, ms, begun)
            return
        if reading.version not in self._others:
            following.see(reading.version)
        self._told_of += 1
        self._pending = [] if following.fresh else [*self._pending, (reading, ms)][-_MOST_PENDING:]
        if following.followed or begun >= self._counting_from:
            kept = self._pending or [(reading, ms)]
            self._following, self._pending, self._counting_from = None, [], begun
            for one, took in kept:
                self._count(one, took, begun)

    def _count(self, reading: VersionReading, ms: float, begun: float) -> None:
        self.samples += 1
        self.errors += reading.kind is CellKind.ERROR
        self.unknown += reading.kind is CellKind.UNKNOWN
        before = self._detector.level is Level.ALARM
        if reading.version is not None and reading.version not in self._others and self._written is not None:
            self._detector.see(reading.version)
        self.tally.count(reading, ms)
        self._let_go(reading, ms)
        self._since_change.count(reading, ms)
        if before != (self._detector.level is Level.ALARM):
            # What came before the change says nothing about what users get now.
            self.tally, self._newer, self._since_change = self._since_change, None, Tally()
            self._next_look = 0
        elif self._detector.fresh:
            self._since_change = Tally()
        self._turn(reading, ms, begun)
        self._note_verdict()

    def _turn(self, reading: VersionReading, ms: float, begun: float) -> None:
        """Count anew where requests begin to be answered by nobody, or to go well again."""
        self._turning.see(reading, ms, begun)
        run = self._turning.run
        # What speaks against the split is told with its figures until it is over.
        judged = self._detector.level is not Level.CALM or self._detector.straying
        if (judged and 0 < run.named < self.tally.named) or not self._turning.turned(self.tally):
            return
        self.tally, self._newer, self._next_look = self._turning.counts(), None, 0
        if self._since_change.samples > run.samples:
            self._since_change = self._turning.counts()

    def _note_verdict(self) -> None:
        """Remember whether the split is borne out; after every hundredth answer more, because it takes a while."""
        if self._written is None or self.tally.samples < self._next_look:
            return
        self._next_look = self.tally.samples + max(self.tally.samples // 100, 1)
        self._confirmed = self.ruling.verdict is Verdict.ON
        self._was_confirmed = self._was_confirmed or self._confirmed

    def _let_go(self, reading: VersionReading, ms: float) -> None:
        """Count a newer block next to the older one, and keep only the newer one once it is full."""
        if self._detector.straying:
            # Answers of a version that should give none are few: all of them are shown until they end.
            self._newer = None
            return
        if self._newer is not None:
            self._newer.count(reading, ms)
        if self._newer is not None and self._newer.samples >= BLOCK:
            self.tally, self._newer, self._next_look = self._newer, Tally(), 0
        elif self._newer is None and self.tally.samples >= BLOCK:
            self._newer = Tally()

    @property
    def ruling(self) -> Ruling:
        """The verdict so far."""
        if self._written is None:
            return Ruling(Verdict.UNKNOWN, None, NO_SPLIT)
        if self._following is not None:
            words = FOLLOWED[Followed.NOT_YET] if self._told_of else NONE_NAMED
            return Ruling(Verdict.NOT_YET, None, words)
        return rule(self._seen(), self._written, self._detector.level, self._detector.p_value, self._confirmed)

    def _seen(self) -> dict[str, int]:
        return {name: count.answers for name, count in self.tally.versions.items() if name not in self._others}

    @property
    def followed(self) -> Followed:
        """Whether requests follow the split that was written last."""
        if self._following is not None:
            # Without an answer nobody knows.
            return Followed.NOT_YET if self._told_of else Followed.YES
        if self._detector.level is not Level.ALARM or self._was_confirmed or not self._written:
            return Followed.YES
        seen = self._seen()
        for previous in self._earlier:
            part = part_followed(previous, self._written, seen)
            if part is not None:
                return Followed.PARTLY if part else Followed.NOT_YET
        return Followed.YES

    def _awaited(self, followed: Followed) -> bool:
        """Whether a split that is off may be one that gateways have not followed yet."""
        if self._was_confirmed:
            return False
        off = self._detector.level is Level.ALARM
        return not (off and self._earlier and followed is Followed.YES)

    def filled(self, lane: Lane, looking: bool) -> Lane:
        """The lane with what was observed. Returns the same object until an answer comes in.

        `looking` is true while more answers may come in.
        """
        basis = (self.samples + self._told_of, looking)
        if self._filled is None or self._filled[0] is not lane or self._filled[1] != basis:
            filled = fill(lane, self.tally, self.ruling, looking)
            followed = self.followed
            filled = replace(filled, followed=followed, awaited_since=self._now if self._awaited(followed) else None)
            self._filled = (lane, basis, filled)
        return self._filled[2]


def fill(lane: Lane, tally: Tally, ruling: Ruling, looking: bool) -> Lane:
    """`lane` with counts and verdict, and with a row for answers that belong to no version, if there are any.

    If fewer than half of the requests name a version, or a significant part of the answers belongs to none, the
    verdict is UNKNOWN, unless the split is refuted.
    """
    nameless = tally.named == 0 and (not looking or tally.samples >= NAMELESS)
    # If most requests name no version, the few that do say nothing about what users get.
    nameless = nameless or mostly_nameless(tally)
    unanswered = _unanswered(tally)
    failed = tally.unanswered if unanswered else 0
    shares = tuple(
        replace(share, observed=observed(tally, share.version, share.others, failed=failed)) for share in lane.shares
    )
    known = {share.version for share in shares}
    strays = sorted(
        (name for name in tally.versions if name not in known), key=lambda name: -tally.versions[name].answers
    )
    # A version that no route of the lane names gets nothing by what is written.
    shares += tuple(
        Share(name, None, 0.0 if lane.shares else None, observed(tally, name, failed=failed))
        for name in strays[:_MOST_STRAYS]
    )
    few = not tally.named and looking and tally.samples < NAMELESS
    lost = wilson(tally.unknown, tally.named + tally.unknown)[0] > _NOTED and not few
    if lost and not any(share.others for share in shares):
        shares = (*shares, Share(OTHERS, None, None, observed(tally, OTHERS, True, failed=failed), others=True))
    astray = any(
        is_astray(share.observed.answers, share.observed.samples, share.written or 0.0)
        for share in shares
        if share.others and share.observed
    )
    return replace(
        lane,
        shares=shares,
        verdict=Verdict.UNKNOWN if (nameless or astray) and ruling.verdict is not Verdict.OFF else ruling.verdict,
        samples=tally.samples,
        errors=tally.errors,
        unknown=tally.unknown,
        p_value=ruling.p_value,
        missing=ruling.more or None,
        unanswered=unanswered,
        unanswered_note=tally.notes.most_common(1)[0][0] if unanswered and tally.notes else "",
    )


def _unanswered(tally: Tally) -> Observed | None:
    """The requests that no version answered, once they are certainly more than a few."""
    failed, n = tally.unanswered, tally.samples
    if failed < _FEWEST_UNANSWERED or wilson(failed, n)[0] <= _NOTED:
        return None
    low, high = always_valid(failed, n)
    return Observed(share=failed / n, low=low, high=high, samples=n, errors=failed)


def mostly_nameless(tally: Tally) -> bool:
    """Whether fewer than half of the requests name a version, so that a split of those says nothing."""
    return tally.samples >= NAMELESS and tally.named * 2 < tally.samples


def observed(
    tally: Tally, version: str, others: bool = False, interval: Interval = always_valid, *, failed: int = 0
) -> Observed | None:
    """What was observed of one version, with an interval; None until an answer names a version.

    `others` is the row for everything that belongs to no version: answers that name none count there. `interval` has
    to be always valid wherever it is looked at again and again. `failed` are requests without an answer of which the
    shares are parts, too.
    """
    # Answers of which none names a version may be of any of them.
    n = (tally.answered or (tally.unknown if others else 0)) + (
        failed if tally.named or others or not tally.unknown else 0
    )
    if not n:
        return None
    count = tally.versions.get(version)
    answers = (count.answers if count else 0) + (tally.unknown if others else 0)
    low, high = interval(answers, n)
    return Observed(
        share=answers / n,
        low=low,
        high=high,
        samples=n,
        errors=count.errors if count else 0,
        p50_ms=count.latency.quantile(0.5) if count else None,
        p99_ms=count.latency.quantile(0.99) if count else None,
    )


def _basis(lane: Lane) -> tuple[object, ...]:
    """What decides which requests are sent in a lane and which answers are right."""
    return lane.match, lane.headers, tuple((share.version, share.written) for share in lane.shares)
