"""Announces this session to the others: a Lease that says who is here and which rollout is looked at."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from cockpit.kube.errors import Conflict, Forbidden, KubeError, NotFound, ReadOnly
from cockpit.model.clock import Clock
from cockpit.model.pairing import Person
from cockpit.model.refs import Ref, RolloutKey
from cockpit.pairing import presence_lease as lease
from cockpit.pairing.marks import presence_ref
from cockpit.pairing.words import no_right
from cockpit.session.changes import first_of
from cockpit.session.pairing.access import LeaseAccess
from cockpit.session.pairing.controls import stamp

log = logging.getLogger(__name__)

# Seconds between writes while a cursor moves, and until a failed one is tried again; rights change more rarely.
_SHORTEST_SECONDS, _RETRY_SECONDS, _DENIED_SECONDS = 1.0, 5.0, 60.0


class Announcer:
    """Keeps the Lease of one session in one cluster. `unseen` is why the others do not see it, "" if they do."""

    def __init__(
        self, access: LeaseAccess, clock: Clock, namespace: str, on_change: Callable[[], None] = lambda: None
    ) -> None:
        self._access = access
        self._clock = clock
        self._namespace = namespace
        self._on_change = on_change
        self._looks_at: RolloutKey | None = None
        self._moved = asyncio.Event()
        self._written: tuple[Ref, str, str] | None = None  # the Lease, its uid and version
        self._since = ""
        self._left = False
        self.unseen = ""

    def look_at(self, rollout: RolloutKey | None) -> None:
        """The person looks at another rollout."""
        if rollout is not None and rollout != self._looks_at:
            self._looks_at = rollout
            self._moved.set()

    async def run(self, me: Person) -> None:
        """Announce until cancelled."""
        self._since = stamp(self._clock)
        while not self._left:
            if self._looks_at is None:
                await self._moved.wait()
            self._moved.clear()
            pause = await self._announced(me)
            await self._clock.sleep(_SHORTEST_SECONDS)
            await first_of(self._moved.wait(), self._clock.sleep(max(pause - _SHORTEST_SECONDS, 0.1)))

    async def _announced(self, me: Person) -> float:
        """Write the Lease; returns how long it lasts before it has to be written again."""
        try:
            await self._write(me)
        except Forbidden as error:
            log.info("this session is not announced: %s", error)
            self._say(f"others do not see you: {no_right(error.context, 'write leases', self._place)}")
            return _DENIED_SECONDS
        except ReadOnly as error:
            self._say(str(error))
            return _DENIED_SECONDS
        except KubeError as error:
            log.info("this session is not announced: %s", error)
            return _RETRY_SECONDS
        self._say("")
        return lease.ANNOUNCE_SECONDS

    @property
    def _place(self) -> str:
        """The namespace of the Lease."""
        return self._namespace or (self._looks_at.namespace if self._looks_at else "")

    async def _write(self, me: Person) -> None:
        rollout = self._looks_at
        ref, now = presence_ref(me.session, self._place), stamp(self._clock)
        if self._written and self._written[0] != ref:
            await self._remove()
        if self._left:
            return
        try:
            if self._written is None:
                found = await self._access.write(lease.announced(ref, me, rollout, now, self._since))
            else:
                found = await self._access.write(lease.still_here(ref, self._written[2], me, rollout, now))
        except (Conflict, NotFound):
            # Written by an earlier request whose answer was lost, or removed by somebody.
            found = await self._access.read(ref)
        if found is not None:
            self._written = (ref, found.metadata.uid, found.metadata.resource_version)
        else:
            self._written = None

    def _say(self, unseen: str) -> None:
        if unseen != self.unseen:
            self.unseen = unseen
            self._on_change()

    async def close(self) -> None:
        """Leave for good: take the Lease away, as far as the cluster answers."""
        self._left = True
        await self._remove()

    async def _remove(self) -> None:
        if self._written:
            ref, uid, version = self._written
            self._written = None
            try:
                await self._access.write(lease.removed(ref, uid, version))
            except KubeError as error:
                log.info("the Lease of this session stays until it is found abandoned: %s", error)
