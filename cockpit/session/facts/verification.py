"""Whether a rollout is verified: split, errors, times and pods decided, against what a pipeline requires. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from cockpit.model.finding_order import STUCK, told_for
from cockpit.model.health import AnswerHealth, Health, Level, faded
from cockpit.model.lanes import in_lane
from cockpit.model.rollout import LOST, Finding, Lane, Phase, Rollout, Verdict
from cockpit.model.shares import percent
from cockpit.model.values import dataclass
from cockpit.model.view import ProbeView, RolloutView
from cockpit.probe.error_detector import TOLERATED, answers_missing
from cockpit.probe.verdict import describe
from cockpit.session.facts.answers import takes_traffic
from cockpit.session.facts.failing import hurts, redirected, why_all_fail
from cockpit.session.facts.health import blind, lacking, rollout_health, tried, withheld
from cockpit.session.facts.unready import unready_words

# Requests after which one that only redirects is certain to.
_ENOUGH_REDIRECTS = 30
# Milliseconds by which medians differ for no reason of the versions.
_OWN_MS = 10.0


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a pipeline requires.

    `max_errors` is the fraction of each version's answers that may fail; the probe has to be given the same.
    `max_latency_ratio` is how many times as long as the stable version another may take (median). `min_answers` are
    requests in all.
    """

    max_errors: float = TOLERATED
    max_latency_ratio: float = 1.5
    min_answers: int = 200


class Standing(StrEnum):
    """What a verification came to."""

    FINE = "fine"
    HURT = "hurt"
    SLOW = "too slow"  # beyond what is required, which by itself is no health of hurt
    OFF = "off"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Verification:
    """`reason` is one sentence with figures. `final`: more answers would not change it.

    `missing` is about how many more requests would decide; 0 where that is not known or none are needed. `blind`: the
    answers that come in say nothing, and only a change in the cluster would make them say something.
    """

    standing: Standing
    reason: str
    final: bool = False
    missing: int = 0
    blind: bool = False


def verification(shown: RolloutView, need: Requirements, stale: str, now: float) -> Verification:
    """How a rollout stands at `now` (UTC seconds); `stale` is why objects may be old, or ""."""
    rollout, probe = shown.rollout, shown.probe
    against = _hurt(rollout, probe, need) or _off(rollout) or _lost(rollout)
    if against:
        return against
    # Slower versions are judged by the required ratio.
    judged = replace(rollout, findings=tuple(found for found in rollout.findings if found.id != "slower"))
    health = rollout_health(judged, probe, stale, now, need.max_errors)
    if health.health is Health.HURT:
        # A critical finding about objects may be over in a moment, such as pods that are not ready yet.
        return Verification(Standing.HURT, health.reason)
    sees_nothing = bool(blind(rollout))
    found = [] if sees_nothing else _missing(rollout, probe, need, now)
    missing = sorted(found, key=lambda question: -question[1])
    of_pods = list(_pods_undecided(rollout))
    open_questions = [*of_pods, *(words for words, _ in missing)]
    open_questions += _slower_undecided(rollout, probe, need)
    if health.health is Health.FINE and not open_questions:
        return Verification(Standing.FINE, health.reason)
    needed = (lacking(lane, probe, now, need.max_errors) for lane in tried(rollout))
    # The same in fewer words, or that more answers are needed, says less than the question itself.
    shorter = [*needed, *(words[: len(health.reason)] for words in of_pods)]
    counting = health.health is Health.FINE or any(words and health.reason.startswith(words) for words in shorter)
    reason = open_questions[0] if counting and open_questions else health.reason
    most = missing[0][1] if missing else 0
    return Verification(Standing.UNDECIDED, reason, missing=most, blind=sees_nothing)


def untried(rollout: Rollout) -> list[tuple[str, str]]:
    """The lanes that are not measured, each with the reason."""
    measured = tried(rollout)
    return [
        (
            lane.name,
            "no request that matches it can be derived" if lane.headers is None else "its split is not written",
        )
        for lane in rollout.lanes
        if lane not in measured and not lane.sticky
    ]


def _hurt(rollout: Rollout, probe: ProbeView, need: Requirements) -> Verification | None:
    """Errors, or times beyond the required ratio, that are certain; or requests that are not answered at all."""
    failing = [found for found in rollout.findings if hurts(found)]
    alarms = [found for found in failing if found.id != "no-answers"]
    if alarms:
        return Verification(Standing.HURT, _with_evidence(alarms[0]), final=True)
    for lane in tried(rollout):
        for one in _of_lane(probe, lane):
            if one.slower is Level.ALARM and takes_traffic(lane, one.version) and _beyond(one, need):
                return Verification(Standing.SLOW, _times(one, lane, need), final=True)
        if probe.running and (why := why_all_fail(lane, probe)):
            certain = redirected(lane, probe) and probe.total >= _ENOUGH_REDIRECTS
            return Verification(Standing.HURT, f"{why}{in_lane(lane.name)}", final=certain)
    return Verification(Standing.HURT, _with_evidence(failing[0])) if failing else None


