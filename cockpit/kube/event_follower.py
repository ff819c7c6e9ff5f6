"""Follows the few Events of a cluster that a field selector chooses, as cheaply as the API server allows.

kube-apiserver keeps no watch cache of Events (apiserver, cachesize.go), so a watch of them gets no bookmarks, and each
list makes the server read them all, whatever the selector: that is done once. Afterwards the version to watch from is
kept young by reading a single Event before a watch ends, which that watch passes before it does. Where a proxy cuts
what is silent, watches are asked to end before that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from cockpit.kube.api import LIST_BYTES, KubeApi
from cockpit.kube.backoff import Backoff, Random
from cockpit.kube.decode import Bookmark, Decoder, Page, Put, Undecodable, WatchFailed
from cockpit.kube.errors import (
    ApiError,
    BadAnswer,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Stalled,
    Unauthorized,
    from_status,
)
from cockpit.kube.paths import list_path
from cockpit.kube.reflector import SHORT_SECONDS
from cockpit.kube.transport import Call
from cockpit.model.clock import Clock
from cockpit.model.objects import Event
from cockpit.model.refs import EVENTS

_PAGE = 500
# Retry interval for what only a person can fix.
_SLOW_RETRY = 60.0
# The server ends a watch after this long; one that it did not end by then is dead. A younger version is looked for so
# many seconds before that end, and was passed so many before it: all of it is within etcd's five minutes of history.
_WATCH_SECONDS, _GRACE_SECONDS = (200.0, 240.0), 20.0
_LOOK_SECONDS, _PASSED_SECONDS = 30.0, 10.0
# The same as parts of a shorter watch; no watch is asked to be shorter than this, in seconds.
_LOOK_PART, _PASSED_PART, _SHORTEST_WATCH = 1 / 2, 1 / 6, 12.0
# A watch that ends so many seconds early was cut. After two of them the next is asked for this part of what the last
# one held, and each that was not cut lets the next last so many times as long.
_EARLY_SECONDS, _SHORTER, _LONGER = 2.0, 0.8, 1.25


class EventFollower:
    """Calls `tell` with each Event that is there, new or changed, on the event loop of `run`; it must not block.

    `problem` is why they cannot be read, safe text, "" while they can. `caught_up` is set once the list was read.
    """

    def __init__(
        self,
        api: KubeApi,
        namespace: str | None,
        selector: str,
        *,
        clock: Clock,
        rng: Random,
        tell: Callable[[Event], None],
        stumble: Callable[[str], None] = lambda why: None,
    ) -> None:
        """`stumble` is called with each new `problem` that only a person can solve."""
        self._api = api
        self._selector = selector
        self._path = list_path(EVENTS, namespace or "")
        self._what = "events of other cockpits" + (f" in namespace {namespace}" if namespace else "")
        self._decoder = Decoder(Event)
        self._clock = clock
        self._rng = rng
        self._tell = tell
        self._stumble = stumble
        self._backoff = Backoff(rng)
        self._version = ""
        self._holds = _WATCH_SECONDS[1]  # for how long the way to the server holds a watch that is silent
        self._cut = False  # the last watch was
        self.problem = ""
        self.caught_up = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled. Cluster errors become `problem`, never an exception."""
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._watch_while_it_lives()
            except (Unauthorized, Forbidden, NotFound) as error:
                await self._fail(str(error), _SLOW_RETRY * self._rng.uniform(1.0, 1.5))
            except ApiError as error:
                if isinstance(error, Gone | Invalid):
                    self._version = ""
                self.problem = str(error)
                await self._clock.sleep(self._backoff.delay(self._clock.monotonic(), error.retry_after))

    async def _fail(self, why: str, seconds: float) -> None:
        if why != self.problem:
            self.problem = why
            self._stumble(why)
        self.caught_up.set()
        await self._clock.sleep(seconds)

    async def _list(self) -> None:
        query = {"fieldSelector": self._selector, "limit": str(_PAGE)}
        while True:
            page = self._page(await self._fetch(query))
            for event in page.objects:
                self._heard(event)
            if not page.token:
                break
            query = {**query, "continue": page.token}
        self._version = page.version
        self.problem = ""
        self.caught_up.set()

    async def _watch_while_it_lives(self) -> None:
        """Watch until the server ends it; BadAnswer if it does so at once, Stalled if never, ApiError if it fails."""
        seconds = min(self._rng.uniform(*_WATCH_SECONDS), self._holds)
        began = self._clock.monotonic()
        stream = asyncio.create_task(self._watch(int(seconds)))
        younger = asyncio.create_task(self._younger(seconds))
        late = asyncio.create_task(self._clock.sleep(seconds + _GRACE_SECONDS))
        tasks = (stream, younger, late)
        try:
            await asyncio.wait((stream, late), return_when=asyncio.FIRST_COMPLETED)
            if not stream.done():
                self._learn(seconds / 2, cut=True)
                why = f"{self._api.server}: a watch was not ended in time, so it may have missed events"
                raise Stalled(why, context=self._api.context, what=self._what, sent=True)
            lasted = self._clock.monotonic() - began
            self._learn(lasted, cut=lasted < seconds - _EARLY_SECONDS)
            if younger.done():
                self._version = younger.result() or self._version
            if not await stream and lasted < SHORT_SECONDS:
                raise BadAnswer("the watch ends as soon as it starts", context=self._api.context, what=self._what)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, seconds: int) -> int:
        """Follow one stream to its end; returns how many lines it brought."""
        query = {
            "watch": "1",
            "fieldSelector": self._selector,
            "resourceVersion": self._version,
            "timeoutSeconds": str(seconds),
            "allowWatchBookmarks": "true",
        }
        # Without bookmarks nothing comes while nothing happens.
        silence = seconds + 2 * _GRACE_SECONDS
        count = 0
        async with aclosing(self._api.batches(self._path, query, what=self._what, silence=silence)) as batches:
            async for lines in batches:
                self.problem = ""
                for line in lines:
                    self._follow(line)
                count += len(lines)
        return count

    def _follow(self, line: bytes) -> None:
        try:
            event = self._decoder.event(line)
        except Undecodable as error:
            raise BadAnswer(str(error), context=self._api.context, what=self._what) from None
        match event:
            case Put(obj, _):
                self._version = obj.metadata.resource_version or self._version
                self._heard(obj)
            case Bookmark(version):
                self._version = version
            case WatchFailed(code, status):
                raise from_status(code, status, context=self._api.context, what=self._what)
            case _:
                pass  # gone, or not an Event that we write

    def _learn(self, lasted: float, *, cut: bool) -> None:
        """A watch ended after so many seconds. One cut alone can have any reason, and a short one that of an outage."""
        if not cut:
            self._holds = min(self._holds * _LONGER, _WATCH_SECONDS[1])
        elif lasted >= _SHORTEST_WATCH and self._cut:
            self._holds = max(lasted * _SHORTER, _SHORTEST_WATCH)
        self._cut = cut

    async def _younger(self, seconds: float) -> str:
        """The version that the server had shortly before a watch of so many seconds ends, once that has passed it; ""
        if that is not known, or the watch itself brought a younger one."""
        look = min(_LOOK_SECONDS, seconds * _LOOK_PART)
        await self._clock.sleep(seconds - look)
        before = self._version
        try:
            younger = self._page(await self._fetch({"limit": "1"})).version
        except ApiError:
            return ""
        await self._clock.sleep(look - min(_PASSED_SECONDS, seconds * _PASSED_PART))
        return younger if self._version == before else ""

    async def _fetch(self, query: dict[str, str]) -> bytes | bytearray:
        return await self._api.transport.fetch(Call("GET", self._path, query, what=self._what), limit=LIST_BYTES)

    def _page(self, body: bytes | bytearray) -> Page:
        try:
            return self._decoder.page(body)
        except Undecodable as error:
            raise BadAnswer(str(error), context=self._api.context, what=self._what) from None

    def _heard(self, obj: object) -> None:
        if isinstance(obj, Event):
            self._tell(obj)
