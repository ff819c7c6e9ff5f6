"""DaemonSets: one pod on each node."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.demo.controllers import revisions
from cockpit.demo.controllers.podstate import available_in, is_finished
from cockpit.demo.controllers.replicas import resolve
from cockpit.demo.controllers.replicaset import owners_of_pod, pod_from
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.rules.metadata import TEMPLATE_GENERATION
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
            _create(world, stored, node, digest)
    for pod in pods:
        if pod["spec"].get("nodeName") not in nodes or is_finished(pod):
            _delete(world, stored, pod)


def _create(world: World, stored: Object, node: str, digest: str) -> None:
    pod = pod_from(stored, DAEMONSETS)
    generation = (stored["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "1")
    pod["metadata"]["labels"] |= {revisions.HASH: digest, "pod-template-generation": generation}
    pod["spec"]["nodeName"] = node
    name = world.storage.create(PODS, pod)["metadata"]["name"]
    world.tell(DAEMONSETS, stored, "SuccessfulCreate", f"Created pod: {name}", COMPONENT, "Normal")


def _update(world: World, stored: Object, nodes: list[str], digest: str) -> None:
    """Old pods go: with `maxSurge` each once a new one beside it is available, else as `maxUnavailable` allows."""
    strategy = stored["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return
    rolling = strategy.get("rollingUpdate") or {}
    living = [pod for pod in _pods(world, stored) if not pod["metadata"].get("deletionTimestamp")]
    pause, now = stored["spec"].get("minReadySeconds") or 0, world.clock.now()
    up = {pod["metadata"]["name"] for pod in living if available_in(pod, pause, now) == 0}
    old = [pod for pod in living if (pod["metadata"].get("labels") or {}).get(revisions.HASH) != digest]
    old.sort(key=lambda pod: pod["metadata"]["name"] in up)
    surge = resolve(rolling.get("maxSurge", 0), len(nodes), up=True)
    if surge:
        _surge(world, stored, digest, surge, living, up, old)
        return
    room = max(1, resolve(rolling.get("maxUnavailable", 1), len(nodes), up=True)) - (len(nodes) - len(up))
    for pod in old:
        if pod["metadata"]["name"] in up:
            if room <= 0:
                return
            room -= 1
        _delete(world, stored, pod)


def _surge(
    world: World,
    stored: Object,
    digest: str,
    surge: int,
    living: list[Object],
    up: set[str],
    old: list[Object],
) -> None:
    """New pods beside old ones on as many nodes as `surge` allows; an old one goes once its successor is available."""
    new = {pod["spec"].get("nodeName"): pod for pod in living if all(pod is not other for other in old)}
    room = surge - sum(pod["spec"].get("nodeName") in new for pod in old)
    for pod in old:
        node = pod["spec"].get("nodeName")
        successor = new.get(node)
        # An old pod that serves nobody makes room at once.
        waits_for = pod if successor is None else successor
        if (waits_for["metadata"]["name"] in up) is (successor is not None):
            _delete(world, stored, pod)
        elif successor is None and room > 0:
            room -= 1
            _create(world, stored, node, digest)


def _delete(world: World, stored: Object, pod: Object) -> None:
    if not pod["metadata"].get("deletionTimestamp"):
        world.storage.delete(PODS, *key_of(PODS, pod))
        message = f"Deleted pod: {pod['metadata']['name']}"
        world.tell(DAEMONSETS, stored, "SuccessfulDelete", message, COMPONENT, "Normal")


def _tell_status(world: World, stored: Object, nodes: list[str], digest: str) -> float | None:
    oldest: dict[str, Object] = {}
    for pod in sorted(_pods(world, stored), key=lambda pod: str(pod["metadata"].get("creationTimestamp"))):
        if not pod["metadata"].get("deletionTimestamp") and pod["spec"].get("nodeName") in nodes:
            oldest.setdefault(pod["spec"]["nodeName"], pod)
    # A node with an old and a new pod counts once, by the older (pkg/controller/daemon).
    living = list(oldest.values())
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
