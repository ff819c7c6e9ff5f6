"""How versions answered, whatever the split was: a new weight does not heal a failing version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cockpit.model.health import FORGOTTEN, AnswerHealth, Level, faded
from cockpit.model.rollout import Role, Version
from cockpit.probe.ending import Failures
from cockpit.probe.error_detector import TOLERATED, ErrorDetector
from cockpit.probe.window import Histogram
from cockpit.probe.worse_detector import WorseDetector

# Versions and lanes that are remembered; the one silent longest is dropped first.
MOST_RECORDS = 100
# A version is slow where it takes longer than this times what nine in ten answers of the stable version take.
SLOW_RATIO = 1.5
_SLOWER_THAN = 0.9
# Answers of the stable version that say how long it takes.
_FEWEST_TIMES = 30
# Seconds without an answer after which asking more often decides nothing.
_STILL_ANSWERS = 30.0
_STABLE = (Role.STABLE, Role.ACTIVE)

Identity = tuple[tuple[str, ...], tuple[str, ...]]
_NOBODY: Identity = ((), ())


class AnswerRecord:
    """The answers of each version in each lane, and of no version.

    Versions are identified by workload and images, not by name. Times are in seconds: `at` monotonic, `now` UTC.
    `max_errors` is the fraction of answers that may fail.
    """

    def __init__(self, max_errors: float = TOLERATED) -> None:
        self._max_errors = max_errors
        self._records: dict[tuple[Identity, str], _Answers] = {}
        self._times: dict[Identity, _Times] = {}
        self._templates: dict[Identity, frozenset[str]] = {}

    def follow(self, versions: Sequence[Version]) -> None:
        """Forget the answers of versions whose pods have all got another template since: they were of other pods.

        While old and new pods answer beside each other, nothing is forgotten. Pods that are made anew from the same
        template may fail as those before.
        """
        for version in versions:
            if not version.templates:
                continue  # nothing is known of its pods, or none is ready: nobody took the place of those before
            own = identity_of(version)
            known = self._templates.setdefault(own, version.templates)
            if known & version.templates:
                continue
            self._templates[own] = version.templates
            self._records = {key: record for key, record in self._records.items() if key[0] != own}
            self._times.pop(own, None)
            for record in self._records.values():
                record.unmatch(own)
        while len(self._templates) > MOST_RECORDS:
            del self._templates[next(iter(self._templates))]

    def count(
        self,
        lane: str,
        version: Version | None,
        versions: Sequence[Version],
        failed: bool,
        ms: float | None,
        at: float,
        rejected: bool = False,
    ) -> None:
        """Take in one request in `lane`, answered by `version`; None: by none of them, `failed` without any.

        `ms` is None if the time it took is not the service's. `rejected`: the answer's status was 4xx.
        """
        self._record(_NOBODY, lane, at).count(failed and version is None, at, rejected and version is None)
        if version is None:
            return
        own, stable = identity_of(version), _baseline(versions)
        record = self._record(own, lane, at)
        record.count(failed, at, rejected)
        times = self._times.setdefault(own, _Times())
        if ms is not None:
            times.add(ms, failed)
        if stable is None:
            return
        if version.name == stable.name:
            self._compare_old(own, failed, rejected, ms, times.slow_above)
        else:
            limit = self._times[identity_of(stable)].slow_above if identity_of(stable) in self._times else None
            record.compare(identity_of(stable), failed, rejected, ms, limit, at)

    def of(
        self, lanes: Sequence[str], versions: Sequence[Version], at: float, now: float, *, timed: bool = True
    ) -> tuple[AnswerHealth, ...]:
        """What is known of these versions in these lanes, and of requests that no version answered.

        Unless `timed`, no version is called slower.
        """
        stable = _baseline(versions)
        found = []
        for lane in lanes:
            for name, key in (("", _NOBODY), *((version.name, identity_of(version)) for version in versions)):
                record = self._records.get((key, lane))
                if record is not None:
                    one = self._shown(record, lane, name, key, stable, at, now)
                    found.append(one if timed else replace(one, slower=Level.CALM))
        return tuple(found)

    def doubtful(self, at: float) -> bool:
        """Whether more answers would decide if a version that still answers fails, or is worse than the stable one."""
        # Where nobody answers, the service may be overloaded: more requests would make it worse.
        answering = (record for (identity, _), record in self._records.items() if identity != _NOBODY)
        return any(record.doubtful and at - record.last < _STILL_ANSWERS for record in answering)

    def forget(self) -> None:
        """Forget everything, as after a change of the probe target."""
        self._records.clear()
        self._times.clear()
        self._templates.clear()

    def _shown(
        self, record: _Answers, lane: str, name: str, key: Identity, stable: Version | None, at: float, now: float
    ) -> AnswerHealth:
        compared = stable is not None and name not in ("", stable.name) and record.baseline == identity_of(stable)
        failing = record.failing(at)
        # While something speaks against a version, what came before would only hide how bad it is now.
        answers, errors = (record.answers, record.errors) if failing is Level.CALM else (record.recent, record.failed)
        times = self._times.get(key)
        rejecting = record.rejecting.level if compared and record.rejecting.compared(at) else Level.CALM
        rates = record.rejecting.rates if rejecting is not Level.CALM else (0.0, 0.0)
        stable_times = self._times.get(record.baseline) if compared and record.baseline else None
        return AnswerHealth(
            lane=lane,
            version=name,
            answers=answers,
            errors=errors,
            at=now - (at - record.last),
            failing=failing,
            worse=record.worse.level if compared and record.worse.compared(at) else Level.CALM,
            slower=record.slower.level if compared and record.slower.compared(at) else Level.CALM,
            baseline=stable.name if compared and stable else "",
            p50_ms=times.median if times else None,
            baseline_p50_ms=stable_times.median if stable_times else None,
            failed_at=None if record.last_error is None else now - (at - record.last_error),
            rejecting=rejecting,
            rejected_rate=rates[1],
            baseline_rejected_rate=rates[0],
            rejected_at=None if record.last_rejected is None else now - (at - record.last_rejected),
        )

    def _record(self, identity: Identity, lane: str, at: float) -> _Answers:
        key = (identity, lane)
        # Moved to the end, so that the one that has been silent longest is dropped first.
        record = self._records.pop(key, None) or _Answers(at, self._max_errors)
        self._records[key] = record
        while len(self._records) > MOST_RECORDS:
            dropped, _ = next(iter(self._records))
            del self._records[dropped, next(name for one, name in self._records if one == dropped)]
            if not any(one == dropped for one, _ in self._records):
                self._times.pop(dropped, None)
        return record

    def _compare_old(
        self, stable: Identity, failed: bool, rejected: bool, ms: float | None, limit: float | None
    ) -> None:
        for record in self._records.values():
            if record.baseline == stable:
                record.worse.see_old(failed)
                record.rejecting.see_old(rejected)
                if limit is not None and ms is not None and not failed:
                    record.slower.see_old(ms > limit)


class _Answers:
    """Answers of one version in one lane."""

    def __init__(self, at: float, max_errors: float) -> None:
        self.last = at
        self.last_error: float | None = None
        self.last_rejected: float | None = None
        self.baseline: Identity | None = None
        self._max_errors = max_errors
        self.answers = self.errors = 0.0  # older ones weigh less, as of `last`
        self._begin()

    def _begin(self) -> None:
        self._compare_afresh()
        self._detector, self._failures = ErrorDetector(self._max_errors), Failures()
        self._alarmed = False
        self.recent = self.failed = 0.0  # the same, since something speaks against the version

    def _compare_afresh(self) -> None:
        self.worse, self.slower, self.rejecting = WorseDetector(), WorseDetector(), WorseDetector()

    def count(self, failed: bool, at: float, rejected: bool = False) -> None:
        kept = faded(at - self.last)
        if self.answers >= FORGOTTEN > self.answers * kept:
            self._begin()
        self.answers = self.answers * kept + 1
        self.errors = self.errors * kept + failed
        self.last = max(self.last, at)
        if failed:
            self.last_error = self.last
        if rejected:
            self.last_rejected = self.last
        self._detector.see(failed, at)
        self._failures.see(failed, at)
        self._end()
        if self._detector.calm and not failed:
            self.recent = self.failed = 0.0
            if not self._alarmed:
                # An error of long ago would make the rate of those that come now look small, and their end far.
                self._failures = Failures()
        else:
            self.recent = self.recent * kept + 1
            self.failed = self.failed * kept + failed

    def _end(self) -> None:
        """Count anew where what raised an alarm is certainly over: only what went well since says something of now.

        Evidence that is still gathered stays: a fault that comes and goes is one.
        """
        alarm = self._detector.level is Level.ALARM
        self._alarmed = self._alarmed or alarm
        if not (self._alarmed and self._failures.ended):
            return
        self.answers, self.errors = min(self.answers, float(self._failures.run)), 0.0
        self._alarmed, self._failures = False, Failures()
        if alarm:
            self._detector = ErrorDetector(self._max_errors)

    def compare(
        self, stable: Identity, failed: bool, rejected: bool, ms: float | None, limit: float | None, at: float
    ) -> None:
        """Compare an answer to those of the stable version; `limit` is the time above which one is slow."""
        if self.baseline != stable:
            self.baseline = stable
            self._compare_afresh()
        self.worse.see_new(failed, at)
        self.rejecting.see_new(rejected, at)
        if limit is not None and ms is not None and not failed:
            self.slower.see_new(ms > limit, at)
        self.worse = self._unless_over(self.worse)
        self.rejecting = self._unless_over(self.rejecting)
        self.slower = self._unless_over(self.slower)

    def unmatch(self, stable: Identity) -> None:
        """Compare no more to what this stable version was, if it is the one compared to."""
        if self.baseline == stable:
            self._compare_afresh()

    def _unless_over(self, detector: WorseDetector) -> WorseDetector:
        """The detector; a new one where what raised its alarm is over, by the rule that ends failures (`_end`)."""
        if not detector.over:
            return detector
        self.answers = min(self.answers, float(detector.run))
        self.errors = min(self.errors, self.answers)
        return WorseDetector()

    @property
    def doubtful(self) -> bool:
        """Whether more answers decide something; a comparison takes one block a second, whatever the rate."""
        return self._detector.level is Level.DOUBTFUL

    def failing(self, at: float) -> Level:
        self._detector.settle(at)
        return self._detector.level


class _Times:
    """Latencies of a version, in blocks, so that an old minute does not count for ever. Times are in ms."""

    _BLOCK = 500

    def __init__(self) -> None:
        self._older, self._newer = Histogram(), Histogram()
        self._count = 0
        self.slow_above: float | None = None
        self.median: float | None = None

    def add(self, ms: float, failed: bool) -> None:
        """Take in the time of an answer; an error says nothing about how long an answer takes."""
        if failed:
            return
        self._newer.add(ms)
        self._count += 1
        if self._count % self._BLOCK == 0:
            self._older, self._newer = self._newer, Histogram()
        if self._count >= _FEWEST_TIMES and self._count % 10 == 0:
            both = Histogram()
            both.merge(self._older)
            both.merge(self._newer)
            self.median = both.quantile(0.5)
            nine_in_ten = both.quantile(_SLOWER_THAN)
            self.slow_above = nine_in_ten * SLOW_RATIO if nine_in_ten else None


def _baseline(versions: Sequence[Version]) -> Version | None:
    """The version that the others are compared to; None if no or several versions are stable."""
    stable = [version for version in versions if version.role in _STABLE]
    return stable[0] if len(stable) == 1 else None


def identity_of(version: Version) -> Identity:
    """What tells one version from another: its workload and images, whatever its name is."""
    return version.identity or (version.name,), version.images
