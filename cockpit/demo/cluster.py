"""One embedded cluster: storage, API, controllers and gateway, started and stopped together."""

from __future__ import annotations

import asyncio
import importlib
import random
from collections.abc import Coroutine
from typing import Any

from cockpit.demo import kubeconfig, tls
from cockpit.demo.apiserver import ApiServer
from cockpit.demo.auth import Users
from cockpit.demo.clock import DemoClock
from cockpit.demo.faults import Faults
from cockpit.demo.garbage import GarbageCollector
from cockpit.demo.kinds import SERVICES
from cockpit.demo.storage import Storage, ensure_namespace

HOST = "127.0.0.1"
KUBERNETES_SERVICE = {
    "metadata": {
        "name": "kubernetes",
        "namespace": "default",
        "labels": {"component": "apiserver", "provider": "kubernetes"},
    },
    "spec": {
        "clusterIP": "10.96.0.1",
        "ports": [{"name": "https", "port": 443, "targetPort": 6443}],
    },
}
NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


class DemoCluster:
    """A cluster on loopback. Ports of 0 become free ones.

    `seed` makes names and uids repeatable; tokens and keys are always fresh.
    """

    def __init__(
        self, name: str, *, clock: DemoClock, api_port: int = 0, gateway_port: int = 0, seed: int | None = None
    ) -> None:
        self.name = name
        self.clock = clock
        self.rng = random.Random(seed)
        self.storage = Storage(clock, self.rng)
        self.gateway: Any = None
        self._users = Users(name)
        self._authority = tls.authority(clock.now())
        self._gateway_port = gateway_port
        self._api = ApiServer(self.storage, clock, self._users, self._authority, host=HOST, port=api_port)
        self._tasks: list[asyncio.Task[Any]] = []
        for namespace in NAMESPACES:
            ensure_namespace(self.storage, namespace)
        self.storage.create(SERVICES, KUBERNETES_SERVICE)

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose."""
        return self._api.faults

    @property
    def api_url(self) -> str:
        """The API's address."""
        return self._api.url

    def kubeconfig(self) -> dict[str, Any]:
        """A kubeconfig with the contexts NAME, NAME-viewer and NAME-nobody."""
        return kubeconfig.for_cluster(self.name, self._api.url, self._authority.certificate, self._users)

    async def start(self) -> None:
        """Start everything; when this returns, the API answers."""
        await self._api.start()
        self._run(GarbageCollector(self.storage).run(), "garbage collector")
        await self._start_other_half()

    async def stop(self) -> None:
        """Stop everything that was started."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self.gateway is not None:
            await self.gateway.stop()
        await self._api.stop()

    def _run(self, work: Coroutine[Any, Any, Any], what: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=f"{what} of {self.name}"))

    async def _start_other_half(self) -> None:
        try:
            controllers = importlib.import_module("cockpit.demo.controllers")
            self._run(controllers.run_controllers(self.storage, self.clock, self.rng), "controllers")
        except (ImportError, AttributeError):
            pass
        try:
            gateway = importlib.import_module("cockpit.demo.gateway")
            self.gateway = gateway.Gateway(self.storage, self.clock, self.rng, self._gateway_port)
        except (ImportError, AttributeError):
            return
        await self.gateway.start()
