"""The rollout of a main Ingress and its canaries: lanes, phase, message, probe target."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.refs import INGRESSES, SERVICES, Ref, RolloutKey
from cockpit.model.rollout import Lane, Phase, Role, Rollout, Severity, Share
from cockpit.planning.edits import ref_to
from cockpit.planning.ownership import owners_and_findings
from cockpit.planning.refusals import epoch_of
from cockpit.planning.steps import Stepping
from cockpit.routers.backends import outside_sides
from cockpit.routers.degraded import degraded_by
from cockpit.routers.ingress.acts import ORPHAN_TABLE, TABLE, stepping_on
from cockpit.routers.ingress.findings import findings_of, unattached_canary, unserved_shares
from cockpit.routers.ingress.placement import CanaryIngress
from cockpit.routers.ingress.split import DEFAULT, CanarySplit, lanes_of
from cockpit.routers.version_lookup import owned_by
from cockpit.workloads.findings import finding, listed, percent
from cockpit.workloads.others import with_others
from cockpit.workloads.probe_targets import ingress_target


def rollout_of(split: CanarySplit, objects: Objects) -> Rollout:
    placement = split.placement
    lanes = lanes_of(split)
    owners, owned = owners_and_findings(
        owned_by(split, placement.main, *(b.canary.ingress for b in split.placed_canaries)), objects
    )
    way = ingress_target(placement.main, placement.upstream.service)
    stepping = stepping_on(split)
    plan = stepping.active if stepping else None
    written = next((s.written for s in lanes[0].shares if plan and s.version == plan.version), None)
    unserved = unserved_shares(split)
    phase, message = degraded_by(_phase(split, lanes, stepping), _message(split, lanes, stepping), unserved, objects)
    reported = [*stepping.problems, *([off] if (off := stepping.off_plan(written)) else [])] if stepping else []
    found = Rollout(
        key=RolloutKey(objects.context, placement.main.metadata.namespace, placement.name, "ingress"),
        router="ingress",
        phase=phase,
        message=message,
        versions=split.versions,
        lanes=lanes,
        objects=_objects(split),
        epoch=_epoch(split, lanes),
        step=stepping.step if stepping else None,
        steps=stepping.planned if stepping else (),
        findings=(*findings_of(split, objects), *reported, *owned),
        acts=TABLE.states(split, objects),
        owners=owners,
        probe_target=way.probe_target,
        incomplete_target=way.incomplete_target,
        probe_target_missing=way.missing,
        created=placement.main.metadata.creation_timestamp,
    )
    return with_others(found, outside_sides(split.sides, objects), planned=False)


def orphan_rollout(canary: CanaryIngress, objects: Objects) -> Rollout:
    """A canary Ingress without a main: it takes no traffic, or an unknown share of it, and people should know."""
    ingress = canary.ingress
    owners, owned = owners_and_findings([ingress], objects)
    what = f"Ingress {ingress.metadata.namespace}/{ingress.metadata.name}"
    why = f"{what} is a canary without a main: {canary.loose}; create the main, or delete it"
    reported, message = unattached_canary(why), "a canary without a main takes no traffic"
    if canary.unseen:
        why = f"{what}: {canary.unseen}; this share is not shown and not measured here"
        reported = finding("main-not-shown", Severity.WARNING, why)
        message = "a canary whose main is not shown: its share is unknown"
    return Rollout(
        key=RolloutKey(objects.context, ingress.metadata.namespace, ingress.metadata.name, "ingress"),
        router="ingress",
        phase=Phase.CANARY if canary.unseen else Phase.DEGRADED,
        message=message,
        versions=(),
        lanes=(),
        objects=(ref_to(ingress),),
        epoch=epoch_of(ingress.metadata.uid),
        findings=(*canary.rules.problems, reported, *owned),
        acts=ORPHAN_TABLE.states(canary, objects),
        owners=owners,
        probe_target_missing=ingress_target(ingress).missing or "no main Ingress routes here",
        created=ingress.metadata.creation_timestamp,
    )


def _objects(split: CanarySplit) -> tuple[Ref, ...]:
    namespace = split.placement.main.metadata.namespace
    refs = [Ref(INGRESSES, namespace, split.placement.main.metadata.name)]
    refs += [ref_to(b.canary.ingress) for b in split.placed_canaries]
    refs += [Ref(SERVICES, namespace, side.upstream.service) for side in split.sides if side.service]
    refs += [c.ref for c in split.candidates if c.ref]
    return tuple(dict.fromkeys(refs))


def _epoch(split: CanarySplit, lanes: tuple[Lane, ...]) -> str:
    placement = split.placement
    sides = [(str(side.upstream), side.service.spec.selector if side.service else None) for side in split.sides]
    uids = {v.name: c.uid for v, c in split.named}
    shares = [(lane.name, [(uids[s.version], round(s.written or 0.0, 9)) for s in lane.shares]) for lane in lanes]
    return epoch_of(placement.main.metadata.uid, [str(loc) for loc in placement.locations], sides, shares)


def _phase(split: CanarySplit, lanes: tuple[Lane, ...], stepping: Stepping | None) -> Phase:
    if split.hidden:
        return Phase.DEGRADED
    if stepping and stepping.active:
        return Phase.WAITING
    taking = {s.version for lane in lanes for s in lane.shares if _part(split, s)}
    # A canary that takes all traffic is a release that is not finished yet.
    led = bool(taking) and not taking & {version.name for version in split.behind(split.main)}
    return Phase.CANARY if len(taking) > 1 or led else Phase.AT_REST


def _message(split: CanarySplit, lanes: tuple[Lane, ...], stepping: Stepping | None) -> str:
    if split.hidden:
        return "the gateway answers 404: the canary is older than its main"
    if split.main.empty and split.guarded:
        return ""
    parts = [stepping.message] if stepping and stepping.message else []
    default = _taking(split, lanes[0])
    for lane in lanes:
        if lane.name == DEFAULT:
            parts.append(f"perhaps no controller serves it; configured: {default}" if split.no_controller else default)
        elif all(share.written is None for share in lane.shares) and not split.no_controller:
            parts.append(f"unknown with {lane.match}")
        elif _taking(split, lane) != default:
            parts.append(f"{_taking(split, lane)} with {lane.match}")
    old = [v.name for v in split.versions if v.role is Role.OLD]
    if old:
        parts.append(f"{listed(old)} takes nothing")
    if standing := _standing(split, lanes):
        parts.append(standing)
    return "; ".join(parts)


def _standing(split: CanarySplit, lanes: tuple[Lane, ...]) -> str:
    """What to do with a canary that takes all requests, or none; "" while it takes a part, or if there is none."""
    canary = split.canary
    if canary is None or not canary.counts or canary.side is None:
        return ""
    main, led = ({v.name for v in split.behind(side)} for side in (split.main, canary.side))
    taking = {s.version for lane in lanes for s in lane.shares if _part(split, s)}
    name = canary.canary.ingress.metadata.name
    if taking and taking <= led - main:
        return f"the canary Ingress {name} takes everything: promote makes its version the main one"
    if led - main and not taking & led:
        return f"the canary Ingress {name} exists but takes no requests"
    return ""


def _part(split: CanarySplit, share: Share) -> float:
    """What the Ingress gives a version; if perhaps no controller serves it, the configured share."""
    return (share.declared if split.no_controller else share.written) or 0.0


def _taking(split: CanarySplit, lane: Lane) -> str:
    return ", ".join(f"{s.version} {percent(part)}" for s in lane.shares if (part := _part(split, s)))
