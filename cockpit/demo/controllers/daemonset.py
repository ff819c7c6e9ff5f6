"""DaemonSets: one pod on each node."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.demo.controllers import revisions
from cockpit.demo.controllers.podstate import available_in, is_finished
from cockpit.demo.controllers.replicas import resolve
from cockpit.demo.controllers.replicaset import owners_of_pod, pod_from
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.kinds import DAEMONSETS, NODES, PODS
from cockpit.demo.schemas.labelselectors import selects
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

COMPONENT = "daemonset-controller"


def touches(world: World, event: Event) -> Iterator[Key]:
    """The DaemonSet itself, the owner of a changed pod, and all of them when nodes come, go or change."""
    if event.kind is DAEMONSETS:
        yield key_of(DAEMONSETS, event.obj)
    elif event.kind is PODS:
        yield from owners_of_pod(world, event, DAEMONSETS.kind)
    elif event.kind is NODES:
        for stored in world.storage.scan(DAEMONSETS):
            yield key_of(DAEMONSETS, stored)


def reconcile(world: World, key: Key) -> float | None:
    """Pods where they are missing, none where they do not belong, the update a few at a time, and the status."""
    stored = world.storage.peek(DAEMONSETS, *key)
    if stored is None:
        return None
    digest = revisions.update_revision(world, stored, DAEMONSETS).removeprefix(f"{stored['metadata']['name']}-")
    nodes = _nodes(world, stored)
    if not stored["metadata"].get("deletionTimestamp"):
        _place(world, stored, nodes, digest)
        _update(world, stored, nodes, digest)
    return _tell_status(world, stored, nodes, digest)


def _nodes(world: World, stored: Object) -> list[str]:
    wish = ((stored["spec"].get("template") or {}).get("spec") or {}).get("nodeSelector") or {}
    return [
        node["metadata"]["name"]
        for node in world.storage.scan(NODES)
        if selects(wish, node["metadata"].get("labels") or {})
    ]


def _pods(world: World, stored: Object) -> list[Object]:
    return world.pods.under(("owner", stored["metadata"]["uid"]))


def _place(world: World, stored: Object, nodes: list[str], digest: str) -> None:
    pods = _pods(world, stored)
    taken = {pod["spec"].get("nodeName") for pod in pods if not is_finished(pod)}
    for node in nodes:
        if node not in taken:
            pod = pod_from(stored, DAEMONSETS)
            pod["metadata"]["labels"] |= {revisions.HASH: digest, "pod-template-generation": "1"}
            pod["spec"]["nodeName"] = node
            name = world.storage.create(PODS, pod)["metadata"]["name"]
            world.tell(DAEMONSETS, stored, "SuccessfulCreate", f"Created pod: {name}", COMPONENT, "Normal")
    for pod in pods:
        if pod["spec"].get("nodeName") not in nodes or is_finished(pod):
            _delete(world, stored, pod)


def _update(world: World, stored: Object, nodes: list[str], digest: str) -> None:
    """Old pods go as far as `maxUnavailable` allows, those that are not available anyway first."""
    strategy = stored["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return
    asked = (strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1)
    allowed = max(1, resolve(asked, len(nodes), up=True))
    living = [pod for pod in _pods(world, stored) if not pod["metadata"].get("deletionTimestamp")]
    pause, now = stored["spec"].get("minReadySeconds") or 0, world.clock.now()
    up = {pod["metadata"]["name"] for pod in living if available_in(pod, pause, now) == 0}
    room = allowed - (len(nodes) - len(up))
    old = [pod for pod in living if (pod["metadata"].get("labels") or {}).get(revisions.HASH) != digest]
    for pod in sorted(old, key=lambda pod: pod["metadata"]["name"] in up):
        if pod["metadata"]["name"] in up:
            if room <= 0:
                return
            room -= 1
        _delete(world, stored, pod)


def _delete(world: World, stored: Object, pod: Object) -> None:
    if not pod["metadata"].get("deletionTimestamp"):
        world.storage.delete(PODS, *key_of(PODS, pod))
        message = f"Deleted pod: {pod['metadata']['name']}"
        world.tell(DAEMONSETS, stored, "SuccessfulDelete", message, COMPONENT, "Normal")


def _tell_status(world: World, stored: Object, nodes: list[str], digest: str) -> float | None:
    living = [
        pod
        for pod in _pods(world, stored)
        if not pod["metadata"].get("deletionTimestamp") and pod["spec"].get("nodeName") in nodes
    ]
    pause = stored["spec"].get("minReadySeconds") or 0
    waits = [available_in(pod, pause, world.clock.now()) for pod in living]
    up = sum(wait == 0 for wait in waits)
    status = {
        "currentNumberScheduled": len(living),
        "numberMisscheduled": 0,
        "desiredNumberScheduled": len(nodes),
        "numberReady": sum(wait is not None for wait in waits),
        "observedGeneration": stored["metadata"].get("generation", 1),
    }
    optional = {
        "updatedNumberScheduled": sum(
            (pod["metadata"].get("labels") or {}).get(revisions.HASH) == digest for pod in living
        ),
        "numberAvailable": up,
        "numberUnavailable": len(nodes) - up,
    }
    status |= {field: number for field, number in optional.items() if number}
    if status != stored.get("status"):
        world.write_status(DAEMONSETS, stored, status)
    return min((wait for wait in waits if wait), default=None)


CONTROLLER = Controller("daemonset", touches, reconcile)
