"""Watches: who waits for which writes, and the stream each of them gets."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from cockpit.demo.api import media
from cockpit.demo.api.calls import Call
from cockpit.demo.api.reading import Selection, version_of
from cockpit.demo.api.tables import forms
from cockpit.demo.api.versions import shown, stored
from cockpit.demo.clock import DemoClock
from cockpit.demo.errors import ApiError, Cause, Expired, ListOptionsInvalid
from cockpit.demo.faults import Faults
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import copied
from cockpit.demo.store.history import Event, Record
from cockpit.demo.store.storage import Storage

BOOKMARK_EVERY = 60.0
LONGEST_QUEUE = 2_000
DEFAULT_TIMEOUT = 1800.0
INITIAL_EVENTS_END = "k8s.io/initial-events-end"

Frame = tuple[str, Record]


class Watcher:
    """One open watch: what it selects and what waits to be sent. It is cut when it falls too far behind."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self.pending: deque[Frame] = deque()
        self.woken = asyncio.Event()
        self.overrun = False
        self.rv = 0

    def offer(self, event: Event) -> None:
        """Take in a committed write."""
        frame = self.frame(event)
        self.rv = event.rv
        if frame is None:
            return
        if len(self.pending) >= LONGEST_QUEUE:
            self.overrun = True
        else:
            self.pending.append(frame)
        self.woken.set()

    def frame(self, event: Event) -> Frame | None:
        """The event as this watch sees it: an object that enters or leaves the selection comes or goes."""
        kind = self.selection.kind
        new = shown(kind, event.record)
        old = shown(kind, event.old_record) if event.old_record else None
        was = old is not None and self.selection.holds(old)
        is_ = event.type != "DELETED" and self.selection.holds(new)
        if event.type == "DELETED":
            return ("DELETED", new) if was else None
        if is_:
            return ("MODIFIED" if was else "ADDED", new)
        if was and old is not None:
            gone = copied(old.obj)
            gone["metadata"]["resourceVersion"] = str(event.rv)
            return "DELETED", Record(gone, old.key, event.rv)
        return None


class Watchers:
    """Every open watch of a cluster."""

    def __init__(self, storage: Storage, clock: DemoClock, faults: Faults) -> None:
        self._storage = storage
        self.clock = clock
        self.faults = faults
        self.closing = False
        self._open: dict[Kind, set[Watcher]] = {}
        self._end = storage.subscribe(self._spread)
        self._faults_end = faults.on_change(self._wake_all)

    @property
    def revision(self) -> int:
        """The version up to which every watch has been served."""
        return self._storage.revision

    @property
    def count(self) -> int:
        """How many watches are open."""
        return sum(len(watchers) for watchers in self._open.values())

    def close(self) -> None:
        """End every stream."""
        self.closing = True
        self._end()
        self._faults_end()
        self._wake_all()

    def _spread(self, event: Event) -> None:
        for watcher in self._open.get(event.kind, ()):
            watcher.offer(event)

    def _wake_all(self) -> None:
        for watchers in self._open.values():
            for watcher in watchers:
                watcher.woken.set()

    def open(self, call: Call) -> OpenWatch:
        """Begin a watch: from now on no event is missed. A compacted version is reported as an ERROR event."""
        selection = Selection.of(call)
        chosen = media.choose(call.accept, ("Table", "PartialObjectMetadata"))
        watcher = Watcher(selection)
        source = stored(selection.kind)
        include = call.query.get("includeObject", "Metadata")
        columns = self._storage.registry.printer_columns(selection.kind)
        draw = Drawing(selection.kind, chosen.as_, include, self.clock, columns)
        try:
            opening = [draw.line(type_, record) for type_, record in self._opening(call, watcher, source)]
        except Expired as error:
            return OpenWatch(self, watcher, source, draw, [error_line(error)], timeout=0, bookmarks=False)
        bookmarks = call.flag("allowWatchBookmarks")
        if bookmarks and call.flag("sendInitialEvents"):
            opening.append(draw.bookmark(watcher.rv, initial_end=True))
        timeout = float(call.number("timeoutSeconds") or DEFAULT_TIMEOUT)
        self._open.setdefault(source, set()).add(watcher)
        return OpenWatch(self, watcher, source, draw, opening, timeout=timeout, bookmarks=bookmarks)

    def forget(self, kind: Kind, watcher: Watcher) -> None:
        """A watch is over."""
        self._open.get(kind, set()).discard(watcher)

    def _opening(self, call: Call, watcher: Watcher, source: Kind) -> list[Frame]:
        """What is sent at once: the current objects if no version is given, else the events since that version."""
        asked = version_of(call.query.get("resourceVersion", ""))
        match = call.query.get("resourceVersionMatch", "")
        initial = call.query.get("sendInitialEvents")
        self._check_options(initial is not None, call.flag("sendInitialEvents"), match)
        watcher.rv = self._storage.revision
        wants_state = call.flag("sendInitialEvents") or (initial is None and not asked)
        if wants_state:
            return [
                ("ADDED", seen)
                for record in self._storage.records(source, watcher.selection.namespace)
                if watcher.selection.holds(seen := shown(watcher.selection.kind, record))
            ]
        if not asked:
            return []
        events = self._storage.history.since(source, asked)
        return [frame for event in events if (frame := watcher.frame(event)) is not None]

    @staticmethod
    def _check_options(given: bool, initial: bool, match: str) -> None:
        text = ""
        if match and not given:
            text = "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        elif given and not match:
            text = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        elif initial and match != "NotOlderThan":
            text = f'Unsupported value: "{match}": supported values: "NotOlderThan"'
        if text:
            reason = "FieldValueForbidden" if text.startswith("Forbidden") else "FieldValueNotSupported"
            raise ListOptionsInvalid([Cause("resourceVersionMatch", text, reason)])