def _off(rollout: Rollout) -> Verification | None:
    """A split that is off, or a declared share that is not written."""
    if words := withheld(rollout):
        # While a controller makes progress, the share may still be on its way.
        return Verification(Standing.OFF, words, final=rollout.phase is not Phase.PROGRESSING)
    for lane in tried(rollout):
        if lane.verdict is Verdict.OFF:
            words = f"{describe(lane)}{in_lane(lane.name)} ({lane.samples} answers)"
            # A gateway may be slow to follow, and a new session does not know what the split was before.
            return Verification(Standing.OFF, words)
    return None


def _lost(rollout: Rollout) -> Verification | None:
    if rollout.phase not in LOST:
        return None
    words = f"it is {rollout.phase}" + (f": {rollout.message}" if rollout.message else "")
    return Verification(Standing.HURT, words, final=True)


def _missing(rollout: Rollout, probe: ProbeView, need: Requirements, now: float) -> list[tuple[str, int]]:
    """What too few answers are in for, and about how many more requests it takes."""
    found = []
    if probe.total < need.min_answers:
        words = f"{probe.total} of at least {need.min_answers} answers are in"
        found.append((words, need.min_answers - probe.total))
    lanes = tried(rollout)
    for lane in lanes:
        if lane.missing:
            found.append((f"{describe(lane)}{in_lane(lane.name)}", lane.missing * len(lanes)))
        found += [(words, count * len(lanes)) for words, count in _errors_undecided(lane, probe, need, now)]
    return found


def _pods_undecided(rollout: Rollout) -> Iterable[str]:
    """What says that a release has not come as far as it is to: answers of those versions before say nothing of it."""
    if stuck := told_for(rollout.findings, STUCK, notes=False):
        yield _with_evidence(stuck)
    elif words := unready_words(rollout):
        yield words
    elif unseen := told_for(rollout.findings, {"not-observed"}):
        yield unseen.text


def _errors_undecided(lane: Lane, probe: ProbeView, need: Requirements, now: float) -> Iterable[tuple[str, int]]:
    """The versions with traffic of which too few answers are in to say how many fail."""
    known = {one.version: one for one in _of_lane(probe, lane)}
    taking = {share.version: share.written for share in lane.shares if share.written and not share.others}
    for version, share in {"": 1.0, **taking}.items():
        one = known.get(version)
        if one and one.failing is not Level.CALM:
            # How many answers end a doubt cannot be foreseen.
            continue
        weight = faded(now - one.at) if one else 0.0
        answers, errors = (one.answers * weight, one.errors * weight) if one else (0.0, 0.0)
        if (missing := answers_missing(answers, errors, need.max_errors)) and share:
            whose = f"answers of {version}" if version else "requests"
            seen = f"{errors:.0f} of {answers:.0f} failed" if errors else f"none of {answers:.0f} failed"
            words = (
                f"{missing} more {whose}{in_lane(lane.name)} needed to say whether more than"
                f" {percent(need.max_errors)} fail ({seen})"
            )
            yield words, math.ceil(missing / share)


def _slower_undecided(rollout: Rollout, probe: ProbeView, need: Requirements) -> list[str]:
    """The versions that may be slower than required, or of which the probe was too slow itself to tell."""
    if probe.too_slow and any(_untimed(one, lane) for lane in tried(rollout) for one in _of_lane(probe, lane)):
        return [probe.too_slow]
    return [
        f"not certain yet: {_times(one, lane, need)}"
        for lane in tried(rollout)
        for one in _of_lane(probe, lane)
        if takes_traffic(lane, one.version) and one.slower is not Level.ALARM and _beyond(one, need)
    ]


def _untimed(one: AnswerHealth, lane: Lane) -> bool:
    """Whether it is not known how long a version takes, or the stable one that it is compared with."""
    known = one.p50_ms is not None and one.baseline_p50_ms is not None
    return bool(one.baseline) and takes_traffic(lane, one.version) and not known


def _of_lane(probe: ProbeView, lane: Lane) -> list[AnswerHealth]:
    return [one for one in probe.health if one.lane == lane.name]


def _beyond(one: AnswerHealth, need: Requirements) -> bool:
    """Whether a version's median exceeds the required ratio; a difference of some milliseconds is the probe's own."""
    new, old = one.p50_ms or 0.0, one.baseline_p50_ms or math.inf
    return new > old * need.max_latency_ratio and new - old > _OWN_MS


def _times(one: AnswerHealth, lane: Lane, need: Requirements) -> str:
    new, old = one.p50_ms or 0.0, one.baseline_p50_ms or math.inf
    return (
        f"{one.version} takes {new / old:.1f} times as long as {one.baseline}{in_lane(lane.name)}:"
        f" {new:.0f} ms and {old:.0f} ms (median), {need.max_latency_ratio:g} times is allowed"
    )


def _with_evidence(found: Finding) -> str:
    return found.text + (f" ({found.evidence})" if found.evidence else "")
