"""A scripted API server on loopback, and the parts of the room wired to it with a clock that stands still."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from cockpit.kube.api import KubeApi
from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.credentials import Credentials, FixedCredentials
from cockpit.kube.pulse import Pulse
from cockpit.kube.reflector import Reflector
from cockpit.kube.store import ChangeSet, Store
from cockpit.kube.transport import Transport
from cockpit.model.refs import PODS, Resource
from cockpit.session.clock import ManualClock

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
MakeApi = Callable[..., KubeApi]
MakeDoc = Callable[..., dict[str, Any]]


class Signal:
    """Wakes whoever waits for a condition each time something happened."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self, *_: object) -> None:
        self._rung.set()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._rung.clear()
                await self._rung.wait()


@dataclass
class Asked:
    """One request as the server got it."""

    method: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def watch(self) -> bool:
        return self.query.get("watch") == "1"


@dataclass
class Scripted:
    """Answers requests in the order of its script; after the script each request waits until the end.

    Whether it is still there is answered beside the script and not noted, unless it is `frozen`: nothing happened since
    the last watch began.
    """

    signal: Signal = field(default_factory=Signal)
    script: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    gone: int = 0
    frozen: bool = False
    pulses: int = 0
    newest: str = ""
    url: str = ""

    def then(self, *answers: Answer) -> Scripted:
        self.script += answers
        return self

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("limit") == "1":
            self.pulses += 1
            self.signal.ring()
            if self.frozen:
                await asyncio.Event().wait()
            return await self.page(version=self.newest)(request)
        if request.query.get("watch"):
            self.newest = request.query.get("resourceVersion", "")
        self.asked.append(
            Asked(request.method, request.path, dict(request.query), request.headers.copy(), await request.read())
        )
        self.signal.ring()
        try:
            if self.script:
                return await self.script.pop(0)(request)
            await asyncio.Event().wait()
            raise AssertionError
        finally:
            self.gone += 1
            self.signal.ring()

    async def requests(self, count: int) -> None:
        await self.signal.until(lambda: len(self.asked) >= count)

    # Answers

    def says(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()

        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(body=raw, status=status, headers=headers, content_type="application/json")

        return answer

    def fails(
        self, status: int, reason: str = "", message: str = "no", headers: dict[str, str] | None = None, **more: Any
    ) -> Answer:
        body = {"kind": "Status", "status": "Failure", "code": status, "reason": reason, "message": message, **more}
        return self.says(body, status, headers)

    def page(self, *items: Any, version: str = "10", token: str | None = None, remaining: int | None = None) -> Answer:
        metadata = {"resourceVersion": version, "continue": token, "remainingItemCount": remaining}
        return self.says({"kind": "List", "metadata": metadata, "items": items})

    def streams(self, *lines: Any, end: str = "hang") -> Answer:
        """A watch; `end`: `close` ends it well, `hang` says nothing more, `drop` cuts the connection in mid-line,
        `release` closes it once `released` is set."""

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            response.content_type = "application/json"
            await response.prepare(request)
            for line in lines:
                await response.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")
            if end == "hang":
                await asyncio.Event().wait()
            if end == "release":
                await self.released.wait()
            if end == "drop":
                await response.write(b'{"type":"ADDED","object":{"metadata":{"na')
                assert request.transport is not None
                request.transport.close()
            return response

        return answer

    def hangs(self) -> Answer:
        async def answer(request: web.Request) -> web.StreamResponse:
            await asyncio.Event().wait()
            raise AssertionError

        return answer

    def cuts(self) -> Answer:
        """The connection closes without an answer. A read on a connection that was used before is tried twice."""

        async def answer(request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

        return answer


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    scripted = Scripted()
    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{tail:.*}", scripted.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    scripted.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield scripted
    await runner.cleanup()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def target(server: Scripted) -> ConnectTarget:
    return ConnectTarget("test", server.url, "tester", "default")


@pytest.fixture
async def make_api(target: ConnectTarget, clock: ManualClock) -> AsyncIterator[MakeApi]:
    """Call it with credentials and the transport's timeouts to get an API on the scripted server."""
    made: list[KubeApi] = []

    def make(credentials: Credentials | None = None, **timeouts: float) -> KubeApi:
        api = KubeApi(target, Transport(target, credentials or FixedCredentials(), **timeouts), clock)
        made.append(api)
        return api

    yield make
    for api in made:
        await api.close()


@pytest.fixture
def api(make_api: MakeApi) -> KubeApi:
    return make_api()


class Followed:
    """A reflector at work, with everything it reported."""

    def __init__(self, api: KubeApi, clock: ManualClock, server: Scripted, resource: Resource, namespace: str | None):
        self.store = Store("test")
        self.changes: list[ChangeSet] = []
        self.states: list[str] = []
        self.progress: list[tuple[int, int]] = []
        self.signal = server.signal
        self.clock = clock
        self.resource = resource
        self.reflector = Reflector(
            api,
            resource,
            namespace,
            self.store,
            clock=clock,
            rng=random.Random(1),
            pulse=Pulse(api, clock),
            on_change=self._changed,
        )
        self.task = asyncio.create_task(self.reflector.run())

    def _changed(self, changes: ChangeSet) -> None:
        self.changes.append(changes)
        self.progress.append((self.reflector.sync.read, self.reflector.sync.expected))
        state = self.reflector.sync.state.value
        if not self.states or self.states[-1] != state:
            self.states.append(state)
        self.signal.ring()

    @property
    def sync(self) -> Any:
        return self.reflector.sync

    def names(self) -> list[str]:
        return [obj.metadata.name for obj in self.store.everywhere(self.resource)]

    async def until(self, condition: Callable[[], object]) -> None:
        await self.signal.until(lambda: self.task.done() or condition())
        if self.task.done():
            self.task.result()

    async def retry(self) -> float:
        """Let the time pass until the reflector's next attempt; returns how long that took."""
        async with asyncio.timeout(10):
            await self.clock.sleeping()
        wait = self.clock.deadlines[0]
        await self.clock.advance(wait)
        return wait


Follow = Callable[..., Followed]


@pytest.fixture
async def follow(make_api: MakeApi, clock: ManualClock, server: Scripted) -> AsyncIterator[Follow]:
    """Start a reflector on the scripted server."""
    started: list[Followed] = []

    def start(
        resource: Resource = PODS,
        namespace: str | None = None,
        credentials: Credentials | None = None,
        **timeouts: float,
    ) -> Followed:
        followed = Followed(make_api(credentials, **timeouts), clock, server, resource, namespace)
        started.append(followed)
        return followed

    yield start
    for followed in started:
        followed.task.cancel()
        with suppress(asyncio.CancelledError):
            await followed.task


@pytest.fixture
def pod() -> MakeDoc:
    """Call it with a name and a version to get a pod as JSON."""

    def make(name: str, version: str = "1", uid: str = "", namespace: str = "default", **labels: str) -> dict[str, Any]:
        return {
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": uid or f"uid-{name}",
                "resourceVersion": version,
                "labels": labels or {"app": "web"},
            },
            "spec": {"containers": [{"name": "c", "image": "i"}]},
            "status": {"phase": "Running"},
        }

    return make


@pytest.fixture
def event() -> MakeDoc:
    def make(kind: str, obj: dict[str, Any]) -> dict[str, Any]:
        return {"type": kind, "object": obj}

    return make


@pytest.fixture
def bookmark() -> MakeDoc:
    def make(version: str) -> dict[str, Any]:
        meta = {"resourceVersion": version, "creationTimestamp": None}
        return {"type": "BOOKMARK", "object": {"kind": "Pod", "apiVersion": "v1", "metadata": meta}}

    return make


@pytest.fixture
def gone() -> dict[str, Any]:
    status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version: 1 (2)"}
    return {"type": "ERROR", "object": status}
