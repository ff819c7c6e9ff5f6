"""The same rollout in several clusters as one group: pure functions of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cockpit.model.finding_order import worst_first
from cockpit.model.lanes import SHARE_TOLERANCE
from cockpit.model.plan import ActState
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Lane, Phase, Rollout, Severity, Share, Verdict, Version
from cockpit.model.view import ProbeView, RolloutGroup, RolloutView
from cockpit.session.facts.health import worst_health

# Worst first: a healthy part must not hide one that needs attention.
_PHASES = (
    *(Phase.DEGRADED, Phase.ABORTED, Phase.WAITING, Phase.PAUSED, Phase.PROGRESSING, Phase.CANARY),
    Phase.AT_REST,
)
_VERDICTS = (Verdict.OFF, Verdict.DOUBTFUL, Verdict.NOT_YET, Verdict.UNKNOWN, Verdict.ON)
_SEVERITIES = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)


def groups_of(
    views: Iterable[RolloutView], before: Iterable[RolloutView] = (), known: Iterable[RolloutGroup] = ()
) -> tuple[RolloutGroup, ...]:
    """Rollouts with the same namespace, name and system in several clusters, in the order of their first parts.

    `known` are the groups of the `before` views: a group whose parts are all the same objects is reused.
    """
    found: dict[tuple[str, str, str], list[RolloutView]] = {}
    for view in views:
        key = view.rollout.key
        found.setdefault((key.namespace, key.name, key.system), []).append(view)
    seen = {view.rollout.key: view for view in before}
    kept = {group.parts: group for group in known if all(part in seen for part in group.parts)}
    return tuple(_kept(parts, seen, kept) for parts in found.values() if len(parts) > 1)


def _kept(
    parts: Sequence[RolloutView],
    seen: Mapping[RolloutKey, RolloutView],
    groups: Mapping[tuple[RolloutKey, ...], RolloutGroup],
) -> RolloutGroup:
    """The group of these parts; the previous one if no part changed."""
    group = groups.get(tuple(part.rollout.key for part in parts))
    if group is not None and all(seen[part.rollout.key] is part for part in parts):
        return group
    return _group(replace(parts[0].rollout.key, context=""), parts)


def _group(key: RolloutKey, parts: Sequence[RolloutView]) -> RolloutGroup:
    rollouts = [part.rollout for part in parts]
    worst = min(rollouts, key=lambda rollout: _PHASES.index(rollout.phase))
    steps = [rollout.step for rollout in rollouts if rollout.step]
    findings = [
        [
            replace(
                found,
                text=f"{rollout.key.context}: {found.text}",
                about=f"{rollout.key.context} {found.about}" if found.about else "",
            )
            for found in rollout.findings
        ]
        for rollout in rollouts
    ]
    merged = Rollout(
        key=key,
        router=worst.router,
        phase=worst.phase,
        message="; ".join(f"{rollout.key.context}: {rollout.message or rollout.phase}" for rollout in rollouts),
        versions=_versions(rollouts),
        lanes=_lanes(rollouts),
        objects=(),
        epoch="",
        step=min(steps, key=lambda step: step.index) if len(steps) == len(rollouts) else None,
        steps=worst.steps if all(rollout.steps == worst.steps for rollout in rollouts) else (),
        findings=worst_first(*findings),
        acts=_acts(rollouts),
        owners=tuple(dict.fromkeys(owner for rollout in rollouts for owner in rollout.owners)),
        labels=tuple(pair for pair in worst.labels if all(pair in rollout.labels for rollout in rollouts)),
    )
    acting = "; ".join(f"{part.rollout.key.context}: {part.acting}" for part in parts if part.acting)
    health = worst_health((part.rollout.key.context, part.health) for part in parts)
    return RolloutGroup(RolloutView(merged, _probe(parts), acting, health), tuple(rollout.key for rollout in rollouts))


def _probe(parts: Sequence[RolloutView]) -> ProbeView:
    """All probes combined; single answers are shown per part."""
    probes = [part.probe for part in parts]
    return ProbeView(
        running=any(probe.running for probe in probes),
        probe_target=None,
        rate=sum(probe.rate for probe in probes),
        asked_rate=sum(probe.asked_rate for probe in probes),
        total=sum(probe.total for probe in probes),
        errors=sum(probe.errors for probe in probes),
        unknown=sum(probe.unknown for probe in probes),
        idle=next(filter(None, (probe.idle for probe in probes)), ""),
    )


def _versions(rollouts: Sequence[Rollout]) -> tuple[Version, ...]:
    """Versions by name, with the pods of all clusters."""
    found: dict[str, Version] = {}
    for version in (version for rollout in rollouts for version in rollout.versions):
        known = found.get(version.name)
        if known is None:
            found[version.name] = replace(version, workload=None)
            continue
        found[version.name] = replace(
            known,
            images=tuple(dict.fromkeys((*known.images, *version.images))),
            ready=known.ready + version.ready,
            desired=known.desired + version.desired,
            pods=known.pods + version.pods,
            identity=known.identity + version.identity,
            marks=known.marks | version.marks,
            templates=known.templates | version.templates,
        )
    return tuple(found.values())


def _lanes(rollouts: Sequence[Rollout]) -> tuple[Lane, ...]:
    names = dict.fromkeys(lane.name for rollout in rollouts for lane in rollout.lanes)
    return tuple(_lane([lane for rollout in rollouts for lane in rollout.lanes if lane.name == name]) for name in names)


def _lane(parts: Sequence[Lane]) -> Lane:
    """Shares if the clusters agree, None if they differ; `observed` is that of the worst cluster."""
    worst = min(parts, key=lambda lane: (_VERDICTS.index(lane.verdict), -lane.samples))
    names = dict.fromkeys(share.version for lane in parts for share in lane.shares)
    seen = {share.version: share.observed for share in worst.shares}

    def agreed(name: str, which: str) -> float | None:
        values = [_value(lane.shares, name, which) for lane in parts]
        known = [value for value in values if value is not None]
        same = len(known) == len(values) and max(known) - min(known) <= SHARE_TOLERANCE
        return known[0] if same else None

    others = {share.version for lane in parts for share in lane.shares if share.others}
    shares = (
        Share(name, agreed(name, "declared"), agreed(name, "written"), seen.get(name), others=name in others)
        for name in names
    )
    return replace(worst, shares=tuple(shares))


def _value(shares: Sequence[Share], name: str, which: str) -> float | None:
    """A version's share in a cluster; 0 if the cluster does not have the version."""
    share = next((share for share in shares if share.version == name), None)
    if share is None:
        return 0.0
    return share.declared if which == "declared" else share.written


def _acts(rollouts: Sequence[Rollout]) -> tuple[ActState, ...]:
    """An act applies if it applies in one of the clusters; otherwise the reason from the first."""
    found: dict[str, ActState] = {}
    for state in (state for rollout in rollouts for state in rollout.acts):
        if state.act not in found or (state.enabled and not found[state.act].enabled):
            found[state.act] = state
    return tuple(found.values())
