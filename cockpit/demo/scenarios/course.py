"""A course of objects as they were elsewhere, played until somebody acts; from there on the cluster can only guess.

Lines of JSON. The first is `{"course": 1, "began": UTC seconds, "seconds": N}`, each further one `{"after": seconds,
...}` with one of "put" (an object from then on), "gone" (apiVersion, kind, namespace, name) and "answers" (namespace,
pods, error_rate, latency: how these pods answer from then on).
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cockpit.demo.api.versions import stored, to_stored
from cockpit.demo.clock import DemoClock
from cockpit.demo.controllers.owners import controller_of
from cockpit.demo.errors import ApiError
from cockpit.demo.pods.answers import PREFIX
from cockpit.demo.scenarios.story import meant
from cockpit.demo.schemas.kinds import EVENTS, LEASES, PODS, Kind, by_kind
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import Storage, ensure_namespace, key_of

log = logging.getLogger(__name__)

VERSION = 1
WHO = "demo-cluster"
# What is noted in everybody's journal, on the object that was changed.
GUESS = "a GUESS from here on: this act is not in the recording, and the embedded cluster's own controllers go on"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
# Written by whoever looks on.
_NOBODYS = (EVENTS, LEASES)
Change = tuple[float, str, Any]
Guessing = Callable[[Object], None]


class CourseError(Exception):
    """A file that is no course; the message names the file and the line."""


@dataclass(frozen=True)
class Course:
    """Changes by their seconds after the beginning. `left_out` counts objects that this cluster does not serve."""

    began: float
    changes: tuple[Change, ...]
    left_out: int = 0


def read_course(path: Path) -> Course:
    """The course in a file. Raises CourseError."""
    changes: list[Change] = []
    left_out, began = 0, None
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                document = _parsed(path, number, line)
                if began is None:
                    began = _began(path, document)
                elif change := _change(document):
                    changes.append(change)
                else:
                    left_out += 1
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read: {error}") from None
    if began is None:
        raise CourseError(f"{path} is empty")
    return Course(began, tuple(sorted(changes, key=lambda each: each[0])), left_out)


def _parsed(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise CourseError(f"{path}, line {number}: not an object of JSON")
    return document


def _began(path: Path, head: dict[str, Any]) -> float:
    if head.get("course") != VERSION or not isinstance(head.get("began"), int | float):
        raise CourseError(f"{path}, line 1: not a course of version {VERSION}")
    return float(head["began"])


def _change(document: dict[str, Any]) -> Change | None:
    """One change; None for one that makes no sense here."""
    after = document.get("after")
    if not isinstance(after, int | float) or not 0 <= after < 1e7:
        return None
    for what, fits in (("put", _fits), ("gone", _names_one), ("answers", _answers)):
        if what in document:
            return (float(after), what, document[what]) if fits(document[what]) else None
    return None


def _fits(obj: Any) -> bool:
    """Whether it has the shape that everything here relies on."""
    meta = obj.get("metadata") if isinstance(obj, dict) else None
    if not isinstance(meta, dict) or by_kind(str(obj.get("apiVersion")), str(obj.get("kind"))) is None:
        return False
    texts = (meta.get("labels"), meta.get("annotations"))
    pairs = [pair for each in texts for pair in (each or {}).items()] if all(map(_is_map, texts)) else None
    named = all(isinstance(meta.get(name, ""), str) for name in ("name", "namespace", "uid"))
    parts = all(_is_map(obj.get(part)) for part in ("spec", "status"))
    return bool(named and meta.get("name") and parts and pairs is not None and all(_is_text(*pair) for pair in pairs))


def _is_map(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _is_text(*values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _names_one(gone: Any) -> bool:
    names = ("apiVersion", "kind", "namespace", "name")
    return isinstance(gone, dict) and _is_text(*(gone.get(name) for name in names)) and _kind(gone) is not None


def _kind(named: dict[str, Any]) -> Kind | None:
    return by_kind(named["apiVersion"], named["kind"])


def _answers(answers: Any) -> bool:
    if not isinstance(answers, dict) or not isinstance(pods := answers.get("pods"), list):
        return False
    numbers = all(isinstance(answers.get(name), int | float) for name in ("error_rate", "latency"))
    return numbers and _is_text(answers.get("namespace"), *pods)


class CoursePlayer:
    """Plays a course into a storage until it ends or somebody changes something; then `guessing` is called, once.

    Times in objects are moved, as if it began now. After that it only lets new pods answer like their siblings.
    """

    def __init__(self, course: Course, storage: Storage, clock: DemoClock, guessing: Guessing) -> None:
        self._course = course
        self._storage = storage
        self._clock = clock
        self._guessing = guessing
        self._writing = False
        self._over = asyncio.Event()
        self._pods: dict[tuple[str, str], dict[str, str]] = {}  # annotations by namespace and name
        self._siblings: dict[str, dict[str, str]] = {}  # the same by the uid of whoever made the pods
        self._by = 0.0
        self._uids = {str(obj["metadata"].get("uid")) for _, what, obj in course.changes if what == "put"}

    async def run(self) -> None:
        """Play, and stay until cancelled."""
        began = self._clock.now()
        self._by = began - self._course.began
        end = self._storage.subscribe(self._watch)
        try:
            for after, what, value in self._course.changes:
                if not await self._reached(began + after):
                    break
                self._do(what, value)
            await asyncio.Event().wait()
        finally:
            end()

    async def _reached(self, at: float) -> bool:
        """Wait for this time; False if somebody acted before."""
        if not self._over.is_set() and at > self._clock.now():
            left = self._clock.sleep(at - self._clock.now())
            waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._over.wait()), asyncio.ensure_future(left)]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        return not self._over.is_set()

    def _do(self, what: str, value: Any) -> None:
        self._writing = True
        try:
            match what:
                case "put":
                    self._put(value)
                case "gone":
                    if kind := _kind(value):
                        self._storage.forget(stored(kind), value["namespace"], value["name"])
                case "answers":
                    self._answer(value)
        except (ApiError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            # What a stranger's record holds must not end the others.
            log.warning("a change of the recording was left out: %s: %s", type(error).__name__, error)
        finally:
            self._writing = False

    def _put(self, asked: Object) -> None:
        kind = by_kind(asked["apiVersion"], asked["kind"])
        if kind is None:
            return
        obj: Object = moved(to_stored(kind, asked), self._by)
        meta = obj["metadata"]
        meta.setdefault("uid", str(uuid.UUID(int=self._storage.rng.getrandbits(128), version=4)))
        meta.setdefault("creationTimestamp", self._clock.timestamp())
        if owners := meta.get("ownerReferences"):
            # An owner that is not there would have its dependents collected.
            meta["ownerReferences"] = [each for each in owners if str(each.get("uid")) in self._uids]
        kind = stored(kind)
        if kind.namespaced:
            ensure_namespace(self._storage, meta.setdefault("namespace", "default"))
        else:
            meta.pop("namespace", None)
        if kind is PODS:
            self._dress(obj)
        there = self._storage.peek(kind, meta.get("namespace"), meta["name"])
        balancer = ((there or {}).get("status") or {}).get("loadBalancer")
        if balancer is not None:
            obj["status"] = {**(obj.get("status") or {}), "loadBalancer": balancer}
        self._storage.restore(kind, obj)

    def _answer(self, answers: dict[str, Any]) -> None:
        """These pods answer so from now on."""
        notes = {PREFIX + "error-rate": str(answers["error_rate"]), PREFIX + "latency": str(answers["latency"])}
        for name in answers["pods"]:
            self._pods[answers["namespace"], name] = notes
            if pod := self._storage.peek(PODS, answers["namespace"], name):
                self._storage.restore(PODS, self._dress({**pod, "metadata": dict(pod["metadata"])}))

    def _dress(self, pod: Object) -> Object:
        meta = pod["metadata"]
        if notes := self._pods.get((meta["namespace"], meta["name"])):
            meta["annotations"] = {**(meta.get("annotations") or {}), **notes}
            if owner := controller_of(pod):
                self._siblings[str(owner.get("uid"))] = notes
        return pod

    def _watch(self, event: Event) -> None:
        if self._writing:
            return
        if self._over.is_set():
            self._dress_sibling(event)
        elif somebody_acted(event):
            self._over.set()
            self._note(event)
            self._guessing(event.obj)

    def _dress_sibling(self, event: Event) -> None:
        if event.type != "ADDED" or event.kind is not PODS:
            return
        owner = controller_of(event.obj)
        if notes := self._siblings.get(str((owner or {}).get("uid"))):
            meta = event.obj["metadata"]
            annotations = {**notes, **(meta.get("annotations") or {})}
            self._storage.update(PODS, {**event.obj, "metadata": {**meta, "annotations": annotations}})

    def _note(self, event: Event) -> None:
        """Into everybody's journal, as a cockpit's note: an Event with its words in an annotation."""
        namespace, name = key_of(event.kind, event.obj)
        id_, now = f"{self._storage.rng.getrandbits(64):016x}", datetime.fromtimestamp(self._clock.now(), UTC)
        told = {"id": id_, "session": WHO, "who": WHO, "name": name, "system": "", "act": "note", "title": GUESS}
        times = {"firstTimestamp": self._clock.timestamp(), "lastTimestamp": self._clock.timestamp()}
        about = {"apiVersion": event.kind.api_version, "kind": event.kind.kind, "namespace": namespace, "name": name}
        body = {
            "metadata": {
                "name": f"{name[:200]}.{id_}",
                "namespace": namespace or "default",
                "annotations": {"rollouts.cockpit/act": json.dumps({**told, "stage": "noted"})},
            },
            "involvedObject": {**about, "uid": event.obj["metadata"].get("uid", "")},
            "reason": "Guess",
            "action": "Guess",
            "message": GUESS,
            "type": "Normal",
            "eventTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            **times,
            "count": 1,
            "source": {"component": "rollout-cockpit"},
            "reportingComponent": "rollout-cockpit",
            "reportingInstance": WHO,
        }
        try:
            self._storage.create(EVENTS, body)
        except ApiError as error:
            log.warning("the guess was not noted: %s", error.message)


def somebody_acted(event: Event) -> bool:
    """Whether a write is an act: not a Lease, an Event, or a status."""
    if event.kind in _NOBODYS:
        return False
    return event.type != "MODIFIED" or event.old is None or meant(event.old) != meant(event.obj)


def moved(value: Any, by: float) -> Any:
    """A copy of plain JSON in which every time is so many seconds later."""
    if isinstance(value, str):
        return _later(value, by) if len(value) <= 32 and _TIME.fullmatch(value) else value
    if isinstance(value, list):
        return [moved(entry, by) for entry in value]
    if isinstance(value, dict):
        return {key: moved(entry, by) for key, entry in value.items()}
    return value


def _later(text: str, by: float) -> str:
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() + by
        made = datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return text
    return made.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if "." in text else "%Y-%m-%dT%H:%M:%SZ")
