"""Which workload owns a pod: by ownerReference, because names are truncated and reused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cockpit.model.lookup import Objects
from cockpit.model.objects import (
    AdvancedStatefulSet,
    CloneSet,
    CommonMeta,
    ControllerRevision,
    DaemonSet,
    Deployment,
    Ingress,
    Obj,
    OwnerReference,
    Pod,
    ReplicaSet,
    Service,
    StatefulSet,
    Workload,
)
from cockpit.model.refs import (
    ADVANCED_STATEFULSETS,
    CLONESETS,
    CONTROLLERREVISIONS,
    DAEMONSETS,
    DEPLOYMENTS,
    INGRESSES,
    PODS,
    REPLICASETS,
    SERVICES,
    STATEFULSETS,
    Ref,
    Resource,
)
from cockpit.workloads.lookups import find_deployment, find_replica_set, of_kind

_RESOURCES: dict[type[Obj], Resource] = {
    AdvancedStatefulSet: ADVANCED_STATEFULSETS,
    CloneSet: CLONESETS,
    DaemonSet: DAEMONSETS,
    Deployment: DEPLOYMENTS,
    Ingress: INGRESSES,
    ReplicaSet: REPLICASETS,
    Service: SERVICES,
    StatefulSet: STATEFULSETS,
}
# Workloads that own pods of several templates directly; the label of a revision tells them apart.
SETS: tuple[Resource, ...] = (STATEFULSETS, DAEMONSETS, CLONESETS, ADVANCED_STATEFULSETS)
# The kinds that `workloads_matching` reads: needed by everything that goes from a Service to its pods.
KEEPERS: tuple[Resource, ...] = (DEPLOYMENTS, REPLICASETS, *SETS, CONTROLLERREVISIONS)


def controller_of(metadata: CommonMeta) -> OwnerReference | None:
    """The ownerReference marked as controller; if none is marked, the only one."""
    references = metadata.owner_references or ()
    if len(references) == 1:
        return references[0]
    return next((r for r in references if r.controller), None)


def ref_of(subject: Service | Ingress | Workload) -> Ref:
    return Ref(_RESOURCES[type(subject)], subject.metadata.namespace, subject.metadata.name)


def keeper_of(replica_set: ReplicaSet, objects: Objects) -> Workload:
    """The Deployment of a ReplicaSet; the ReplicaSet itself if no Deployment of it is known."""
    owner = controller_of(replica_set.metadata)
    if owner is None or owner.kind != "Deployment":
        return replica_set
    deployment = find_deployment(objects, replica_set.metadata.namespace, owner.name)
    return deployment if deployment is not None and deployment.metadata.uid == owner.uid else replica_set


def workload_of(pod: Pod, objects: Objects) -> Workload | None:
    """The workload that owns a pod: a Deployment, a bare ReplicaSet or a set; None for other owners and bare pods."""
    owner = controller_of(pod.metadata)
    if owner is None:
        return None
    if owner.kind != "ReplicaSet":
        return _set_of(pod, owner, objects)
    replica_set = find_replica_set(objects, pod.metadata.namespace, owner.name)
    if replica_set is None or replica_set.metadata.uid != owner.uid:
        return None
    return keeper_of(replica_set, objects)


def workloads_owning(pods: Iterable[Pod], objects: Objects) -> tuple[Workload, ...]:
    """The workloads that own pods, each owner asked for once: there are far fewer owners than pods."""
    found = (workload_of(pod, objects) for pod in _one_of_each_owner(pods).values())
    return tuple(workload for workload in found if workload is not None)


def homes_of(pods: Sequence[Pod], objects: Objects) -> tuple[str, ...]:
    """`home_of` for each of these pods, each owner asked for once."""
    homes: dict[tuple[str, OwnerReference | None], str] = {}
    found = []
    for pod in pods:
        owner = _owner(pod)
        if owner not in homes:
            homes[owner] = home_of(pod, objects)
        found.append(homes[owner])
    return tuple(found)


def _one_of_each_owner(pods: Iterable[Pod]) -> dict[tuple[str, OwnerReference | None], Pod]:
    found: dict[tuple[str, OwnerReference | None], Pod] = {}
    for pod in pods:
        found.setdefault(_owner(pod), pod)
    return found


def _owner(pod: Pod) -> tuple[str, OwnerReference | None]:
    return pod.metadata.namespace, controller_of(pod.metadata)


def _set_of(pod: Pod, owner: OwnerReference, objects: Objects) -> Workload | None:
    for resource in SETS:
        if resource.kind == owner.kind and owner.api_version in ("", resource.api_version):
            found = objects.get(resource, pod.metadata.namespace, owner.name)
            if isinstance(found, Workload) and found.metadata.uid == owner.uid:
                return found
    return None


def home_of(pod: Pod, objects: Objects) -> str:
    """The uid of a pod's owner, of any kind; "" for bare pods."""
    workload = workload_of(pod, objects)
    if workload is not None:
        return workload.metadata.uid
    owner = controller_of(pod.metadata)
    return owner.uid if owner else ""


def replica_sets_of(deployment: Deployment, objects: Objects) -> tuple[ReplicaSet, ...]:
    uid = deployment.metadata.uid
    return of_kind(ReplicaSet, objects.owned(REPLICASETS, deployment.metadata.namespace, uid)) if uid else ()


def revisions_of(workload: Workload, objects: Objects) -> tuple[ControllerRevision, ...]:
    """The current and earlier templates of a set, oldest first."""
    uid = workload.metadata.uid
    found = of_kind(
        ControllerRevision, objects.owned(CONTROLLERREVISIONS, workload.metadata.namespace, uid) if uid else ()
    )
    return tuple(sorted(found, key=lambda revision: (revision.revision, revision.metadata.name)))


def pods_of(workload: Workload, objects: Objects) -> tuple[Pod, ...]:
    """Pods that run or will run; without those that ended (evicted, completed)."""
    keepers = replica_sets_of(workload, objects) if isinstance(workload, Deployment) else (workload,)
    found = [
        pod
        for keeper in keepers
        if keeper.metadata.uid
        for pod in of_kind(Pod, objects.owned(PODS, keeper.metadata.namespace, keeper.metadata.uid))
        if pod.status.phase not in {"Succeeded", "Failed"}
    ]
    return tuple(sorted(found, key=lambda pod: pod.metadata.name))


def workloads_matching(labels: Mapping[str, str], namespace: str, objects: Objects) -> tuple[Workload, ...]:
    """Deployments, sets and bare ReplicaSets whose pod template has all `labels`; none if `labels` is empty."""
    if not labels:
        return ()
    deployments = of_kind(Deployment, objects.selected(DEPLOYMENTS, namespace, labels))
    bare = [
        r
        for r in of_kind(ReplicaSet, objects.selected(REPLICASETS, namespace, labels))
        if controller_of(r.metadata) is None
    ]
    sets = [w for resource in SETS for w in of_kind(Workload, objects.selected(resource, namespace, labels))]
    return (*deployments, *bare, *sets)
