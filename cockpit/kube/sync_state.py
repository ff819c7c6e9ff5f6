"""Sync state of one kind, kept up to date by its reflector."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf

from cockpit.kube.decode import Unreadable
from cockpit.kube.pulse import Pulse
from cockpit.kube.questions import progress_topic
from cockpit.kube.store import ChangeSet, Store
from cockpit.model.clock import Clock
from cockpit.model.refs import Resource
from cockpit.model.view import KindSync, Sync

# Seconds between two reports of how far a list is: each of them is painted.
PROGRESS_SECONDS = 1.0
# States in which it is known what there is to read.
_KNOWN = frozenset({Sync.LIVE, Sync.ABSENT, Sync.FORBIDDEN})


class SyncState:
    """Calls `on_change` with the kind's progress topic for each new state or error, and for the progress of a list; not
    for ages, counters and the time of the next try. The store says itself what can be read of it."""

    def __init__(
        self, resource: Resource, store: Store, clock: Clock, pulse: Pulse, on_change: Callable[[ChangeSet], None]
    ) -> None:
        self._resource = resource
        self._pulse = pulse
        self._store = store
        self._clock = clock
        self._on_change = on_change
        self._since = clock.now()
        self._error = ""
        self._retry_at: float | None = None
        self._last_event: float | None = None
        self._lists = 0
        self._read = self._expected = 0
        self._told_at = -inf
        self.long = False
        self._unreadable: dict[tuple[str, str], str] = {}
        self.state = Sync.CONNECTING

    def view(self) -> KindSync:
        """The state as a frozen value. Without another error it names the first unreadable object."""
        return KindSync(
            kind=self._resource.kind,
            group=self._resource.group,
            state=self.state,
            since=self._since,
            error=self._error or next(iter(self._unreadable.values()), ""),
            retry_at=self._retry_at,
            last_event=self._last_event,
            objects=self._store.count(self._resource),
            relists=max(self._lists - 1, 0),
            dropped=len(self._unreadable),
            read=self._read,
            expected=self._expected,
        )

    def become(self, state: Sync, error: str = "", retry_in: float | None = None) -> None:
        """`since` says since when a kind is live, or else when something was last heard: it never gets younger."""
        self._retry_at = None if retry_in is None else self._clock.now() + retry_in
        if (state, error) == (self.state, self._error):
            return
        if state is not self.state and state is Sync.LIVE:
            self._since = self._clock.now()
        elif self.state in _KNOWN and not (self.state is Sync.FORBIDDEN and self._lists):
            # Of a kind that may not be read any more nothing was heard since, whatever else was.
            self._since = max(self._pulse.heard, self._last_event or 0.0)
        self.state = state
        self._error = error
        self._report()

    def heard(self) -> None:
        """Something came from the server: an event, a bookmark."""
        self._last_event = self._clock.now()
        self._pulse.beat()

    def reading(self, read: int, remaining: int | None) -> None:
        """So many objects of the first list are in; the server may say how many follow."""
        if remaining:
            self.takes_long()
        if not self._lists and remaining is not None and remaining > 0:
            self._read, self._expected = read, read + remaining
            now = self._clock.monotonic()
            if now - self._told_at >= PROGRESS_SECONDS:
                self._told_at = now
                self._report()

    def takes_long(self) -> None:
        """The first list turns out to be a long one."""
        if not self._lists and not self.long:
            self.long = True
            self._report()

    def listed(self, unreadable: Iterable[Unreadable]) -> None:
        """A list was read completely; these objects of it could not be decoded."""
        self._lists += 1
        self._read = self._expected = 0
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
        self._on_change(ChangeSet(frozenset((progress_topic(self._resource),))))

    @property
    def lists(self) -> int:
        """Complete lists so far."""
        return self._lists
