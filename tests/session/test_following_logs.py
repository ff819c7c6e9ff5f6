"""A log that is followed: across lost connections and restarts, bounded, in order, and safe."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from cockpit.kube.api import KubeApi
from cockpit.kube.connect import connect
from cockpit.kube.connect_target import ConnectOptions, ConnectTarget
from cockpit.model.inspection import LogLine, LogOrder
from cockpit.model.refs import PODS, Ref
from cockpit.session.clock import SystemClock
from cockpit.session.inspecting.logs import LONGEST_LINE, MOST_PENDING, LogFollower, Resumed, read_line
from tests.tui.terminal import until

POD = Ref(PODS, "shop", "web-0")


class Kubelet:
    """Serves one pod and its log: what is put into `streams` answers one request each, then nothing more comes.

    An entry is the lines of one answer and how it ends: "end", "cut" (the connection breaks) or "open".
    """

    def __init__(self) -> None:
        self.pod: dict[str, Any] | None = {
            "metadata": {"name": "web-0"},
            "spec": {"containers": [{"name": "app"}, {"name": "proxy"}], "initContainers": [{"name": "init"}]},
            "status": {"phase": "Running", "containerStatuses": [{"name": "app", "restartCount": 0}]},
        }
        self.streams: list[tuple[list[str], str]] = []
        self.refusals: list[tuple[int, str]] = []
        self.asked: list[dict[str, str]] = []

    async def get(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.pod) if self.pod else web.json_response({"kind": "Status"}, status=404)

    async def log(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        if self.refusals:
            status, message = self.refusals.pop(0)
            return web.json_response({"kind": "Status", "message": message, "code": status}, status=status)
        lines, end = self.streams.pop(0) if self.streams else ([], "open")
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
        if end == "open":
            await asyncio.Event().wait()
        if end == "cut" and request.transport:
            request.transport.close()
        return response


class Hasty(SystemClock):
    """A clock on which nothing has to be waited for."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@asynccontextmanager
async def serving(kubelet: Kubelet) -> AsyncIterator[KubeApi]:
    app = web.Application()
    app.router.add_get("/api/v1/namespaces/shop/pods/web-0", kubelet.get)
    app.router.add_get("/api/v1/namespaces/shop/pods/web-0/log", kubelet.log)
    server = TestServer(app)
    await server.start_server()
    target = ConnectTarget("test", str(server.make_url("/")), "ann", "shop")
    api = await connect(target, ConnectOptions(), SystemClock())
    try:
        yield api
    finally:
        await api.close()
        await server.close()


@asynccontextmanager
async def followed(kubelet: Kubelet, **more: Any) -> AsyncIterator[tuple[list[LogLine], asyncio.Task[str]]]:
    """What a follower tells, while it runs."""
    told: list[LogLine] = []
    async with serving(kubelet) as api:
        follower = LogFollower(api, Hasty(), random.Random(1), LogOrder("test", POD, **more), told.extend)
        running = asyncio.create_task(follower.run())
        try:
            yield told, running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def at(second: int, text: str) -> str:
    return f"2026-01-01T00:00:{second:02}Z {text}"


def texts(told: list[LogLine]) -> list[str]:
    return [line.text for line in told if not line.remark]


async def test_lines_come_with_their_times_from_the_main_container() -> None:
    kubelet = Kubelet()
    kubelet.streams.append(([at(1, "one"), at(2, "two")], "open"))
    async with followed(kubelet, lines=50) as (told, _):
        await until(lambda: len(told) == 2)
    assert told[0] == LogLine("web-0", "2026-01-01T00:00:01.000000000Z", "one")
    assert kubelet.asked[0] == {"container": "app", "timestamps": "true", "follow": "true", "tailLines": "50"}


async def test_a_lost_connection_is_told_and_no_line_comes_twice() -> None:
    kubelet = Kubelet()
    kubelet.streams += [
        ([at(1, "one"), at(2, "same"), at(2, "same")], "cut"),
        # The server tells the whole second again, and what came meanwhile.
        ([at(2, "same"), at(2, "same"), at(2, "same"), at(3, "three")], "open"),
    ]
    async with followed(kubelet) as (told, _):
        await until(lambda: "three" in texts(told))
    assert texts(told) == ["one", "same", "same", "same", "three"]
    assert any(line.remark and "Connecting again" in line.text for line in told)
    assert kubelet.asked[1]["sinceTime"] == "2026-01-01T00:00:02Z"
    assert "tailLines" not in kubelet.asked[1]


async def test_a_server_that_tells_everything_again_is_understood_too() -> None:
    kubelet = Kubelet()
    kubelet.streams += [([at(1, "one"), at(2, "two")], "end"), ([at(1, "one"), at(2, "two"), at(2, "new")], "open")]
    async with followed(kubelet) as (told, _):
        await until(lambda: "new" in texts(told))
    assert texts(told) == ["one", "two", "new"]


