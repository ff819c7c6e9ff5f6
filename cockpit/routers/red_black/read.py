"""The rollout of a red/black Service: versions that take traffic, shares by ready endpoints, unfinished switches."""

from __future__ import annotations

from cockpit.model.advice import telling
from cockpit.model.counts import counted, plural
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Lane, Phase, Rollout, Severity, Share
from cockpit.planning.api_targets import with_api_target
from cockpit.planning.edits import ref_to
from cockpit.planning.mesh_hosts import mesh_findings
from cockpit.planning.ownership import owners_and_findings
from cockpit.planning.refusals import epoch_of
from cockpit.routers.red_black.acts import TABLE
from cockpit.routers.red_black.split import LabelState, Member, RedBlack
from cockpit.routers.red_black.version_choice import way_out, why_held
from cockpit.routers.traffic_findings import (
    ingress_ports,
    no_ready_pods,
    not_pinned,
    other_ports,
    sticky_by_address,
    without_port,
)
from cockpit.workloads.endpoints import portless_words
from cockpit.workloads.findings import finding, listed
from cockpit.workloads.lookups import services_selecting
from cockpit.workloads.others import outside, with_others
from cockpit.workloads.probe_targets import service_target
from cockpit.workloads.reached_names import name_of_service


def rollout_of(state: RedBlack, objects: Objects) -> Rollout:
    service = state.service
    owners, owned = owners_and_findings([service, *(m.replica_set for m in state.members)], objects)
    way = with_api_target(service_target(service, objects), service, objects)
    shares = _shares(state)
    reached = name_of_service(service, objects)
    found = Rollout(
        key=RolloutKey(objects.context, service.metadata.namespace, state.name, "red-black"),
        aliases=(reached.name, *reached.others) if state.name == service.metadata.name else (),
        router="red-black",
        phase=_phase(state),
        message=_message(state, objects),
        versions=(*(m.version for m in state.members), *(v for _, v in state.foreign)),
        lanes=(Lane("default", "", shares, derived=state.active is None),),
        objects=(ref_to(service), *(ref_to(m.replica_set) for m in state.members)),
        epoch=epoch_of(
            service.metadata.uid,
            service.spec.selector,
            [(m.replica_set.metadata.uid, m.label_state) for m in state.members],
            [(s.version, round(s.written or 0.0, 9)) for s in shares],
        ),
        findings=(
            *_findings(state, objects),
            *without_port(service, objects),
            *ingress_ports(service, objects),
            *other_ports(
                [service],
                (m.replica_set for m in state.enabled),
                beside=[m.replica_set for m in state.members if m not in state.enabled],
            ),
            *mesh_findings(service, objects),
            *owned,
        ),
        acts=TABLE.states(state, objects),
        owners=owners,
        probe_target=way.probe_target,
        incomplete_target=way.incomplete_target,
        probe_target_missing=way.missing,
        api_target=way.api_target,
        created=service.metadata.creation_timestamp,
    )
    homes = {*(m.candidate.uid for m in state.members), *(c.uid for c, _ in state.foreign)}
    return with_others(found, outside(service, objects, homes))


def _shares(state: RedBlack) -> tuple[Share, ...]:
    """`declared` follows from the labels; if several versions carry them, ready pods decide and nothing is declared."""
    active = state.active
    known = [(m.name, m.candidate.uid, m) for m in state.members] + [(v.name, c.uid, None) for c, v in state.foreign]
    return tuple(
        Share(name, None if active is None else float(member is active), state.backing.fraction(uid))
        for name, uid, member in known
    )


def _phase(state: RedBlack) -> Phase:
    if state.backing.total == 0:
        return Phase.DEGRADED
    if any(m.label_state is LabelState.MIXED for m in state.members):
        return Phase.PROGRESSING
    return Phase.AT_REST if state.active else Phase.CANARY


