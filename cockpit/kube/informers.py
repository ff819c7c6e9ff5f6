"""The kinds of one cluster, each followed by a reflector, in one store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from cockpit.kube.api import KubeApi
from cockpit.kube.backoff import Random
from cockpit.kube.discovery import served
from cockpit.kube.errors import ApiError
from cockpit.kube.kinds import families
from cockpit.kube.reflector import Reflector
from cockpit.kube.store import ChangeSet, Store
from cockpit.model.clock import Clock
from cockpit.model.refs import Resource
from cockpit.model.view import KindSync


class Informers:
    """Follows `resources` in one namespace, or in all with None. Cluster-scoped kinds are followed whole.

    Of a kind in several versions only the first that the cluster serves is followed; the others count as absent.
    `on_change` is called on the loop that runs `run`, after the store has changed; it must not block.
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
    ) -> None:
        self.store = Store(api.context)
        self._api = api
        self._reflectors = {
            resource: Reflector(api, resource, namespace, self.store, clock=clock, rng=rng, on_change=on_change)
            for resource in resources
        }

    def kinds(self) -> tuple[KindSync, ...]:
        """How far each kind can be trusted, in the order of the resources."""
        return tuple(reflector.sync for reflector in self._reflectors.values())

    async def run(self) -> None:
        """Follow everything until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for family in families(list(self._reflectors)):
                tasks.create_task(self._follow(family))

    async def _follow(self, family: Sequence[Resource]) -> None:
        """Follow one kind in the version that the cluster serves."""
        chosen = family[0] if len(family) == 1 else await self._served(family)
        for resource in family:
            if resource != chosen:
                self._reflectors[resource].leave_out()
        await self._reflectors[chosen].run()

    async def _served(self, family: Sequence[Resource]) -> Resource:
        """The preferred version that is served; the first of all where the cluster serves none or does not say."""
        try:
            found = await served(self._api, family)
        except ApiError:
            return family[0]
        return next((resource for resource in family if resource in found), family[0])
