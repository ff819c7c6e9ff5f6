"""StatefulSets, native ones and those of OpenKruise: pods with numbers, made, updated and ended one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cockpit.demo.controllers import revisions
from cockpit.demo.controllers.podstate import available_in, is_finished, is_ready
from cockpit.demo.controllers.replicaset import owners_of_pod, pod_from, wanted
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import ADVANCED_STATEFULSETS
from cockpit.demo.schemas.kinds import PODS, STATEFULSETS, Kind
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

COMPONENT = "statefulset-controller"


def controller(name: str, kind: Kind) -> Controller:
    """The controller of one kind of StatefulSets."""

    def touches(world: World, event: Event) -> Iterator[Key]:
        """The StatefulSet itself, and the owner of a changed pod."""
        if event.kind is kind:
            yield key_of(kind, event.obj)
        elif event.kind is PODS:
            yield from owners_of_pod(world, event, kind.kind)

    return Controller(name, touches, lambda world, key: reconcile(world, kind, key))


def reconcile(world: World, kind: Kind, key: Key) -> float | None:
    """One pod further, and the status."""
    stored = world.storage.peek(kind, *key)
    if stored is None:
        return None
    newest = revisions.update_revision(world, stored, kind)
    current = (stored.get("status") or {}).get("currentRevision") or newest
    if not stored["metadata"].get("deletionTimestamp"):
        _step(world, stored, current, newest)
    return _tell_status(world, kind, stored, current, newest)


def _kind_of(stored: Object) -> Kind:
    return STATEFULSETS if stored["apiVersion"] == STATEFULSETS.api_version else ADVANCED_STATEFULSETS


def _step(world: World, stored: Object, current: str, newest: str) -> None:
    """Missing pods from below, superfluous ones from above, then the update from above; each waits for the last."""
    pods, size = _numbered(world, stored), wanted(stored)
    one_by_one = stored["spec"].get("podManagementPolicy") != "Parallel"
    strategy = stored["spec"].get("updateStrategy") or {}
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    if not _fill(world, stored, pods, lambda number: current if number < partition else newest):
        return
    surplus = [pods[number] for number in sorted(pods, reverse=True) if number >= size]
    for pod in surplus:
        if not pod["metadata"].get("deletionTimestamp"):
            _delete(world, stored, pod)
        if one_by_one:
            return
    if not surplus and strategy.get("type") != "OnDelete":
        _replace_next(world, stored, [pods.get(number) for number in range(size - 1, partition - 1, -1)], newest)


def _fill(world: World, stored: Object, pods: dict[int, Object], revision: Callable[[int], str]) -> bool:
    """Make the pods that are missing; False where one has to be ready first."""
    one_by_one = stored["spec"].get("podManagementPolicy") != "Parallel"
    for number in range(wanted(stored)):
        pod = pods.get(number)
        if pod is not None and is_finished(pod):
            _delete(world, stored, pod)
        elif pod is None:
            _create(world, stored, number, revision(number))
        if one_by_one and (pod is None or not _healthy(pod)):
            return False
    return True


def _replace_next(world: World, stored: Object, pods: Iterable[Object | None], newest: str) -> None:
    """Delete the first of these pods that is of another revision, once those before it are healthy."""
    for pod in pods:
        if pod is not None and _revision_of(pod) != newest and not pod["metadata"].get("deletionTimestamp"):
            _delete(world, stored, pod)
            return
        if pod is None or not _healthy(pod):
            return


def _numbered(world: World, stored: Object) -> dict[int, Object]:
    start, found = len(stored["metadata"]["name"]) + 1, {}
    for pod in world.pods.under(("owner", stored["metadata"]["uid"])):
        number = pod["metadata"]["name"][start:]
        if number.isdecimal() and len(number) < 9:
            found[int(number)] = pod
    return found


def _healthy(pod: Object) -> bool:
    return is_ready(pod) and not pod["metadata"].get("deletionTimestamp")


def _revision_of(pod: Object) -> str:
    return str((pod["metadata"].get("labels") or {}).get(revisions.HASH, ""))


def _create(world: World, stored: Object, number: int, revision: str) -> None:
    template = revisions.template_of(world, stored, revision)
    pod = pod_from({**stored, "spec": {**stored["spec"], "template": template}}, _kind_of(stored))
    name = f"{stored['metadata']['name']}-{number}"
    del pod["metadata"]["generateName"]
    pod["metadata"]["name"] = name
    pod["metadata"]["labels"] |= {
        revisions.HASH: revision,
        "statefulset.kubernetes.io/pod-name": name,
        "apps.kubernetes.io/pod-index": str(number),
    }
    pod["spec"]["hostname"] = name
    if stored["spec"].get("serviceName"):
        pod["spec"]["subdomain"] = stored["spec"]["serviceName"]
    world.storage.create(PODS, pod)
    message = f"create Pod {name} in StatefulSet {stored['metadata']['name']} successful"
    world.tell(_kind_of(stored), stored, "SuccessfulCreate", message, COMPONENT, "Normal")


def _delete(world: World, stored: Object, pod: Object) -> None:
    world.storage.delete(PODS, *key_of(PODS, pod))
    message = f"delete Pod {pod['metadata']['name']} in StatefulSet {stored['metadata']['name']} successful"
    world.tell(_kind_of(stored), stored, "SuccessfulDelete", message, COMPONENT, "Normal")


def _tell_status(world: World, kind: Kind, stored: Object, current: str, newest: str) -> float | None:
    pods = list(_numbered(world, stored).values())
    living = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp") and not is_finished(pod)]
    pause = stored["spec"].get("minReadySeconds") or 0
    waits = [available_in(pod, pause, world.clock.now()) for pod in living]
    updated = sum(_revision_of(pod) == newest for pod in living)
    ready = sum(wait is not None for wait in waits)
    rolls = (stored["spec"].get("updateStrategy") or {}).get("type") != "OnDelete"
    if rolls and updated == ready == len(pods) == wanted(stored):
        current = newest
    status: dict[str, Any] = {
        "replicas": len(pods),
        "readyReplicas": ready,
        "availableReplicas": sum(wait == 0 for wait in waits),
        "currentReplicas": sum(_revision_of(pod) == current for pod in living),
        "updatedReplicas": updated,
        "currentRevision": current,
        "updateRevision": newest,
        "observedGeneration": stored["metadata"].get("generation", 1),
        "collisionCount": 0,
    }
    if kind is ADVANCED_STATEFULSETS:
        new = [wait for pod, wait in zip(living, waits, strict=True) if _revision_of(pod) == newest]
        status["updatedReadyReplicas"] = sum(wait is not None for wait in new)
        status["updatedAvailableReplicas"] = sum(wait == 0 for wait in new)
    else:
        # The native controller leaves out what is 0; the CRD of the other one requires it.
        for field in ("readyReplicas", "updatedReplicas", "currentReplicas"):
            if not status[field]:
                del status[field]
    if status != stored.get("status"):
        world.write_status(kind, stored, status)
    return min((wait for wait in waits if wait), default=None)


CONTROLLERS = (
    controller("statefulset", STATEFULSETS),
    controller("advanced-statefulset", ADVANCED_STATEFULSETS),
)
