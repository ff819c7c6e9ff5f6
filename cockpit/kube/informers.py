"""The kinds of one cluster, each followed by a reflector, in one store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from cockpit.kube.api import KubeApi
from cockpit.kube.backoff import Random
from cockpit.kube.reflector import Reflector
from cockpit.kube.store import ChangeSet, Store
from cockpit.model.clock import Clock
from cockpit.model.refs import Resource
from cockpit.model.view import KindSync


class Informers:
    """Follows `resources` in one namespace, or in all with None. Cluster-scoped kinds are followed whole.

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
        self._reflectors = tuple(
            Reflector(api, resource, namespace, self.store, clock=clock, rng=rng, on_change=on_change)
            for resource in dict.fromkeys(resources)
        )

    def kinds(self) -> tuple[KindSync, ...]:
        """How far each kind can be trusted, in the order of the resources."""
        return tuple(reflector.sync for reflector in self._reflectors)

    async def run(self) -> None:
        """Follow everything until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for reflector in self._reflectors:
                tasks.create_task(reflector.run())
