"""The workload of a Kruise Rollout with its versions, and which of them is stable and which is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects import BatchRelease, Deployment, KruiseRollout, StatefulSet, Workload
from cockpit.model.refs import (
    ADVANCED_STATEFULSETS,
    BATCHRELEASES,
    BATCHRELEASES_V1ALPHA1,
    CLONESETS,
    DEPLOYMENTS,
    STATEFULSETS,
    Ref,
    Resource,
)
from cockpit.model.rollout import Role, Version
from cockpit.systems.kruise import replicasets, revisions
from cockpit.systems.kruise.editions import Edition
from cockpit.systems.kruise.spec import Plan, Style
from cockpit.systems.kruise.status import Progress
from cockpit.workloads.versions import versions_of

# What it drives, by apiVersion and kind.
WORKLOADS: dict[tuple[str, str], Resource] = {
    (resource.api_version, resource.kind): resource
    for resource in (DEPLOYMENTS, CLONESETS, STATEFULSETS, ADVANCED_STATEFULSETS)
}


@dataclass(frozen=True, slots=True)
class Subject:
    """The workload with its editions, oldest first, and their versions in that order.

    `ref` is None where it is of a kind that the cockpit does not read, `workload` None where it does not exist.
    """

    ref: Ref | None
    workload: Workload | None
    release: BatchRelease | None
    editions: tuple[Edition, ...] = ()
    versions: tuple[Version, ...] = ()

    @property
    def present(self) -> Edition | None:
        """The template that the workload asks for."""
        return next((e for e in self.editions if e.present), None)

    def named(self, name: str) -> Edition | None:
        """By the name of its version."""
        return next((e for e, v in zip(self.editions, self.versions, strict=True) if v.name == name), None)

    def version(self, edition: Edition | None) -> Version | None:
        return next((v for e, v in zip(self.editions, self.versions, strict=True) if e is edition), None)

    def of_role(self, role: Role) -> Edition | None:
        return next((e for e, v in zip(self.editions, self.versions, strict=True) if v.role is role), None)

    @property
    def desired(self) -> int:
        """Pods that it asks for, of all versions together."""
        return self.workload.desired if self.workload else 0


def subject_of(rollout: KruiseRollout, plan: Plan, progress: Progress, objects: Objects) -> Subject:
    namespace = rollout.metadata.namespace
    api_version, kind, name = plan.workload
    resource = WORKLOADS.get((api_version, kind))
    release = _batch_release(namespace, rollout.metadata.name, objects)
    if resource is None:
        return Subject(None, None, release)
    ref = Ref(resource, namespace, name)
    found = objects.get(resource, namespace, name)
    match found:
        case Deployment():
            extra = replicasets.extra_deployment(found, release, objects) if plan.style is Style.CANARY else None
            editions = replicasets.editions_of(found, extra, progress.stable_hash, objects)
        case StatefulSet():
            editions = revisions.editions_of(found, ref, progress.stable_hash, objects)
        case _:
            return Subject(ref, None, release)
    roles = {e.candidate.uid: role for e, role in zip(editions, _roles(editions, progress), strict=True)}
    return Subject(ref, found, release, editions, versions_of([e.candidate for e in editions], roles))


def _batch_release(namespace: str, name: str, objects: Objects) -> BatchRelease | None:
    """The controller gives it the Rollout's name, and deletes it when the release is over."""
    for resource in (BATCHRELEASES, BATCHRELEASES_V1ALPHA1):
        found = objects.get(resource, namespace, name)
        if isinstance(found, BatchRelease):
            return found
    return None


def _roles(editions: Sequence[Edition], progress: Progress) -> list[Role]:
    """The stable one is what a release came from; where none is under way, what the workload asks for."""
    if not progress.releasing:
        return [Role.STABLE if e.present else Role.OLD for e in editions]
    stable = next((e for e in editions if e.hash and e.hash == progress.stable_hash), None)
    if stable is None and not progress.stable_hash:
        # Not recorded yet: of those that have pods and are not asked for, the newest.
        others = [e for e in editions if not e.present]
        stable = max(others, key=lambda e: (bool(e.candidate.ready), e.order), default=None)
    new = next((e for e in editions if e is not stable and e.present), None)
    if new is None:  # the workload asks for the stable one again
        new = next((e for e in editions if e is not stable and e.hash and e.hash == progress.new_hash), None)
    return [Role.STABLE if e is stable else Role.CANARY if e is new else Role.OLD for e in editions]