class OpenWatch:
    """The stream of one watch."""

    def __init__(
        self,
        watchers: Watchers,
        watcher: Watcher,
        source: Kind,
        draw: Drawing,
        opening: list[bytes],
        *,
        timeout: float,
        bookmarks: bool,
    ) -> None:
        self.media_type = "application/json"
        self._watchers = watchers
        self._watcher = watcher
        self._source = source
        self._draw = draw
        self._opening = opening
        self._bookmarks = bookmarks
        self._clock = watchers.clock
        self._end = self._clock.now() + timeout

    def close(self) -> None:
        """Nobody reads any more."""
        self._watchers.forget(self._source, self._watcher)

    async def lines(self) -> AsyncIterator[bytes]:
        """The events, each a line; ConnectionResetError when a fault cuts the stream."""
        for line in self._opening:
            yield line
        watcher, next_bookmark = self._watcher, self._clock.now() + BOOKMARK_EVERY
        while self._alive() and (now := self._clock.now()) < self._end:
            befallen = self._watchers.faults.open_watch(watcher.selection.kind.plural)
            if befallen == "drop":
                raise ConnectionResetError("cut by a fault")
            watcher.woken.clear()
            if befallen != "stall":
                while watcher.pending:
                    yield self._draw.line(*watcher.pending.popleft())
                if now >= next_bookmark:
                    next_bookmark = now + BOOKMARK_EVERY
                    if self._bookmarks:
                        yield self._bookmark()
            if befallen == "stall" or not watcher.pending:
                await self._wait(min(self._end, next_bookmark) - now)
        if self._bookmarks and self._alive() and not watcher.pending:
            yield self._bookmark()

    def _alive(self) -> bool:
        return not self._watchers.closing and not self._watcher.overrun

    def _bookmark(self) -> bytes:
        return self._draw.bookmark(self._watchers.revision)

    async def _wait(self, seconds: float) -> None:
        timer = asyncio.ensure_future(self._clock.sleep(max(seconds, 0.001)))
        woken = asyncio.ensure_future(self._watcher.woken.wait())
        try:
            await asyncio.wait((timer, woken), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            woken.cancel()


class Drawing:
    """How one watch wants its objects: whole, as metadata alone, or as rows of a table."""

    def __init__(self, kind: Kind, as_: str, include: str, clock: DemoClock, columns: Sequence[dict[str, Any]]) -> None:
        self._kind = kind
        self._as = as_
        self._include = include
        self._clock = clock
        self._columns = columns
        self._headings = True

    def line(self, type_: str, record: Record) -> bytes:
        """One event."""
        if self._as == "Table":
            metadata = {"resourceVersion": record.obj["metadata"]["resourceVersion"]}
            body = forms.table(
                self._kind,
                [record],
                metadata,
                self._clock.now(),
                include=self._include,
                headings=self._headings,
                printer_columns=self._columns,
            )
            self._headings = False
        elif self._as:
            body = forms.partial(record)
        else:
            body = record.encoded
        return b'{"type":"%s","object":%s}\n' % (type_.encode(), body)

    def bookmark(self, rv: int, *, initial_end: bool = False) -> bytes:
        """A BOOKMARK event; `initial_end` marks the one after the initial list."""
        metadata: dict[str, Any] = {"resourceVersion": str(rv)}
        if initial_end:
            metadata["annotations"] = {INITIAL_EVENTS_END: "true"}
        if self._as == "Table":
            obj = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "rows": []}
            obj["columnDefinitions"] = []
        else:
            obj = {"kind": self._kind.kind, "apiVersion": self._kind.api_version, "metadata": metadata}
        return b'{"type":"BOOKMARK","object":%s}\n' % msgspec.json.encode(obj)


def error_line(error: ApiError) -> bytes:
    """An ERROR event."""
    return b'{"type":"ERROR","object":%s}\n' % msgspec.json.encode(error.status())
