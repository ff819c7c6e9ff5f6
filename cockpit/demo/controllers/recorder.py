"""Events: what controllers report about an object."""

from __future__ import annotations

from typing import Any, Literal

from cockpit.demo.errors import ApiError
from cockpit.demo.schemas.kinds import EVENTS, Kind
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.storage import Storage

EventKind = Literal["Normal", "Warning"]
LONGEST_MESSAGE = 1024
# client-go remembers 4096 events to count repetitions on, and as many sources of events.
REMEMBERED = 4096
# Of one component about one object it sends 25 events, and one more each five minutes (tools/record/events_cache.go).
BURST, REFILL = 25, 300.0


class Recorder:
    """Writes Events; the same words about the same object count up instead of adding a further Event.

    `limited` drops what is too much about one object, as client-go does.
    """

    def __init__(self, storage: Storage, *, limited: bool = True) -> None:
        self._storage = storage
        self._limited = limited
        self._names: dict[tuple[str, str, str, str], str] = {}
        # How many events may be sent about an object, and since when.
        self._allowed: dict[tuple[str, str], tuple[float, float]] = {}

    def tell(self, kind: Kind, obj: Object, type_: EventKind, reason: str, message: str, component: str) -> None:
        """Leave an Event on `obj`. An object whose namespace is going away gets none."""
        meta, message = obj["metadata"], message[:LONGEST_MESSAGE]
        if self._limited and not self._may(component, meta.get("uid", meta["name"])):
            return
        key = (meta.get("uid", meta["name"]), reason, message, component)
        namespace = meta.get("namespace") or "default"
        known = self._names.get(key)
        try:
            if known and self._count_up(namespace, known):
                return
            created = self._storage.create(EVENTS, self._event(kind, obj, type_, reason, message, component))
        except ApiError:
            return
        self._names[key] = created["metadata"]["name"]
        if len(self._names) > REMEMBERED:
            del self._names[next(iter(self._names))]

    def _may(self, component: str, uid: str) -> bool:
        now = self._storage.clock.now()
        left, since = self._allowed.pop((component, uid), (float(BURST), now))
        left = min(left + (now - since) / REFILL, float(BURST))
        self._allowed[component, uid] = (left - 1 if left >= 1 else left, now)
        if len(self._allowed) > REMEMBERED:
            del self._allowed[next(iter(self._allowed))]
        return left >= 1

    def _count_up(self, namespace: str, name: str) -> bool:
        stored = self._storage.peek(EVENTS, namespace, name)
        if stored is None:
            return False
        event = {**stored, "count": stored.get("count", 1) + 1, "lastTimestamp": self._storage.clock.timestamp()}
        self._storage.update(EVENTS, event)
        return True

    def _event(
        self, kind: Kind, obj: Object, type_: EventKind, reason: str, message: str, component: str
    ) -> dict[str, Any]:
        meta, now = obj["metadata"], self._storage.clock.timestamp()
        involved = {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "namespace": meta.get("namespace"),
            "name": meta["name"],
            "uid": meta.get("uid"),
            "resourceVersion": meta.get("resourceVersion"),
        }
        suffix = f"{self._storage.rng.getrandbits(64):016x}"
        return {
            "metadata": {"name": f"{meta['name'][:200]}.{suffix}", "namespace": meta.get("namespace") or "default"},
            "involvedObject": {field: value for field, value in involved.items() if value},
            "reason": reason,
            "message": message,
            "type": type_,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "eventTime": None,
            "source": {"component": component},
            "reportingComponent": component,
            "reportingInstance": "",
        }
