"""Kubernetes Events (core v1), as far as the cockpit reads those that cockpits leave."""

from msgspec import Struct, field

from cockpit.model.objects.meta import Meta, Obj


class InvolvedObject(Struct, frozen=True, gc=False, rename="camel"):
    """The object that an Event is about."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    api_version: str = ""


class Event(Obj, frozen=True, rename="camel"):
    """Times are RFC 3339; `event_time` has microseconds, None in Events of the older form."""

    metadata: Meta
    involved_object: InvolvedObject = field(default_factory=InvolvedObject)
    reason: str = ""
    message: str = ""
    event_time: str | None = None
    last_timestamp: str | None = None
