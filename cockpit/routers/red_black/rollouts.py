"""The rollout of a red/black Service: who takes traffic, shares by ready endpoints, what is left half done."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Lane, Phase, Rollout, Severity, Share
from cockpit.routers.red_black.acts import NO_WEIGHTS, whys
from cockpit.routers.red_black.reading import Member, RedBlack, Stand
from cockpit.workloads.answers import act_states, epoch_of
from cockpit.workloads.doors import service_door
from cockpit.workloads.edits import ref_to
from cockpit.workloads.findings import finding, listed
from cockpit.workloads.lookups import services_selecting
from cockpit.workloads.ownership import owners_and_findings


def rollout_of(state: RedBlack, objects: Objects) -> Rollout:
    service = state.service
    owners, owned = owners_and_findings([service, *(m.replica_set for m in state.members)], objects)
    way = service_door(service, objects)
    shares = _shares(state)
    return Rollout(
        key=RolloutKey(objects.context, service.metadata.namespace, service.metadata.name, "red-black"),
        router="red-black",
        phase=_phase(state),
        message=_message(state),
        versions=(*(m.version for m in state.members), *(v for _, v in state.strays)),
        lanes=(Lane("default", "", shares, derived=state.active is None),),
        objects=(ref_to(service), *(ref_to(m.replica_set) for m in state.members)),
        epoch=epoch_of(
            service.metadata.uid,
            service.spec.selector,
            [(m.replica_set.metadata.uid, m.stand) for m in state.members],
            [(s.version, round(s.written or 0.0, 9)) for s in shares],
        ),
        findings=(*_findings(state, objects), *owned),
        acts=act_states(whys(state, objects), NO_WEIGHTS),
        owners=owners,
        door=way.door,
        entrance=way.entrance,
        door_missing=way.missing,
        created=service.metadata.creation_timestamp,
    )


def _shares(state: RedBlack) -> tuple[Share, ...]:
    """Declared is what the labels mean; where several versions carry them, ready pods decide and nobody declared it."""
    active = state.active
    known = [(m.name, m.candidate.uid, m) for m in state.members] + [(v.name, c.uid, None) for c, v in state.strays]
    return tuple(
        Share(name, None if active is None else float(member is active), state.backing.fraction(uid))
        for name, uid, member in known
    )


def _phase(state: RedBlack) -> Phase:
    if state.backing.total == 0:
        return Phase.DEGRADED
    if any(m.stand is Stand.MIXED for m in state.members):
        return Phase.PROGRESSING
    return Phase.AT_REST if state.active else Phase.CANARY


def _message(state: RedBlack) -> str:
    words = [f"{m.name} {_standing(m)}" for m in state.members]
    return ("no ready pods behind the Service: " if state.backing.total == 0 else "") + ", ".join(words)


def _standing(member: Member) -> str:
    if member.stand is Stand.MIXED:
        return f"is half way: {member.labelled} of {len(member.candidate.pods)} pods take traffic"
    return "takes traffic" if member.stand is Stand.ENABLED else "is disabled"


def _findings(state: RedBlack, objects: Objects) -> tuple[Finding, ...]:
    service = state.service
    what = f"Service {service.metadata.namespace}/{service.metadata.name}"
    found = []
    if state.backing.total == 0:
        text = f"{what} picks no ready pods: requests fail; enable a version that is ready"
        found.append(finding("no-ready-pods", Severity.CRITICAL, text, _selector(state)))
    for member in state.members:
        if member.stand is Stand.MIXED:
            found.append(_half_way(member))
        found += _elsewhere(state, member, objects)
    if len(state.enabled) + len(state.strays) > 1:
        names = listed([m.name for m in state.enabled] + [v.name for _, v in state.strays])
        parts = ", ".join(f"{m.name}: {m.endpoints}" for m in state.enabled)
        text = f"{names} take traffic of {what} by number of ready pods until one is disabled"
        found.append(finding("not-pinned", Severity.WARNING, text, f"ready endpoints {parts}"))
    if service.spec.session_affinity == "ClientIP":
        text = f"{what} keeps each client address on one pod: a switch reaches known clients late"
        found.append(finding("sticky", Severity.INFO, text, "sessionAffinity: ClientIP"))
    return tuple(found)


def _half_way(member: Member) -> Finding:
    template = "carries" if member.keys.items() <= member.replica_set.template_labels.items() else "lacks"
    return finding(
        "mixed-labels",
        Severity.WARNING,
        f"{member.name} is neither enabled nor disabled: enable or disable it to finish what was begun",
        f"template {template} the labels, {member.labelled} of {len(member.candidate.pods)} pods carry them",
    )


def _elsewhere(state: RedBlack, member: Member, objects: Objects) -> list[Finding]:
    """Disabled means for this Service only: others may select the pods by other labels."""
    if member.stand is not Stand.DISABLED:
        return []
    namespace = state.service.metadata.namespace
    others = [s.metadata.name for s in services_selecting(objects, namespace, member.candidate.labels)]
    if not others:
        return []
    text = f"{member.name} is disabled here and still takes the traffic of Service {listed(others)}"
    return [finding("enabled-elsewhere", Severity.INFO, text, str(ref_to(member.replica_set)))]


def _selector(state: RedBlack) -> str:
    return ",".join(f"{k}={v}" for k, v in sorted((state.service.spec.selector or {}).items()))
