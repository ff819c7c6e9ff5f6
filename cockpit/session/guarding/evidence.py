"""Whether a guard's condition holds for what was observed, and the evidence in one sentence. Pure.

A condition holds only where the detectors are certain, with the budget of false alarms that they have; a figure in
the condition says how large the difference must be as measured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cockpit.model.guard import GuardCondition, Measure
from cockpit.model.health import AnswerHealth, Health, Level, faded
from cockpit.model.lanes import in_lane
from cockpit.model.rollout import Finding, Lane, Observed, Severity, Version
from cockpit.model.shares import percent
from cockpit.model.values import dataclass
from cockpit.model.view import RolloutView
from cockpit.probe.answer_health import Identity, identity_of
from cockpit.session.facts.answers import takes_traffic
from cockpit.session.facts.failing import turned_away
from cockpit.session.guarding.probe_faults import probe_fault

# Seconds without an answer that names a version after which nothing is measured; longer for slow probes.
_SILENT = 10.0
_SILENT_BEATS = 3
# Seconds that an answer may come after now: a clock that was set back since dates it later.
_AHEAD = 5.0
# Findings that rest on answers, and those that say so of pods and destinations: users are hurt by what was released.
_ANSWERS = frozenset({"errors", "client-errors", "service-fails", "nobody-answers", "split-off"})
_DESTINATIONS = frozenset(
    {
        "no-ready-pods",
        "invalid-backend",
        "empty-backend",
        "empty-destination",
        "dangling-destination",
        "dangling-subset",
        "dangling-canary",
    }
)
_HURTING = _ANSWERS | _DESTINATIONS | {"failing-pods"}
# More than this part of the requests failed: nobody was answered.
_NEARLY_ALL = 0.9
# Answers of an older version, older ones weighing less, that say whether it fails too.
_FEWEST_OLD = 10.0


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a guard knows besides the view. Times are UTC seconds.

    `release` are the versions that it guards against, `standing` the critical findings that there were when it was set
    and still are, by `Finding.subject`. Answers count from `counted` on, requests that nobody answers from `reached`,
    and what pods and destinations say from `read`.
    """

    armed: bool
    counted: float
    now: float
    release: frozenset[Identity]
    standing: frozenset[tuple[str, str]] = frozenset()
    reached: float = 0.0
    read: float = 0.0

    def is_new(self, version: Version) -> bool:
        """Whether a version belongs to the guarded release."""
        return identity_of(version) in self.release

    def later(self, at: float | None) -> bool:
        """Whether something happened since answers count."""
        return at is not None and self.counted <= at <= self.now + _AHEAD


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a condition holds, with figures; "" if it does not. `doubt`: why an armed guard only proposes, or "".

    `over`: nobody was answered, and the newest request was.
    """

    words: str = ""
    doubt: str = ""
    over: bool = False


NONE = Evidence()


def evidence(condition: GuardCondition, view: RolloutView, grounds: Grounds) -> Evidence:
    """Whether the condition holds now. Answers count only while they come in, and since the guard was set."""
    if condition.measure is Measure.HURT:
        if grounds.armed:
            return _users_hurt(view, grounds)
        return Evidence(view.health.reason or "users are hurt") if view.health.health is Health.HURT else NONE
    if not measures(view, grounds.now):
        return NONE
    match condition.measure:
        case Measure.SPLIT_OFF:
            return _finding(view, grounds, "split-off")
        case Measure.NOBODY_ANSWERS:
            return _finding(view, grounds, "nobody-answers")
        case Measure.WORSE:
            return Evidence(next(_worse(condition, view, grounds), ""))
        case _:
            return Evidence(next(_slower(condition, view, grounds), ""))


def measures(view: RolloutView, now: float) -> bool:
    """Whether the probe runs and its requests end, whoever answers them. `now` is UTC seconds."""
    newest = max((one.at for one in view.probe.health), default=None)
    return view.probe.running and _is_fresh(newest, view, now)


def why_unmeasured(view: RolloutView, now: float) -> str:
    """Why it is not known what users get at the moment; "" while answers come in. `now` is UTC seconds.

    Too few answers for a verdict are no blindness: they become more.
    """
    probe, health = view.probe, view.health
    newest = max((one.at for one in probe.health if one.version), default=None)
    answering = _is_fresh(newest, view, now)
    bad = health.health in (Health.HURT, Health.DOUBTFUL)
    if probe.running and (answering or (bad and measures(view, now))):
        return ""
    if health.health is Health.NOT_MEASURED and health.reason:
        return health.reason
    return "no version answers" if probe.running else "the probe is off"


def _is_fresh(newest: float | None, view: RolloutView, now: float) -> bool:
    """Whether the newest answer is of now."""
    rate = view.probe.asked_rate
    silent = max(_SILENT, _SILENT_BEATS / rate if rate > 0 else 0.0)
    return newest is not None and -_AHEAD <= now - newest <= silent


def _users_hurt(view: RolloutView, grounds: Grounds) -> Evidence:
    """Whether users are hurt by the release. A fault of the old version or of an old setting is none of it."""
    found = [
        Evidence(_with_figures(each), _doubt(each, view, grounds), _is_over(each, view, grounds))
        for each in view.rollout.findings
        if each.severity is Severity.CRITICAL and each.id in _HURTING and _of_release(each, view, grounds)
    ]
    return min(found, key=lambda one: (bool(one.doubt), one.over), default=NONE)


def _of_release(found: Finding, view: RolloutView, grounds: Grounds) -> bool:
    """Whether a finding is about a new version or about none, and rests on what counts by now."""
    old = [version.name for version in view.rollout.own_versions if not grounds.is_new(version)]
    if found.id in _ANSWERS:
        lanes = [lane.name for lane in view.rollout.lanes]
        of_old = found.about in {f"{name} {lane}" for name in old for lane in lanes}
        return not of_old and measures(view, grounds.now) and _is_recent(found, view, grounds)
    return grounds.now >= grounds.read and found.about not in old and not any(map(_named(found.text), old))


def _named(text: str) -> Callable[[str], bool]:
    return lambda name: re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


def _is_recent(found: Finding, view: RolloutView, grounds: Grounds) -> bool:
    """Whether requests that the finding is about failed since answers count."""
    known = _records(found, view, grounds)
    newest = [one.rejected_at if found.id == "client-errors" else one.failed_at for one in known]
    if found.id == "nobody-answers":
        # Of requests without an answer it is not known whether this machine, or the service, was cut off.
        newest += [one.rejected_at for one in known if turned_away(found.about, view.probe)]
        newest = [at for at in newest if at is not None and at > grounds.reached]
    return found.id == "split-off" or any(map(grounds.later, newest))


def _records(found: Finding, view: RolloutView, grounds: Grounds) -> list[AnswerHealth]:
    """The answers that a finding is about."""
    known = view.probe.health
    new = {version.name for version in view.rollout.own_versions if grounds.is_new(version)}
    match found.id:
        case "errors" | "client-errors":
            return [one for one in known if f"{one.version} {one.lane}" == found.about]
        case "service-fails":
            return [one for one in known if one.lane == found.about and one.version in new]
        case _:
            return [one for one in known if one.lane == found.about and not one.version]


def _doubt(found: Finding, view: RolloutView, grounds: Grounds) -> str:
    """Why a finding is not enough to go back by itself; "" if it is."""
    if found.subject in grounds.standing:
        return "that was already so when the guard was set"
    if fault := probe_fault(found, view):
        return fault
    if found.id == "service-fails":
        return "the way back leads to a version that fails as well"
    old = {version.name for version in view.rollout.own_versions if not grounds.is_new(version)}
    for new in _records(found, view, grounds) if found.id == "errors" else ():
        for one in view.probe.health:
            weight = one.answers * faded(grounds.now - one.at)
            known = one.lane == new.lane and one.version in old and weight >= _FEWEST_OLD
            if known and one.error_rate >= new.error_rate:
                return f"the way back leads to {one.version}, which fails {percent(one.error_rate)} of its requests"
    return ""


def _finding(view: RolloutView, grounds: Grounds, kind: str) -> Evidence:
    critical = (found for found in view.rollout.findings if found.severity is Severity.CRITICAL and found.id == kind)
    recent = [found for found in critical if _is_recent(found, view, grounds)]
    each = [Evidence(_with_figures(f), probe_fault(f, view), _is_over(f, view, grounds)) for f in recent]
    return min(each, key=lambda one: (bool(one.doubt), one.over), default=NONE)


def _with_figures(found: Finding) -> str:
    """What a finding says, and the counts behind it: what decided has to be found in the journal."""
    return f"{found.text} ({found.evidence})" if found.evidence else found.text


def _is_over(found: Finding, view: RolloutView, grounds: Grounds) -> bool:
    """Whether requests are answered again after nearly none was: the alarm needs some more answers to end."""
    if found.id != "nobody-answers":
        return False
    failed = [one.failed_at or 0.0 for one in _records(found, view, grounds) if one.error_rate > _NEARLY_ALL]
    answered = [one.at for one in view.probe.health if one.lane == found.about and one.version]
    return bool(failed) and max(answered, default=0.0) > max(failed)


def _compared(condition: GuardCondition, view: RolloutView, grounds: Grounds) -> Iterator[tuple[Lane, AnswerHealth]]:
    """What is known of the versions that the condition is about, in lanes where they take traffic."""
    lanes = {lane.name: lane for lane in view.rollout.lanes}
    new = {version.name for version in view.rollout.own_versions if grounds.is_new(version)}
    for one in view.probe.health:
        lane = lanes.get(one.lane)
        meant = condition.version in ("", one.version) and condition.baseline in ("", one.baseline)
        if lane and meant and one.baseline and one.version in new and takes_traffic(lane, one.version):
            yield lane, one


def _worse(condition: GuardCondition, view: RolloutView, grounds: Grounds) -> Iterator[str]:
    for lane, one in _compared(condition, view, grounds):
        stable = next(
            (each for each in view.probe.health if (each.lane, each.version) == (one.lane, one.baseline)), None
        )
        if one.worse is not Level.ALARM or stable is None or not grounds.later(one.failed_at):
            continue
        if one.error_rate - stable.error_rate > (condition.above or 0.0):
            yield (
                f"{one.version} fails {percent(one.error_rate)} of its requests{in_lane(lane.name)},"
                f" {stable.version} {percent(stable.error_rate)}"
            )


def _slower(condition: GuardCondition, view: RolloutView, grounds: Grounds) -> Iterator[str]:
    for lane, one in _compared(condition, view, grounds):
        if one.slower is not Level.ALARM or not grounds.later(one.at):
            continue
        tail = condition.measure is Measure.RATIO_P99
        new, old = _times(lane, one, tail)
        known = new is not None and old is not None and old > 0
        if condition.above is None or (new is not None and old is not None and old > 0 and new / old > condition.above):
            what = "p99" if tail else "median"
            figures = f": {new:.0f} ms, {one.baseline} {old:.0f} ms ({what})" if known else ""
            yield f"{one.version} is slower than {one.baseline}{in_lane(lane.name)}{figures}"


def _times(lane: Lane, one: AnswerHealth, tail: bool) -> tuple[float | None, float | None]:
    """Milliseconds of the version and of the stable one: the 99th percentile, or the median."""
    if not tail:
        return one.p50_ms, one.baseline_p50_ms
    seen: dict[str, Observed] = {share.version: share.observed for share in lane.shares if share.observed}
    new, old = seen.get(one.version), seen.get(one.baseline)
    return new.p99_ms if new else None, old.p99_ms if old else None
