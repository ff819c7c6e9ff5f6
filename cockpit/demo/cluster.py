"""One embedded cluster: storage, API, controllers and gateway, started and stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import random
from collections.abc import Coroutine, Iterator
from typing import Any

from cockpit.demo import kubeconfig, tls
from cockpit.demo.api.apiserver import ApiServer
from cockpit.demo.api.auth import Users
from cockpit.demo.clock import DemoClock
from cockpit.demo.containers.runner import Containers
from cockpit.demo.controllers import run_controllers
from cockpit.demo.controllers.world import World
from cockpit.demo.faults import Faults
from cockpit.demo.gateway import Gateway
from cockpit.demo.scenarios import Scenario, Story
from cockpit.demo.scenarios.course import Course, CoursePlayer, Guessing
from cockpit.demo.schemas.kinds import SERVICES
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.garbage import GarbageCollector
from cockpit.demo.store.storage import Storage, ensure_namespace

log = logging.getLogger(__name__)

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


class PortError(Exception):
    """A requested port cannot be used; the message says which one, why, and what to do."""


@contextlib.contextmanager
def _listening(what: str, flag: str, port: int) -> Iterator[None]:
    """Turn an error of a part that cannot listen into a PortError."""
    try:
        yield
    except OSError as error:
        if not port:
            raise
        why = "is already in use"
        if error.errno != errno.EADDRINUSE:
            why = f"cannot be used ({os.strerror(error.errno or 0).lower()})"
        raise PortError(
            f"Port {port} on {HOST} {why}, so the {what} cannot start: "
            f"choose another {flag}, or leave it out to get a free one."
        ) from None


class DemoCluster:
    """A cluster on loopback. Port 0 means a free port.

    `seed` makes names and uids repeatable; tokens and keys are always new. `behind` is a cluster that was started
    earlier and whose gateway also serves this one. `run_jobs` are the commands of Jobs that run as processes of this
    machine (`containers.runner.Containers`). Unless it is `controlled`, no controller runs before `control` is called.
    """

    def __init__(
        self,
        name: str,
        *,
        clock: DemoClock,
        api_port: int = 0,
        gateway_port: int = 0,
        seed: int | None = None,
        behind: DemoCluster | None = None,
        run_jobs: frozenset[str] = frozenset(),
        controlled: bool = True,
    ) -> None:
        self.name = name
        self.clock = clock
        self.rng = random.Random(seed)
        self.storage = Storage(clock, self.rng)
        front: Gateway | None = behind.gateway if behind else None
        self.gateway: Gateway = Gateway(self.storage, clock, self.rng, gateway_port, front)
        self._gateway_port = 0 if behind else gateway_port
        self._users = Users(name)
        self._authority = tls.authority(clock.now())
        self._api = ApiServer(
            self.storage,
            clock,
            self._users,
            self._authority,
            host=HOST,
            port=api_port,
            ask_service=self.gateway.ask_service,
        )
        self._tasks: list[asyncio.Task[Any]] = []
        self._run_jobs = run_jobs
        self._controlled = controlled
        self._containers: Containers | None = None
        for namespace in NAMESPACES:
            ensure_namespace(self.storage, namespace)
        self.storage.create(SERVICES, KUBERNETES_SERVICE)

    @property
    def faults(self) -> Faults:
        """The injected faults."""
        return self._api.faults

    @property
    def open_watches(self) -> int:
        """How many watches clients hold open."""
        return self._api.open_watches

    @property
    def api_url(self) -> str:
        """The API's address."""
        return self._api.url

    def kubeconfig(self) -> dict[str, Any]:
        """A kubeconfig with the contexts NAME, NAME-colleague, NAME-viewer and NAME-nobody."""
        return kubeconfig.for_cluster(self.name, self._api.url, self._authority.certificate, self._users)

    async def start(self) -> None:
        """Start everything; when this returns, API and gateway answer. Raises PortError if one cannot listen."""
        if self._controlled:
            self.control()
        with _listening("gateway", "--gateway-port", self._gateway_port):
            await self.gateway.start()
        with _listening("API", "--api-port", self._api.port):
            await self._api.start()
        world = World(self.storage, self.clock, self.rng)
        self._containers = Containers(world, self.gateway.network().open, self._run_jobs)
        self._containers.start()

    def control(self) -> None:
        """Let the controllers run."""
        self._run(GarbageCollector(self.storage).run(), "garbage collector")
        self._run(run_controllers(self.storage, self.clock, self.rng), "controllers")

    def follow(self, course: Course, guessing: Guessing) -> None:
        """Play a course in a cluster that is not controlled, until somebody acts; `guessing` is called then."""

        def begin(obj: Object) -> None:
            self.control()
            guessing(obj)

        self._run(CoursePlayer(course, self.storage, self.clock, begin).run(), "course")

    def play(self, scenario: Scenario, number: int = 0) -> None:
        """Create a scenario's objects for the cluster with this number, from 0; the first one plays the story."""
        scenario.install(self.storage, number)
        if number and scenario.elsewhere:
            return
        self._run(Story(scenario, self.storage, self.clock, self.rng).run(), f"story {scenario.name}")

    async def stop(self) -> None:
        """Stop everything that was started."""
        if self._containers:
            await self._containers.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self._api.stop()
        await self.gateway.stop()

    def _run(self, work: Coroutine[Any, Any, Any], what: str) -> None:
        task = asyncio.create_task(work, name=f"{what} of {self.name}")
        task.add_done_callback(_report)
        self._tasks.append(task)


def _report(task: asyncio.Task[Any]) -> None:
    """Log the error of a part that failed; the others keep running."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s failed", task.get_name(), exc_info=error)
