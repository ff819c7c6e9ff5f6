"""From what was read and observed to what a face shows. Pure; parts that did not change stay the same objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TypeVar

from cockpit.model.rollout import Finding, Lane, Observed, PodState, Rollout, Severity, Share, Verdict
from cockpit.model.shares import percent
from cockpit.model.view import CellKind, ClusterView, Entry, FleetView, KindSync, ProbeView, RolloutView, Sync
from cockpit.probe.stats import wilson
from cockpit.session.groups import groups_of

IDLE = ProbeView(running=False, door=None, rate=0.0, asked_rate=0.0, total=0, errors=0, unknown=0, epoch_since=None)

# Fewer answers say little about a share of errors: 0 of 30 still allows 11 % (Wilson, 95 %).
_FEWEST_ANSWERS = 30
# In a row; where one request in five fails, so many happen once in a hundred thousand tries.
_FEWEST_FAILURES = 8
# A version with more failing answers than this has something wrong with it, whatever the noise.
_ERRORS_TOLD = 0.01
_ERRORS_CRITICAL = 0.10

# Worst first: what of its kinds describes a cluster.
_WORST = (Sync.REFUSED, Sync.RETRYING, Sync.CONNECTING, Sync.SYNCING, Sync.LIVE)
_MISSING_KINDS = (Sync.FORBIDDEN, Sync.ABSENT)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides whether acts can be asked for at all. `stale` and `acting` are words for people, or ""."""

    read_only: bool = False
    stale: str = ""
    acting: str = ""

    @property
    def why_not(self) -> str:
        if self.read_only:
            return "this session is read-only"
        if self.stale:
            return self.stale
        return f"under way: {self.acting}" if self.acting else ""


def rollout_view(rollout: Rollout, lanes: tuple[Lane, ...], probe: ProbeView, around: Circumstances) -> RolloutView:
    """A rollout with what was observed of it. `lanes` are the rollout's with what the probe saw."""
    acts = rollout.acts
    if around.why_not:
        acts = tuple(replace(act, enabled=False, why=around.why_not) if act.enabled else act for act in acts)
    findings = (*observations(lanes, probe), *_failing_pods(rollout), *rollout.findings)
    if _failing(probe) >= _FEWEST_FAILURES:
        # What was observed before says nothing about what users get while nobody answers.
        lanes = tuple(replace(lane, verdict=Verdict.UNKNOWN) for lane in lanes)
    return RolloutView(replace(rollout, lanes=lanes, findings=findings, acts=acts), probe, around.acting)


def observations(lanes: Sequence[Lane], probe: ProbeView) -> tuple[Finding, ...]:
    """What the answers say that an on-call wants told, worst first."""
    findings = [finding for lane in lanes for finding in (*_split(lane), *_errors(lane))]
    findings += [*_remembered(lanes, probe), *_blindness(probe)]
    order = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def _split(lane: Lane) -> list[Finding]:
    """The version that is furthest from what is written, where the verdict is that the split is off."""
    if lane.verdict is not Verdict.OFF:
        return []
    # Of two versions both are equally far: the one that should get less is the one people ask about.
    furthest = max(
        ((share, share.observed) for share in lane.shares if share.observed and share.written is not None),
        key=lambda pair: (round(abs(pair[1].share - (pair[0].written or 0.0)), 6), -(pair[0].written or 0.0)),
        default=None,
    )
    if furthest is None:
        return []
    share, observed = furthest
    place = "" if lane.name == "default" else f" in lane {lane.name}"
    text = f"{share.version} answers {percent(observed.share)} of requests{place}, {percent(share.written)} is written"
    return [Finding("split-off", Severity.WARNING, text, _evidence(lane, observed))]


def _evidence(lane: Lane, observed: Observed) -> str:
    chance = "" if lane.p_value is None else ", p<0.001" if lane.p_value < 0.001 else f", p={lane.p_value:.3f}"
    return f"{lane.samples or observed.samples} samples{chance}"


