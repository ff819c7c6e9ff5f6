"""A Deployment with its ReplicaSets as versions, and the Service whose endpoints share the traffic."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Deployment, ReplicaSet
from cockpit.model.rollout import Role
from cockpit.systems.editions import (
    REVISION,
    Rolling,
    TemplateEdition,
    led_back_to,
    number_of,
)
from cockpit.systems.in_front import with_service
from cockpit.workloads.lookups import services_selecting
from cockpit.workloads.owners import replica_sets_of
from cockpit.workloads.versions import candidate_of, versions_of


def look(deployment: Deployment, objects: Objects) -> Rolling:
    """The shown editions: the current one, those with pods, the one before, and the one that a roll back leads to."""
    sets = sorted(replica_sets_of(deployment, objects), key=lambda r: (number_of(r), r.metadata.name))
    current = _current(deployment, sets)
    older = [r for r in sets if r is not current]
    made = {r.metadata.uid: candidate_of(r, objects) for r in sets if r is current or r.desired or r.status.replicas}
    back = led_back_to(current, sets, made)
    shown = [r for r in sets if r.metadata.uid in made or r is back or r in older[-1:]]
    candidates = [made.get(r.metadata.uid) or candidate_of(r, objects) for r in shown]
    versions = versions_of(candidates, _roles(shown, current))
    editions = tuple(TemplateEdition(r, c, v) for r, c, v in zip(shown, candidates, versions, strict=True))
    services = services_selecting(objects, deployment.metadata.namespace, deployment.template_labels)
    newest = next((e for e in editions if e.source is current), None) if current else None
    state = Rolling(deployment, newest, editions, tuple(sets), None)
    return with_service(state, services, {deployment.metadata.uid, *(r.metadata.uid for r in sets)}, objects)


def _current(deployment: Deployment, sets: list[ReplicaSet]) -> ReplicaSet | None:
    """The ReplicaSet of the current template: the controller gives both the same revision.

    None while the controller has not seen the last change.
    """
    if deployment.status.observed_generation < deployment.metadata.generation or not sets:
        return None
    revision = (deployment.metadata.annotations or {}).get(REVISION)
    named = [r for r in sets if (r.metadata.annotations or {}).get(REVISION) == revision]
    return named[-1] if named else sets[-1]


def _roles(shown: list[ReplicaSet], current: ReplicaSet | None) -> dict[str, Role]:
    alone = [r for r in shown if r.desired or r.status.replicas] in ([current], [])
    return {r.metadata.uid: (Role.STABLE if alone else Role.NEW) if r is current else Role.OLD for r in shown}
