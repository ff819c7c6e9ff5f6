"""The one health of a rollout, from its findings and from what was observed. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.ages import ago
from cockpit.model.counts import counted, plural
from cockpit.model.finding_order import leading, told_for
from cockpit.model.health import WORST_FIRST, Health, RolloutHealth, faded
from cockpit.model.lanes import in_lane
from cockpit.model.rollout import Lane, Phase, Rollout, Verdict
from cockpit.model.shares import not_given, percent, rough
from cockpit.model.text import safe_text
from cockpit.model.view import CellKind, ProbeView
from cockpit.probe.error_detector import TOLERATED, answers_missing
from cockpit.probe.verdict import describe
from cockpit.workloads.findings import listed

# Warnings about what users get; a warning about how objects are written speaks against nobody's health.
_DOUBTS = frozenset(
    {"split-off", "answers-of-others", "nobody-answers", "errors", "client-errors", "real-errors", "slower"}
    | {"failing-pods", "selector-misses"}
)
# Why a canary does not get the share that its own object asks for.
_NOT_GIVEN = frozenset({"canary-empty", "dangling-canary", "unattached-canary", "two-canaries"})
# Answers that say nothing: the probe runs, and what users get is not known.
_BLIND = frozenset({"redirected", "no-version"})
# Fewer answers of a version, older ones weighing less, do not say whether it fails.
ENOUGH = 30.0
# Seconds for which answers hold once a probe has stopped.
_HOLDS = 300.0
PROBE_OFF = "the probe is off"
# More answers than this would be needed only if failures went on as before; they are over sooner, or an alarm.
_MOST_COUNTED = 3000
# Seconds without an answer after which a probe that runs measures nothing.
_SILENT = 60.0


def rollout_health(
    rollout: Rollout, probe: ProbeView, stale: str, now: float, max_errors: float = TOLERATED
) -> RolloutHealth:
    """The health of a rollout with its lanes and findings as observed; `stale` is why objects may be old, or ""."""
    health, reason = _judged(rollout, probe, stale, now, max_errors)
    # Names of versions in it are a cluster's.
    return RolloutHealth(health, safe_text(reason, 500))


def _judged(rollout: Rollout, probe: ProbeView, stale: str, now: float, max_errors: float) -> tuple[Health, str]:
    if worst := leading(rollout.findings):
        return Health.HURT, worst.text
    for doubt in _doubts(rollout):
        return Health.DOUBTFUL, doubt
    if missing := _not_measured(rollout, probe, now, max_errors):
        return Health.NOT_MEASURED, missing + _real(rollout)
    if stale:
        return Health.NOT_MEASURED, f"what is shown may be old: {stale}"
    if old := next((found.text for found in rollout.findings if found.id == "right-lost"), ""):
        return Health.NOT_MEASURED, old
    return Health.FINE, _figures(rollout, probe, now)


def worst_health(parts: Iterable[tuple[str, RolloutHealth]]) -> RolloutHealth:
    """The worst of several parts, each with its name; not measured for none."""
    found = min(parts, key=lambda part: WORST_FIRST.index(part[1].health), default=None)
    return RolloutHealth(found[1].health, f"{found[0]}: {found[1].reason}") if found else RolloutHealth()


def tried(rollout: Rollout) -> list[Lane]:
    """The lanes that requests can be sent to and that have written shares."""
    return [
        lane
        for lane in rollout.lanes
        if lane.headers is not None and any(share.written is not None for share in lane.shares)
    ]


def blind(rollout: Rollout) -> str:
    """Why more of the same answers would say nothing; "" if they would say something."""
    return next((found.text for found in rollout.findings if found.id in _BLIND), "")


def withheld(rollout: Rollout) -> str:
    """The share that is declared but not written, in words; "" if every declared share is written."""
    for lane in rollout.lanes:
        if share := not_given(lane):
            place = in_lane(lane.name)
            return f"{share.version}{place}: {percent(share.declared)} is declared, {percent(share.written)} is written"
    return ""


def _doubts(rollout: Rollout) -> Iterable[str]:
    if found := told_for(rollout.findings, _DOUBTS, notes=False):
        yield found.text
    for lane in rollout.lanes:
        if lane.verdict in (Verdict.DOUBTFUL, Verdict.OFF):
            yield f"{describe(lane)}{in_lane(lane.name)}"
    if not _on_its_way(rollout) and (words := withheld(rollout)):
        why = told_for(rollout.findings, _NOT_GIVEN, notes=False)
        yield why.text if why else words


def _on_its_way(rollout: Rollout) -> bool:
    """Whether a declared share may still be written.

    While a controller makes progress it is; it says itself when it gets no further. Who paused it by hand knows that it
    goes no further until somebody resumes it.
    """
    by_hand = rollout.phase is Phase.PAUSED and not (rollout.step and rollout.step.until)
    return by_hand or rollout.phase is Phase.PROGRESSING


def _not_measured(rollout: Rollout, probe: ProbeView, now: float, max_errors: float) -> str:
    """Why it is not known what users get; "" if split and errors of every lane that can be tried are decided."""
    if why := blind(rollout):
        return why
    if probe.probe_target is None:
        return rollout.probe_target_missing or "there is nowhere to send requests to"
    newest = max((one.at for one in probe.health if one.version), default=None)
    if newest is None or now - newest > (_SILENT if probe.running and not probe.idle else _HOLDS):
        last = f", last measured {ago(now - newest)}" if newest is not None else ""
        why = probe.message or "none come in"
        waiting = "waiting for the first answers" if newest is None else f"no answers: {why}"
        return f"{waiting}{last}" if probe.running and not probe.idle else f"{probe.idle or PROBE_OFF}{last}"
    lanes = tried(rollout)
    if not lanes:
        return "no split is written that answers could be compared with"
    for lane in lanes:
        if lane.verdict is not Verdict.ON:
            return f"{describe(lane)}{in_lane(lane.name)}"
        if words := lacking(lane, probe, now, max_errors):
            return words
    return ""


def lacking(lane: Lane, probe: ProbeView, now: float, max_errors: float) -> str:
    """The answers that a lane lacks before it is known whether a version fails, in words; "" if it lacks none."""
    short = missing_answers(lane, probe, now, max_errors)
    if short and short[1] > _MOST_COUNTED:
        return f"whether the failures of {short[0]} are over is not known yet{in_lane(lane.name)}"
    return f"{counted(short[1], 'more answer')} of {short[0]} needed{in_lane(lane.name)}" if short else ""


def _real(rollout: Rollout) -> str:
    """What a Prometheus counts beside a probe that measures nothing; "" without enough requests."""
    known = [share.real for lane in rollout.lanes for share in lane.shares if share.real and not share.real.stale]
    requests, errors = round(sum(one.requests for one in known)), round(sum(one.errors for one in known))
    if requests < ENOUGH:
        return ""
    return f"; of real users' {rough(requests)} requests {rough(errors) if errors else 'none'} failed"


def missing_answers(lane: Lane, probe: ProbeView, now: float, max_errors: float = TOLERATED) -> tuple[str, int] | None:
    """The version with too few answers to say whether it fails, and how many it lacks; None if none does."""
    known = {one.version: one for one in probe.health if one.lane == lane.name}
    for share in lane.shares:
        if not share.written or share.others:
            continue
        one = known.get(share.version)
        weight = faded(now - one.at) if one else 0.0
        answers, errors = (one.answers * weight, one.errors * weight) if one else (0.0, 0.0)
        # Where some fail, it takes as many answers as it takes to say that they are few.
        missing = answers_missing(answers, errors, max_errors) if errors >= 1 else round(ENOUGH - answers)
        if missing > 0 or answers < ENOUGH:
            return share.version, max(missing, 1)
    return None


def _figures(rollout: Rollout, probe: ProbeView, now: float) -> str:
    """What was measured, in one sentence."""
    lanes = tried(rollout)
    answers, errors = sum(lane.samples for lane in lanes), sum(lane.errors for lane in lanes)
    failed = f", {rough(errors)} failed" if errors else ", none failed"
    newest = max(one.at for one in probe.health if one.version)
    when = "" if probe.running else f", measured {ago(now - newest)}"
    skipped = [lane.name for lane in rollout.lanes if lane.headers is None]
    beside = f"; not measured: lane {', '.join(skipped)}" if skipped else ""
    failed += _rejected(probe)
    if rollout.inside_only:
        taking = {share.version for lane in tried(rollout) for share in lane.shares if share.written}
        said = f"selected: {listed(sorted(taking))}; nothing leads to it from outside"
        return f"{said}: {rough(answers)} {plural(answers, 'answer')}{failed}{when}{beside}"
    return f"users get what is written: {rough(answers)} {plural(answers, 'answer')}{failed}{when}{beside}"


def _rejected(probe: ProbeView) -> str:
    """That every answer has a status of 4xx, which is no error and says little: a wrong path gets it too."""
    notes = [cell.note for cell in probe.strip if cell.kind is CellKind.ANSWER]
    if len(notes) < ENOUGH or not all(note.startswith("4") for note in notes):
        return ""
    return f", all with status {listed(sorted(set(notes)))}: whether requests work is not known"
