"""Every object of a record as it was at any moment, for the panes that look closer at one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import msgspec

from cockpit.kube.decode import Decoder, Undecodable
from cockpit.kube.errors import KubeError
from cockpit.kube.store import Store
from cockpit.model.ages import utc_time
from cockpit.model.kinds import STRUCTS
from cockpit.model.refs import EVENTS, Ref, Resource
from cockpit.model.text import safe_text
from cockpit.record.blocks import Part
from cockpit.record.delta import PatchError, applied
from cockpit.record.entries import GONE, Listed, ObjectSeen
from cockpit.record.reader import Record
from cockpit.record.versions import object_of
from cockpit.record.writer import Place, resource_words

_decode = msgspec.msgpack.Decoder().decode
_GONE = bytes(GONE)
# As many as a session asks for.
EVENTS_SHOWN = 200


LOGS = "logs are not recorded"


class NotRecorded(KubeError):  # noqa: N818 - what happened
    """Something that a record does not hold."""

    def __init__(self, message: str) -> None:
        super().__init__(safe_text(message, 400))


class ObjectHistory:
    """What a record holds of objects. The index is made when it is first asked."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._patches: dict[Place, list[tuple[float, bytes]]] | None = None

    def get(self, context: str, ref: Ref, at: float) -> dict[str, Any] | None:
        """The object at this time; None if it was not there, or is not in the record."""
        return self._at((context, resource_words(ref.resource), ref.namespace, ref.name), at)

    def every(self, context: str, resource: Resource, namespace: str | None, at: float) -> Iterator[dict[str, Any]]:
        """The objects of a kind in one namespace, or in all with None."""
        words = resource_words(resource)
        for place in list(self._index()):
            if place[:2] == (context, words) and namespace in (None, place[2]) and (found := self._at(place, at)):
                yield found

    def holds(self, context: str, resource: Resource) -> bool:
        """Whether the record says anything of a kind."""
        words = resource_words(resource)
        return any(place[:2] == (context, words) for place in self._index())

    def store(self, context: str, resources: list[Resource], namespace: str, at: float) -> Store:
        """These kinds of one namespace as a session would hold them."""
        store = Store(context, namespace)
        for resource in resources:
            decoder = Decoder(STRUCTS[resource])
            body = msgspec.json.encode({"items": list(self.every(context, resource, namespace, at))})
            try:
                store.replace(resource, decoder.page(body).objects)
            except Undecodable:
                continue
        return store

    def _at(self, place: Place, at: float) -> dict[str, Any] | None:
        patches = self._index().get(place, [])
        until = bisect_right([seen for seen, _ in patches], at)
        value: Any = None
        for _, patch in patches[:until]:
            try:
                value = None if patch == _GONE else applied(value, _decode(patch))
            except (PatchError, msgspec.DecodeError):
                value = None
        return object_of(value)

    def _index(self) -> dict[Place, list[tuple[float, bytes]]]:
        if self._patches is None:
            self._patches = {}
            by_kind: dict[tuple[str, tuple[str, str, str, str, bool]], set[Place]] = {}
            for entry in self._record.entries(Part.OBJECTS):
                if isinstance(entry, ObjectSeen):
                    place = (entry.context, entry.resource, entry.namespace, entry.name)
                    by_kind.setdefault(place[:2], set()).add(place)
                    self._patches.setdefault(place, []).append((entry.at, bytes(entry.patch)))
                elif isinstance(entry, Listed):
                    kept = {(entry.context, entry.resource, *name) for name in entry.names}
                    for place in by_kind.get((entry.context, entry.resource), set()) - kept:
                        self._patches[place].append((entry.at, _GONE))
        return self._patches


class RecordedText:
    """Implements `session.inspecting.objects.ReadText` for one context at one moment of a record."""

    def __init__(self, history: ObjectHistory, context: str, at: float) -> None:
        self._history = history
        self.context = context
        self._at = at

    async def get(self, ref: Ref) -> dict[str, Any]:
        """The object as it was. Raises NotRecorded."""
        if found := self._history.get(self.context, ref, self._at):
            return found
        raise NotRecorded(f"{ref} in {self.context}: not in the recording at {utc_time(self._at)}")

    async def events(self, ref: Ref) -> list[dict[str, Any]]:
        """The events about an object until then. Raises NotRecorded if none were recorded in this context."""
        if not self._history.holds(self.context, EVENTS):
            raise NotRecorded(f"events of {ref} in {self.context}: not in this recording")
        found = self._history.every(self.context, EVENTS, ref.namespace or None, self._at)
        return [event for event in found if _is_about(event, ref)][:EVENTS_SHOWN]

    async def logs(self, ref: Ref, lines: int = 200) -> str:
        """Raises NotRecorded: lines of logs can hold anything."""
        raise NotRecorded(LOGS)


def _is_about(event: dict[str, Any], ref: Ref) -> bool:
    about = event.get("involvedObject")
    return isinstance(about, dict) and about.get("kind") == ref.resource.kind and about.get("name") == ref.name
