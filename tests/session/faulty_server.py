"""An API server behind a network, a proxy and an etcd that fail by a seeded script, for two people at once."""

from __future__ import annotations

import asyncio
import copy
import json
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from cockpit.kube.transport import Call, Transport
from cockpit.session.clock import ManualClock
from tests.session.acting import active
from tests.session.apiserver import ApiServer, Doc, _lost, _status

READS = ("stall", "cut", "truncate", "401", "403", "404", "429", "500", "503", "html", "old")
WATCHES = ("silent", "cut", "twice", "410", "half", "closed")
WRITES = ("answer lost", "request lost", "late", "slow", "500 after", "503 after", "500", "503", "429", "409", "401")
KINDS = ("services", "deployments", "pods", "")


@dataclass(frozen=True)
class Fault:
    """What goes wrong from `begins` to `ends` (seconds of the run) with requests of `whose` token (any: "")."""

    on: str  # read, watch, write
    what: str
    plural: str
    begins: float
    ends: float
    whose: str = ""


def script(rng: random.Random, seconds: float) -> list[Fault]:
    """Some faults of chance that are over after so many seconds, with times between them at which all is well."""
    found = []
    for _ in range(rng.randint(1, 6)):
        on, whats = rng.choice((("read", READS), ("watch", WATCHES), ("write", WRITES), ("write", WRITES)))
        begins = rng.uniform(0, seconds * 0.8)
        ends = min(begins + rng.choice((2.0, 10.0, 40.0, 90.0)), seconds)
        plural = rng.choice(KINDS) if on != "write" else ""
        found.append(Fault(on, rng.choice(whats), plural, begins, ends, rng.choice(("", "good", "ben"))))
    return found


class CountedTransport(Transport):
    """Counts the requests that wait for an answer, so that a clock can wait for the network."""

    waiting = 0

    async def fetch(self, call: Call, *, limit: int) -> bytes | bytearray:
        self.waiting += 1
        try:
            return await super().fetch(call, limit=limit)
        finally:
            self.waiting -= 1

    async def lines(self, call: Call, silence: float | None = None) -> AsyncGenerator[list[bytes]]:
        self.waiting += 1
        answered = False
        try:
            async with aclosing(super().lines(call, silence)) as batches:
                async for batch in batches:
                    self.waiting -= not answered
                    answered = True
                    yield batch
        finally:
            self.waiting -= not answered


