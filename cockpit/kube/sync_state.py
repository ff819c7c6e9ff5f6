"""How far the objects of one kind can be trusted, kept up to date by its reflector."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cockpit.kube.decode import Unreadable
from cockpit.kube.store import ChangeSet, Store
from cockpit.kube.topics import sync_topic
from cockpit.model.clock import Clock
from cockpit.model.refs import Resource
from cockpit.model.view import KindSync, Sync


class SyncState:
    """`on_change` hears each new state or error with the kind's sync topic; ages and counters change silently."""

    def __init__(self, resource: Resource, store: Store, clock: Clock, on_change: Callable[[ChangeSet], None]) -> None:
        self._resource = resource
        self._store = store
        self._clock = clock
        self._on_change = on_change
        self._since = clock.now()
        self._error = ""
        self._retry_at: float | None = None
        self._last_event: float | None = None
        self._lists = 0
        self._unreadable: dict[tuple[str, str], str] = {}
        self.state = Sync.CONNECTING

    def view(self) -> KindSync:
        """The state as a frozen value. Without another error the first unreadable object is named."""
        return KindSync(
            kind=self._resource.kind,
            state=self.state,
            since=self._since,
            error=self._error or next(iter(self._unreadable.values()), ""),
            retry_at=self._retry_at,
            last_event=self._last_event,
            objects=self._store.count(self._resource),
            relists=max(self._lists - 1, 0),
            dropped=len(self._unreadable),
        )

    def become(self, state: Sync, error: str = "", retry_in: float | None = None) -> None:
        """`since` stays while the state does, so that it says since when a kind is not live."""
        if (state, error, retry_in) == (self.state, self._error, None):
            return
        if state is not self.state:
            self._since = self._clock.now()
        self.state = state
        self._error = error
        self._retry_at = None if retry_in is None else self._clock.now() + retry_in
        self._report()

    def heard(self) -> None:
        """Something came from the server: an event, a bookmark."""
        self._last_event = self._clock.now()

    def listed(self, unreadable: Iterable[Unreadable]) -> None:
        """A list was read completely; these objects of it could not be decoded."""
        self._lists += 1
        self.heard()
        named = {(odd.namespace, odd.name): odd.why for odd in unreadable}
        if named != self._unreadable:
            self._unreadable = named
            self._report()

    def unreadable(self, odd: Unreadable) -> None:
        """This object could not be decoded."""
        self._unreadable[odd.namespace, odd.name] = odd.why
        self._report()

    def readable(self, namespace: str, name: str) -> None:
        """The object can be decoded again, or is gone."""
        if self._unreadable.pop((namespace, name), None) is not None:
            self._report()

    def _report(self) -> None:
        self._on_change(ChangeSet(frozenset((sync_topic(self._resource),))))

    @property
    def lists(self) -> int:
        """Complete lists so far."""
        return self._lists
