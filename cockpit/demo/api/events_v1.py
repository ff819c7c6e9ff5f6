"""Events of events.k8s.io/v1: the same objects as those of the core group, under other field names."""

from __future__ import annotations

from cockpit.demo.schemas.kinds import EVENTS, EVENTS_V1, Kind, by_resource
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.history import Record

RENAMED = {
    "involvedObject": "regarding",
    "message": "note",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
}
BACK = {new: old for old, new in RENAMED.items()}


def stored(kind: Kind) -> Kind:
    """The kind under which objects of `kind` are stored."""
    if kind.stored_as is None:
        return kind
    return by_resource(*kind.stored_as) or kind


def shown(kind: Kind, record: Record) -> Record:
    """A stored record in the form of `kind`."""
    if kind.stored_as is None:
        return record
    return Record(as_events_v1(record.obj), record.key, record.rv)


def as_events_v1(obj: Object) -> Object:
    """A core Event in the newer form."""
    made = {RENAMED.get(key, key): value for key, value in obj.items()}
    return {**made, "apiVersion": EVENTS_V1.api_version}


def as_core(obj: Object) -> Object:
    """An event of the newer form as it is stored."""
    made: Object = {BACK.get(key, key): copied(value) for key, value in obj.items()}
    return {**made, "apiVersion": EVENTS.api_version}