def _errors(lane: Lane) -> list[Finding]:
    return [*_nameless_errors(lane), *(finding for share in lane.shares for finding in _errors_of(lane, share))]


def _nameless_errors(lane: Lane) -> list[Finding]:
    """Requests that failed before any version answered: a gateway without back-ends, a connection refused."""
    failed = lane.errors - sum(share.observed.errors for share in lane.shares if share.observed)
    if lane.samples < _FEWEST_ANSWERS or failed <= 0:
        return []
    low, high = wilson(failed, lane.samples)
    if low <= _ERRORS_TOLD:
        return []
    severity = Severity.CRITICAL if low >= _ERRORS_CRITICAL else Severity.WARNING
    place = "" if lane.name == "default" else f" in lane {lane.name}"
    text = f"{percent(failed / lane.samples)} of requests{place} fail, and no version answers them"
    evidence = f"{failed} of {lane.samples} requests, {percent(low)} to {percent(high)}"
    return [Finding("nobody-answers", severity, text, evidence)]


def _errors_of(lane: Lane, share: Share) -> list[Finding]:
    observed = share.observed
    if observed is None:
        return []
    answers = observed.answers
    if answers < _FEWEST_ANSWERS or observed.errors <= 0:
        return []
    failed = min(observed.errors, answers)
    low, high = wilson(failed, answers)
    if low <= _ERRORS_TOLD:
        return []
    severity = Severity.CRITICAL if low >= _ERRORS_CRITICAL else Severity.WARNING
    place = "" if lane.name == "default" else f" in lane {lane.name}"
    text = f"{share.version} fails {percent(failed / answers)} of its requests{place}"
    return [Finding("errors", severity, text, f"{failed} of {answers} answers, {percent(low)} to {percent(high)}")]


def _remembered(lanes: Sequence[Lane], probe: ProbeView) -> list[Finding]:
    """Versions that failed before the split changed and of which it is too early to say anything else."""
    shares = [share for lane in lanes for share in lane.shares]
    found = []
    for health in probe.health:
        own = [share for share in shares if share.version == health.version]
        fresh = max((share.observed.answers for share in own if share.observed), default=0)
        if not own or fresh >= _FEWEST_ANSWERS or health.answers < _FEWEST_ANSWERS or not health.errors:
            continue
        low, high = wilson(health.errors, health.answers)
        if low <= _ERRORS_TOLD:
            continue
        taking = any(share.written for share in own)
        severity = Severity.CRITICAL if taking and low >= _ERRORS_CRITICAL else Severity.WARNING
        rate = percent(health.errors / health.answers)
        text = f"{health.version} fails {rate} of its requests"
        if not taking:
            text = f"{health.version} failed {rate} of its requests when it took traffic"
        evidence = f"{health.errors} of its last {health.answers} answers, {percent(low)} to {percent(high)}"
        found.append(Finding("errors", severity, text, evidence))
    return found


def _blindness(probe: ProbeView) -> list[Finding]:
    """A probe that runs and learns nothing: it must not be taken for a good sign."""
    if (failing := _failing(probe)) >= _FEWEST_FAILURES:
        text = f"none of the last {failing} requests was answered well"
        return [Finding("no-answers", Severity.CRITICAL, text, probe.strip[-1].note)]
    if not probe.running or probe.total < _FEWEST_ANSWERS:
        return []
    if probe.unknown + probe.errors >= probe.total:
        advice = "say where answers name their version (header, JSON path, pattern)"
        return [Finding("no-version", Severity.WARNING, f"none of {probe.total} answers names a version", advice)]
    return []


