"""Turns what was read and observed into what a face shows. Pure. Unchanged parts stay the same objects."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from typing import TypeVar

from cockpit.model.ages import utc_time
from cockpit.model.finding_order import worst_first
from cockpit.model.pairing import NO_PAIRING, PairingView
from cockpit.model.plan import Act, ActState
from cockpit.model.reading import kind_names
from cockpit.model.real_traffic import RealView
from cockpit.model.reasons import READ_ONLY
from cockpit.model.refs import Resource
from cockpit.model.rollout import Lane, Rollout, Verdict
from cockpit.model.values import dataclass
from cockpit.model.view import ClusterView, Entry, FleetView, KindSync, ProbeView, RolloutView, Sync, Undoing
from cockpit.probe.error_detector import TOLERATED
from cockpit.routers.traffic_findings import BY_ADDRESS
from cockpit.session.facts.answers import answer_findings
from cockpit.session.facts.contradicted import as_answered
from cockpit.session.facts.failing import failing_in_a_row, turned_away
from cockpit.session.facts.groups import groups_of
from cockpit.session.facts.health import rollout_health
from cockpit.session.facts.pod_findings import pod_findings
from cockpit.session.facts.real_traffic import real_findings, with_real
from cockpit.session.facts.turn_aways import with_turn_aways
from cockpit.workloads.unread import with_doubts, without_alarms

IDLE = ProbeView(running=False, probe_target=None, rate=0.0, asked_rate=0.0, total=0, errors=0, unknown=0)

# Worst first: the worst state of its kinds is the state of a cluster.
_WORST = (Sync.REFUSED, Sync.RETRYING, Sync.CONNECTING, Sync.SYNCING, Sync.LIVE)
_MISSING_KINDS = (Sync.FORBIDDEN, Sync.ABSENT)

T = TypeVar("T")


def under_way(act: str) -> str:
    """Why nothing else can be sent while an act is being sent; "" for no act."""
    return f"under way: {act}" if act else ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides whether acts are possible at all, and how many of a version's answers may fail (fraction of 1).

    `stale` and `acting` are words for people, or "". `denied` says for single acts why this user may not send them,
    `beside` for those that are of no adapter. `unread` are kinds of which there may be objects that were not read.
    `undoing` is the last act that is known. `ahead` is by how many seconds this machine's clock is ahead of the API
    server's.
    """

    read_only: bool = False
    stale: str = ""
    acting: str = ""
    max_errors: float = TOLERATED
    denied: Mapping[Act, str] = field(default_factory=dict)
    beside: tuple[tuple[Act, str], ...] = ()
    unread: frozenset[Resource] = frozenset()
    undoing: Undoing | None = None
    ahead: float = 0.0

    @property
    def why_not(self) -> str:
        if self.read_only:
            return READ_ONLY
        if self.stale:
            return self.stale
        return under_way(self.acting)


def rollout_view(
    rollout: Rollout, lanes: tuple[Lane, ...], probe: ProbeView, around: Circumstances, now: float,
    real: RealView | None = None,
) -> RolloutView:  # fmt: skip
    """A rollout with what was observed and its health at `now` (UTC seconds).

    `lanes` are the rollout's lanes with the probe's observations, `real` is what a Prometheus says of real requests.
    """
    acts = rollout.acts
    if around.why_not or around.denied:
        acts = tuple(_possible(act, around) for act in acts)
    lanes = _compared(lanes, rollout, probe)
    answers = (*answer_findings(lanes, probe, now), *real_findings(lanes, real, probe, now))
    answers, beside = with_turn_aways(answers, rollout.findings, probe)
    pods = pod_findings(rollout, None if around.stale else now - around.ahead)
    found = with_doubts((*worst_first(answers), *pods, *as_answered(beside, probe)), around.unread)
    findings = worst_first(found)
    # Earlier observations say nothing about what users get while no request is answered by a version.
    vain = failing_in_a_row(probe)
    lanes = tuple(
        replace(lane, verdict=Verdict.UNKNOWN) if vain or turned_away(lane.name, probe) else lane for lane in lanes
    )
    shown = replace(rollout, lanes=with_real(lanes, real), findings=findings, acts=acts)
    health = rollout_health(shown, probe, around.stale, now, around.max_errors)
    return RolloutView(
        shown, probe, around.acting, health, stale=around.stale, real=real, denied=around.beside,
        undoing=around.undoing,
    )  # fmt: skip


