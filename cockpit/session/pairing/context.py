"""Pairing in one context: who is here, the pilots, and the fence of acts."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import replace

from cockpit.kube.errors import KubeError
from cockpit.kube.store import ChangeSet
from cockpit.model.clock import Clock
from cockpit.model.objects import Lease
from cockpit.model.pairing import (
    ContextPairing,
    ControlsAnswer,
    ControlsOrder,
    Person,
    Pilot,
    PilotMode,
    Presence,
    controls_of,
)
from cockpit.model.refs import LEASES, RolloutKey
from cockpit.model.view import Sync
from cockpit.pairing import marks, words
from cockpit.pairing.observed import Observed
from cockpit.pairing.presence_lease import ABANDONED_SECONDS, PRESENT_SECONDS, PresenceLease, read_presence, removed
from cockpit.session.facts.cluster import Cluster
from cockpit.session.pairing.access import ClusterLeases
from cockpit.session.pairing.controls import Controls
from cockpit.session.pairing.following import leases_followed
from cockpit.session.pairing.presence import Announcer
from cockpit.session.pairing.wishes import carry_out

log = logging.getLogger(__name__)

# Seconds between looks at whether somebody has gone without a word.
_LOOK_SECONDS = 5.0


class ContextPair:
    """Implements Fence for the rollouts of one cluster. `me` is who this session is there, its user not yet known."""

    def __init__(
        self,
        cluster: Cluster,
        mode: PilotMode,
        namespace: str,
        me: Person,
        clock: Clock,
        rng: random.Random,
        touch: Callable[[], None],
    ) -> None:
        self._cluster = cluster
        self._mode = mode
        self._namespace = namespace
        self._clock = clock
        self._touch = touch
        access = ClusterLeases(cluster.api, cluster.sender)
        self._access = access
        self._controls = Controls(access, me, clock, cluster.context, mode, namespace, touch)
        self._announcer = Announcer(access, clock, namespace, touch)
        self._store, self._reflector = leases_followed(
            cluster, namespace, marks.SELECTOR, self._changed, clock=clock, rng=rng
        )
        self._observed = Observed()
        self._present: tuple[PresenceLease, ...] = ()
        self._named = False

    async def run(self, announces: bool) -> None:
        """Follow the others, keep what is held and announce this session, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._reflector.run())
            await self._know_me()
            tasks.create_task(self._controls.run())
            tasks.create_task(self._look())
            if announces and not self._cluster.sender.read_only:
                tasks.create_task(self._announcer.run(self._controls.me))

    async def _know_me(self) -> Person:
        """Who this session is, as the API server says it."""
        if not self._named:
            self._controls.me = replace(self._controls.me, user=await self._cluster.api.who_am_i())
            self._named = True
        return self._controls.me

    async def close(self) -> None:
        """Give everything back."""
        await self._controls.close()
        await self._announcer.close()

    def look_at(self, key: RolloutKey | None) -> None:
        """The person looks at this rollout of the context."""
        self._announcer.look_at(key)

    async def order(self, key: RolloutKey, order: ControlsOrder) -> ControlsAnswer:
        """See `Cockpit.controls`."""
        await self._know_me()
        return await carry_out(self._controls, controls_of(key), order)

    # What the watch brings

    def _changed(self, _: ChangeSet) -> None:
        leases = [each for each in self._store.everywhere(LEASES) if isinstance(each, Lease)]
        kinds = {id(each): (each.metadata.labels or {}).get(marks.KIND_LABEL) for each in leases}
        self._controls.note(each for each in leases if kinds[id(each)] == marks.PILOT)
        present = (read_presence(each, self._cluster.context) for each in leases if kinds[id(each)] == marks.PRESENCE)
        self._present = tuple(sorted((each for each in present if each), key=lambda each: each.ref))
        now = self._clock.monotonic()
        for each in self._present:
            self._observed.note(each.ref, each.heard, now)
        self._observed.keep({each.ref for each in self._present})
        self._touch()

    async def _look(self) -> None:
        """Who falls silent has gone, and what was left behind is taken away."""
        while True:
            await self._clock.sleep(_LOOK_SECONDS)
            for each in self._present:
                if self._silent(each) >= ABANDONED_SECONDS and not self._cluster.sender.read_only:
                    try:
                        await self._access.write(removed(each.ref, each.uid, each.version))
                    except KubeError as error:
                        log.info("%s stays: %s", each.ref, error)
            if self._present:
                self._touch()

    def _silent(self, each: PresenceLease) -> float:
        return self._observed.silent(each.ref, each.heard, self._clock.monotonic())

    # What is shown

    def context(self) -> ContextPairing:
        """How pairing stands here."""
        unseen = self._announcer.unseen
        if self._cluster.sender.read_only:
            unseen = "this session is read-only, so others do not see it"
        return ContextPairing(self._cluster.context, self._mode, self._problem(), unseen)

    def _problem(self) -> str:
        sync = self._reflector.sync
        if sync.state is Sync.FORBIDDEN:
            why = words.no_right(self._cluster.context, "read leases", self._namespace)
            return f"who else is here is not known: {why}"
        if sync.state is Sync.ABSENT:
            return f"who else is here is not known in {self._cluster.context}: {sync.error}"
        return ""

    def here(self) -> tuple[Presence, ...]:
        """Everybody who was heard lately."""
        lately = (each for each in self._present if self._silent(each) < PRESENT_SECONDS)
        return tuple(each.seen(self._cluster.context, self._controls.me.session) for each in lately)

    def pilots(self) -> tuple[Pilot, ...]:
        """Who has which controls."""
        return self._controls.pilots()

    # Fence

    def why_not(self, key: RolloutKey) -> str:
        other = self._other(key)
        if other is None or self._mode is not PilotMode.STRICT:
            return ""
        return words.refusal(key, other.person, other.silent)

    def notes(self, key: RolloutKey) -> tuple[str, ...]:
        other = self._other(key)
        if other is None or self._mode is PilotMode.STRICT or other.silent:
            return ()
        return (words.warned(key, other.person),)

    def _other(self, key: RolloutKey) -> Pilot | None:
        sought = controls_of(key)
        return next((each for each in self.pilots() if each.rollout == sought and not each.mine), None)

    async def begin(self, key: RolloutKey, title: str) -> str:
        if self._mode is PilotMode.STRICT:
            await self._know_me()
        return await self._controls.begin(controls_of(key), title)

    async def confirm(self, key: RolloutKey) -> str:
        return await self._controls.confirm(controls_of(key))

    def end(self, key: RolloutKey, unknown: bool) -> None:
        self._controls.end(controls_of(key), unknown)
