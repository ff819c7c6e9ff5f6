"""Follows one kind of one cluster: list, then watch, until cancelled.

The rules are those of client-go's reflector, plus a limit on silence: a watch is live only while events or bookmarks
come, or while the server shows that there was nothing to send. Versions are opaque and compared for equality only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext

from cockpit.kube.api import KubeApi
from cockpit.kube.backoff import Backoff, Random
from cockpit.kube.brief import Brief
from cockpit.kube.decode import Bookmark, Decoder, Deleted, Event, Put, Undecodable, Unreadable, WatchFailed
from cockpit.kube.discovery import Discovery
from cockpit.kube.errors import (
    ApiError,
    BadAnswer,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    ServerFailure,
    Stalled,
    TooManyRequests,
    Unauthorized,
    Unreachable,
    from_status,
)
from cockpit.kube.listing import Listing
from cockpit.kube.liveness import Liveness, Missed
from cockpit.kube.paths import list_path
from cockpit.kube.pulse import QUIET_SECONDS, Pulse
from cockpit.kube.store import ChangeSet, Removed, Store
from cockpit.kube.sync_state import SyncState
from cockpit.kube.tap import Tap
from cockpit.model.clock import Clock
from cockpit.model.kinds import STRUCTS
from cockpit.model.objects import Obj
from cockpit.model.refs import Resource
from cockpit.model.view import KindSync, Sync

# Retry interval for what only a person can fix: permissions, a kind that is not installed, a login.
SLOW_RETRY = 60.0
# A watch that keeps failing with server errors for this long is replaced by a new list.
FAILING_SECONDS = 60.0
# A watch that ends sooner than this, without an event, counts as a failure.
SHORT_SECONDS = 1.0
# A version that is too old this soon after a list would be too old after the next list as well.
FRESH_SECONDS = 5.0
# A server that gave no watch for this long may have come back with an older store, as after a restored snapshot: its
# versions go on from there, so that a watch from a version that it gives anew misses what was put back.
OUTAGE_SECONDS = 5.0
NOT_SERVED = "the cluster does not serve this kind"
_CACHED, _NEWEST = "0", ""
_GIVEN_UP = (Sync.ABSENT, Sync.FORBIDDEN)


class Reflector:
    """Keeps one kind of a store in sync with the cluster; `run` ends only when cancelled.

    `on_change` gets one change set for all events that arrived together. With `labels`, a label selector, it follows
    only the objects that have them. It lists within `turns`, which bounds the lists of a cluster at once.
    With `brief` it watches only once changes are wanted.
    """

    def __init__(
        self,
        api: KubeApi,
        resource: Resource,
        namespace: str | None,
        store: Store,
        *,
        clock: Clock,
        rng: Random,
        pulse: Pulse,
        on_change: Callable[[ChangeSet], None],
        tap: Tap | None = None,
        labels: str = "",
        discovery: Discovery | None = None,
        turns: AbstractAsyncContextManager[object] | None = None,
        brief: Brief | None = None,
    ) -> None:
        self._api = api
        self._brief = brief
        self._discovery = discovery or Discovery(api, clock)
        self._own_discovery = None if discovery else self._discovery
        self._turns = turns or nullcontext()
        self._tap = tap
        self._labels = {"labelSelector": labels} if labels else {}
        self._pulse = pulse
        self._resource = resource
        self._path = list_path(resource, namespace)
        self._what = resource.plural + (f" in namespace {namespace}" if namespace and resource.namespaced else "")
        self._decoder = Decoder(STRUCTS.get(resource, Obj))
        self._store = store
        self._clock = clock
        self._rng = rng
        self._on_change = on_change
        self._backoff = Backoff(rng)
        self._sync = SyncState(resource, store, clock, pulse, on_change)
        self._listing = Listing(
            api,
            resource,
            self._path,
            self._labels,
            what=self._what,
            decoder=self._decoder,
            sync=self._sync,
            tap=tap,
        )
        self._liveness = Liveness(
            api, self._path, self._labels, what=self._what, decoder=self._decoder, clock=clock, pulse=pulse
        )
        # Whoever does not watch needs what is there now: the server's cache may be behind.
        self._version = _NEWEST if brief else _CACHED
        # False while the server chose the version: the watch's initial objects then come in any order.
        self._ordered = False
        self._opened = False
        self._listed_at = 0.0
        self._failing_since: float | None = None
        # Since when no watch could be opened, or the last one was given up in silence.
        self._away_since: float | None = None
        self._doubted = asyncio.Event()

    @property
    def sync(self) -> KindSync:
        """How far this kind can be trusted."""
        return self._sync.view()

    @property
    def progress(self) -> SyncState:
        """The same for who asks often: no value is made of it."""
        return self._sync

    def leave_out(self) -> None:
        """Mark this version of the kind as not followed, because another one is."""
        self._emit(self._store.absent(self._resource))
        self._sync.become(Sync.ABSENT)
        self._tried()

    def list_anew(self) -> None:
        """End a watch that is open: only a new list tells whether this kind may still be read."""
        self._doubted.set()

    async def run(self) -> None:
        """List and watch until cancelled. Cluster errors become sync state, never an exception."""
        try:
            while True:
                await self._follow()
        finally:
            if self._own_discovery:
                await self._own_discovery.close()

    async def _follow(self) -> None:
        """List and watch until something needs a new list."""
        try:
            if await self._discovery.lacks(self._resource):
                raise NotFound(NOT_SERVED, context=self._api.context, what=self._what, status=404)
            async with self._turns:
                await self._list()
            if self._brief:
                await self._brief.until_followed(self._resource)
            while not await self._list_is_due():
                pass
        except (Unauthorized, Forbidden, NotFound) as error:
            await self._wait_for_people(error)
        except ApiError as error:
            await self._wait(error)

    async def _list(self) -> None:
        try:
            await self._list_from(self._version)
        except ApiError as error:
            if not _too_old(error) or self._version == _NEWEST:
                raise
            self._version = _NEWEST
            await self._list_from(_NEWEST)

    async def _list_from(self, version: str) -> None:
        """Read all pages, then make the store equal to them; an incomplete list changes nothing."""
        # What is absent or forbidden is asked for each minute; all that reads it would be stale for a moment.
        if not self._sync.lists and self._sync.state not in _GIVEN_UP:
            self._sync.become(Sync.SYNCING)
        # For a known version the server answers from its cache, which does not paginate.
        self._doubted.clear()
        gathering = self._store.gathering(self._resource)
        listed = await self._listing.read(version, paged=version in (_CACHED, _NEWEST), gathering=gathering)
        self._version = listed.version
        self._ordered = listed.version not in (_CACHED, _NEWEST)
        self._listed_at = self._clock.monotonic()
        self._liveness.heard()
        self._liveness.began()
        self._away_since = None
        self._sync.listed(listed.unreadable)
        self._emit(self._store.replace(self._resource, listed.objects, listed.gathered))
        self._sync.become(Sync.LIVE)

    async def _list_is_due(self) -> bool:
        """Watch once from the last version; true if a new list is needed."""
        began = self._clock.monotonic()
        try:
            events = await self._watch_closely()
        except Missed:
            return True
        except (Unauthorized, Forbidden, NotFound):
            raise
        except ApiError as error:
            return await self._after_failure(error, self._clock.monotonic() - began)
        self._failing_since = None
        if not events and self._clock.monotonic() - began < SHORT_SECONDS:
            await self._wait(self._bad("the watch ends as soon as it starts"))
        return not self._ordered

    async def _after_failure(self, error: ApiError, lasted: float) -> bool:
        """Wait as long as the failure requires; true if a new list is needed."""
        self._liveness.began()
        now = self._clock.monotonic()
        if _too_old(error) or isinstance(error, Invalid):
            if now - self._listed_at < FRESH_SECONDS or isinstance(error, Invalid):
                self._version = _NEWEST
                await self._wait(error)
            return True
        broke_later = isinstance(error, Stalled) or (isinstance(error, Unreachable) and lasted >= SHORT_SECONDS)
        if self._opened and broke_later:
            return False
        if self._failing_since is None:
            self._failing_since = now
        if self._away_since is None and not self._opened and not isinstance(error, TooManyRequests):
            self._away_since = now
        await self._wait(error)
        if isinstance(error, ServerFailure) and now - self._failing_since >= FAILING_SECONDS:
            self._failing_since = None
            return True
        return False

    async def _watch_closely(self) -> int:
        """Follow one stream while it can be called live; returns how many events it brought."""
        stream = asyncio.create_task(self._watch())
        doubt = asyncio.create_task(self._liveness.doubt(lambda: self._version if self._ordered else ""))
        doubted = asyncio.create_task(self._doubted.wait())
        tasks = (stream, doubt, doubted)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if doubted.done():
                raise Missed
            if not stream.done():
                # What follows is a failure, even of a stream that was open for long.
                self._opened = False
                doubt.result()
            return await stream
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self) -> int:
        """Follow one stream to its end; returns how many events it brought, bookmarks included."""
        query = self._labels | {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(int(self._liveness.watch_seconds(self._rng))),
        }
        if self._version:
            query["resourceVersion"] = self._version
        events = 0
        self._opened = False
        async with aclosing(self._api.batches(self._path, query, what=self._what)) as batches:
            async for lines in batches:
                self._opened = True
                self._pulse.beat()
                self._trust()
                self._sync.become(Sync.LIVE)
                if lines:
                    self._liveness.heard()
                    self._sync.heard()
                    self._fold(lines)
                    self._failing_since = None
                events += len(lines)
        return events

    def _trust(self) -> None:
        """A watch was opened. Raises Missed if the server was away for so long that its store may be another one."""
        since, self._away_since = self._away_since, None
        if since is not None and self._clock.monotonic() - since >= OUTAGE_SECONDS:
            raise Missed

    def _fold(self, lines: list[bytes]) -> None:
        """Apply events to the store as one change. Events before one that ends the watch are still applied."""
        if self._tap:
            self._tap.lines(self._resource, lines)
        changes: list[Obj | Removed] = []
        try:
            for line in lines:
                changes += self._changes(self._decoder.event(line))
        except Undecodable as error:
            raise self._bad(str(error)) from None
        finally:
            self._emit(self._store.apply(self._resource, changes))

    def _changes(self, event: Event) -> tuple[Obj | Removed, ...]:
        match event:
            case Put(obj, added):
                meta = obj.metadata
                self._advance(meta.resource_version, added=added)
                self._sync.readable(meta.namespace, meta.name)
                return (obj,)
            case Deleted(namespace, name, version):
                self._advance(version)
                self._sync.readable(namespace, name)
                return (Removed(namespace, name),)
            case Bookmark(version):
                self._advance(version)
                return ()
            case Unreadable(namespace, name, _, version):
                # Keeping the previous version would show it as if it were current.
                self._advance(version)
                self._sync.unreadable(event)
                return (Removed(namespace, name),)
            case WatchFailed(code, status):
                raise from_status(code, status, context=self._api.context, what=self._what)

    def _advance(self, version: str, *, added: bool = False) -> None:
        self._ordered = self._ordered or not added
        if version and self._ordered:
            self._version = version

    def _emit(self, changes: ChangeSet) -> None:
        if changes:
            self._on_change(changes)

    async def _wait(self, error: ApiError) -> None:
        seconds = self._backoff.delay(self._clock.monotonic(), error.retry_after)
        self._sync.become(Sync.RETRYING, self._words(error), seconds)
        self._tried()
        await self._clock.sleep(seconds)

    async def _wait_for_people(self, error: ApiError) -> None:
        state = Sync.REFUSED if isinstance(error, Unauthorized) else Sync.FORBIDDEN
        is_served = not isinstance(error, Unauthorized) and await self._is_served(error)
        if isinstance(error, NotFound) and is_served:
            # A proxy, or a server that starts, says "not found" of what is there.
            await self._wait(error)
            return
        if isinstance(error, NotFound | Forbidden) and not is_served:
            state = Sync.ABSENT
            if self._store.known(self._resource):
                self._emit(self._store.replace(self._resource, ()))
            self._emit(self._store.absent(self._resource))
        elif state is Sync.FORBIDDEN:
            self._emit(self._store.forbidden(self._resource))
        seconds = SLOW_RETRY * self._rng.uniform(1.0, 1.5)
        self._sync.become(state, str(error), seconds)
        self._tried()
        await self._clock.sleep(seconds)

    def _words(self, error: ApiError) -> str:
        """What went wrong; where the whole server is away, that it is so, whichever kind was asked for.

        One watch can fall silent while the others go on: then it is that one.
        """
        alone = isinstance(error, Stalled) and self._clock.monotonic() - self._pulse.at < QUIET_SECONDS
        return error.of_cluster() if isinstance(error, Unreachable) and not alone else str(error)

    def _tried(self) -> None:
        if self._brief:
            self._brief.tried(self._resource)

    async def _is_served(self, error: ApiError) -> bool:
        """Whether the cluster serves the kind: permissions are checked first, so "forbidden" can mean absent.

        Without an answer it counts as served; to a user who may not ask, what is not found is absent.
        """
        try:
            return bool(await self._discovery.served((self._resource,), anew=True))
        except Forbidden:
            return not isinstance(error, NotFound)
        except ApiError:
            return True

    def _bad(self, message: str) -> BadAnswer:
        return BadAnswer(message, context=self._api.context, what=self._what)


def _too_old(error: ApiError) -> bool:
    """410, or a version from the future, as after a restore ("Too large resource version", a 504 with that cause)."""
    return isinstance(error, Gone) or "ResourceVersionTooLarge" in error.causes