class FaultyServer(ApiServer):
    """Follows a script. `applied` are the flips that were carried out: the user, and the version that was chosen;
    `undone` says which of them a store that was put back does not have.
    """

    def __init__(self, clock: ManualClock, faults: list[Fault]) -> None:
        super().__init__()
        self.users = {"ben": "ben"}
        self.clock = clock
        self.faults = faults
        self.applied: list[tuple[str, str]] = []
        self.undone: set[int] = set()
        # What was active in a store that was put back, and how many flips there had been before.
        self.put_back: list[tuple[int, str]] = []
        self.met: list[Fault] = []
        self.held = 0  # requests that wait for the clock
        self.under_way: set[asyncio.Task[Any]] = set()
        self._old: dict[Fault, tuple[dict[str, Doc], int]] = {}

    def heal(self) -> None:
        """Nothing goes wrong any more; what stood silently ends, as a proxy that is restarted ends it."""
        self.faults = []
        self.hang_up()

    async def restore(self, kept: float, away: float, ahead: int) -> None:
        """Go back to the store of so many seconds ago, after the server was `away`; versions go on `ahead` of then."""
        docs, version, count, deleted = copy.deepcopy(self.docs), self._version, len(self.applied), [*self._deleted]
        await self.clock.sleep(kept)
        self.die()
        await self.clock.sleep(away)
        self.docs, self._version, self._deleted = docs, version + ahead, deleted
        self.undone |= set(range(count, len(self.applied)))
        self.put_back.append((len(self.applied), active(self)))
        # Every API server was started again for it: none has the store of before in its memory.
        self._old.clear()
        self.dead = False

    def look(self) -> None:
        """Keep how the objects are where a fault begins that gives old answers."""
        for fault in self.faults:
            if fault.what == "old" and fault not in self._old and self.clock.monotonic() >= fault.begins:
                self._old[fault] = (copy.deepcopy(self.docs), self._version)

    def _fault(self, on: str, request: web.Request) -> Fault | None:
        token, last = request.headers.get("X-Token", ""), request.path.rpartition("/")[2]
        for fault in self.faults:
            if (
                fault.on == on
                and fault.begins <= self.clock.monotonic() < fault.ends
                and fault.whose in ("", token)
                and (fault.plural in ("", last))
            ):
                self.met.append(fault)
                return fault
        return None

    async def _read(self, request: web.Request, path: str) -> web.StreamResponse:
        if request.query.get("watch"):
            return await super()._read(request, path)
        fault = self._fault("read", request)
        if fault is None:
            return await super()._read(request, path)
        if fault.what == "stall":
            await self._hold(fault.ends)
            return _lost(request)
        if fault.what == "cut":
            return _lost(request)
        if fault.what == "html":
            return web.Response(text="<html>login</html>", content_type="text/html")
        if fault.what.isdigit():
            return _status(int(fault.what), "Failed", "by the script")
        if fault.what == "old" and fault in self._old:
            now, self._muted = self._muted, self._old[fault]
            try:
                return await super()._read(request, path)
            finally:
                self._muted = now
        answer = await super()._read(request, path)
        if fault.what == "truncate" and isinstance(answer, web.Response) and isinstance(answer.body, bytes):
            return web.Response(body=answer.body[: len(answer.body) // 2], content_type="application/json")
        return answer

    async def _watch(self, request: web.Request, path: str) -> web.StreamResponse:
        fault = self._fault("watch", request)
        if fault is None:
            return await super()._watch(request, path)
        if fault.what == "cut":
            return _lost(request)
        response = web.StreamResponse()
        await response.prepare(request)
        if fault.what == "410":
            gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
            await response.write(json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n")
            return response
        if fault.what == "closed":
            return response
        if fault.what == "half":
            await response.write(b'{"type":"MODIFIED","object":{"meta')
            return response
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._watchers.append((path, queue))
        try:
            while (line := await queue.get()) is not None:
                if fault.what == "twice":
                    await response.write(line + line)
        finally:
            self._watchers.remove((path, queue))
        return response

    async def _write(self, request: web.Request, path: str) -> web.StreamResponse:
        body = await request.json()
        dry = request.query.get("dryRun") == "All"
        fault = None if dry or path.endswith("/events") else self._fault("write", request)
        if fault is None:
            return self._kept(request, path, body, dry)
        what = fault.what
        if what.isdigit():
            return _status(int(what), "Failed", "by the script")
        if what == "request lost":
            return _lost(request)
        if what == "late":
            self._later(request, path, body, fault.ends)
            return _lost(request)
        if what == "slow":
            await self._hold(min(fault.ends, self.clock.monotonic() + 3.0))
            return self._kept(request, path, body, dry)
        answer = self._kept(request, path, body, dry)
        if answer.status >= 300:
            return answer
        return _lost(request) if what == "answer lost" else _status(int(what[:3]), "InternalError", "leader changed")

    async def _hold(self, until: float) -> None:
        self.held += 1
        try:
            await self.clock.sleep(until - self.clock.monotonic())
        finally:
            self.held -= 1

    def _later(self, request: web.Request, path: str, body: Any, at: float) -> asyncio.Task[None]:
        """Let a write through at this time of the clock, whoever still waits for its answer."""

        async def carry_out() -> None:
            await self.clock.sleep(at - self.clock.monotonic())
            self._kept(request, path, body, False)

        task = asyncio.ensure_future(carry_out())
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        return task

    def _kept(self, request: web.Request, path: str, body: Any, dry: bool) -> web.Response:
        before = copy.deepcopy(self.docs) if dry else self.docs
        answer = self._carry_out(request, path, body, dry)
        if dry:
            self.docs = before
        elif answer.status < 300 and path.endswith("/services/shop"):
            user = "ben" if request.headers.get("X-Token") == "ben" else "ann"
            self.applied.append((user, self.docs[path]["spec"]["selector"]["version"]))
        return answer
