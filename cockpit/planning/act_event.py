"""An act as a Kubernetes Event on the rollout's root object, and back.

Events are of core v1: their message may change, so that the Event of an act can say later how it ended, while one of
events.k8s.io/v1 may only get a series (kubernetes, pkg/apis/core/validation/events.go). Their rights are those that the
built-in role `edit` grants.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from cockpit.model.ages import seconds_since_epoch
from cockpit.model.objects import Event
from cockpit.model.plan import OF_THE_SESSION, Act, Expected
from cockpit.model.refs import EVENTS, Ref, Resource
from cockpit.model.release_state import ReleaseState
from cockpit.model.rights import right
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Stage
from cockpit.planning.undo_of_others import OthersAct

# `source` is the one field by which every version of Kubernetes selects Events of one reporter.
COMPONENT = "rollout-cockpit"
SELECTOR = f"source={COMPONENT}"
ACT_ANNOTATION = "rollouts.cockpit/act"
NOTE = "note"
# Limits of the API server for Events with an `eventTime` (pkg/apis/core/validation/events.go).
MESSAGE_BYTES, NAME_LENGTH = 1024, 253
# Of the annotation: more than any act needs, less than what would be a burden on a cluster.
ANNOTATION_BYTES = 16 * 1024
# An Event is written once, and says more later.
TELLING_RIGHTS = (right("create", EVENTS), right("patch", EVENTS))
_MOST_VALUES, _MOST_PODS, _MOST_STEPS = 200, 1_000_000, 1000
_MOST_HURT = 3
_VERSION = 1


@dataclass(frozen=True, slots=True)
class ToldAct:
    """An act as its session tells others. `at` is UTC seconds; `session` tells sessions apart.

    `before` is what was set before it, `expected` and `pods` what it was to lead to; None and empty for a note. `gone`,
    `replaces` and `hurt` are as in `OthersAct`.
    """

    id: str
    session: str
    who: str
    name: str
    system: str
    act: str
    title: str
    stage: Stage
    why: str = ""
    changes: tuple[str, ...] = ()
    undoes: str = ""
    before: ReleaseState | None = None
    expected: tuple[Expected, ...] = ()
    pods: tuple[tuple[str, int], ...] = ()
    at: float = 0.0
    version: int = _VERSION
    gone: tuple[str, ...] = ()
    replaces: str = ""
    hurt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """The object that an Event is about; `uid` is "" if it is gone."""

    ref: Ref
    uid: str = ""


@cache
def _decoder() -> msgspec.json.Decoder[ToldAct]:
    return msgspec.json.Decoder(ToldAct)


_WORST = frozenset({Stage.UNVERIFIED, Stage.UNKNOWN})


def event_ref(told: ToldAct, subject: Subject, number: int = 0) -> Ref:
    """Where the Event of an act is: in the namespace of its object, under a name of its own.

    `number` counts the Events of one act, if it has more than one.
    """
    name = f"{subject.ref.name[: NAME_LENGTH - 40]}.{told.id}" + (f".{number}" if number else "")
    return Ref(EVENTS, subject.ref.namespace or "default", name)


def new_event(told: ToldAct, subject: Subject, now: str, number: int = 0) -> dict[str, Any]:
    """The Event to create; `now` is RFC 3339 with microseconds."""
    place = event_ref(told, subject, number)
    return {
        "apiVersion": EVENTS.api_version,
        "kind": EVENTS.kind,
        "metadata": {
            "name": place.name,
            "namespace": place.namespace,
            "annotations": {ACT_ANNOTATION: annotation(told)},
        },
        "involvedObject": _involved(subject),
        "reason": reason(told.act),
        "action": reason(told.act).removeprefix("Cockpit"),
        "message": message(told),
        "type": _type(told),
        "eventTime": now,
        "firstTimestamp": f"{now[:19]}Z",
        "lastTimestamp": f"{now[:19]}Z",
        "count": 1,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": f"cockpit-{told.session}"[:128],
    }


def later(told: ToldAct, version: str, now: str) -> dict[str, Any]:
    """The merge patch that lets the Event of an act say how it ended; only if it still has this resourceVersion."""
    return {
        "metadata": {"resourceVersion": version, "annotations": {ACT_ANNOTATION: annotation(told)}},
        "message": message(told),
        "type": _type(told),
        "lastTimestamp": f"{now[:19]}Z",
    }


def told_by(event: Event) -> ToldAct | None:
    """What an Event tells, every text safe and bounded; None if it is of nobody who writes such Events.

    Anybody with the right to create Events can have written it: it says what its writer claims.
    """
    text = (event.metadata.annotations or {}).get(ACT_ANNOTATION, "")
    at = seconds_since_epoch(event.event_time) or seconds_since_epoch(event.metadata.creation_timestamp)
    if not text or len(text.encode()) > ANNOTATION_BYTES or at is None:
        return None
    try:
        told = _decoder().decode(text)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None
    if told.version > _VERSION or not told.id or told.stage in (Stage.DRY_RUN, Stage.SENDING):
        return None
    return _safe(told, at) if _sane(told) else None


def _sane(told: ToldAct) -> bool:
    """Whether shares are fractions of 1, counts are counts, and there are not too many of them."""
    before = told.before or ReleaseState()
    shares = [*(share for *_, share in before.shares), *(each.share for each in told.expected)]
    counts = [count for _, count in (*before.pods, *told.pods)]
    shares += before.steps
    few = len(shares) + len(counts) + len(before.images) + len(before.headers) <= _MOST_VALUES
    steps = before.step is None or 0 <= before.step <= _MOST_STEPS
    return few and steps and all(0 <= share <= 1 for share in shares) and all(0 <= n <= _MOST_PODS for n in counts)


def others_act(told: ToldAct) -> OthersAct | None:
    """What undo needs to know of an act; None for what cannot be undone, such as a note or another undo."""
    if told.before is None or told.act not in set(Act) - {*OF_THE_SESSION}:
        return None
    return OthersAct(
        *(told.who, Act(told.act), told.title, told.before, told.expected, told.pods),
        changes=told.changes,
        gone=told.gone,
        replaces=told.replaces,
        hurt=told.hurt,
    )


def reason(act: str) -> str:
    """The reason of an act's Event: CockpitSetWeight for set-weight."""
    return "Cockpit" + "".join(part.capitalize() for part in safe_text(act, 60).split("-"))


