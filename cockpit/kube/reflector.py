"""One kind of one cluster, followed: list, then watch, for as long as it takes.

The rules are those of client-go's reflector, plus a limit on silence: a stream that says nothing, not even a
bookmark, is cut and resumed from the last version. Versions are opaque and compared for equality only.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

from cockpit.kube.api import LIST_BYTES, KubeApi
from cockpit.kube.backoff import Backoff, Random
from cockpit.kube.decode import Bookmark, Decoder, Deleted, Event, Failed, Put, Undecodable, Unreadable
from cockpit.kube.discovery import served
from cockpit.kube.errors import (
    ApiError,
    BadAnswer,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    ServerFailure,
    Stalled,
    Unauthorized,
    Unreachable,
    from_status,
)
from cockpit.kube.kinds import KINDS
from cockpit.kube.paths import list_path
from cockpit.kube.store import ChangeSet, Removed, Store
from cockpit.kube.sync_state import SyncState
from cockpit.kube.transport import Call
from cockpit.model.clock import Clock
from cockpit.model.objects import Obj
from cockpit.model.refs import Resource
from cockpit.model.view import KindSync, Sync

PAGE = 500
# What only a person can mend (rights, a kind that is not installed, a log-in) is asked for this seldom.
SLOW_RETRY = 60.0
# A watch that the server keeps failing for this long is given up for a new list.
FAILING_SECONDS = 60.0
# A watch that ends sooner, without an event, is a failure and no normal end.
SHORT_SECONDS = 1.0
# A version that is too old so soon after a list will be so after the next list as well.
FRESH_SECONDS = 5.0
_CACHED = "0"
_NEWEST = ""


class Reflector:
    """Keeps one kind of a store as the cluster has it; `run` never ends by itself.

    `on_change` gets one change set for all events that arrived together.
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
        on_change: Callable[[ChangeSet], None],
    ) -> None:
        self._api = api
        self._resource = resource
        self._path = list_path(resource, namespace)
        self._what = resource.plural + (f" in namespace {namespace}" if namespace and resource.namespaced else "")
        self._decoder = Decoder(KINDS[resource])
        self._store = store
        self._clock = clock
        self._rng = rng
        self._on_change = on_change
        self._backoff = Backoff(rng)
        self._sync = SyncState(resource, store, clock, on_change)
        self._version = _CACHED
        # False while the version is one that the server chose for us: its first objects come in any order.
        self._ordered = False
        self._opened = False
        self._listed_at = 0.0
        self._failing_since: float | None = None

    @property
    def sync(self) -> KindSync:
        """How far this kind can be trusted."""
        return self._sync.view()

    def leave_out(self) -> None:
        """Say that this version of the kind is not followed, because another one is."""
        self._sync.become(Sync.ABSENT)

    async def run(self) -> None:
        """List and watch until cancelled. What a cluster does wrong becomes state, never an exception."""
        while True:
            try:
                await self._list()
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
        """Read all pages, then make the store equal to them; nothing is shown of a list that breaks off."""
        if not self._sync.lists:
            self._sync.become(Sync.SYNCING)
        objects: list[Obj] = []
        unreadable: list[Unreadable] = []
        # From a version that was seen the server answers out of its cache, which knows no pages.
        query = {"limit": str(PAGE)} if version in (_CACHED, _NEWEST) else {}
        if version:
            query["resourceVersion"] = version
        while True:
            body = await self._api.transport.fetch(Call("GET", self._path, query, what=self._what), limit=LIST_BYTES)
            try:
                page = self._decoder.page(body)
            except Undecodable as error:
                raise self._bad(str(error)) from None
            objects += page.objects
            unreadable += page.unreadable
            if not page.token:
                break
            query = {"limit": str(PAGE), "continue": page.token}
        self._version = page.version
        self._ordered = page.version not in (_CACHED, _NEWEST)
        self._listed_at = self._clock.monotonic()
        self._sync.listed(unreadable)
        self._emit(self._store.replace(self._resource, objects))
        self._sync.become(Sync.LIVE)

    async def _list_is_due(self) -> bool:
        """Watch once from the version that is known; true where only a new list helps."""
        began = self._clock.monotonic()
        try:
            events = await self._watch()
        except (Unauthorized, Forbidden, NotFound):
            raise
        except ApiError as error:
            return await self._after_failure(error, self._clock.monotonic() - began)
        self._failing_since = None
        if not events and self._clock.monotonic() - began < SHORT_SECONDS:
            await self._wait(self._bad("the watch ends as soon as it begins"))
        return not self._ordered

    async def _after_failure(self, error: ApiError, lasted: float) -> bool:
        """Wait as the failure asks for; true where a new list is due."""
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
        await self._wait(error)
        if isinstance(error, ServerFailure) and now - self._failing_since >= FAILING_SECONDS:
            self._failing_since = None
            return True
        return False

    async def _watch(self) -> int:
        """Follow one stream to its end; returns how many events it brought, bookmarks included."""
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            # client-go's figures: streams that end at different times spare the server.
            "timeoutSeconds": str(int(self._rng.uniform(300, 600))),
        }
        if self._version:
            query["resourceVersion"] = self._version
        events = 0
        self._opened = False
        async with aclosing(self._api.batches(self._path, query, what=self._what)) as batches:
            async for lines in batches:
                self._opened = True
                self._sync.become(Sync.LIVE)
                if lines:
                    self._sync.heard()
                    self._fold(lines)
                    self._failing_since = None
                events += len(lines)
        return events

    def _fold(self, lines: list[bytes]) -> None:
        """Bring events into the store as one change. An event that ends the watch comes after those before it."""
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
                # What it was before would be shown as if it still were so.
                self._advance(version)
                self._sync.unreadable(event)
                return (Removed(namespace, name),)
            case Failed(code, status):
                raise from_status(code, status, context=self._api.context, what=self._what)

    def _advance(self, version: str, *, added: bool = False) -> None:
        self._ordered = self._ordered or not added
        if version and self._ordered:
            self._version = version

    def _emit(self, changes: ChangeSet) -> None:
        if changes:
            self._on_change(changes)

    async def _wait(self, error: ApiError) -> None:
        seconds = error.retry_after or self._backoff.delay(self._clock.monotonic())
        self._sync.become(Sync.RETRYING, str(error), seconds)
        await self._clock.sleep(seconds)

    async def _wait_for_people(self, error: ApiError) -> None:
        state = Sync.REFUSED if isinstance(error, Unauthorized) else Sync.FORBIDDEN
        if isinstance(error, NotFound) or (isinstance(error, Forbidden) and not await self._is_served()):
            state = Sync.ABSENT
            if self._store.known(self._resource):
                self._emit(self._store.replace(self._resource, ()))
        seconds = SLOW_RETRY * self._rng.uniform(1.0, 1.5)
        self._sync.become(state, str(error), seconds)
        await self._clock.sleep(seconds)

    async def _is_served(self) -> bool:
        """Whether the cluster has the kind at all: rights are checked before that, so "forbidden" may mean absent."""
        try:
            return bool(await served(self._api, (self._resource,)))
        except ApiError:
            return True

    def _bad(self, message: str) -> BadAnswer:
        return BadAnswer(message, context=self._api.context, what=self._what)


def _too_old(error: ApiError) -> bool:
    """410, or a version of the future, as after a restore ("Too large resource version", a 504 with that cause)."""
    return isinstance(error, Gone) or "ResourceVersionTooLarge" in error.causes
