"""Versions of a rollout: names of a workload and its pods, how many are ready, and what identifies them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cockpit.model.lookup import Objects
from cockpit.model.objects import Deployment, Pod, StatefulSet, Workload
from cockpit.model.objects.meta import Condition
from cockpit.model.objects.pods import ContainerStatus
from cockpit.model.refs import PODS, Ref
from cockpit.model.rollout import PodCell, PodState, Role, Version
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.workloads.images import (
    DEFAULT_CONTAINER,
    application_first,
    application_images,
    image_repository,
    image_tag,
)
from cockpit.workloads.naming import HASH_LABELS, VERSION_LABELS, natural, telling_repository, version_names
from cockpit.workloads.owners import controller_of, homes_of, pods_of, ref_of, replica_sets_of, revisions_of

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
# The reason of the condition Ready where only a readiness gate is missing (kubernetes, pkg/kubelet/status).
_GATED = "ReadinessGatesNotReady"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version without a name yet. `born` is when it was first rolled out (RFC 3339), see `_born`."""

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
        """Sorts oldest first; those created in the same second sort by name, v9 before v10."""
        return (self.born, natural(self.title))


def came_before(one: Candidate, other: Candidate) -> bool | None:
    """Whether `one` was first rolled out before `other`; None if it is not known.

    If both were created in the same second, the numbers in their names decide, provided that the names differ in
    nothing else: v9 came before v10, but blue and green are undecided.
    """
    if one.born != other.born:
        return one.born < other.born if one.born and other.born else None
    mine, theirs = natural(one.title), natural(other.title)
    alike = [(kind, text) for kind, _, text in mine] == [(kind, text) for kind, _, text in theirs]
    return mine < theirs if alike and mine != theirs else None


def candidate_of(workload: Workload, objects: Objects) -> Candidate:
    """A workload as a candidate. If pods cannot be read, its status says how many are ready."""
    pods = pods_of(workload, objects)
    ready = sum(pod.ready for pod in pods) if objects.known(PODS) else max(workload.status.ready_replicas, 0)
    return Candidate(
        uid=workload.metadata.uid,
        title=workload.metadata.name,
        ref=ref_of(workload),
        labels=workload.template_labels,
        images=application_images(workload.spec.template),
        pods=pods,
        ready=ready,
        desired=workload.desired,
        born=_born(workload, objects),
        workload=workload,
    )


def _born(workload: Workload, objects: Objects) -> str:
    """When its version was first rolled out: the creation of a Deployment's oldest ReplicaSet with the same version.

    A restart, or a change of environment or resources, is not a new version, although a Deployment creates a
    ReplicaSet for it. Without such a ReplicaSet it is the creation of the workload itself.
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
    """What makes a template a separate version: the images, and the labels without the controller's hash."""
    labels = {key: value for key, value in workload.template_labels.items() if key not in HASH_LABELS}
    return sorted(c.image for c in workload.spec.template.spec.containers), labels


def ownerless_candidates(pods: Sequence[Pod], known: set[str], objects: Objects) -> tuple[Candidate, ...]:
    """Pods that no known workload owns (other owners, bare pods), grouped by owner."""
    groups: dict[str, list[Pod]] = {}
    for pod, home in zip(pods, homes_of(pods, objects), strict=True):
        if home not in known and pod.status.phase not in {"Succeeded", "Failed"}:
            groups.setdefault(home, []).append(pod)
    return tuple(_ownerless(uid, members) for uid, members in sorted(groups.items()))


def _ownerless(uid: str, pods: list[Pod]) -> Candidate:
    first = pods[0]
    owner = controller_of(first.metadata)
    main = {DEFAULT_CONTAINER: first.default_container} if first.default_container else {}
    return Candidate(
        uid=uid,
        title=owner.name if owner else first.metadata.name,
        ref=None,
        labels=first.metadata.labels or {},
        images=tuple(c.image for c in application_first(first.spec.containers, main) if c.image),
        pods=tuple(pods),
        ready=sum(pod.ready for pod in pods),
        desired=len(pods),
        born=min(pod.metadata.creation_timestamp or "" for pod in pods),
    )


def versions_of(
    candidates: Sequence[Candidate], roles: Mapping[str, Role], keys: Sequence[str] = ()
) -> tuple[Version, ...]:
    """Named versions in the order of `candidates`; `roles` by uid. `keys` are labels that a router selects them by."""
    names = version_names(candidates, keys)
    telling = telling_repository([c.images for c in candidates])
    marks = [_marks(c, keys) for c in candidates]
    seen = Counter(mark for own in marks for mark in own)
    return tuple(
        Version(
            name=name,
            role=roles[candidate.uid],
            # The image that tells the versions apart comes first.
            images=tuple(
                safe_text(image, 300)
                for image in sorted(candidate.images, key=lambda i: image_repository(i) != telling)
            ),
            workload=candidate.ref,
            ready=candidate.ready,
            desired=candidate.desired,
            pods=tuple(pod_cell(pod) for pod in candidate.pods),
            identity=(candidate.uid, *_template_of(candidate)),
            # A text that several versions share identifies none of them.
            marks=frozenset(mark for mark in own | {name} if seen[mark] <= 1),
            born=candidate.born,
            templates=_templates_of(candidate.pods),
        )
        for candidate, name, own in zip(candidates, names, marks, strict=True)
    )


