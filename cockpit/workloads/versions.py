"""Versions of a rollout: what a workload and its pods are called, how many are ready, what gives them away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import Deployment, Pod, StatefulSet, Workload
from cockpit.model.refs import PODS, Ref
from cockpit.model.rollout import PodCell, PodState, Role, Version
from cockpit.model.text import safe_text
from cockpit.workloads.naming import HASH_LABELS, VERSION_LABELS, image_tag, natural, version_names
from cockpit.workloads.owners import controller_of, home_of, pods_of, ref_of, replica_sets_of, revisions_of

_FAILING = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "PostStartHookError",
        "RunContainerError",
    }
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version before it has a name. `born` is when it was first rolled out (RFC 3339), see `_born`."""

    uid: str
    title: str
    ref: Ref | None
    labels: Mapping[str, str]
    images: tuple[str, ...]
    pods: tuple[Pod, ...]
    ready: int
    desired: int
    born: str
    workload: Workload | None = None

    @property
    def age_key(self) -> tuple[str, tuple[tuple[int, int, str], ...]]:
        """Sorts oldest first; what was made in the same second goes by name, v9 before v10."""
        return (self.born, natural(self.title))


def candidate_of(workload: Workload, objects: Objects) -> Candidate:
    """A workload as a candidate. Where pods cannot be read, its own status says how many are ready."""
    pods = pods_of(workload, objects)
    ready = sum(pod.ready for pod in pods) if objects.known(PODS) else max(workload.status.ready_replicas, 0)
    return Candidate(
        uid=workload.metadata.uid,
        title=workload.metadata.name,
        ref=ref_of(workload),
        labels=workload.template_labels,
        images=tuple(c.image for c in workload.spec.template.spec.containers if c.image),
        pods=pods,
        ready=ready,
        desired=workload.desired,
        born=_born(workload, objects),
        workload=workload,
    )


def _born(workload: Workload, objects: Objects) -> str:
    """When its version was first rolled out: the oldest ReplicaSet kept of a Deployment that runs the same version.

    A restart, or another environment or size, is no new version: a Deployment gives each of them a ReplicaSet.
    Without such a ReplicaSet it is the workload's own creation.
    """
    own = workload.metadata.creation_timestamp or ""
    if isinstance(workload, StatefulSet):
        newest = [
            r.metadata for r in revisions_of(workload, objects) if r.metadata.name == workload.status.update_revision
        ]
        return (newest[0].creation_timestamp if newest else None) or own
    if not isinstance(workload, Deployment):
        return own
    present = _release(workload)
    sets = [r.metadata.creation_timestamp for r in replica_sets_of(workload, objects) if _release(r) == present]
    return min((made for made in sets if made), default=own)


def _release(workload: Workload) -> tuple[list[str], dict[str, str]]:
    """What makes a template a version of its own: the images, and the labels without the controller's hash."""
    labels = {key: value for key, value in workload.template_labels.items() if key not in HASH_LABELS}
    return sorted(c.image for c in workload.spec.template.spec.containers), labels


def stray_candidates(pods: Sequence[Pod], known: set[str], objects: Objects) -> tuple[Candidate, ...]:
    """Pods that no known workload keeps (StatefulSets, bare pods), grouped by what keeps them."""
    groups: dict[str, list[Pod]] = {}
    for pod in pods:
        home = home_of(pod, objects)
        if home not in known and pod.status.phase not in {"Succeeded", "Failed"}:
            groups.setdefault(home, []).append(pod)
    return tuple(_stray(uid, members) for uid, members in sorted(groups.items()))


def _stray(uid: str, pods: list[Pod]) -> Candidate:
    first = pods[0]
    owner = controller_of(first.metadata)
    return Candidate(
        uid=uid,
        title=owner.name if owner else first.metadata.name,
        ref=None,
        labels=first.metadata.labels or {},
        images=tuple(c.image for c in first.spec.containers if c.image),
        pods=tuple(pods),
        ready=sum(pod.ready for pod in pods),
        desired=len(pods),
        born=min(pod.metadata.creation_timestamp or "" for pod in pods),
    )


def versions_of(candidates: Sequence[Candidate], roles: Mapping[str, Role]) -> tuple[Version, ...]:
    """Named versions in the order of `candidates`; `roles` by uid."""
    names = version_names(candidates)
    marks = [_marks(c) for c in candidates]
    seen = Counter(mark for own in marks for mark in own)
    return tuple(
        Version(
            name=name,
            role=roles[candidate.uid],
            images=tuple(safe_text(image, 300) for image in candidate.images),
            workload=candidate.ref,
            ready=candidate.ready,
            desired=candidate.desired,
            pods=tuple(pod_cell(pod) for pod in candidate.pods),
            identity=(candidate.uid,),
            # A text that several versions share tells none of them apart.
            marks=frozenset(mark for mark in own | {name} if seen[mark] <= 1),
        )
        for candidate, name, own in zip(candidates, names, marks, strict=True)
    )


def _marks(candidate: Candidate) -> frozenset[str]:
    values = {value for key, value in candidate.labels.items() if key in VERSION_LABELS or candidate.title == value}
    tags = {image_tag(image) for image in candidate.images}
    return frozenset(mark for mark in values | tags | {candidate.title} if mark)


def pod_cell(pod: Pod) -> PodCell:
    """A pod as one cell: its state, and why it is not ready."""
    statuses = pod.status.container_statuses or []
    reasons = [s.state.waiting.reason for s in statuses if s.state and s.state.waiting and s.state.waiting.reason]
    reason = next((r for r in reasons if r in _FAILING), reasons[0] if reasons else pod.status.reason or "")
    if pod.metadata.deletion_timestamp is not None:
        state = PodState.LEAVING
    elif pod.ready:
        state, reason = PodState.READY, ""
    else:
        state = PodState.FAILING if reason in _FAILING else PodState.STARTING
    restarts = sum(s.restart_count for s in statuses)
    return PodCell(pod.metadata.name, pod.metadata.uid, state, safe_text(reason, 60), restarts)


def with_role(version: Version, role: Role) -> Version:
    return replace(version, role=role)
