"""All kinds of one cluster in one store, each kept up to date by a reflector."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from cockpit.kube.api import KubeApi
from cockpit.kube.backoff import Random
from cockpit.kube.brief import Brief
from cockpit.kube.discovery import served
from cockpit.kube.errors import ApiError
from cockpit.kube.pulse import Pulse
from cockpit.kube.reflector import SLOW_RETRY, Reflector
from cockpit.kube.store import ChangeSet, Store
from cockpit.kube.tap import Tap
from cockpit.model.clock import Clock
from cockpit.model.kinds import families
from cockpit.model.refs import Resource
from cockpit.model.view import KindSync

# Seconds until discovery is retried after it failed.
_ASK_AGAIN = 5.0


class Informers:
    """Follows `resources` in one namespace, or in all with None. Cluster-scoped kinds are always followed.

    Of a kind with several versions, only the first that the cluster serves is followed; the others count as absent.
    `on_change` is called on the event loop of `run`, after the store has changed; it must not block. `tap` gets all
    bytes that come. With `brief` each kind is read once, and watched only after `follow`.
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
        brief: bool = False,
    ) -> None:
        self.brief = Brief(api) if brief else None
        if self.brief:
            self.brief.expect(resources)
        self.store = Store(api.context, namespace)
        self.pulse = Pulse(api, clock)
        self._api = api
        self._clock = clock
        self._reflectors = {
            resource: Reflector(
                api,
                resource,
                namespace,
                self.store,
                clock=clock,
                rng=rng,
                pulse=self.pulse,
                on_change=on_change,
                tap=tap,
                brief=self.brief,
            )
            for resource in resources
        }

    def kinds(self) -> tuple[KindSync, ...]:
        """How far each kind can be trusted, in the order of the resources."""
        return tuple(reflector.sync for reflector in self._reflectors.values())

    def follow(self) -> None:
        """Watch from now on what was only to be read."""
        if self.brief:
            self.brief.followed.set()

    async def run(self) -> None:
        """Follow everything until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for family in families(list(self._reflectors)):
                    tasks.create_task(self._follow(family))
        finally:
            await self.pulse.close()
            if self.brief:
                await self.brief.close()

    async def _follow(self, family: Sequence[Resource]) -> None:
        """Follow one kind in the version that the cluster serves; until that is known, in the preferred one."""
        if self.brief and (there := await self.brief.served(family)) is not None:
            for resource in set(family) - set(there[:1]):
                self._reflectors[resource].leave_out()
            if there:
                await self._reflectors[there[0]].run()
            await asyncio.Event().wait()
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
            found = await served(self._api, family)
        except ApiError:
            return family[0], _ASK_AGAIN
        first = next((resource for resource in family if resource in found), None)
        return (family[0], SLOW_RETRY) if first is None else (first, 0.0)