async def test_a_restart_is_told_and_the_new_run_is_followed() -> None:
    kubelet = Kubelet()
    kubelet.streams += [([at(1, "old")], "end"), ([at(9, "new")], "open")]
    async with followed(kubelet) as (told, _):
        await until(lambda: bool(told))
        assert kubelet.pod
        kubelet.pod["status"]["containerStatuses"][0]["restartCount"] = 1
        await until(lambda: "new" in texts(told))
        kubelet.streams.append(([], "open"))
    assert [line.text for line in told if line.remark] in (["app was restarted"], [])


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
async def test_a_pod_that_has_ended_ends_its_log(phase: str) -> None:
    kubelet = Kubelet()
    assert kubelet.pod
    kubelet.pod["status"]["phase"] = phase
    kubelet.streams.append(([at(1, "bye")], "end"))
    async with followed(kubelet) as (told, running):
        assert await running == f"the pod has ended ({phase})"
        assert texts(told) == ["bye"]


async def test_a_pod_that_is_gone_ends_its_log() -> None:
    kubelet = Kubelet()
    kubelet.pod = None
    async with followed(kubelet) as (_, running):
        assert "not found" in await running


async def test_a_container_that_is_not_started_yet_is_asked_again_and_told_once() -> None:
    kubelet = Kubelet()
    kubelet.refusals += [(400, 'container "app" in pod "web-0" is waiting to start')] * 3
    kubelet.streams.append(([at(1, "started")], "open"))
    async with followed(kubelet) as (told, _):
        await until(lambda: texts(told) == ["started"])
    assert [line.remark for line in told] == [True, False]
    assert "waiting to start" in told[0].text


async def test_a_log_that_may_not_be_read_says_so_and_is_not_asked_again() -> None:
    kubelet = Kubelet()
    kubelet.refusals.append((403, "no"))
    async with followed(kubelet) as (_, running):
        assert "not allowed" in (await running).lower() or "forbidden" in (await running).lower()
    assert len(kubelet.asked) == 1


async def test_the_previous_run_is_read_once_and_has_an_end() -> None:
    kubelet = Kubelet()
    kubelet.streams.append(([at(1, "panic")], "end"))
    async with followed(kubelet, previous=True, container="proxy") as (told, running):
        assert await running == "end of the previous run"
        assert texts(told) == ["panic"]
    assert kubelet.asked[0]["previous"] == "true"
    assert kubelet.asked[0]["container"] == "proxy"
    assert "follow" not in kubelet.asked[0]


async def test_a_previous_run_that_does_not_exist_says_so() -> None:
    kubelet = Kubelet()
    kubelet.refusals.append((400, 'previous terminated container "app" in pod "web-0" not found'))
    async with followed(kubelet, previous=True) as (_, running):
        assert "previous terminated container" in await running


async def test_more_than_can_be_shown_is_left_out_and_counted() -> None:
    kubelet = Kubelet()
    count = MOST_PENDING * 3
    kubelet.streams.append(([at(1, str(number)) for number in range(count)], "end"))
    assert kubelet.pod
    kubelet.pod["status"]["phase"] = "Succeeded"
    async with followed(kubelet) as (told, running):
        await running
    left_out = sum(int(line.text.split()[0]) for line in told if line.remark)
    assert len(texts(told)) + left_out == count
    assert texts(told)[-1] == str(count - 1)


@given(st.binary(max_size=200))
def test_any_bytes_make_one_safe_line(raw: bytes) -> None:
    line = read_line("web-0", raw)
    assert line.text.isprintable()
    assert len(line.text) <= LONGEST_LINE


@pytest.mark.parametrize(
    ("raw", "time", "text"),
    [
        (b"2026-01-01T00:00:01.5Z hi", "2026-01-01T00:00:01.500000000Z", "hi"),
        (b"2026-01-01T08:00:01.123456789+08:00 hi", "2026-01-01T00:00:01.123456789Z", "hi"),
        (b"2026-13-01T00:00:01Z hi", "", "2026-13-01T00:00:01Z hi"),
        (b"no time", "", "no time"),
        (b"2026-01-01T00:00:01Z \x1b[31mred\x1b]0;x\x07\r", "2026-01-01T00:00:01.000000000Z", "red"),
    ],
)
def test_times_are_made_alike(raw: bytes, time: str, text: str) -> None:
    line = read_line("web-0", raw)
    assert (line.at, line.text) == (time, text)


seconds = st.integers(0, 3)
printed = st.lists(st.tuples(seconds, st.sampled_from("ab")), max_size=12).map(
    lambda found: sorted(found, key=lambda e: e[0])
)


@given(printed, st.integers(0, 12))
def test_a_log_read_again_from_its_last_second_is_told_once(lines: list[tuple[int, str]], cut: int) -> None:
    read = [read_line("p", at(second, text).encode()) for second, text in lines]
    resumed = Resumed()
    told = [line for line in read[:cut] if resumed.is_new(line)]
    since = resumed.since
    resumed.again()
    told += [line for line in read if line.at[:19] >= since[:19] and resumed.is_new(line)]
    assert told == read


def test_lines_of_one_and_the_same_time_take_bounded_memory() -> None:
    resumed = Resumed()
    lines = [read_line("p", at(0, f"line {number}").encode()) for number in range(MOST_PENDING + 10)]
    assert all(resumed.is_new(line) for line in lines)
    resumed.again()
    assert resumed.held == MOST_PENDING
    assert not any(resumed.is_new(line) for line in lines[-MOST_PENDING:]), "what is held is not told twice"
