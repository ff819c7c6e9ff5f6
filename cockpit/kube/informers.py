"""All kinds of one cluster in one store, each kept up to date by a reflector."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

from cockpit.kube.api import KubeApi
from cockpit.kube.backoff import Random
from cockpit.kube.brief import Brief
from cockpit.kube.discovery import Discovery
from cockpit.kube.errors import ApiError
from cockpit.kube.pulse import Pulse
from cockpit.kube.questions import progress_topic
from cockpit.kube.read_rights import ReadRights
from cockpit.kube.reflector import SLOW_RETRY, Reflector
from cockpit.kube.store import ChangeSet, Store
from cockpit.kube.tap import Tap
from cockpit.model.clock import Clock
from cockpit.model.kinds import LATE, families
from cockpit.model.refs import Resource
from cockpit.model.view import KindSync, Sync

# Seconds until discovery is retried after it failed.
_ASK_AGAIN = 5.0
# Lists that a cluster is asked for at the same time. API Priority and Fairness gives a user's reads a share of some
# hundred seats, and a list takes up to ten of them (flowcontrol, `max-seats`).
LISTS_AT_ONCE = 12
# For one command: each list needs a connection, and a handshake costs more than waiting for the one before.
BRIEF_AT_ONCE = 6
# A kind that does not answer must not hold the late kinds up for longer; seconds.
OTHERS_SECONDS = 5.0
# Late kinds that take longer than this are not waited for before rollouts are read: a small cluster is read once.
GRACE_SECONDS = 1.0
_BEGINNING = (Sync.CONNECTING, Sync.SYNCING)


class Informers:
    """Follows `resources` in one namespace, or in all with None. Cluster-scoped kinds are always followed.

    Of a kind with several versions, only the first that the cluster serves is followed; the others count as absent.
    `on_change` is called on the event loop of `run`, after the store has changed; it must not block. `tap` gets all
    bytes that come. Kinds in `first` are listed first, and those of `model.kinds.LATE` when the others are there.
    With `brief` each kind is read once, in any order, and watched only after `follow`.
    """

    def __init__(
        self,
        api: KubeApi,
        resources: Sequence[Resource],
        namespace: str | None,
        *,
        clock: Clock,
        rng: Random,
        on_change: Callable[[ChangeSet], None],
        tap: Tap | None = None,
        first: Collection[Resource] = (),
        brief: bool = False,
    ) -> None:
        self.brief = Brief(resources) if brief else None
        self.store = Store(api.context, namespace)
        self.pulse = Pulse(api, clock)
        self._api = api
        self._clock = clock
        self._on_change = on_change
        self._first = frozenset(first)
        self._discovery = Discovery(api, clock)
        self._news = asyncio.Event()
        self._patient = True
        self._reading: frozenset[Resource] | None = None
        turns = asyncio.Semaphore(BRIEF_AT_ONCE if brief else LISTS_AT_ONCE)
        self._reflectors = {
            resource: Reflector(
                api,
                resource,
                namespace,
                self.store,
                clock=clock,
                rng=rng,
                pulse=self.pulse,
                on_change=self._changed,
                tap=tap,
                discovery=self._discovery,
                turns=turns,
                brief=self.brief,
            )
            for resource in resources
        }
        self.read_rights = ReadRights(api, self._reflectors, namespace, clock=clock, rng=rng)

    def kinds(self) -> tuple[KindSync, ...]:
        """How far each kind can be trusted, in the order of the resources."""
        return tuple(reflector.sync for reflector in self._reflectors.values())

    @property
    def reading(self) -> frozenset[Resource]:
        """The kinds that are being read, for the first time or anew; each stale rollout asks."""
        if self._reading is None:
            states = ((resource, reflector.progress.state) for resource, reflector in self._reflectors.items())
            self._reading = frozenset(resource for resource, state in states if state in _BEGINNING)
        return self._reading

    @property
    def enough(self) -> bool:
        """Whether rollouts can be read: nothing is being read for the first time, save late kinds that take long."""
        waiting = self._unsettled(self._reflectors)
        if self.brief or not waiting or waiting - LATE:
            return not waiting
        return not self._patient or any(self._reflectors[resource].progress.long for resource in waiting)

    def follow(self) -> None:
        """Watch from now on what was only to be read."""
        if self.brief:
            self.brief.followed.set()

    async def run(self) -> None:
        """Follow everything until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                ordered = sorted(families(list(self._reflectors)), key=self._turn)
                for family in ordered:
                    if family[0] not in LATE:
                        tasks.create_task(self._follow(family))
                if not self.brief:
                    await self._settle(self._reflectors.keys() - LATE, OTHERS_SECONDS)
                for family in ordered:
                    if family[0] in LATE:
                        tasks.create_task(self._follow(family))
                tasks.create_task(self._lose_patience())
        finally:
            await self._discovery.close()
            await self.pulse.close()

    def _turn(self, family: Sequence[Resource]) -> bool:
        """Sort key: kinds that rollouts are rooted in come before others."""
        return not self._first.intersection(family)

    async def _lose_patience(self) -> None:
        """Let rollouts be read without the late kinds if those take long."""
        late = LATE & self._reflectors.keys()
        await self._settle(late, GRACE_SECONDS)
        self._patient = False
        if waiting := self._unsettled(late):
            self._on_change(ChangeSet(frozenset(map(progress_topic, waiting))))

    async def _settle(self, resources: Collection[Resource], seconds: float) -> None:
        """Until these kinds were read once, or cannot be; at most so many seconds."""
        late = asyncio.create_task(self._clock.sleep(seconds))
        try:
            while self._unsettled(resources) and not late.done():
                self._news.clear()
                news = asyncio.create_task(self._news.wait())
                await asyncio.wait((news, late), return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
        finally:
            late.cancel()

    def _unsettled(self, resources: Collection[Resource]) -> frozenset[Resource]:
        """The kinds of these that are being read for the first time."""
        progress = ((resource, self._reflectors[resource].progress) for resource in resources)
        return frozenset(resource for resource, each in progress if each.state in _BEGINNING and each.lists <= 1)

    def _changed(self, changes: ChangeSet) -> None:
        self._reading = None
        self._news.set()
        self._on_change(changes)

    async def _follow(self, family: Sequence[Resource]) -> None:
        """Follow one kind in the version that the cluster serves; until that is known, in the preferred one."""
        if len(family) == 1:
            await self._reflectors[family[0]].run()
            return
        chosen, again = await self._choice(family)
        self._leave_out(family, chosen)
        if not again:
            await self._reflectors[chosen].run()
            return
        async with asyncio.TaskGroup() as tasks:
            preferred = tasks.create_task(self._reflectors[family[0]].run())
            while again:
                await self._clock.sleep(again)
                chosen, again = await self._choice(family)
            if chosen != family[0]:
                preferred.cancel()
        # The group ends only when another version turns out to be served.
        self._leave_out(family, chosen)
        await self._reflectors[chosen].run()

    def _leave_out(self, family: Sequence[Resource], chosen: Resource) -> None:
        for resource in family:
            if resource != chosen:
                self._reflectors[resource].leave_out()

    async def _choice(self, family: Sequence[Resource]) -> tuple[Resource, float]:
        """The version to follow, and seconds until the next discovery; 0 if it is known to be served."""
        try:
            found = await self._discovery.served(family)
        except ApiError:
            return family[0], _ASK_AGAIN
        first = next((resource for resource in family if resource in found), None)
        return (family[0], SLOW_RETRY) if first is None else (first, 0.0)