def _template_of(candidate: Candidate) -> Iterator[str]:
    """What a ReplicaSet that is made anew from the same template shares with the one before."""
    for key in HASH_LABELS:
        if value := candidate.labels.get(key):
            yield f"{key}={value}"


def _templates_of(pods: Iterable[Pod]) -> frozenset[str]:
    """The hashes of the templates of pods that are ready and stay."""
    staying = (pod.metadata.labels or {} for pod in pods if pod.ready and pod.metadata.deletion_timestamp is None)
    return frozenset(value for labels in staying for key in HASH_LABELS if (value := labels.get(key)))


def _marks(candidate: Candidate, keys: Sequence[str]) -> frozenset[str]:
    telling = (*VERSION_LABELS, *keys)
    values = {value for key, value in candidate.labels.items() if key in telling or candidate.title == value}
    tags = {image_tag(image) for image in candidate.images}
    return frozenset(mark for mark in values | tags | {candidate.title} if mark)


def pod_cell(pod: Pod) -> PodCell:
    """A pod as one cell: its state, and why it is not ready."""
    meta, spec, statuses = pod.metadata, pod.spec, pod.status.container_statuses or []
    ready = pod.ready
    state, reason = (PodState.READY, "") if ready else _state_and_reason(pod)
    wait = _wait_of(pod) if state is PodState.STARTING else None
    # As kubectl counts: those of init containers as long as they are what the pod waits for.
    counted = statuses if ready else [*statuses, *(pod.status.init_container_statuses or ())]
    return PodCell(
        name=meta.name,
        uid=meta.uid,
        state=state,
        reason=reason,
        restarts=sum([s.restart_count for s in counted]),
        node=safe_text(spec.node_name, 63) if spec.node_name else "",
        created=meta.creation_timestamp or "",
        ready=sum([s.ready for s in statuses]),
        containers=len(spec.containers),
        held_up=safe_text(wait.message or wait.reason or "", 300) if wait else "",
        since="" if ready else _unready_since(pod),
        patience=0 if ready else max((c.patience for c in spec.containers), default=0),
    )


def _unready_since(pod: Pod) -> str:
    """When it stopped to be ready, or was created: one that no node took has no condition Ready."""
    known = (c.last_transition_time for c in pod.status.conditions or () if c.type == "Ready" and c.status != "True")
    return safe_text(next(known, None) or pod.metadata.creation_timestamp or "", 40)


def _state_and_reason(pod: Pod) -> tuple[PodState, str]:
    """Of a pod that is not ready."""
    # While an init container waits, the others only wait for it (PodInitializing).
    beginning = _waiting(pod.status.init_container_statuses or [])
    waiting = _waiting(pod.status.container_statuses or [])
    reason = _worst(beginning) or _worst(waiting) or next(iter((*waiting, *beginning)), "") or _not_ready(pod)
    if pod.metadata.deletion_timestamp is not None:
        state = PodState.LEAVING
    else:
        state = PodState.FAILING if reason in _FAILING else PodState.STARTING
    shown = f"Init:{reason}" if reason and reason == _worst(beginning) else reason
    return state, safe_text(shown, 60)


def _waiting(statuses: Sequence[ContainerStatus]) -> list[str]:
    """Why containers wait, as far as they say."""
    return [s.state.waiting.reason for s in statuses if s.state and s.state.waiting and s.state.waiting.reason]


def _worst(reasons: Iterable[str]) -> str:
    """The first of the reasons that no waiting mends; "" if there is none."""
    return next((reason for reason in reasons if reason in _FAILING), "")


def _not_ready(pod: Pod) -> str:
    """Why a pod whose containers wait for nothing is not ready: what its status says, or what it waits for outside."""
    wait = _wait_of(pod)
    return pod.status.reason or (wait.reason if wait else "") or ""


def _wait_of(pod: Pod) -> Condition | None:
    """The condition that says that no node takes a pod, or that only a readiness gate is missing; else None."""
    for condition in pod.status.conditions or ():
        gated = condition.type == "Ready" and condition.reason == _GATED
        if condition.status == "False" and (condition.type == "PodScheduled" or gated):
            return condition
    return None
