"""A Deployment with its ReplicaSets as versions, and the Service whose endpoints say how they share traffic."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects import Deployment, ReplicaSet, Service
from cockpit.model.rollout import Role, Version
from cockpit.workloads.lookups import services_selecting
from cockpit.workloads.owners import replica_sets_of
from cockpit.workloads.versions import Candidate, candidate_of, versions_of

# Set by the Deployment controller on the Deployment and on each of its ReplicaSets.
REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True, slots=True)
class Edition:
    """One ReplicaSet: a template that the Deployment has or had, as a version of it."""

    replica_set: ReplicaSet
    candidate: Candidate
    version: Version

    @property
    def revision(self) -> int:
        return revision_of(self.replica_set)


@dataclass(frozen=True, slots=True)
class Rolling:
    """A Deployment, its present template's edition, the editions that matter, oldest first, and its Service."""

    deployment: Deployment
    current: Edition | None
    editions: tuple[Edition, ...]
    service: Service | None

    @property
    def previous(self) -> Edition | None:
        """The edition that an undo goes back to: the youngest that is older than the present one."""
        older = [e for e in self.editions if e is not self.current]
        if self.current is not None:
            older = [e for e in older if e.revision < self.current.revision]
        return max(older, key=lambda e: e.revision, default=None)


def revision_of(replica_set: ReplicaSet) -> int:
    """The revision number; 0 where the annotation is missing or no number."""
    text = (replica_set.metadata.annotations or {}).get(REVISION, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def look(deployment: Deployment, objects: Objects) -> Rolling:
    """Editions shown are those with pods, the present one, and the one before it."""
    sets = sorted(replica_sets_of(deployment, objects), key=lambda r: (revision_of(r), r.metadata.name))
    current = _current(deployment, sets)
    older = [r for r in sets if r is not current]
    shown = [r for r in sets if r is current or r.desired or r.status.replicas or r in older[-1:]]
    candidates = [candidate_of(r, objects) for r in shown]
    versions = versions_of(candidates, _roles(shown, current))
    editions = tuple(Edition(r, c, v) for r, c, v in zip(shown, candidates, versions, strict=True))
    services = services_selecting(objects, deployment.metadata.namespace, deployment.template_labels)
    return Rolling(
        deployment,
        next((e for e in editions if e.replica_set is current), None),
        editions,
        next(iter(services), None),
    )


def _current(deployment: Deployment, sets: list[ReplicaSet]) -> ReplicaSet | None:
    """The ReplicaSet of the present template: the controller gives both the same revision.

    None while the controller has not seen the latest change.
    """
    if deployment.status.observed_generation < deployment.metadata.generation or not sets:
        return None
    revision = (deployment.metadata.annotations or {}).get(REVISION)
    named = [r for r in sets if (r.metadata.annotations or {}).get(REVISION) == revision]
    return named[-1] if named else sets[-1]


def _roles(shown: list[ReplicaSet], current: ReplicaSet | None) -> dict[str, Role]:
    alone = [r for r in shown if r.desired or r.status.replicas] in ([current], [])
    return {r.metadata.uid: (Role.STABLE if alone else Role.NEW) if r is current else Role.OLD for r in shown}
