"""ReplicaSets: keep the requested number of pods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.demo.controllers import owners
from cockpit.demo.controllers.podstate import available_in, is_active, is_ready, ready_since
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.errors import ApiError, NotFound
from cockpit.demo.schemas.kinds import PODS, REPLICASETS, Kind
from cockpit.demo.schemas.labelselectors import matches
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

COMPONENT = "replicaset-controller"
MANAGER = "kube-controller-manager"
# kube-controller-manager creates at most so many pods of one ReplicaSet in a turn.
BURST = 500


def touches(world: World, event: Event) -> Iterator[Key]:
    """The ReplicaSet itself, the owners of a changed pod, and those that could adopt it."""
    if event.kind is REPLICASETS:
        yield key_of(REPLICASETS, event.obj)
    elif event.kind is PODS:
        yield from owners_of_pod(world, event, REPLICASETS.kind)
        if event.type != "DELETED" and not owners.controller_of(event.obj):
            for replicaset in world.storage.scan(REPLICASETS, event.obj["metadata"]["namespace"]):
                if matches(replicaset["spec"].get("selector"), event.obj["metadata"].get("labels") or {}):
                    yield key_of(REPLICASETS, replicaset)


def owners_of_pod(world: World, event: Event, kind: str) -> Iterator[Key]:
    """The controllers of one kind that own a changed object, or did before."""
    for obj in (event.obj, event.old):
        owner = owners.controller_of(obj) if obj else None
        if obj and owner and owner.get("kind") == kind:
            yield (obj["metadata"]["namespace"], owner["name"])


def reconcile(world: World, key: Key) -> float | None:
    """Claim pods, create missing and delete surplus ones, and write the status."""
    replicaset = world.storage.peek(REPLICASETS, *key)
    if replicaset is None:
        return None
    pods = claim(world, replicaset)
    failure = None
    if not replicaset["metadata"].get("deletionTimestamp"):
        failure = _manage(world, replicaset, [pod for pod in pods if is_active(pod)])
        pods = world.pods.under(("owner", replicaset["metadata"]["uid"]))
    return _tell_status(world, replicaset, [pod for pod in pods if is_active(pod)], failure)


def claim(world: World, owner: Object) -> list[Object]:
    """The pods a ReplicaSet owns, after adopting matching orphans and releasing those that match no more."""
    uid, selector = owner["metadata"]["uid"], owner["spec"].get("selector")
    kept = []
    for pod in world.pods.under(("owner", uid)):
        if matches(selector, pod["metadata"].get("labels") or {}) or pod["metadata"].get("deletionTimestamp"):
            kept.append(pod)
        else:
            _set_references(
                world, pod, owners.without_reference(copied(pod["metadata"].get("ownerReferences") or []), uid)
            )
    if owner["metadata"].get("deletionTimestamp"):
        return kept
    for pod in world.pods.under(("orphan", owner["metadata"]["namespace"])):
        if is_active(pod) and matches(selector, pod["metadata"].get("labels") or {}):
            references = [
                *copied(pod["metadata"].get("ownerReferences") or []),
                owners.reference_to(owner, REPLICASETS),
            ]
            kept.append(_set_references(world, pod, references))
    return kept


def _set_references(world: World, pod: Object, references: list[dict[str, Any]]) -> Object:
    changed = {**pod, "metadata": {**pod["metadata"], "ownerReferences": references}}
    return world.storage.update(PODS, changed, manager=MANAGER)


def _manage(world: World, replicaset: Object, active: list[Object]) -> str | None:
    missing = wanted(replicaset) - len(active)
    sibling: Object | None = None
    try:
        for _ in range(min(missing, BURST)):
            sibling = _create(world, replicaset, sibling)
            name = sibling["metadata"]["name"]
            world.tell(REPLICASETS, replicaset, "SuccessfulCreate", f"Created pod: {name}", COMPONENT, "Normal")
    except ApiError as error:
        world.tell(REPLICASETS, replicaset, "FailedCreate", f"Error creating: {error.message}", COMPONENT, "Warning")
        return error.message
    for pod in sorted(active, key=deletion_rank)[: max(0, -missing)]:
        namespace, name = key_of(PODS, pod)
        try:
            world.storage.delete(PODS, namespace, name)
        except NotFound:
            continue
        world.tell(REPLICASETS, replicaset, "SuccessfulDelete", f"Deleted pod: {name}", COMPONENT, "Normal")
    return None


def _create(world: World, replicaset: Object, sibling: Object | None) -> Object:
    """A pod; which fields of it are managed is worked out for the first one and copied for its siblings."""
    pod = pod_from(replicaset)
    if sibling is None:
        return world.storage.create(PODS, pod, manager=MANAGER)
    pod["metadata"]["managedFields"] = sibling["metadata"].get("managedFields") or []
    return world.storage.create(PODS, pod)


def wanted(workload: Object) -> int:
    """`spec.replicas`, 1 when it is left out."""
    replicas = workload["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def pod_from(workload: Object, kind: Kind = REPLICASETS) -> Object:
    """A pod as the template of a workload describes it, owned by the workload."""
    template, meta = workload["spec"].get("template") or {}, workload["metadata"]
    shape = template.get("metadata") or {}
    metadata: dict[str, Any] = {
        "generateName": f"{meta['name']}-",
        "namespace": meta["namespace"],
        "labels": copied(shape.get("labels") or {}),
        "ownerReferences": [owners.reference_to(workload, kind)],
    }
    if shape.get("annotations"):
        metadata["annotations"] = copied(shape["annotations"])
    return {"metadata": metadata, "spec": copied(template.get("spec") or {})}


def deletion_rank(pod: Object) -> tuple[Any, ...]:
    """Sorts first what goes first: unassigned, pending, not ready, cheap, young."""
    phase = (pod.get("status") or {}).get("phase")
    cost = (pod["metadata"].get("annotations") or {}).get("controller.kubernetes.io/pod-deletion-cost", "0")
    return (
        bool(pod["spec"].get("nodeName")),
        {"Pending": 0, "Unknown": 1}.get(str(phase), 2 if phase else 0),
        is_ready(pod),
        int(cost) if cost.lstrip("-").isdecimal() else 0,
        -ready_since(pod),
        _reversed(pod["metadata"].get("creationTimestamp", "")),
    )


def _reversed(text: str) -> tuple[int, ...]:
    return tuple(-ord(letter) for letter in text)


def _tell_status(world: World, replicaset: Object, active: list[Object], failure: str | None) -> float | None:
    stored = world.storage.peek(REPLICASETS, *key_of(REPLICASETS, replicaset))
    if stored is None:
        return None
    pause = stored["spec"].get("minReadySeconds") or 0
    waits = [available_in(pod, pause, world.clock.now()) for pod in active]
    template = ((stored["spec"].get("template") or {}).get("metadata") or {}).get("labels") or {}
    status: dict[str, Any] = {
        "replicas": len(active),
        "fullyLabeledReplicas": sum(
            all((pod["metadata"].get("labels") or {}).get(k) == v for k, v in template.items()) for pod in active
        ),
        "readyReplicas": sum(wait is not None for wait in waits),
        "availableReplicas": sum(wait == 0 for wait in waits),
        "observedGeneration": stored["metadata"].get("generation", 1),
    }
    status = {field: value for field, value in status.items() if value or field in ("replicas", "observedGeneration")}
    if failure:
        status["conditions"] = [_failure_condition(world, stored, failure)]
    if status != stored.get("status"):
        world.write_status(REPLICASETS, stored, status)
    pending = [wait for wait in waits if wait]
    return min(pending, default=5.0 if failure else None)


def _failure_condition(world: World, stored: Object, message: str) -> dict[str, str]:
    known = [c for c in (stored.get("status") or {}).get("conditions") or [] if c.get("type") == "ReplicaFailure"]
    since = known[0]["lastTransitionTime"] if known else world.clock.timestamp()
    return {
        "type": "ReplicaFailure",
        "status": "True",
        "lastTransitionTime": since,
        "reason": "FailedCreate",
        "message": message[:1024],
    }


CONTROLLER = Controller("replicaset", touches, reconcile)
