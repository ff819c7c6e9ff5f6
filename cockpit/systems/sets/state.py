"""A StatefulSet or DaemonSet with its ControllerRevisions as versions, and the Service in front of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from cockpit.model.lookup import Objects
from cockpit.model.objects import (
    AdvancedStatefulSet,
    CloneSet,
    ControllerRevision,
    DaemonSet,
    Pod,
    Service,
    StatefulSet,
    Template,
)
from cockpit.model.refs import PODS
from cockpit.model.rollout import Role
from cockpit.planning.edits import ref_to
from cockpit.systems.editions import Rolling, TemplateEdition, led_back_to, template_of
from cockpit.systems.in_front import with_service
from cockpit.workloads.images import application_images
from cockpit.workloads.lookups import services_selecting
from cockpit.workloads.owners import pods_of, revisions_of
from cockpit.workloads.rolling import ON_DELETE, held_back, strategy_of, updated_pods
from cockpit.workloads.versions import Candidate, versions_of

Set = StatefulSet | DaemonSet
# The system's name in rollouts, by kind; StatefulSet exists in two API groups.
_SYSTEMS: dict[type[Set], str] = {
    AdvancedStatefulSet: "advanced-statefulset",
    CloneSet: "cloneset",
    DaemonSet: "daemonset",
    StatefulSet: "statefulset",
}
# On each pod; a StatefulSet writes the revision's name, a DaemonSet the last part of that name (apps/v1).
HASH = "controller-revision-hash"


def system_of(workload: Set) -> str:
    return _SYSTEMS[type(workload)]


def look(workload: Set, objects: Objects) -> Rolling:
    """The shown editions: the current one, those with pods, the one before, and the one that a roll back leads to."""
    pods, history = pods_of(workload, objects), revisions_of(workload, objects)
    by_name = {r.metadata.name: r for r in history}
    groups = _by_revision(workload, pods)
    newest = _newest(workload, history)
    older = [r.metadata.name for r in history if r.metadata.name != newest]
    shown = [n for n in by_name if n == newest or n in groups or n in older[-1:]]
    back = _led_back_to(workload, newest, by_name, groups)
    shown = [n for n in by_name if n in shown or n == back]
    # Pods of a template that is not in the revision history are the oldest.
    shown = [*sorted(n for n in groups if n not in by_name), *shown]
    held = held_back(workload) if isinstance(workload, StatefulSet) else 0
    ready = {name: sum(pod.ready for pod in members) for name, members in groups.items()}
    if not objects.known(PODS):
        ready = _reported(workload, newest, older)
    at_rest = not any(name != newest for name in (*groups, *ready))
    candidates = [
        _candidate(
            workload,
            name,
            by_name.get(name),
            groups.get(name, ()),
            ready.get(name, 0),
            _desired(workload, name, newest, at_rest),
        )
        for name in shown
    ]
    versions = versions_of(candidates, _roles(candidates, shown, newest, at_rest, bool(held)))
    editions = tuple(TemplateEdition(by_name.get(n), c, v) for n, c, v in zip(shown, candidates, versions, strict=True))
    current = next((e for e, name in zip(editions, shown, strict=True) if name == newest), None)
    services = services_selecting(objects, workload.metadata.namespace, workload.template_labels)
    state = Rolling(workload, current, editions, history, None, held)
    return with_service(state, services, {workload.metadata.uid}, objects, among=_balancing(services))


def _led_back_to(
    workload: Set, newest: str | None, by_name: Mapping[str, ControllerRevision], groups: Mapping[str, Sequence[Pod]]
) -> str | None:
    """The name of the revision that a roll back leads to."""
    ready = {name: sum(pod.ready for pod in pods) for name, pods in groups.items()}
    made = {
        revision.metadata.uid: _candidate(workload, name, revision, groups[name], ready[name], None)
        for name, revision in by_name.items()
        if name in groups
    }
    found = led_back_to(by_name.get(newest or ""), tuple(by_name.values()), made)
    return found.metadata.name if found else None


def _by_revision(workload: Set, pods: Sequence[Pod]) -> dict[str, list[Pod]]:
    """Pods by the name of their revision."""
    groups: dict[str, list[Pod]] = {}
    prefix = f"{workload.metadata.name}-"
    for pod in pods:
        mark = (pod.metadata.labels or {}).get(HASH, "")
        name = mark if mark.startswith(prefix) else prefix + mark
        groups.setdefault(name, []).append(pod)
    return groups


def _reported(workload: Set, newest: str | None, older: Sequence[str]) -> dict[str, int]:
    """Ready pods by revision as the set itself counts them, if pods cannot be read: old ones of the latest old one."""
    if newest is None:
        return {}
    ready = max(workload.status.ready_replicas, 0)
    new = min(max(updated_pods(workload), 0), ready)
    return {newest: new} | ({older[-1]: ready - new} if older and ready > new else {})


def _newest(workload: Set, history: Sequence[ControllerRevision]) -> str | None:
    """The revision of the current template; None while the controller has not seen the last change.

    A template that is set again gets the highest number again.
    """
    if workload.status.observed_generation < workload.metadata.generation or not history:
        return None
    if isinstance(workload, StatefulSet) and workload.status.update_revision:
        return workload.status.update_revision
    return history[-1].metadata.name


def _desired(workload: Set, name: str, newest: str | None, at_rest: bool) -> int | None:
    """How many pods a revision should have in the end; None if the number stays."""
    if name == newest and at_rest:
        return workload.desired
    if strategy_of(workload).type == ON_DELETE:
        return None
    held = held_back(workload) if isinstance(workload, StatefulSet) else 0
    if name == newest:
        return workload.desired - held
    current = workload.status.current_revision if isinstance(workload, StatefulSet) else None
    return held if name == current else 0


def _candidate(
    workload: Set, name: str, revision: ControllerRevision | None, pods: Sequence[Pod], ready: int, desired: int | None
) -> Candidate:
    template = _template(revision)
    first = pods[0] if pods else None
    labels: Mapping[str, str] = template.metadata.labels or {}
    if revision is None and first is not None:
        labels, template = first.metadata.labels or {}, Template(workload.spec.template.metadata, first.spec)
    return Candidate(
        uid=revision.metadata.uid if revision else name,
        title=name,
        ref=ref_to(workload),
        # The revision label identifies versions that images do not.
        labels={**labels, HASH: name.removeprefix(f"{workload.metadata.name}-")},
        images=application_images(template),
        pods=tuple(pods),
        ready=ready,
        desired=len(pods) if desired is None else desired,
        born=(revision.metadata.creation_timestamp if revision else None) or "",
    )


def _template(revision: ControllerRevision | None) -> Template:
    """The needed fields of a revision's template; empty if it holds something else."""
    try:
        return msgspec.convert((template_of(revision) if revision else None) or {}, Template)
    except msgspec.ValidationError:
        return Template()


def _roles(
    candidates: Sequence[Candidate], names: Sequence[str], newest: str | None, at_rest: bool, held: bool
) -> dict[str, Role]:
    """Held pods are the stable version and new ones the canary; without a hold the old version is being replaced."""

    def role(name: str) -> Role:
        if name == newest:
            return Role.STABLE if at_rest else Role.CANARY if held else Role.NEW
        return Role.STABLE if held and not at_rest else Role.OLD

    return {c.uid: role(name) for c, name in zip(candidates, names, strict=True)}


def _balancing(services: Sequence[Service]) -> Sequence[Service]:
    """The Services that balance requests, without headless ones."""
    return [s for s in services if s.spec.cluster_ip != "None"] or services
