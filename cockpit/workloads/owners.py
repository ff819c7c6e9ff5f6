"""Which workload keeps a pod: by ownerReference, since names are cut and reused."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.model.lookup import Objects
from cockpit.model.objects import Deployment, Meta, OwnerReference, Pod, PodMeta, ReplicaSet, Workload
from cockpit.model.refs import DEPLOYMENTS, PODS, REPLICASETS, Ref
from cockpit.workloads.lookups import find_deployment, find_replica_set, of_kind


def controller_of(metadata: Meta | PodMeta) -> OwnerReference | None:
    """The ownerReference marked as controller; the only one, where none is marked."""
    references = metadata.owner_references or []
    marked = next((r for r in references if r.controller), None)
    return marked or (references[0] if len(references) == 1 else None)


def ref_of(workload: Workload) -> Ref:
    resource = DEPLOYMENTS if isinstance(workload, Deployment) else REPLICASETS
    return Ref(resource, workload.metadata.namespace, workload.metadata.name)


def keeper_of(replica_set: ReplicaSet, objects: Objects) -> Workload:
    """The Deployment of a ReplicaSet; the ReplicaSet itself where it has none that is known."""
    owner = controller_of(replica_set.metadata)
    if owner is None or owner.kind != "Deployment":
        return replica_set
    deployment = find_deployment(objects, replica_set.metadata.namespace, owner.name)
    return deployment if deployment is not None and deployment.metadata.uid == owner.uid else replica_set


def workload_of(pod: Pod, objects: Objects) -> Workload | None:
    """The Deployment (or bare ReplicaSet) that keeps a pod; None for other kinds of owner and for bare pods."""
    owner = controller_of(pod.metadata)
    if owner is None or owner.kind != "ReplicaSet":
        return None
    replica_set = find_replica_set(objects, pod.metadata.namespace, owner.name)
    if replica_set is None or replica_set.metadata.uid != owner.uid:
        return None
    return keeper_of(replica_set, objects)


def home_of(pod: Pod, objects: Objects) -> str:
    """The uid of what keeps a pod, whatever its kind; "" for bare pods."""
    workload = workload_of(pod, objects)
    if workload is not None:
        return workload.metadata.uid
    owner = controller_of(pod.metadata)
    return owner.uid if owner else ""


def replica_sets_of(deployment: Deployment, objects: Objects) -> tuple[ReplicaSet, ...]:
    uid = deployment.metadata.uid
    return of_kind(ReplicaSet, objects.owned(REPLICASETS, deployment.metadata.namespace, uid)) if uid else ()


def pods_of(workload: Workload, objects: Objects) -> tuple[Pod, ...]:
    """Pods that run or will run; those that ended (evicted, completed) hold no place any more."""
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
    """Deployments, and ReplicaSets that nobody owns, whose pod template has all of `labels`; none for no labels."""
    if not labels:
        return ()
    deployments = of_kind(Deployment, objects.selected(DEPLOYMENTS, namespace, labels))
    bare = [
        r
        for r in of_kind(ReplicaSet, objects.selected(REPLICASETS, namespace, labels))
        if controller_of(r.metadata) is None
    ]
    return (*deployments, *bare)


def is_rolling(workload: Workload) -> bool:
    """True while a Deployment still replaces pods of an older template."""
    if not isinstance(workload, Deployment) or workload.spec.paused:
        return False
    status = workload.status
    behind = status.observed_generation < workload.metadata.generation
    return (
        behind
        or status.updated_replicas < min(workload.desired, status.replicas)
        or (status.replicas > status.updated_replicas)
    )
