"""Plays a story: changes objects as a person would, and stops when a person takes over."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from typing import Any

from cockpit.demo.clock import DemoClock
from cockpit.demo.controllers.recorder import Recorder
from cockpit.demo.errors import ApiError, NotFound
from cockpit.demo.patches import fields
from cockpit.demo.patches.managed import content
from cockpit.demo.patches.patching import merged
from cockpit.demo.scenarios.scenario import Scenario, Step, kind_of, mentioned, tell_status
from cockpit.demo.schemas import schema
from cockpit.demo.schemas.kinds import DEPLOYMENTS, Kind
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import Storage, key_of

log = logging.getLogger(__name__)

COMPONENT = "demo-story"
LONGEST_WAIT = 300.0
Place = tuple[Kind, str, str]
# Controllers that change the objects of scenarios, by their manager name in `managedFields`.
MANAGERS = {"kube-controller-manager", "rollouts-controller"}
# Annotations and labels that only controllers write.
OF_CONTROLLERS = ("deployment.kubernetes.io/", "rollouts.kruise.io/", "batchrelease.rollouts.kruise.io/")
# Labels that controllers add to a Service's selector.
HASHES = ("pod-template-hash", "controller-revision-hash")
# Set by a controller in a workload that it is releasing: then only the template is what a person wrote.
HELD_BY = ("rollouts.kruise.io/in-progressing", "batchrelease.rollouts.kruise.io/control-info")


class Story:
    """Plays the steps of a scenario on its clock until they end or someone else writes to one of its objects.

    Writes to status and writes of controllers do not count.
    """

    def __init__(self, scenario: Scenario, storage: Storage, clock: DemoClock, rng: random.Random) -> None:
        self._scenario = scenario
        self._storage = storage
        self._clock = clock
        self._rng = rng
        self._recorder = Recorder(storage, limited=False)
        self._mine: set[Place] = {place_of(obj) for obj in (*scenario.objects, *mentioned(scenario.round(0)))}
        self._writing = False
        self._over = asyncio.Event()
        self.taken_over = ""

    async def run(self) -> None:
        """Play the story until it ends or someone takes over; then `taken_over` names the object."""
        end = self._storage.subscribe(self._watch)
        telling = asyncio.ensure_future(self._tell())
        letting_go = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait((telling, letting_go), return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                telling.result()
        finally:
            end()
            for task in (telling, letting_go):
                task.cancel()
            await asyncio.gather(telling, letting_go, return_exceptions=True)

    async def _tell(self) -> None:
        number = 0
        while True:
            steps = self._scenario.round(number)
            self._mine |= {place_of(obj) for obj in mentioned(steps)}
            for step in steps:
                await self._clock.sleep(step.after)
                if step.ready:
                    await self._until_available(step.ready)
                self._do(step)
            if not self._scenario.repeats or not steps:
                return
            number += 1

    async def _until_available(self, name: str) -> None:
        """Wait until all pods of a Deployment are available, for at most `LONGEST_WAIT` seconds."""
        until = self._clock.now() + LONGEST_WAIT
        while self._clock.now() < until:
            deployment = self._storage.peek(DEPLOYMENTS, self._scenario.namespace, name)
            if deployment and _is_available(deployment):
                return
            await self._clock.sleep(0.25)

    def _do(self, step: Step) -> None:
        """Make the changes of one step at once, and say why in an Event."""
        self._writing = True
        try:
            with contextlib.suppress(NotFound):
                for obj in step.delete:
                    self._say(step, obj)
                    self._storage.delete(kind_of(obj), obj["metadata"]["namespace"], obj["metadata"]["name"])
            for obj in step.apply:
                self._apply(obj, obj)
            if step.patch and step.merge:
                self._apply(step.patch, step.merge)
            about = step.apply[0] if step.apply else step.patch
            if about is not None:
                self._say(step, about)
        except ApiError as error:
            log.warning("scenario %s: a step of the story was refused: %s", self._scenario.name, error.message)
        finally:
            self._writing = False

    def _apply(self, named: Object, change: Object) -> None:
        kind = kind_of(named)
        stored = self._storage.peek(kind, named["metadata"]["namespace"], named["metadata"]["name"])
        if stored is None:
            self._storage.create(kind, change, manager=COMPONENT)
        else:
            self._storage.update(kind, merged(copied(stored), change), manager=COMPONENT)
        tell_status(self._storage, kind, {**change, "metadata": named["metadata"]}, manager=COMPONENT)

    def _say(self, step: Step, obj: Object) -> None:
        if step.say:
            self._tell_on(obj, step.say)

    def _tell_on(self, obj: Object, text: str) -> None:
        kind, namespace, name = place_of(obj)
        stored = self._storage.peek(kind, namespace, name)
        if stored:
            self._recorder.tell(kind, stored, "Normal", "Story", text, COMPONENT)

    def _watch(self, event: Event) -> None:
        if self._writing or self._over.is_set() or event.kind not in {kind for kind, _, _ in self._mine}:
            return
        namespace, name = key_of(event.kind, event.obj)
        if (event.kind, namespace, name) not in self._mine:
            return
        if event.type == "MODIFIED" and event.old and not _somebody_wrote(event.kind, event.old, event.obj):
            return
        self.taken_over = f"{event.kind.kind} {namespace}/{name}"
        self._over.set()
        if event.type != "DELETED":
            self._recorder.tell(
                event.kind, event.obj, "Normal", "StoryEnds", "Someone else took over; the story ends", COMPONENT
            )


def _somebody_wrote(kind: Kind, old: Object, new: Object) -> bool:
    """Whether a change is a person's."""
    if by_controllers(kind, old, new):
        return False
    if any(mark in (obj["metadata"].get("annotations") or {}) for obj in (old, new) for mark in HELD_BY):
        return bool(old["spec"].get("template") != new["spec"].get("template"))
    return meant(old) != meant(new)


