"""A record as the embedded cluster can play it: its objects over time, and how the pods of each version answered.

Lines of JSON, the same in `demo/scenarios/course.py`. The first is `{"course": 1, "began": UTC seconds, "seconds": N}`,
each further one `{"after": seconds, ...}` with one of

    "put": an object as it was from then on
    "gone": its apiVersion, kind, namespace and name
    "answers": {"namespace", "pods": [names], "error_rate": fraction, "latency": seconds}
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.redact import HIDDEN
from cockpit.model.values import dataclass
from cockpit.model.view import FleetView
from cockpit.record.blocks import Part, RecordError
from cockpit.record.delta import PatchError, applied
from cockpit.record.entries import GONE, Listed, ObjectSeen
from cockpit.record.reader import Record, Views
from cockpit.record.versions import object_of
from cockpit.record.writer import Place

VERSION = 1
# What belongs to whoever looked then, and kinds that a record must not bring back.
_LEFT_OUT = frozenset({"leases", "secrets", "namespaces", "nodes"})
# Addresses outside of the embedded cluster: nothing may be sent to them. It gives its own.
_ADDRESSES = {
    "Service": frozenset({"externalIPs", "loadBalancerIP", "externalName", "loadBalancerSourceRanges"}),
    "Gateway": frozenset({"addresses"}),
}
# How far errors (a fraction) or the median time (a ratio) have to change to be told.
_ERRORS_DIFFER, _LATENCY_DIFFERS = 0.05, 1.5
# Answers of a version, below which its errors say little.
_FEW = 20
# Seconds between two looks at what was measured.
_LOOK_SECONDS = 1.0

_decode = msgspec.msgpack.Decoder().decode


@dataclass(frozen=True, slots=True)
class Answering:
    """How a version's pods answered: the fraction of errors, and seconds."""

    error_rate: float
    latency: float

    def differs(self, other: Answering) -> bool:
        shorter, longer = sorted((self.latency, other.latency))
        slower = longer > max(shorter, 0.005) * _LATENCY_DIFFERS
        return slower or abs(self.error_rate - other.error_rate) > _ERRORS_DIFFER


def contexts_of(record: Record) -> tuple[str, ...]:
    """The contexts of which a record holds lists of objects."""
    listed = (entry.context for entry in record.entries(Part.OBJECTS) if isinstance(entry, Listed))
    return tuple(sorted(set(listed)))


def course_lines(record: Record, context: str) -> Iterator[str]:
    """The lines of one context's course. Raises RecordError if it holds nothing to begin with."""
    if not record.header.objects or context not in contexts_of(record):
        raise RecordError(
            "holds no lists of objects, so there is nothing to begin with: the last hour of a screen holds only what "
            "changed in it; `cockpit record` holds all"
        )
    yield json.dumps({"course": VERSION, "began": record.began, "seconds": record.ended - record.began})
    told = [*_objects(record, context), *_answers(record, context)]
    told.sort(key=lambda each: each[0])
    for at, what in told:
        try:
            line = json.dumps({"after": round(max(at - record.began, 0.0), 3), **what})
        except RecursionError:
            continue  # deeper than any object of a release
        yield line


def _objects(record: Record, context: str) -> Iterator[tuple[float, dict[str, Any]]]:
    """What came, changed and went. The first list of each kind is what it began with."""
    known: dict[Place, Any] = {}
    listed: set[tuple[str, str, str, str, bool]] = set()
    for entry in record.entries(Part.OBJECTS):
        if not isinstance(entry, ObjectSeen | Listed) or entry.context != context or entry.resource[2] in _LEFT_OUT:
            continue
        at = entry.at if entry.resource in listed else record.began
        if isinstance(entry, Listed):
            listed.add(entry.resource)
            kept = {(context, entry.resource, *name) for name in entry.names}
            for place in [p for p in known if p[1] == entry.resource and p not in kept]:
                del known[place]
                yield at, _gone(place)
            continue
        place = (context, entry.resource, entry.namespace, entry.name)
        held = _applied(known.get(place), entry)
        found = object_of(held)
        if found is None:
            if known.pop(place, None) is not None:
                yield at, _gone(place)
        else:
            known[place] = held
            yield at, {"put": playable(found)}


def _applied(old: Any, entry: ObjectSeen) -> Any:
    if bytes(entry.patch) == bytes(GONE):
        return None
    try:
        return applied(old, _decode(entry.patch))
    except (PatchError, msgspec.DecodeError):
        return None


def _gone(place: Place) -> dict[str, Any]:
    _, (group, version, _, kind, _), namespace, name = place
    api_version = f"{group}/{version}" if group else version
    return {"gone": {"apiVersion": api_version, "kind": kind, "namespace": namespace, "name": name}}


def playable(found: Mapping[str, Any]) -> dict[str, Any]:
    """An object without addresses outside of the embedded cluster, and without annotations that were hidden."""
    made = dict(found)
    metadata = made.get("metadata")
    if isinstance(metadata, dict) and isinstance(annotations := metadata.get("annotations"), dict):
        shown = {name: value for name, value in annotations.items() if value != HIDDEN}
        made["metadata"] = {**metadata, "annotations": shown}
    if isinstance(spec := made.get("spec"), dict) and (addresses := _ADDRESSES.get(str(made.get("kind")))):
        made["spec"] = {name: value for name, value in spec.items() if name not in addresses}
        if spec.get("type") == "ExternalName":
            made["spec"]["type"] = "ClusterIP"
    if isinstance(status := made.get("status"), dict):
        made["status"] = {name: value for name, value in status.items() if name not in ("loadBalancer", "addresses")}
    return made


def _answers(record: Record, context: str) -> Iterator[tuple[float, dict[str, Any]]]:
    """How versions answered, told again where it changed, or where they have other pods.

    The first that is known of a version holds from the beginning: it takes many answers to know it.
    """
    views, told = Views(record), dict[tuple[str, str, str], tuple[Answering, frozenset[str]]]()
    moment, looked = views.seek(record.began), record.began - _LOOK_SECONDS
    while True:
        if moment.at - looked >= _LOOK_SECONDS:
            looked = moment.at
            for key, pods, now in _answering(moment.view, context):
                before = told.get(key)
                if before is None or before[1] != pods or before[0].differs(now):
                    told[key] = now, pods
                    rates = {"error_rate": round(now.error_rate, 3), "latency": round(now.latency, 4)}
                    yield (
                        moment.at if before else record.began,
                        {"answers": {"namespace": key[0], "pods": sorted(pods), **rates}},
                    )
        upcoming = views.upcoming()
        if upcoming is None:
            return
        views.advance()
        if upcoming - looked >= _LOOK_SECONDS:
            moment = views.here()


def _answering(view: FleetView, context: str) -> Iterator[tuple[tuple[str, str, str], frozenset[str], Answering]]:
    for rollout in (shown.rollout for shown in view.rollouts if shown.rollout.key.context == context):
        lanes = [lane for lane in rollout.lanes if lane.name == DEFAULT_LANE]
        for share in (share for lane in lanes for share in lane.shares):
            version, seen = rollout.version(share.version), share.observed
            if version is None or seen is None or seen.answers < _FEW or seen.p50_ms is None:
                continue
            pods = frozenset(pod.name for pod in version.pods)
            key = rollout.key.namespace, rollout.key.name, version.name
            yield key, pods, Answering(min(seen.errors / seen.answers, 1.0), seen.p50_ms / 1000)