def _failing_pods(rollout: Rollout) -> list[Finding]:
    """Versions with pods that crash or cannot start, and what their containers wait for."""
    found = []
    for version in rollout.versions:
        failing = [pod for pod in version.pods if pod.state is PodState.FAILING]
        if failing:
            taking = any(s.version == version.name and s.written for lane in rollout.lanes for s in lane.shares)
            severity = Severity.CRITICAL if version.ready == 0 and taking else Severity.WARNING
            reasons = ", ".join(dict.fromkeys(pod.reason for pod in failing if pod.reason))
            text = f"{len(failing)} of {len(version.pods)} pods of {version.name} fail"
            text += f": {reasons}" if reasons else ""
            found.append(Finding("failing-pods", severity, text, ", ".join(pod.name for pod in failing[:3])))
    return found


def _failing(probe: ProbeView) -> int:
    """How many requests in a row, up to the newest, were not answered well."""
    if not probe.running:
        return 0
    return sum(1 for _ in takewhile(lambda cell: cell.kind is CellKind.ERROR, reversed(probe.strip)))


def sync_state(kinds: Sequence[KindSync]) -> tuple[Sync, str, float | None]:
    """A cluster's state, why, and since when it is stale (UTC seconds; None while live), from its kinds.

    A kind that may not be read or is not served leaves the rest as it is, unless it is all there is.
    """
    there = [kind for kind in kinds if kind.state not in _MISSING_KINDS]
    forbidden = [kind.kind for kind in kinds if kind.state is Sync.FORBIDDEN]
    missing = f"may not read: {', '.join(forbidden)}" if forbidden else ""
    if not there:
        if not kinds:
            return Sync.CONNECTING, "", None
        state = Sync.FORBIDDEN if forbidden else Sync.ABSENT
        return state, missing or "serves none of the kinds that rollouts are read from", kinds[0].since
    worst = min(there, key=lambda kind: _WORST.index(kind.state))
    if worst.state is Sync.LIVE:
        return Sync.LIVE, missing, None
    behind = [kind for kind in there if kind.state is worst.state]
    error = next((kind.error for kind in behind if kind.error), "")
    return worst.state, "; ".join(filter(None, (error, missing))), min(kind.since for kind in behind)


def settled(kinds: Sequence[KindSync]) -> bool:
    """True once every kind was read or is known not to be readable now, so that readings are not half a truth."""
    return bool(kinds) and all(kind.state not in (Sync.CONNECTING, Sync.SYNCING) or kind.relists for kind in kinds)


def fleet_view(
    before: FleetView | None,
    at: float,
    clusters: Sequence[ClusterView],
    rollouts: Sequence[RolloutView],
    journal: tuple[Entry, ...],
    read_only: bool,
) -> FleetView:
    """The view of now; `before` itself where nothing changed."""
    user = ", ".join(dict.fromkeys(cluster.user for cluster in clusters))
    if before is None:
        return FleetView(at, tuple(clusters), tuple(rollouts), journal, read_only, user, groups_of(rollouts))
    kept, groups = _kept(before.rollouts, rollouts), before.groups
    if kept is not before.rollouts:
        groups = groups_of(kept, before.rollouts, before.groups) if len(clusters) > 1 else ()
    view = FleetView(
        at=before.at,
        clusters=_kept(before.clusters, clusters),
        rollouts=kept,
        journal=before.journal if before.journal == journal else journal,
        read_only=read_only,
        user=user,
        groups=groups,
    )
    return before if view == before else replace(view, at=at)


def _kept(before: tuple[T, ...], after: Sequence[T]) -> tuple[T, ...]:
    """`after` with the objects of `before` where they are equal; `before` itself where all are."""
    after = tuple(after)
    if before == after:
        return before
    # Mostly nothing came or went: then only the places that differ have to be looked at.
    differing = [n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old is not new]
    if len(before) == len(after) and all(_name(before[n]) == _name(after[n]) for n in differing):
        kept = list(after)
        for n in differing:
            kept[n] = before[n] if before[n] == after[n] else after[n]
        return tuple(kept)
    known = {_name(item): item for item in before}
    return tuple(old if (old := known.get(_name(item))) == item else item for item in after)


def _name(item: object) -> object:
    return item.rollout.key if isinstance(item, RolloutView) else getattr(item, "context", None)
