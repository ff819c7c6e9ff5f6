"""The rollout of a main Ingress and its canaries: lanes, phase, message, door."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress, Service, Workload
from cockpit.model.plan import Act
from cockpit.model.refs import INGRESSES, SERVICES, Ref, RolloutKey
from cockpit.model.rollout import Lane, Phase, Role, Rollout, Severity
from cockpit.routers.ingress.acts import NO_STEPS, stepping_on, whys
from cockpit.routers.ingress.findings import findings_of
from cockpit.routers.ingress.placement import Canary
from cockpit.routers.ingress.split import DEFAULT, Split, lanes_of
from cockpit.workloads.answers import act_states, epoch_of
from cockpit.workloads.doors import ingress_door
from cockpit.workloads.edits import ref_to
from cockpit.workloads.findings import finding, listed, percent
from cockpit.workloads.ownership import owners_and_findings
from cockpit.workloads.steps import Stepping


def rollout_of(split: Split, objects: Objects) -> Rollout:
    fork = split.fork
    lanes = lanes_of(split)
    owners, owned = owners_and_findings(_owned(split), objects)
    way = ingress_door(fork.main, fork.upstream.service)
    stepping = stepping_on(split)
    plan = stepping.active if stepping else None
    written = next((s.written for s in lanes[0].shares if plan and s.version == plan.version), None)
    told = [*stepping.problems, *([off] if (off := stepping.off_plan(written)) else [])] if stepping else []
    return Rollout(
        key=RolloutKey(objects.context, fork.main.metadata.namespace, fork.name, "ingress"),
        router="ingress",
        phase=_phase(split, lanes, stepping),
        message=_message(split, lanes, stepping),
        versions=split.versions,
        lanes=lanes,
        objects=_objects(split),
        epoch=_epoch(split, lanes),
        step=stepping.step if stepping else None,
        steps=stepping.planned if stepping else (),
        findings=(*findings_of(split, objects), *told, *owned),
        acts=act_states(whys(split, objects), NO_STEPS),
        owners=owners,
        door=way.door,
        entrance=way.entrance,
        door_missing=way.missing,
        created=fork.main.metadata.creation_timestamp,
    )


def orphan_rollout(canary: Canary, objects: Objects) -> Rollout:
    """A canary Ingress without any main: it takes no traffic, and somebody should know."""
    ingress = canary.ingress
    owners, owned = owners_and_findings([ingress], objects)
    what = f"Ingress {ingress.metadata.namespace}/{ingress.metadata.name}"
    why = f"{what} is a canary without a main: {canary.loose}; create the main, or delete it"
    return Rollout(
        key=RolloutKey(objects.context, ingress.metadata.namespace, ingress.metadata.name, "ingress"),
        router="ingress",
        phase=Phase.DEGRADED,
        message="a canary without a main takes no traffic",
        versions=(),
        lanes=(),
        objects=(ref_to(ingress),),
        epoch=epoch_of(ingress.metadata.uid),
        findings=(*canary.rules.problems, finding("unattached-canary", Severity.WARNING, why), *owned),
        acts=act_states({Act.FINISH: ""}, "there is no main Ingress to split with"),
        owners=owners,
        door_missing=ingress_door(ingress).missing or "no main Ingress leads here",
        created=ingress.metadata.creation_timestamp,
    )


def _owned(split: Split) -> list[Ingress | Service | Workload]:
    found: list[Ingress | Service | Workload] = [split.fork.main, *(b.canary.ingress for b in split.branches)]
    found += [side.service for side in split.sides if side.service]
    found += [c.workload for c in split.candidates if c.workload]
    return found


def _objects(split: Split) -> tuple[Ref, ...]:
    namespace = split.fork.main.metadata.namespace
    refs = [Ref(INGRESSES, namespace, split.fork.main.metadata.name)]
    refs += [ref_to(b.canary.ingress) for b in split.branches]
    refs += [Ref(SERVICES, namespace, side.upstream.service) for side in split.sides if side.service]
    refs += [c.ref for c in split.candidates if c.ref]
    return tuple(dict.fromkeys(refs))


def _epoch(split: Split, lanes: tuple[Lane, ...]) -> str:
    fork = split.fork
    sides = [(str(side.upstream), side.service.spec.selector if side.service else None) for side in split.sides]
    uids = {v.name: c.uid for v, c in zip(split.versions, split.candidates, strict=True)}
    shares = [(lane.name, [(uids[s.version], round(s.written or 0.0, 9)) for s in lane.shares]) for lane in lanes]
    return epoch_of(fork.main.metadata.uid, [str(loc) for loc in fork.locations], sides, shares)


def _phase(split: Split, lanes: tuple[Lane, ...], stepping: Stepping | None) -> Phase:
    if split.main.empty or split.hidden:
        return Phase.DEGRADED
    if stepping and stepping.active:
        return Phase.WAITING
    taking = {s.version for lane in lanes for s in lane.shares if s.written}
    # A canary that takes all of it is a release whose end is still to come.
    led = bool(taking) and not taking & {version.name for version in split.behind(split.main)}
    return Phase.CANARY if len(taking) > 1 or led else Phase.AT_REST


def _message(split: Split, lanes: tuple[Lane, ...], stepping: Stepping | None) -> str:
    if split.hidden:
        return "the gateway answers 404: the canary is older than its main"
    if split.main.empty:
        whose = "every request gets" if split.fork.dialect.main_guards else "its share gets"
        return f"no ready pods behind {split.main.upstream.service}: {whose} 503"
    parts = [stepping.message] if stepping and stepping.message else []
    default = _taking(lanes[0])
    for lane in lanes:
        if lane.name == DEFAULT:
            parts.append(default)
        elif _taking(lane) != default:
            parts.append(f"{_taking(lane)} with {lane.match}")
    old = [v.name for v in split.versions if v.role is Role.OLD]
    if old:
        parts.append(f"{listed(old)} takes nothing")
    if standing := _standing(split, lanes):
        parts.append(standing)
    return "; ".join(parts)


def _standing(split: Split, lanes: tuple[Lane, ...]) -> str:
    """What to do with a canary that takes all requests, or none; "" while it takes a part, or where there is none."""
    canary = split.canary
    if canary is None or not canary.counts or canary.side is None:
        return ""
    main, led = ({v.name for v in split.behind(side)} for side in (split.main, canary.side))
    taking = {s.version for lane in lanes for s in lane.shares if s.written}
    name = canary.canary.ingress.metadata.name
    if taking and taking <= led - main:
        return f"the canary Ingress {name} leads all there: promote makes it the main one"
    if led - main and not taking & led:
        return f"the canary Ingress {name} stands and leads nobody there"
    return ""


def _taking(lane: Lane) -> str:
    return ", ".join(f"{s.version} {percent(s.written)}" for s in lane.shares if s.written)
