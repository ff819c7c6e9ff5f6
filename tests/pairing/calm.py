"""Two sessions on a server that answers at once: what they do without any trouble, in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import msgspec

from cockpit.kube.errors import Forbidden, UnknownOutcome
from cockpit.model.objects import Lease
from cockpit.model.pairing import Person, PilotMode
from cockpit.model.plan import Request, Verb
from cockpit.model.refs import Ref
from cockpit.session.pairing.controls import Controls
from tests.pairing.simulation import Server
from tests.pairing.virtual_time import VirtualLoop


class Straight:
    """Implements LeaseAccess. While `denied`, nothing may be read or written; while `mute`, answers are lost."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.denied = self.mute = False

    def _check(self) -> None:
        if self.denied:
            raise Forbidden("no right to leases", context="sim", what="the Lease", status=403)

    async def read(self, ref: Ref) -> Lease | None:
        self._check()
        return msgspec.convert(self.server.lease, Lease) if self.server.lease else None

    async def write(self, request: Request) -> Lease | None:
        self._check()
        if self.mute:
            raise UnknownOutcome("a write", "sim", "no answer")
        answer = self.server.apply(request)
        return None if request.verb is Verb.DELETE else msgspec.convert(answer, Lease)


class LoopClock:
    """The time of the loop. Implements Clock."""

    def now(self) -> float:
        return 1_700_000_000.0 + self.monotonic()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Room:
    """Sessions on one server, each with its watch."""

    def __init__(self) -> None:
        self.server = Server(random.Random(1))
        self.tasks: dict[str, list[asyncio.Task[None]]] = {}

    def joins(self, name: str, mode: PilotMode = PilotMode.STRICT) -> tuple[Controls, Straight]:
        way = Straight(self.server)
        controls = Controls(way, Person(name, "host", name), LoopClock(), "sim", mode)
        self.tasks[name] = [asyncio.ensure_future(each) for each in (controls.run(), self._watch(controls))]
        return controls, way

    def killed(self, name: str) -> None:
        for task in self.tasks.pop(name):
            task.cancel()

    async def _watch(self, controls: Controls) -> None:
        event = asyncio.Event()
        self.server.watchers.append(event)
        event.set()
        while True:
            await event.wait()
            event.clear()
            controls.note([msgspec.convert(self.server.lease, Lease)] if self.server.lease else [])


def play(story: Callable[[Room], Awaitable[None]]) -> None:
    """Run one story to its end."""

    async def run() -> None:
        room = Room()
        try:
            await story(room)
        finally:
            rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

    loop = VirtualLoop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
