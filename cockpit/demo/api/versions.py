"""One object in several forms: kinds that are served in more than one version, and Events in two groups."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.demo.schemas import autoscalerforms, kruiseforms
from cockpit.demo.schemas.customkinds import BATCHRELEASES_V1ALPHA1, KRUISE_ROLLOUTS_V1ALPHA1
from cockpit.demo.schemas.kinds import EVENTS, EVENTS_V1, HORIZONTALPODAUTOSCALERS_V1, Kind
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
Convert = Callable[[Object], Object]


def stored(kind: Kind) -> Kind:
    """The kind under which objects of `kind` are stored."""
    return kind.stored_as or kind


def shown(kind: Kind, record: Record) -> Record:
    """A stored record in the form of `kind`."""
    if kind.stored_as is None:
        return record
    return Record(to_shown(kind, record.obj), record.key, record.rv)


def to_shown(kind: Kind, obj: Object) -> Object:
    """A stored object in the form of `kind`."""
    outwards, _ = CONVERSIONS.get(kind, (_same, _same))
    return {**outwards(obj), "apiVersion": kind.api_version}


def to_stored(kind: Kind, obj: Object) -> Object:
    """An object of `kind` in the form in which it is stored."""
    if kind.stored_as is None:
        return obj
    _, inwards = CONVERSIONS.get(kind, (_same, _same))
    return {**inwards(obj), "apiVersion": stored(kind).api_version}


def _same(obj: Object) -> Object:
    return obj


def as_events_v1(obj: Object) -> Object:
    """A core Event in the newer form."""
    return {**{RENAMED.get(key, key): value for key, value in obj.items()}, "apiVersion": EVENTS_V1.api_version}


def as_core(obj: Object) -> Object:
    """An event of the newer form as it is stored."""
    made: Object = {BACK.get(key, key): copied(value) for key, value in obj.items()}
    return {**made, "apiVersion": EVENTS.api_version}


# How to show a stored object, and how to store a shown one, where more than `apiVersion` differs.
CONVERSIONS: dict[Kind, tuple[Convert, Convert]] = {
    EVENTS_V1: (as_events_v1, as_core),
    HORIZONTALPODAUTOSCALERS_V1: (autoscalerforms.outwards, autoscalerforms.inwards),
    KRUISE_ROLLOUTS_V1ALPHA1: (kruiseforms.rollout_outwards, kruiseforms.rollout_inwards),
    BATCHRELEASES_V1ALPHA1: (kruiseforms.batch_outwards, kruiseforms.batch_inwards),
}
