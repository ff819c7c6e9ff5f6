"""One complete list of a kind: page by page, and slice by slice where a page is long."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import field

from cockpit.kube.api import LIST_BYTES, OBJECT_BYTES, KubeApi
from cockpit.kube.decode import Decoder, Page, Undecodable, Unreadable
from cockpit.kube.errors import ApiError, BadAnswer
from cockpit.kube.kind_index import KindIndex
from cockpit.kube.list_slices import ListSlices, Slice
from cockpit.kube.sync_state import SyncState
from cockpit.kube.tap import Tap
from cockpit.kube.transport import Call
from cockpit.model.objects import Obj
from cockpit.model.refs import Resource
from cockpit.model.values import dataclass

PAGE = 500
# Slices of one page after which a list is a long one, of which it is worth a request to know how long.
_LONG = 4


@dataclass(slots=True)
class Listed:
    """What was read, so far or completely."""

    objects: list[Obj] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    version: str = ""
    taken: bool = False
    """Whether anything was passed on to a tap."""
    gathered: KindIndex | None = None
    """The same objects in order, for a store that had none."""
    total: int = 0
    """How many objects there are, once that is known; they change while they are read."""


class Listing:
    """Reads lists of one kind. `query` chooses what is listed, `sync` is told how far it is."""

    def __init__(
        self,
        api: KubeApi,
        resource: Resource,
        path: str,
        query: dict[str, str],
        *,
        what: str,
        decoder: Decoder,
        sync: SyncState,
        tap: Tap | None,
    ) -> None:
        self._api = api
        self._resource = resource
        self._path = path
        self._query = query
        self._what = what
        self._decoder = decoder
        self._sync = sync
        self._tap = tap

    async def read(self, version: str, *, paged: bool, gathering: KindIndex | None = None) -> Listed:
        """All objects at a version, "" for the newest; also in `gathering`, as they arrive. Raises ApiError."""
        listed = Listed(gathered=gathering)
        first = {"limit": str(PAGE)} if paged else {}
        if version:
            first["resourceVersion"] = version
        query = first
        while True:
            page = await self._page(Call("GET", self._path, query | self._query, what=self._what), listed)
            if not page.token:
                listed.version = page.version
                return listed
            self._sync.reading(len(listed.objects), page.remaining)
            query = {"limit": str(PAGE), "continue": page.token}

    async def _page(self, call: Call, listed: Listed) -> Page:
        """Add the objects of one page; returns its last slice, which has the page's version and token."""
        slices = ListSlices(self._decoder)
        counting: asyncio.Task[None] | None = None
        taken = 0
        try:
            async with aclosing(self._api.transport.pieces(call, limit=LIST_BYTES)) as pieces:
                async for piece in pieces:
                    if not (found := slices.feed(piece)):
                        continue
                    self._take(found, listed, last=False)
                    taken += 1
                    if taken == _LONG and not self._sync.lists:
                        self._sync.takes_long()
                        if found.page.remaining is None:
                            counting = asyncio.create_task(self._count(listed))
                    self._report(listed)
        finally:
            if counting:
                counting.cancel()
                await asyncio.gather(counting, return_exceptions=True)
        try:
            found = slices.rest()
        except Undecodable as error:
            raise BadAnswer(str(error), context=self._api.context, what=self._what) from None
        self._take(found, listed, last=not found.page.token)
        return found.page

    def _take(self, found: Slice, listed: Listed, *, last: bool) -> None:
        if self._tap:
            self._tap.page(self._resource, found.body, first=not listed.taken, last=last)
            listed.taken = True
        listed.objects += found.page.objects
        if listed.gathered is not None:
            listed.gathered.gather(found.page.objects)
        listed.unreadable += found.page.unreadable

    async def _count(self, listed: Listed) -> None:
        """Ask how many objects there are, which a list that is not cut into pages does not say."""
        call = Call("GET", self._path, {"limit": "1"} | self._query, what=self._what)
        with suppress(ApiError, Undecodable):
            page = self._decoder.page(await self._api.transport.fetch(call, limit=OBJECT_BYTES))
            listed.total = len(page.objects) + (page.remaining or 0)
            self._report(listed)

    def _report(self, listed: Listed) -> None:
        if listed.total:
            self._sync.reading(len(listed.objects), listed.total - len(listed.objects))
