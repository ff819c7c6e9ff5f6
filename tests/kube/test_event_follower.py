"""Following a few Events: one list with a selector, watches from a version that stays young, words for what fails."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from cockpit.kube.api import KubeApi
from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.credentials import FixedCredentials
from cockpit.kube.event_follower import EventFollower
from cockpit.kube.transport import Transport
from cockpit.session.clock import ManualClock

PATIENCE = 30.0


class Events:
    """Serves Events; `asked` are the queries. `script` answers each watch: lines, then the stream ends."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.version = 100
        self.items: list[dict[str, Any]] = []
        self.script: list[list[dict[str, Any]] | int] = []
        self.hold = asyncio.Event()
        self.status = 200

    async def answer(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        self.asked.append(query)
        if self.status != 200:
            return web.json_response({"kind": "Status", "code": self.status, "message": "no"}, status=self.status)
        if "watch" not in query:
            body = {"metadata": {"resourceVersion": str(self.version)}, "items": self.items}
            return web.json_response(body)
        step = self.script.pop(0) if self.script else []
        response = web.StreamResponse()
        await response.prepare(request)
        if isinstance(step, int):
            line = {"type": "ERROR", "object": {"kind": "Status", "code": step, "message": "too old"}}
            await response.write(json.dumps(line).encode() + b"\n")
            return response
        for obj in step:
            await response.write(json.dumps({"type": "ADDED", "object": obj}).encode() + b"\n")
        if not self.script:
            await self.hold.wait()
        return response


def event(name: str, version: int) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop", "resourceVersion": str(version)}, "reason": "CockpitFlip"}


@pytest.fixture
async def server() -> AsyncIterator[tuple[Events, str]]:
    events, app = Events(), web.Application()
    app.router.add_get("/{path:.*}", events.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield events, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@asynccontextmanager
async def following(
    url: str, told: list[str], why: list[str], stall: float = 70.0, clock: ManualClock | None = None
) -> AsyncIterator[ManualClock]:
    clock = clock or ManualClock()
    target = ConnectTarget(context="test", server=url, user="ann", namespace="shop")
    api = KubeApi(target, Transport(target, FixedCredentials(()), timeout=5.0, stall=stall), clock)
    follower = EventFollower(
        api,
        None,
        "source=rollout-cockpit",
        clock=clock,
        rng=random.Random(1),
        tell=lambda event: told.append(event.metadata.name),
        stumble=why.append,
    )
    task = asyncio.create_task(follower.run())
    try:
        yield clock
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await api.close()


async def until(clock: ManualClock, test: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not test():
            await clock.advance(0.5)
            await asyncio.to_thread(int)


async def test_one_list_then_watches_with_the_selector_from_the_newest_version(server: tuple[Events, str]) -> None:
    events, url = server
    events.items = [event("old", 90)]
    events.script = [[event("new", 120)], [event("newer", 130)]]
    told: list[str] = []
    async with following(url, told, []) as clock:
        await until(clock, lambda: told == ["old", "new", "newer"])
    lists = [query for query in events.asked if "watch" not in query and query["limit"] != "1"]
    watches = [query for query in events.asked if "watch" in query]
    assert [query["fieldSelector"] for query in (*lists, *watches)] == ["source=rollout-cockpit"] * (1 + len(watches))
    assert [query["resourceVersion"] for query in watches][:2] == ["100", "120"]
    assert len(lists) == 1, "Events are listed once, because a list makes the server read them all"


async def test_the_version_stays_young_by_reading_one_event(server: tuple[Events, str]) -> None:
    events, url = server
    events.script = [[]]
    async with following(url, [], []) as clock:
        await until(clock, lambda: any("watch" in query for query in events.asked))
        events.version = 500
        await until(clock, lambda: [query for query in events.asked if query.get("limit") == "1"])
        events.version = 600
        for _ in range(25):
            await clock.advance(1)
        assert len([q for q in events.asked if q.get("limit") == "1"]) == 1, "one question for each watch"
        events.script = [[], []]
        events.hold.set()
        await until(clock, lambda: len([q for q in events.asked if "watch" in q]) > 1)
    watches = [query for query in events.asked if "watch" in query]
    assert watches[1]["resourceVersion"] == "500"


async def test_a_watch_that_is_silent_because_nothing_happens_is_not_given_up(server: tuple[Events, str]) -> None:
    """Watches of Events get no bookmarks, and a new list makes the server read all Events that it has."""
    events, url = server
    events.script = [[]]
    async with following(url, [], [], stall=0.001) as clock:
        await until(clock, lambda: [query for query in events.asked if query.get("limit") == "1"])
    assert [("watch" in query, query.get("limit")) for query in events.asked] == [
        (False, "500"),
        (True, None),
        (False, "1"),
    ]


async def test_a_version_that_is_too_old_leads_to_a_new_list(server: tuple[Events, str]) -> None:
    events, url = server
    events.script = [410, [event("new", 120)]]
    told: list[str] = []
    async with following(url, told, []) as clock:
        await until(clock, lambda: told == ["new"])
    assert len([query for query in events.asked if "watch" not in query]) == 2


async def test_a_missing_right_is_said_once(server: tuple[Events, str]) -> None:
    events, url = server
    events.status = 403
    why: list[str] = []
    async with following(url, [], why) as clock:
        await until(clock, lambda: len(events.asked) >= 3)
    assert len(why) == 1
    assert "events of other cockpits" in why[0]


async def test_a_server_that_ends_each_watch_at_once_is_not_asked_again_at_once(server: tuple[Events, str]) -> None:
    events, url = server
    events.hold.set()

    def watches() -> int:
        return len([query for query in events.asked if "watch" in query])

    async with following(url, [], []) as clock:
        for count in (1, 2, 3):
            async with asyncio.timeout(PATIENCE):
                while watches() < count or len(clock.deadlines) != 1:
                    await asyncio.to_thread(int)
            assert watches() == count
            await clock.advance(clock.deadlines[0])


class CutEvents(Events):
    """Behind a proxy that cuts what was silent for so many seconds, by the clock; the history is `kept` as long."""

    def __init__(self, idle: float, kept: float) -> None:
        super().__init__()
        self.idle, self.kept = idle, kept
        self.clock = ManualClock()
        self.versions: dict[str, float] = {}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        if "watch" not in query:
            self.version += 1
            self.versions[str(self.version)] = self.clock.monotonic()
            return await super().answer(request)
        self.asked.append(query)
        response = web.StreamResponse()
        await response.prepare(request)
        if self.clock.monotonic() - self.versions[query["resourceVersion"]] > self.kept:
            line = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}}
            await response.write(json.dumps(line).encode() + b"\n")
            return response
        asked = float(query["timeoutSeconds"])
        await self.clock.sleep(min(self.idle, asked))
        if self.idle < asked and request.transport is not None:
            request.transport.abort()
        return response


async def test_a_proxy_that_cuts_what_is_silent_costs_no_list() -> None:
    events, app = CutEvents(idle=60.0, kept=300.0), web.Application()
    app.router.add_get("/{path:.*}", events.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with following(f"http://127.0.0.1:{runner.addresses[0][1]}", [], [], clock=events.clock) as clock:
        await until(clock, lambda: clock.monotonic() >= 1800.0)
    await runner.cleanup()
    watches = [float(query["timeoutSeconds"]) for query in events.asked if "watch" in query]
    lists = [query for query in events.asked if "watch" not in query and query["limit"] != "1"]
    assert len(lists) == 1, watches
    assert max(watches[-4:]) < 80.0 < max(watches[:2])
    assert len(watches) < 60
