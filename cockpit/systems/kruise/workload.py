"""The workload of a Kruise Rollout with its versions, which of them is stable and which is new."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.lookup import Objects
from cockpit.model.objects import BatchRelease, Deployment, KruiseRollout, StatefulSet, Workload
from cockpit.model.refs import (
    ADVANCED_STATEFULSETS,
    BATCHRELEASE_VERSIONS,
    CLONESETS,
    DEPLOYMENTS,
    STATEFULSETS,
    Ref,
    Resource,
)
from cockpit.model.rollout import PodState, Role, Version
from cockpit.model.values import dataclass
from cockpit.systems.kruise import replicasets, revisions
from cockpit.systems.kruise.editions import KruiseEdition
from cockpit.systems.kruise.spec import KruisePlan, KruiseStyle
from cockpit.systems.kruise.status import KruiseProgress
from cockpit.workloads.rolling import starts_first
from cockpit.workloads.versions import versions_of

# The workloads that it controls, by apiVersion and kind.
WORKLOADS: dict[tuple[str, str], Resource] = {
    (resource.api_version, resource.kind): resource
    for resource in (DEPLOYMENTS, CLONESETS, STATEFULSETS, ADVANCED_STATEFULSETS)
}


@dataclass(frozen=True, slots=True)
class KruiseWorkload:
    """The workload with its editions, oldest first, and their versions in that order.

    `ref` is None if the cockpit does not support its kind, `workload` is None if it does not exist, or may only be
    `unread`.
    """

    ref: Ref | None
    workload: Workload | None
    release: BatchRelease | None
    editions: tuple[KruiseEdition, ...] = ()
    versions: tuple[Version, ...] = ()
    unread: bool = False

    @property
    def missing(self) -> bool:
        """Whether it certainly does not exist."""
        return self.workload is None and self.ref is not None and not self.unread

    @property
    def present(self) -> KruiseEdition | None:
        """The template in the workload's spec."""
        return next((e for e in self.editions if e.present), None)

    def named(self, name: str) -> KruiseEdition | None:
        """By the name of its version."""
        return next((e for e, v in zip(self.editions, self.versions, strict=True) if v.name == name), None)

    def version(self, edition: KruiseEdition | None) -> Version | None:
        return next((v for e, v in zip(self.editions, self.versions, strict=True) if e is edition), None)

    def of_role(self, role: Role) -> KruiseEdition | None:
        return next((e for e, v in zip(self.editions, self.versions, strict=True) if v.role is role), None)

    @property
    def starts(self) -> bool:
        """Whether its first pods start, and none fails."""
        failing = any(pod.state is PodState.FAILING for version in self.versions for pod in version.pods)
        return starts_first(self.workload) and not failing

    @property
    def desired(self) -> int:
        """Desired pods of all versions together."""
        return self.workload.desired if self.workload else 0


def subject_of(rollout: KruiseRollout, plan: KruisePlan, progress: KruiseProgress, objects: Objects) -> KruiseWorkload:
    namespace = rollout.metadata.namespace
    api_version, kind, name = plan.workload
    resource = WORKLOADS.get((api_version, kind))
    release = _batch_release(namespace, rollout.metadata.name, objects)
    if resource is None:
        return KruiseWorkload(None, None, release)
    ref = Ref(resource, namespace, name)
    found = objects.get(resource, namespace, name)
    match found:
        case Deployment():
            extra = replicasets.extra_deployment(found, release, objects) if plan.style is KruiseStyle.CANARY else None
            editions = replicasets.editions_of(found, extra, progress.stable_hash, progress.left_hash, objects)
        case StatefulSet():
            editions = revisions.editions_of(found, ref, progress.stable_hash, progress.left_hash, objects)
        case _:
            return KruiseWorkload(ref, None, release, unread=objects.unread(resource))
    roles = {e.candidate.uid: role for e, role in zip(editions, _roles(editions, progress), strict=True)}
    return KruiseWorkload(ref, found, release, editions, versions_of([e.candidate for e in editions], roles))


def _batch_release(namespace: str, name: str, objects: Objects) -> BatchRelease | None:
    """The BatchRelease; the controller gives it the Rollout's name and deletes it after the release."""
    for resource in BATCHRELEASE_VERSIONS:
        found = objects.get(resource, namespace, name)
        if isinstance(found, BatchRelease):
            return found
    return None


def _roles(editions: Sequence[KruiseEdition], progress: KruiseProgress) -> list[Role]:
    """The stable one is where a release started; without a release, the workload's template.

    `NEW` is a template that replaced the one that is being released, and that the controller has not taken up.
    """
    if not progress.releasing:
        return [Role.STABLE if e.present else Role.OLD for e in editions]
    stable = next((e for e in editions if e.hash and e.hash == progress.stable_hash), None)
    if stable is None and not progress.stable_hash:
        # Not recorded yet: the newest of those with pods that are not the workload's template.
        others = [e for e in editions if not e.present]
        stable = max(others, key=lambda e: (bool(e.candidate.ready), e.order), default=None)
    wanted = next((e for e in editions if e is not stable and e.present), None)
    # A step is about the version in the status, even if the workload has the stable or yet another template by now.
    named = next((e for e in editions if e is not stable and e.hash and e.hash == progress.new_hash), None)
    new = (wanted or named) if progress.starting else (named or wanted)
    roles = {id(new): Role.CANARY, id(stable): Role.STABLE}
    return [roles.get(id(e), Role.NEW if e is wanted else Role.OLD) for e in editions]
