"""Pods: the scheduler gives them a node, the kubelet starts and ends them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from cockpit.demo.controllers.podshape import (
    Shape,
    containers,
    crashed,
    fraction,
    restarts_of,
    shape_of,
    status_at,
)
from cockpit.demo.controllers.podstate import is_finished, is_ready
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.kinds import NODES, PODS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

Moment = Literal["bound", "running", "crashed", "ending"]
FIRST_RESTART, LONGEST_RESTART = 10.0, 300.0
# Of the time until a pod is ready, the image and the container take this part, the readiness probe the rest.
STARTING_PART = 0.5
CRASHES_AFTER = 0.5


class Kubelet:
    """Brings each pod to the next stage of its life when its time has come."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, Moment], float] = {}

    def touches(self, world: World, event: Event) -> Iterator[Key]:
        """Every changed pod."""
        if event.kind is PODS:
            if event.type == "DELETED":
                self._forget(event.obj["metadata"]["uid"])
            yield key_of(PODS, event.obj)

    def reconcile(self, world: World, key: Key) -> float | None:
        """One stage further, or the seconds until then."""
        pod = world.storage.peek(PODS, *key)
        if pod is None:
            return None
        shape = shape_of(pod)
        if pod["metadata"].get("deletionTimestamp"):
            return self._end(world, pod, shape)
        if is_finished(pod):
            return None
        if not pod["spec"].get("nodeName"):
            return _schedule(world, pod)
        return self._live(world, pod, shape)

    def _live(self, world: World, pod: Object, shape: Shape) -> float | None:
        phase = (pod.get("status") or {}).get("phase")
        if shape.fate == "ready" and shape.start == 0 and not is_ready(pod):
            self._write(world, pod, "ready")
            return None
        if not pod.get("status", {}).get("containerStatuses"):
            self._write(world, pod, "creating")
            self._since.setdefault((pod["metadata"]["uid"], "bound"), world.clock.now())
            return None
        if shape.fate == "stuck":
            return None
        if shape.fate == "crash":
            return self._crash(world, pod)
        if is_ready(pod):
            return None
        if phase != "Running":
            if left := self._left(world, pod, "bound", shape.start * STARTING_PART):
                return left
            self._write(world, pod, "running")
            self._since.setdefault((pod["metadata"]["uid"], "running"), world.clock.now())
            _tell_started(world, pod)
            return None
        if left := self._left(world, pod, "running", shape.start * (1 - STARTING_PART)):
            return left
        self._write(world, pod, "ready")
        return None

    def _crash(self, world: World, pod: Object) -> float | None:
        restarts = restarts_of(pod)
        again = CRASHES_AFTER if restarts == 0 else min(FIRST_RESTART * 2 ** min(restarts - 1, 9), LONGEST_RESTART)
        if left := self._left(world, pod, "crashed" if restarts else "bound", again):
            return left
        status = crashed(pod, world.clock.timestamp(), _host(pod), restarts + 1)
        self._since[(pod["metadata"]["uid"], "crashed")] = world.clock.now()
        world.write_status(PODS, pod, status)
        first = containers(pod)[0].get("name", "") if containers(pod) else ""
        message = f"Back-off restarting failed container {first} in pod {pod['metadata']['name']}"
        world.tell(PODS, pod, "BackOff", message, "kubelet", "Warning")
        return None

    def _end(self, world: World, pod: Object, shape: Shape) -> float | None:
        """Containers get a moment to end, at most the grace period; then the pod goes."""
        grace = pod["metadata"].get("deletionGracePeriodSeconds") or 0
        if (pod["metadata"]["uid"], "ending") not in self._since:
            for container in containers(pod):
                message = f"Stopping container {container.get('name', '')}"
                world.tell(PODS, pod, "Killing", message, "kubelet", "Normal")
        if left := self._left(world, pod, "ending", min(shape.end, grace)):
            return left
        world.storage.delete(PODS, *key_of(PODS, pod), grace=0)
        return None

    def _left(self, world: World, pod: Object, moment: Moment, wait: float) -> float:
        """Seconds until `wait` has passed since a moment of the pod's life; 0 once it has."""
        now = world.clock.now()
        since = self._since.setdefault((pod["metadata"]["uid"], moment), now)
        return max(0.0, since + wait - now)

    def _write(self, world: World, pod: Object, stage: Literal["creating", "running", "ready"]) -> None:
        status: dict[str, Any] = status_at(pod, stage, world.clock.timestamp(), _host(pod))
        world.write_status(PODS, pod, status)

    def _forget(self, uid: str) -> None:
        for moment in ("bound", "running", "crashed", "ending"):
            self._since.pop((uid, moment), None)


def _schedule(world: World, pod: Object) -> float | None:
    """Bind the pod to a node that takes pods; one that is ready at once goes without an Event."""
    nodes = [node for node in world.storage.scan(NODES) if not (node.get("spec") or {}).get("unschedulable")]
    if not nodes:
        message = "0/0 nodes are available: no node takes pods."
        world.tell(PODS, pod, "FailedScheduling", message, "default-scheduler", "Warning")
        return 5.0
    name = nodes[int(fraction(pod["metadata"]["uid"], "node") * len(nodes))]["metadata"]["name"]
    world.storage.update(PODS, {**pod, "spec": {**pod["spec"], "nodeName": name}})
    if shape_of(pod).start == 0:
        return None
    message = f"Successfully assigned {pod['metadata']['namespace']}/{pod['metadata']['name']} to {name}"
    world.tell(PODS, pod, "Scheduled", message, "default-scheduler", "Normal")
    return None


def _tell_started(world: World, pod: Object) -> None:
    for container in containers(pod):
        name, image = container.get("name", ""), container.get("image", "")
        for reason, message in (
            ("Pulled", f'Container image "{image}" already present on machine'),
            ("Created", f"Created container: {name}"),
            ("Started", f"Started container {name}"),
        ):
            world.tell(PODS, pod, reason, message, "kubelet", "Normal")


def _host(pod: Object) -> str:
    """The address of the pod's node, as its name numbers it."""
    digits = "".join(letter for letter in pod["spec"].get("nodeName", "") if letter.isdecimal() and letter.isascii())
    return f"192.168.0.{10 + int(digits or 0) % 200}"


def controller() -> Controller:
    """A kubelet with its own memory."""
    kubelet = Kubelet()
    return Controller("pods", kubelet.touches, kubelet.reconcile)
