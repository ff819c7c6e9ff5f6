"""Findings about the answers that a probe got. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from cockpit.model.ages import ago
from cockpit.model.finding_order import worst_first
from cockpit.model.health import FORGOTTEN, AnswerHealth, Level, faded
from cockpit.model.lanes import chance, in_lane
from cockpit.model.rollout import Finding, Followed, Lane, Observed, Severity, Verdict
from cockpit.model.shares import percent
from cockpit.model.view import CellKind, ProbeView
from cockpit.probe.recognise import CACHED, NOT_CACHED
from cockpit.probe.verdict import FOLLOWED
from cockpit.session.facts.failing import (
    failing_in_a_row,
    is_redirect,
    redirect_words,
    still_answers,
    turned_away,
    why_all_fail,
)
from cockpit.workloads.findings import finding

# Requests after which a probe that learns nothing, or hears somebody else, is reported.
_FEWEST_ANSWERS = 30
# Answers of nobody's version that are certainly more than this, beyond what is written, are a finding.
_ASTRAY = 0.01
# Versions fail alike if neither rate is more than this times the other.
_ALIKE = 2.0
# Seconds after which a finding says how old its newest answer is.
_OLD = 30.0
# Seconds within which a version that answered still does, however few its share lets it answer.
_STILL = 10.0
_NONE_SINCE = "it answered none since"
# Seconds that a gateway may take to follow a new split before that is critical.
_SLOW_GATEWAY = 120.0
# What to ask where no version answers any more, by the status of most answers.
_ASK = {
    "404": "(is the route gone, or the host another?)",
    "401": "(are the probe's credentials still right?)",
    "403": "(are the probe's credentials still right?)",
    "429": "(does a rate limiter turn away only the probe?)",
}


def answer_findings(lanes: Sequence[Lane], probe: ProbeView, now: float) -> tuple[Finding, ...]:
    """The findings about answers that an on-call needs to see, worst first; `now` is UTC seconds."""
    findings: list[Finding] = []
    for lane in lanes:
        known = [one for one in probe.health if one.lane == lane.name and one.answers * _age(one, now) >= FORGOTTEN]
        if nobody := _turned_away(lane, probe):
            # What comes from elsewhere, and the rate of those that fail, are parts of it.
            findings += [nobody, *_failures(lane, [one for one in known if one.version], probe, now)]
        else:
            findings += [*_failures(lane, known, probe, now), *_astray(lane, probe)]
    # Requests that fail hurt more than a version that gets too many or too few of them, and are often why.
    findings += [found for lane in lanes for found in _split(lane, probe, now)]
    findings += _blindness(probe)
    return worst_first(findings)


def takes_traffic(lane: Lane, version: str) -> bool:
    """Whether users can reach a version in this lane: by what is written, or by what is observed."""
    share = next((share for share in lane.shares if share.version == version), None)
    if share is None:
        return False
    seen = share.observed.answers if share.observed else 0
    return share.written is None or share.written > 0 or (seen > 0 and lane.verdict is not Verdict.ON)


def _split(lane: Lane, probe: ProbeView, now: float) -> list[Finding]:
    """The version furthest from its written share, if the verdict is that the split is off."""
    if lane.verdict is not Verdict.OFF:
        return []
    # Of two versions both are equally far off: name the one that should get less.
    furthest = max(
        (
            (share, share.observed)
            for share in lane.shares
            if share.observed and share.written is not None and not share.others
        ),
        key=lambda pair: (round(abs(pair[1].share - (pair[0].written or 0.0)), 6), -(pair[0].written or 0.0)),
        default=None,
    )
    if furthest is None:
        return []
    share, observed = furthest
    place = in_lane(lane.name)
    text = f"{share.version} answers {percent(observed.share)} of requests{place}, {percent(share.written)} is written"
    if lane.followed is not Followed.YES:
        text += f"; {FOLLOWED[lane.followed]}"
    # A slow gateway is no fault yet, and whoever has just begun to look does not know when the split was written.
    slow = lane.awaited_since is not None and now - lane.awaited_since < _SLOW_GATEWAY
    severity = Severity.WARNING if slow else Severity.CRITICAL
    return [finding("split-off", severity, text, _evidence(lane, observed), about=lane.name)]


def _evidence(lane: Lane, observed: Observed) -> str:
    odds = "" if lane.p_value is None else f", {chance(lane.p_value)}"
    return f"{lane.samples or observed.samples} samples{odds}"


def _astray(lane: Lane, probe: ProbeView) -> list[Finding]:
    """Answers that belong to no version, if they are a significant part and not written."""
    found = next((share for share in lane.shares if share.others), None)
    seen = found.observed if found else None
    named = any(share.observed and share.observed.answers for share in lane.shares if not share.others)
    # Where no answer names a version, that is told of the probe.
    if (
        found is None
        or seen is None
        or not (named or found.written is not None)
        # A gateway that takes up a route again answers a few requests without it.
        or seen.samples < _FEWEST_ANSWERS
        or seen.low <= (found.written or 0.0) + _ASTRAY
    ):
        return []
    place = in_lane(lane.name)
    text = (
        f"{percent(seen.share)} of answers{place} name no version of this rollout: something else answers too, or"
        " the answers do not say which version they come from (--version-from)"
    )
    notes = dict.fromkeys(cell.note for cell in reversed(probe.strip) if cell.kind is CellKind.UNKNOWN and cell.note)
    evidence = f"{seen.answers} of {seen.samples} answers" + (f": {', '.join(list(notes)[:3])}" if notes else "")
    return [finding("answers-of-others", Severity.WARNING, text, evidence, about=lane.name)]


def _turned_away(lane: Lane, probe: ProbeView) -> Finding | None:
    """That no version answers any more, where versions did, and requests get a status of 4xx."""
    run = turned_away(lane.name, probe)
    if not run:
        return None
    notes = [note for note, _ in Counter(cell.note for cell in run).most_common(2)]
    ask = f" {_ASK[notes[0]]}" if notes[0] in _ASK else ""
    text = f"no version answers: 100% of the last {len(run)} requests{in_lane(lane.name)} get {' or '.join(notes)}{ask}"
    return _nobody(lane, True, text, "versions answered before")


def _nobody(lane: Lane, certain: bool, text: str, evidence: str) -> Finding:
    severity = Severity.CRITICAL if certain else Severity.WARNING
    return finding("nobody-answers", severity, text, evidence, about=lane.name)


def _failures(lane: Lane, known: Sequence[AnswerHealth], probe: ProbeView, now: float) -> list[Finding]:
    """Requests of this lane that fail, by who answered them, and versions that are slower than the stable one."""
    found, place = [], in_lane(lane.name)
    versions = [one for one in known if one.version]
    if alike := _alike(lane, versions):
        each = ", ".join(f"{one.version} {percent(one.error_rate)}" for one in alike)
        text = f"the service fails its requests{place}, whatever the version: {each}"
        counts = "; ".join(_counts(one, now) for one in alike)
        found.append(finding("service-fails", Severity.CRITICAL, text, counts, about=lane.name))
    for one in known:
        if one.failing is Level.CALM or one in alike:
            continue
        if not one.version:
            text = f"{percent(one.error_rate)} of requests{place} fail, and no version answers them"
            nobody = _nobody(lane, one.failing is Level.ALARM, text, _counts(one, now, "requests"))
            # Where the newest requests all fail, what keeps them from every version explains it.
            found.append(replace(nobody, whatever_version=bool(why_all_fail(lane, probe))))
        else:
            found.append(_version_fails(lane, one, versions, probe, now))
    found += [
        _rejects(lane, one, _none_since(lane, one, probe, now))
        for one in versions
        if one.rejecting and takes_traffic(lane, one.version)
    ]
    found += [_slower(lane, one) for one in versions if one.slower is Level.ALARM and takes_traffic(lane, one.version)]
    return found


def _alike(lane: Lane, versions: Sequence[AnswerHealth]) -> list[AnswerHealth]:
    """All versions that take traffic, if several were compared, and all fail with about the same rate."""
    taking = [one for one in versions if takes_traffic(lane, one.version)]
    compared = len(taking) > 1 and any(one.baseline for one in taking)
    if not compared or any(one.failing is not Level.ALARM or one.worse is not Level.CALM for one in taking):
        return []
    rates = [one.error_rate for one in taking]
    return taking if max(rates) <= _ALIKE * min(rates) else []


def _version_fails(
    lane: Lane, one: AnswerHealth, versions: Sequence[AnswerHealth], probe: ProbeView, now: float
) -> Finding:
    place, rate = in_lane(lane.name), percent(one.error_rate)
    stable = next((other for other in versions if other.version == one.baseline), None)
    compared = f"; {stable.version} fails {percent(stable.error_rate)}" if stable else ""
    # Whatever is written: what requests still get is known.
    taking = takes_traffic(lane, one.version) or still_answers(lane, one.version, probe)
    alarm, past = one.failing is Level.ALARM, _none_since(lane, one, probe, now)
    severity = Severity.WARNING if taking else Severity.INFO
    if taking and alarm and not past:
        severity = Severity.CRITICAL
    text = f"{one.version} {'fails' if alarm else 'may be failing:'} {rate} of its requests{place}{compared}"
    if taking and past:
        text = f"{one.version} failed {rate} of its requests{place} before the split changed; {_NONE_SINCE}"
    elif not taking:
        verb = "failed" if alarm else "may have failed"
        text = f"{one.version} {verb} {rate} of its requests{place} when it took traffic"
    return finding("errors", severity, text, _counts(one, now), about=f"{one.version} {lane.name}")


def _none_since(lane: Lane, one: AnswerHealth, probe: ProbeView, now: float) -> bool:
    """Whether a version answered nothing since the split changed, so that nothing is known of what users get of it."""
    if now - one.at < _STILL or still_answers(lane, one.version, probe):
        return False
    share = next((share for share in lane.shares if share.version == one.version), None)
    # A row without an observation is also that of a lane that nothing was counted in yet.
    return share is not None and not (share.observed and share.observed.answers)


def _rejects(lane: Lane, one: AnswerHealth, past: bool) -> Finding:
    """More answers with a status of 4xx than the stable version gives; `past` if none came since the split changed."""
    place, rates = in_lane(lane.name), (percent(one.rejected_rate), percent(one.baseline_rejected_rate))
    alarm = one.rejecting is Level.ALARM
    verb = "answers" if alarm else "seems to answer"
    text = f"{one.version} {verb} {rates[0]} of requests{place} with a status of 4xx, {one.baseline} {rates[1]}"
    if past:
        text = (
            f"{one.version} answered {rates[0]} of requests{place} with a status of 4xx before the split changed;"
            f" {_NONE_SINCE}"
        )
    severity = Severity.CRITICAL if alarm and not past else Severity.WARNING
    return finding("client-errors", severity, text, "compared in the same minutes", about=f"{one.version} {lane.name}")


def _slower(lane: Lane, one: AnswerHealth) -> Finding:
    times = ""
    if one.p50_ms is not None and one.baseline_p50_ms is not None:
        times = f": it takes {one.p50_ms:.0f} ms, {one.baseline} {one.baseline_p50_ms:.0f} ms (median)"
    text = f"{one.version} is slower than {one.baseline}{in_lane(lane.name)}{times}"
    evidence = f"{one.answers:.0f} answers in the same minutes"
    return finding("slower", Severity.WARNING, text, evidence, about=f"{one.version} {lane.name}")


def _counts(one: AnswerHealth, now: float, what: str = "answers") -> str:
    """The counts behind a rate, and how old the newest is."""
    whose = f" of {one.version}" if one.version else ""
    counts = f"{one.errors:.0f} of the last {one.answers:.0f} {what}{whose}"
    return counts + (f", the newest {ago(now - one.at)}" if now - one.at >= _OLD else "")


def _age(one: AnswerHealth, now: float) -> float:
    return faded(now - one.at)


def _blindness(probe: ProbeView) -> list[Finding]:
    """A probe that runs and learns nothing; silence must not look like health."""
    if failing := failing_in_a_row(probe):
        text = f"the last {failing} requests failed"
        return [finding("no-answers", Severity.CRITICAL, text, probe.strip[-1].note, about="probe")]
    if not probe.running or probe.total < _FEWEST_ANSWERS:
        return []
    if probe.strip and all(map(is_redirect, probe.strip)):
        return [finding("redirected", Severity.WARNING, redirect_words(probe.strip, probe), probe.message)]
    if probe.unknown + probe.errors >= probe.total:
        advice = "say where answers name their version: --version-from header:NAME, json:PATH or regex:RE"
        text = f"none of the {probe.total} answers names a version"
        if probe.strip and all(cell.note == CACHED for cell in probe.strip if cell.kind is CellKind.UNKNOWN):
            text, advice = f"none of the {probe.total} answers is of a version: they come from a cache", NOT_CACHED
        return [finding("no-version", Severity.WARNING, text, advice, about="probe")]
    return []