def _message(state: RedBlack, objects: Objects) -> str:
    words = ", ".join(f"{m.name} {_standing(m)}" for m in state.members)
    if state.backing.total:
        return words
    if portless := portless_words(state.service, objects):
        return f"the Service {portless}"
    return f"no ready pods behind the Service: {words}"


def _standing(member: Member) -> str:
    if member.label_state is LabelState.MIXED:
        return f"is half enabled: {_labelled(member)} {plural(member.labelled, 'takes', 'take')} traffic"
    if member.held:
        return "takes traffic and cannot be disabled" if member.label_state is LabelState.ENABLED else "has no pods"
    return "takes traffic" if member.label_state is LabelState.ENABLED else "is disabled"


def _findings(state: RedBlack, objects: Objects) -> tuple[Finding, ...]:
    service = state.service
    what = f"Service {service.metadata.namespace}/{service.metadata.name}"
    found = []
    if state.backing.total == 0 and not portless_words(service, objects):
        text: str = f"{what} selects no ready pods: requests fail; look at why its pods are not ready"
        if any(member.label_state is not LabelState.ENABLED for member in state.members):
            text = telling(f"{what} selects no ready pods: requests fail; enable a version that is ready", Act.ENABLE)
        found.append(no_ready_pods(text, _selector(state)))
    for member in state.members:
        if member.label_state is LabelState.MIXED:
            found.append(_half_way(member))
        if member.held and member.label_state is LabelState.ENABLED:
            text = f"{why_held(state, member)}; {way_out(state, member)}"
            found.append(finding("cannot-be-disabled", Severity.WARNING, text, str(ref_to(member.replica_set))))
        found += _elsewhere(state, member, objects)
    if len(state.lines) > 1 and state.line in state.lines:
        text = (
            f"{listed(state.lines)} are different applications and all carry the label of {what}: users of one get"
            " answers from another; give each its own Service, or remove the label from all but one"
        )
        found.append(finding("lines-share-service", Severity.WARNING, text, _selector(state)))
    if len(state.enabled) + len(state.foreign) > 1 and (len(state.enabled) > 1 or len(state.lines) < 2):
        names = listed([m.name for m in state.enabled] + [v.name for _, v in state.foreign])
        parts = ", ".join(f"{m.name}: {m.endpoints}" for m in state.enabled)
        text = f"{names} take traffic of {what} by number of ready pods until one is disabled"
        found.append(not_pinned(text, f"ready endpoints {parts}"))
    if service.spec.session_affinity == "ClientIP":
        text = f"{what} keeps each client address on one pod: known clients follow a switch late"
        found.append(sticky_by_address(text))
    return tuple(found)


def _labelled(member: Member) -> str:
    return f"{member.labelled} of {counted(len(member.candidate.pods), 'pod')}"


def _half_way(member: Member) -> Finding:
    template = "carries" if member.keys.items() <= member.replica_set.template_labels.items() else "lacks"
    return finding(
        "mixed-labels",
        Severity.WARNING,
        telling(
            f"{member.name} is neither enabled nor disabled: enable or disable it to finish the change",
            Act.ENABLE,
            Act.DISABLE,
        ),
        f"template {template} the labels, {_labelled(member)} {plural(member.labelled, 'carries', 'carry')} them",
    )


def _elsewhere(state: RedBlack, member: Member, objects: Objects) -> list[Finding]:
    """Disabled means for this Service only: other Services can select the pods by other labels."""
    if member.label_state is not LabelState.DISABLED:
        return []
    namespace = state.service.metadata.namespace
    selecting = [s.metadata.name for s in services_selecting(objects, namespace, member.candidate.labels)]
    others = [name for name in selecting if name != state.service.metadata.name]
    if not others:
        return []
    text = f"{member.name} is disabled here but still takes traffic of Service {listed(others)}"
    return [finding("enabled-elsewhere", Severity.INFO, text, str(ref_to(member.replica_set)))]


def _selector(state: RedBlack) -> str:
    return ",".join(f"{k}={v}" for k, v in sorted((state.service.spec.selector or {}).items()))
