"""CloneSets of OpenKruise: pods without order, recreated in batches (openkruise/kruise pkg/controller/cloneset)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cockpit.demo.controllers import revisions
from cockpit.demo.controllers.podstate import available_in, is_finished, is_ready
from cockpit.demo.controllers.replicas import resolve
from cockpit.demo.controllers.replicaset import deletion_rank, owners_of_pod, pod_from, wanted
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import CLONESETS
from cockpit.demo.schemas.kinds import PODS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

COMPONENT = "cloneset-controller"
POD_HASH = "pod-template-hash"


@dataclass(frozen=True)
class Goal:
    """How many pods there may be of each version, and how many have to stay available."""

    new: int
    old: int
    surge: int
    least_available: int


@dataclass(frozen=True)
class Pods:
    """The living pods of a CloneSet by version."""

    new: list[Object]
    old: list[Object]

    @property
    def all(self) -> list[Object]:
        """Both."""
        return self.new + self.old


def touches(world: World, event: Event) -> Iterator[Key]:
    """The CloneSet itself, and the owner of a changed pod."""
    if event.kind is CLONESETS:
        yield key_of(CLONESETS, event.obj)
    elif event.kind is PODS:
        yield from owners_of_pod(world, event, CLONESETS.kind)


def reconcile(world: World, key: Key) -> float | None:
    """Scale, then update as far as partition, surge and unavailability allow; and the status."""
    stored = world.storage.peek(CLONESETS, *key)
    if stored is None:
        return None
    newest = revisions.update_revision(world, stored, CLONESETS)
    current = (stored.get("status") or {}).get("currentRevision") or newest
    if not stored["metadata"].get("deletionTimestamp"):
        _step(world, stored, current, newest)
    return _tell_status(world, stored, current, newest)


def _living(world: World, stored: Object, newest: str) -> Pods:
    pods = [
        pod
        for pod in world.pods.under(("owner", stored["metadata"]["uid"]))
        if not pod["metadata"].get("deletionTimestamp") and not is_finished(pod)
    ]
    return Pods([p for p in pods if revision_of(p) == newest], [p for p in pods if revision_of(p) != newest])


def revision_of(pod: Object) -> str:
    """The full name of the revision a pod was made from."""
    found: str = (pod["metadata"].get("labels") or {}).get(revisions.HASH, "")
    return found


def goal_of(stored: Object) -> Goal:
    """What the update strategy requires. The partition counts pods that stay old, rounded up."""
    size, strategy = wanted(stored), stored["spec"].get("updateStrategy") or {}
    partition = strategy.get("partition")
    old = min(size, resolve(partition, size, up=True))
    if old == size > 1 and isinstance(partition, str) and partition != "100%":
        old -= 1  # less than all lets at least one be replaced
    surge = resolve(strategy.get("maxSurge"), size, up=True)
    lacking = resolve(strategy.get("maxUnavailable", "20%"), size, up=not surge)
    return Goal(size - old, old, surge, size - max(lacking, 0 if surge else 1))


def _step(world: World, stored: Object, current: str, newest: str) -> None:
    """Make what is missing, or else let one version make way for the other."""
    pods, goal, size = _living(world, stored, newest), goal_of(stored), wanted(stored)
    paused = bool((stored["spec"].get("updateStrategy") or {}).get("paused"))
    lacking = 0 if paused else max(0, goal.new - len(pods.new))
    # Pods over the size are allowed only while there are old ones left to replace.
    room = size + min(goal.surge, lacking, len(pods.old))
    missing = room - len(pods.all)
    for number in range(max(0, missing)):
        _create(world, stored, newest if number < lacking else current)
    if missing <= 0:
        _make_way(world, stored, pods, goal, lacking)


def _make_way(world: World, stored: Object, pods: Pods, goal: Goal, lacking: int) -> None:
    """Delete old pods that are to be replaced and pods over the size, as far as enough of the rest serve.

    An old pod serves while it is ready, a new one once it is available: so a release that makes new pods never
    available keeps both versions.
    """
    serving = sum(_available(world, stored, pod) for pod in pods.new) + sum(is_ready(pod) for pod in pods.old)
    leave = lacking or max(0, len(pods.all) - wanted(stored))
    candidates = sorted(pods.old, key=deletion_rank)[: max(0, len(pods.old) - goal.old)]
    candidates += sorted(pods.new, key=deletion_rank)[: max(0, len(pods.new) - goal.new)] if not lacking else []
    for pod in candidates[:leave]:
        serves = is_ready(pod)
        if serves and serving - 1 < goal.least_available:
            return
        serving -= serves
        _delete(world, stored, pod)


def _available(world: World, stored: Object, pod: Object) -> bool:
    return available_in(pod, stored["spec"].get("minReadySeconds") or 0, world.clock.now()) == 0


def _create(world: World, stored: Object, revision: str) -> None:
    template = revisions.template_of(world, stored, revision)
    pod = pod_from({**stored, "spec": {**stored["spec"], "template": template}}, CLONESETS)
    pod["metadata"]["labels"] |= {revisions.HASH: revision, POD_HASH: revision.rpartition("-")[2]}
    made = world.storage.create(PODS, pod)
    message = f"succeed to create pod {made['metadata']['name']}"
    world.tell(CLONESETS, stored, "SuccessfulCreate", message, COMPONENT, "Normal")


def _delete(world: World, stored: Object, pod: Object) -> None:
    world.storage.delete(PODS, *key_of(PODS, pod))
    message = f"succeed to delete pod {pod['metadata']['name']}"
    world.tell(CLONESETS, stored, "SuccessfulDelete", message, COMPONENT, "Normal")


def _tell_status(world: World, stored: Object, current: str, newest: str) -> float | None:
    pods, goal = _living(world, stored, newest), goal_of(stored)
    pause = stored["spec"].get("minReadySeconds") or 0
    waits = [available_in(pod, pause, world.clock.now()) for pod in pods.all]
    new_waits = waits[: len(pods.new)]
    if len(pods.new) == len(pods.all) == wanted(stored):
        current = newest
    status: dict[str, Any] = {
        "replicas": len(pods.all),
        "readyReplicas": sum(is_ready(pod) for pod in pods.all),
        "availableReplicas": sum(wait == 0 for wait in waits),
        "updatedReplicas": len(pods.new),
        "updatedReadyReplicas": sum(wait is not None for wait in new_waits),
        "updatedAvailableReplicas": sum(wait == 0 for wait in new_waits),
        "expectedUpdatedReplicas": goal.new,
        "currentRevision": current,
        "updateRevision": newest,
        "observedGeneration": stored["metadata"].get("generation", 1),
        "labelSelector": _selector(stored),
    }
    if status != stored.get("status"):
        world.write_status(CLONESETS, stored, status)
    # A blue-green release makes pods wait for decades; nobody wants to look again then.
    return min((wait for wait in waits if wait and wait < 10**6), default=None)


def _selector(stored: Object) -> str:
    pairs = (stored["spec"].get("selector") or {}).get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(pairs.items()))


CONTROLLER = Controller("cloneset", touches, reconcile)