def by_controllers(kind: Kind, old: Object, new: Object) -> bool:
    """Whether everything that changed is managed by controllers that note what they write."""
    touched, _ = fields.changed(content(old), content(new), schema.root(kind.api_version, kind.kind))
    owners = {
        entry["manager"]
        for entry in new["metadata"].get("managedFields") or []
        if fields.difference(entry["fieldsV1"], touched) != entry["fieldsV1"]
    }
    return bool(owners) and owners <= MANAGERS


def meant(obj: Object) -> dict[str, Any]:
    """What a person wrote into an object, without status and anything that the API or controllers add."""
    meta = obj["metadata"]

    def kept(pairs: dict[str, str] | None) -> dict[str, str]:
        return {key: value for key, value in (pairs or {}).items() if not key.startswith(OF_CONTROLLERS)}

    spec = obj.get("spec")
    selector = spec.get("selector") if isinstance(spec, dict) and obj.get("kind") == "Service" else None
    if isinstance(selector, dict):
        spec = {**obj["spec"], "selector": {key: value for key, value in selector.items() if key not in HASHES}}
    return {
        "labels": kept(meta.get("labels")),
        "annotations": kept(meta.get("annotations")),
        "ending": bool(meta.get("deletionTimestamp")),
        **{key: value for key, value in obj.items() if key not in ("metadata", "status", "apiVersion", "kind", "spec")},
        "spec": spec,
    }


def place_of(obj: Object) -> Place:
    """Kind, namespace and name of an object."""
    meta = obj["metadata"]
    return (kind_of(obj), meta.get("namespace", ""), meta["name"])


def _is_available(deployment: Object) -> bool:
    status, size = deployment.get("status") or {}, deployment["spec"].get("replicas", 1)
    return bool(
        status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 1)
        and status.get("updatedReplicas", 0) == size
        and status.get("availableReplicas", 0) == size
    )
