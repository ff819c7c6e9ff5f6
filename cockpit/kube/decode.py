"""From the bytes of a list page or a watch line to the structs of `model.objects`.

An object that does not match its struct is reported and skipped; the rest of its page is kept.
"""

from __future__ import annotations

from functools import cached_property
from typing import Generic, TypeVar

import msgspec

from cockpit.kube.sharing import sharer
from cockpit.model.objects import Obj
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass

# What msgspec raises for invalid JSON, invalid UTF-8, a wrong shape, or nesting that is too deep.
_UNFIT = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Undecodable(Exception):  # noqa: N818 - internal to this package
    """Bytes that are not a list page or watch event at all. The text is safe."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An object that does not match its struct; `name` is "" if unreadable too. `why` is safe text."""

    namespace: str
    name: str
    why: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `token` is "" on the last one, `remaining` is how many objects follow if the server says."""

    objects: list[Obj]
    unreadable: list[Unreadable]
    version: str
    token: str
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """ADDED (`added`) or MODIFIED."""

    obj: Obj
    added: bool


@dataclass(frozen=True, slots=True)
class Deleted:
    namespace: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Bookmark:
    version: str


@dataclass(frozen=True, slots=True)
class WatchFailed:
    """An ERROR event; `status` is the Status as JSON, `code` its HTTP code."""

    code: int
    status: bytes


Event = Put | Deleted | Bookmark | WatchFailed | Unreadable

_T = TypeVar("_T")


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str | None = None
    token: str | None = msgspec.field(default=None, name="continue")
    remaining_item_count: int | None = None


class _List(msgspec.Struct, Generic[_T]):
    items: list[_T] | None
    metadata: _ListMeta = msgspec.field(default_factory=_ListMeta)


class _Event(msgspec.Struct, Generic[_T]):
    type: str
    object: _T


class _Name(msgspec.Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    resource_version: str = ""


class _Named(msgspec.Struct):
    metadata: _Name = msgspec.field(default_factory=_Name)


class _Code(msgspec.Struct):
    code: int = 500


# A list of nothing is shorter. Most kinds of a cluster have no objects, and a decoder of their own takes a third of a
# millisecond to make.
_SHORT = 500
_raw_list = msgspec.json.Decoder(_List[msgspec.Raw])
_raw_event = msgspec.json.Decoder(_Event[msgspec.Raw])
_named = msgspec.json.Decoder(_Named)
_code = msgspec.json.Decoder(_Code)


class Decoder:
    """Decodes one kind."""

    def __init__(self, kind: type[Obj]) -> None:
        self._type = kind
        self._kind = kind.__name__
        self._share = sharer(kind)

    # Each is made when it is first used: of most kinds a cluster has none, and a command reads no events.

    @cached_property
    def _one(self) -> msgspec.json.Decoder[Obj]:
        return msgspec.json.Decoder(self._type)

    @cached_property
    def _list(self) -> msgspec.json.Decoder[_List[Obj]]:
        return msgspec.json.Decoder(_List[self._type])  # type: ignore[name-defined]

    @cached_property
    def _event(self) -> msgspec.json.Decoder[_Event[Obj]]:
        return msgspec.json.Decoder(_Event[self._type])  # type: ignore[name-defined]

    def page(self, body: bytes | bytearray) -> Page:
        """A list's page. Raises Undecodable."""
        try:
            if len(body) < _SHORT and not (short := _raw_list.decode(body)).items:
                return self._page([], [], short.metadata)
            whole = self._list.decode(body)
        except _UNFIT:
            return self._page_by_item(body)
        return self._page(whole.items or [], [], whole.metadata)

    def event(self, line: bytes) -> Event:
        """A watch's line. Raises Undecodable."""
        try:
            event = self._event.decode(line)
        except _UNFIT:
            return self._odd_event(line)
        meta = event.object.metadata
        match event.type:
            case "ADDED" | "MODIFIED":
                if self._share:
                    self._share(event.object)
                return Put(event.object, event.type == "ADDED")
            case "DELETED":
                return Deleted(meta.namespace, meta.name, meta.resource_version)
        return self._odd_event(line)

    def _page_by_item(self, body: bytes | bytearray) -> Page:
        try:
            whole = _raw_list.decode(body)
        except _UNFIT as error:
            raise Undecodable(safe_text(f"not a list of {self._kind}: {error}")) from None
        objects: list[Obj] = []
        unreadable: list[Unreadable] = []
        for raw in whole.items or []:
            try:
                objects.append(self._one.decode(raw))
            except _UNFIT as error:
                unreadable.append(self._unreadable(raw, error))
        return self._page(objects, unreadable, whole.metadata)

    def _odd_event(self, line: bytes) -> Event:
        """Bookmarks, errors, and objects that do not match their struct."""
        try:
            event = _raw_event.decode(line)
        except _UNFIT as error:
            raise Undecodable(safe_text(f"not a watch event of {self._kind}: {error}")) from None
        match event.type:
            case "BOOKMARK":
                return Bookmark(_name_of(event.object).resource_version)
            case "ERROR":
                return WatchFailed(_code_of(event.object), bytes(event.object))
            case "DELETED" if (meta := _name_of(event.object)).name:
                return Deleted(meta.namespace, meta.name, meta.resource_version)
        try:
            self._one.decode(event.object)
        except _UNFIT as error:
            return self._unreadable(event.object, error)
        raise Undecodable(safe_text(f"not a watch event of {self._kind}: type {event.type}"))

    def _page(self, objects: list[Obj], unreadable: list[Unreadable], meta: _ListMeta) -> Page:
        if self._share:
            for obj in objects:
                self._share(obj)
        return Page(objects, unreadable, meta.resource_version or "", meta.token or "", meta.remaining_item_count)

    def _unreadable(self, raw: msgspec.Raw, error: Exception) -> Unreadable:
        meta = _name_of(raw)
        place = f"{meta.namespace}/{meta.name}" if meta.namespace else meta.name or "without a name"
        why = safe_text(f"{self._kind} {place} cannot be read: {error}")
        return Unreadable(meta.namespace, meta.name, why, meta.resource_version)


def _name_of(raw: msgspec.Raw) -> _Name:
    try:
        return _named.decode(raw).metadata
    except _UNFIT:
        return _Name()


def _code_of(raw: msgspec.Raw) -> int:
    try:
        return _code.decode(raw).code
    except _UNFIT:
        return 500
