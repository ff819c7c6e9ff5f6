"""The loop that calls each controller for the objects that changed."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.demo.controllers.world import World
from cockpit.demo.errors import ApiError
from cockpit.demo.store.history import Event

log = logging.getLogger(__name__)

Key = tuple[str, str]
# client-go's rate limiter: 5 ms, doubled per failure, at most 1000 s; a demo gives up waiting that long.
FIRST_RETRY, LONGEST_RETRY = 0.005, 30.0
# Between so many reconciles the API and the gateway get their turn.
BATCH = 20


@dataclass(frozen=True)
class Controller:
    """One reconcile function and what calls it.

    `touches` names the objects (namespace, name) to look at again after a write. `reconcile` brings one of them
    closer to what it should be and answers after how many seconds it wants to look again, or None.
    """

    name: str
    touches: Callable[[World, Event], Iterable[Key]]
    reconcile: Callable[[World, Key], float | None]


@dataclass(frozen=True)
class Task:
    """One object for one controller, by its place in the list."""

    controller: int
    key: Key


class Runtime:
    """Feeds controllers from the writes of a storage, each object at most once at a time."""

    def __init__(self, world: World, controllers: Sequence[Controller]) -> None:
        self.world = world
        self._controllers = tuple(controllers)
        self._queue: dict[Task, None] = {}
        self._due: dict[Task, float] = {}
        self._timers: list[tuple[float, int, Task]] = []
        self._count = itertools.count()
        self._failures: dict[Task, int] = {}
        self._awake = asyncio.Event()
        self._end: Callable[[], None] | None = None

    def start(self) -> None:
        """Follow the storage, beginning with everything that is in it; once is enough."""
        if self._end:
            return
        storage = self.world.storage
        self._end = storage.subscribe(self._follow)
        for kind in storage.registry.kinds:
            if kind.stored_as is None:
                for record in storage.records(kind):
                    self._enqueue(Event("ADDED", kind, record.obj, None, record.rv, record))

    def stop(self) -> None:
        """Follow no more."""
        if self._end:
            self._end()
            self._end = None

    async def run(self) -> None:
        """Start, and reconcile until cancelled."""
        self.start()
        try:
            while True:
                if self.step(BATCH):
                    await asyncio.sleep(0)
                else:
                    await self._wait()
        finally:
            self.stop()

    def drain(self, limit: int = 1_000_000) -> float | None:
        """Reconcile everything that is due; the answer is when the next timer is due, if one is set.

        `limit` bounds the number of reconciles, so that controllers that disagree do not go on for ever.
        """
        done = 0
        while ready := self.step(BATCH):
            done += ready
            if done > limit:
                raise RuntimeError(f"controllers do not come to rest after {limit} turns")
        return min(self._due.values(), default=None)

    def step(self, at_most: int) -> int:
        """Reconcile up to `at_most` objects that are due; the answer is how many there were."""
        self._ring()
        done = 0
        while self._queue and done < at_most:
            task = next(iter(self._queue))
            del self._queue[task]
            self._reconcile(task)
            done += 1
        return done

    def _follow(self, event: Event) -> None:
        self.world.follow(event)
        self._enqueue(event)

    def _enqueue(self, event: Event) -> None:
        for number, controller in enumerate(self._controllers):
            for key in controller.touches(self.world, event):
                self._queue[Task(number, key)] = None
        self._awake.set()

    def _reconcile(self, task: Task) -> None:
        controller = self._controllers[task.controller]
        self._due.pop(task, None)
        try:
            again = controller.reconcile(self.world, task.key)
        except Exception as error:
            failures = self._failures[task] = self._failures.get(task, 0) + 1
            if not isinstance(error, ApiError):
                log.exception("%s failed on %s/%s", controller.name, *task.key)
            again = min(FIRST_RETRY * 2**failures, LONGEST_RETRY)
        else:
            self._failures.pop(task, None)
        if again is not None:
            due = self._due[task] = self.world.clock.now() + again
            heapq.heappush(self._timers, (due, next(self._count), task))

    def _ring(self) -> None:
        """Queue what is due; a timer that was reset since then is skipped."""
        now = self.world.clock.now()
        while self._timers and self._timers[0][0] <= now:
            due, _, task = heapq.heappop(self._timers)
            if self._due.get(task) == due:
                del self._due[task]
                self._queue[task] = None

    async def _wait(self) -> None:
        self._awake.clear()
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._awake.wait())]
        if self._timers:
            waits.append(asyncio.ensure_future(self.world.clock.sleep(self._timers[0][0] - self.world.clock.now())))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