def _compared(lanes: tuple[Lane, ...], rollout: Rollout, probe: ProbeView) -> tuple[Lane, ...]:
    """The lanes; without a verdict on a split between pods of which one client sees some alone.

    The API server's Service proxy picks a pod by itself for each request.
    """
    by_client = any(
        found.id == "near-first" or (found.id == "sticky" and found.evidence == BY_ADDRESS)
        for found in rollout.findings
    )
    if not by_client or probe.probe_target is None or probe.probe_target.service is not None:
        return lanes
    return tuple(_of_one_client(lane) if lane.derived else lane for lane in lanes)


def _of_one_client(lane: Lane) -> Lane:
    if sum(1 for share in lane.shares if share.written) < 2:
        return lane
    return replace(lane, sticky=True, verdict=Verdict.UNKNOWN, p_value=None, missing=None, awaited_since=None)


def unalarmed(rollout: Rollout, reading: Collection[Resource]) -> Rollout:
    """A rollout that was read without the kinds `reading`, without the alarms that their objects could take back."""
    calm = without_alarms(rollout.findings, reading)
    return rollout if len(calm) == len(rollout.findings) else replace(rollout, findings=calm)


def _possible(state: ActState, around: Circumstances) -> ActState:
    """The act as it stands for this user, now."""
    why = around.why_not or around.denied.get(state.act, "")
    return replace(state, enabled=False, why=why) if state.enabled and why else state


def sync_state(kinds: Sequence[KindSync]) -> tuple[Sync, str, float | None]:
    """A cluster's state, the reason, and since when it is stale (UTC seconds; None while live), from its kinds.

    A kind that is forbidden or not served does not affect the state, unless no other kind is left.
    """
    there = [kind for kind in kinds if kind.state not in _MISSING_KINDS]
    named = zip(kind_names(kinds), kinds, strict=True)
    forbidden = [name for name, kind in named if kind.state is Sync.FORBIDDEN]
    missing = f"no permission to read {', '.join(forbidden)}" if forbidden else ""
    if since := [kind.since for kind in kinds if lost(kind)]:
        missing += f"; what is shown of it may be as old as {utc_time(min(since))}"
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


def lost(kind: KindSync) -> bool:
    """Whether a kind was read once, and may not be read any more."""
    return kind.state is Sync.FORBIDDEN and kind.last_event is not None


def settled(kinds: Sequence[KindSync]) -> bool:
    """True once every kind was read or is known to be unreadable, so that readings are complete."""
    return bool(kinds) and all(kind.state not in (Sync.CONNECTING, Sync.SYNCING) or kind.relists for kind in kinds)


def fleet_view(
    before: FleetView | None,
    at: float,
    clusters: Sequence[ClusterView],
    rollouts: Sequence[RolloutView],
    journal: tuple[Entry, ...],
    read_only: bool,
    pairing: PairingView = NO_PAIRING,
) -> FleetView:
    """The current view; `before` itself if nothing changed."""
    user = ", ".join(dict.fromkeys(cluster.user for cluster in clusters))
    if before is None:
        return FleetView(
            at, tuple(clusters), tuple(rollouts), journal, read_only, user, groups_of(rollouts), pairing=pairing
        )
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
        pairing=pairing,
    )
    return before if view == before else replace(view, at=at)


def _kept(before: tuple[T, ...], after: Sequence[T]) -> tuple[T, ...]:
    """`after`, with the objects of `before` that are equal; `before` itself if all are."""
    after = tuple(after)
    if before == after:
        return before
    # Usually nothing was added or removed: then only the positions that differ have to be compared.
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
