"""Tells others of this session's armed guards in one cluster, and knows theirs."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from cockpit.kube.errors import Conflict, KubeError, NotFound
from cockpit.kube.store import ChangeSet
from cockpit.model.armed import ArmedGuard, ToldGuard
from cockpit.model.clock import Clock
from cockpit.model.objects import Lease
from cockpit.model.pairing import Person, controls_of
from cockpit.model.refs import LEASES, Ref, RolloutKey
from cockpit.pairing import guard_lease as lease
from cockpit.pairing.observed import Observed
from cockpit.pairing.presence_lease import ABANDONED_SECONDS, removed
from cockpit.session.changes import first_of
from cockpit.session.facts.cluster import Cluster
from cockpit.session.pairing.access import ClusterLeases
from cockpit.session.pairing.controls import stamp
from cockpit.session.pairing.following import leases_followed

log = logging.getLogger(__name__)

# Seconds between looks at whether a session has gone without a word.
_LOOK_SECONDS = 5.0
# Seconds between writes, whatever is written into the Leases meanwhile.
_SHORTEST_SECONDS = 1.0

Own = Callable[[], Sequence[ToldGuard]]


class ArmedGuards:
    """The armed guards of one cluster. `own` are this session's; `touch` hears of a rollout whose guards changed.

    `untold` is why others do not know of this session's guards, "" if they do.
    """

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        me: Person,
        own: Own,
        clock: Clock,
        rng: random.Random,
        touch: Callable[[RolloutKey | None], None],
    ) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._me = me
        self._own = own
        self._clock = clock
        self._touch = touch
        self._access = ClusterLeases(cluster.api, cluster.sender)
        self._store, self._reflector = leases_followed(
            cluster, namespace, lease.SELECTOR, self._heard, clock=clock, rng=rng
        )
        self._observed = Observed()
        self._read: tuple[lease.GuardLease, ...] = ()
        self._shown: tuple[ArmedGuard, ...] = ()
        self._written: dict[str, tuple[Ref, str, str]] = {}  # by the guard's id: its Lease, uid and version
        self._news = asyncio.Event()
        self._left = False
        self.untold = ""

    async def run(self) -> None:
        """Follow and tell until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._reflector.run())
            tasks.create_task(self._look())
            while not self._left:
                self._news.clear()
                await self._tell_all()
                await self._clock.sleep(_SHORTEST_SECONDS)
                if self._mine():
                    await first_of(self._news.wait(), self._clock.sleep(lease.RENEW_SECONDS - _SHORTEST_SECONDS))
                else:
                    await self._news.wait()

    def changed(self) -> None:
        """This session's guards are others than before."""
        self._news.set()

    def armed(self) -> tuple[ArmedGuard, ...]:
        """The guards whose sessions were heard lately."""
        return self._shown

    async def find(self, key: RolloutKey, id: str) -> lease.GuardLease | None:
        """A guard of a rollout as the server has it; None if there is none. Raises KubeError."""
        found = await self._access.read(lease.guard_ref(id, self._namespace or key.namespace))
        guard = lease.read_guard(found, self._cluster.context, self._me.session) if found else None
        return guard if guard and controls_of(guard.guard.told.rollout) == controls_of(key) else None

    async def close(self) -> None:
        """Take the Leases of this session's guards away, as far as the cluster answers."""
        self._left = True
        for id in list(self._written):
            await self._take_away(id)

    # What is told

    def _mine(self) -> list[ToldGuard]:
        return [each for each in self._own() if each.rollout.context == self._cluster.context]

    async def _tell_all(self) -> None:
        mine = self._mine()
        for id in self._written.keys() - {each.id for each in mine}:
            await self._take_away(id)
        for each in mine:
            try:
                await self._tell(each)
            except KubeError as error:
                self._say(str(error))
                return
        self._say("")

    async def _tell(self, told: ToldGuard) -> None:
        me = replace(self._me, user=await self._cluster.api.who_am_i())
        ref, now = lease.guard_ref(told.id, self._namespace or told.rollout.namespace), stamp(self._clock)
        before = self._written.get(told.id)
        try:
            request = (
                lease.told_again(told, ref, before[2], me, now)
                if before
                else lease.told_first(told, ref.namespace, me, now)
            )
            found = await self._access.write(request)
        except (Conflict, NotFound):
            # Somebody wrote to it, or took it away: what they wrote is set right by the next write.
            found = await self._access.read(ref)
            self._news.set()
        if self._left:
            return
        if found is None:
            self._written.pop(told.id, None)
        else:
            self._written[told.id] = (ref, found.metadata.uid, found.metadata.resource_version)

    async def _take_away(self, id: str) -> None:
        ref, uid, version = self._written.pop(id)
        try:
            await self._access.write(removed(ref, uid, version))
        except KubeError as error:
            log.info("%s stays until it is found abandoned: %s", ref, error)

    def _say(self, untold: str) -> None:
        if untold != self.untold:
            self.untold = untold
            self._touch(None)

    # What is heard

    def _heard(self, _: ChangeSet) -> None:
        leases = (each for each in self._store.everywhere(LEASES) if isinstance(each, Lease))
        found = (lease.read_guard(each, self._cluster.context, self._me.session) for each in leases)
        self._read = tuple(sorted((each for each in found if each), key=lambda each: each.ref))
        now = self._clock.monotonic()
        for each in self._read:
            self._observed.note(each.ref, each.heard, now)
        self._observed.keep({each.ref for each in self._read})
        # A Lease that says something else than this session told is set right.
        mine = {each.id: each for each in self._mine()}
        if any(mine.get(each.guard.told.id, each.guard.told) != each.guard.told for each in self._read):
            self._news.set()
        self._show()

    def _show(self) -> None:
        lately = (each.guard for each in self._read if self._silent(each) < lease.TOLD_SECONDS)
        shown, before = tuple(lately), self._shown
        if shown != before:
            self._shown = shown
            for key in {each.told.rollout for each in (*shown, *before)}:
                self._touch(key)

    async def _look(self) -> None:
        """Who falls silent has gone, and what was left behind is taken away."""
        while True:
            await self._clock.sleep(_LOOK_SECONDS)
            self._show()
            for each in self._read:
                if self._silent(each) >= ABANDONED_SECONDS and not self._cluster.sender.read_only:
                    try:
                        await self._access.write(removed(each.ref, each.uid, each.version))
                    except KubeError as error:
                        log.info("%s stays: %s", each.ref, error)

    def _silent(self, each: lease.GuardLease) -> float:
        return self._observed.silent(each.ref, each.heard, self._clock.monotonic())