def message(told: ToldAct) -> str:
    """Who did what, before -> after, and how it ended, in at most MESSAGE_BYTES bytes."""
    if told.act == NOTE:
        return _bounded(f"{told.who}: {told.title}")
    changes = f" ({', '.join(told.changes)})" if told.changes else ""
    why = f": {told.why}" if told.why else ""
    return _bounded(f"{told.who}: {told.title}{changes}; {told.stage}{why}")


def annotation(told: ToldAct) -> str:
    """The act as JSON; without what undo needs where that would be too long."""
    text = msgspec.json.encode(told).decode()
    if len(text.encode()) <= ANNOTATION_BYTES:
        return text
    short = _safe(told, told.at, most=100)
    bare = ToldAct(
        *(short.id, short.session, short.who, short.name, short.system, short.act, short.title, short.stage),
        why=short.why,
        undoes=short.undoes,
    )
    return msgspec.json.encode(bare).decode()


def _safe(told: ToldAct, at: float, most: int = 300) -> ToldAct:
    return ToldAct(
        id=safe_text(told.id, 64),
        session=safe_text(told.session, 64),
        who=safe_text(told.who, 200) or "somebody",
        name=safe_text(told.name, NAME_LENGTH),
        system=safe_text(told.system, 63),
        act=safe_text(told.act, 60),
        title=safe_text(told.title, most),
        stage=told.stage,
        why=safe_text(told.why, most),
        changes=tuple(safe_text(change) for change in told.changes[:40]),
        undoes=safe_text(told.undoes, 64),
        before=told.before,
        expected=told.expected,
        pods=told.pods,
        at=at,
        gone=tuple(safe_text(name, most) for name in told.gone[:40]),
        replaces=safe_text(told.replaces, NAME_LENGTH),
        hurt=tuple(safe_text(text, most) for text in told.hurt[:_MOST_HURT]),
    )


def _involved(subject: Subject) -> dict[str, Any]:
    resource: Resource = subject.ref.resource
    fields = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "namespace": subject.ref.namespace,
        "name": subject.ref.name,
        "uid": subject.uid,
    }
    return {field: value for field, value in fields.items() if value}


def _type(told: ToldAct) -> str:
    return "Warning" if told.stage in _WORST else "Normal"


def _bounded(text: str) -> str:
    whole = safe_text(text, MESSAGE_BYTES)
    encoded = whole.encode()
    if len(encoded) <= MESSAGE_BYTES:
        return whole
    return encoded[: MESSAGE_BYTES - 3].decode(errors="ignore") + "…"
