"""The log of a pod: its end, its times, and the lines to come; on the double and on a real kubelet alike.

What a pod prints are the requests that it answered, asked through the API server's Service proxy.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from cockpit.kube.connect import connect
from cockpit.kube.connect_target import ConnectOptions
from cockpit.kube.kubeconfig import resolve_targets
from cockpit.model.inspection import LogLine, LogOrder
from cockpit.model.refs import PODS, Ref
from cockpit.session.clock import SystemClock
from cockpit.session.inspecting.logs import LogFollower
from tests.contract.api import Api
from tests.contract.test_service_proxy import proxied, versions

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d) ")


@pytest.fixture
def pod(api: Api) -> str:
    """A pod that has answered three requests, and prints the next ones too."""
    api.place.apply(*versions("logged", {"a": 8080}, a=1))
    api.place.ready("logged-a")
    api.until(lambda: proxied(api, "logged:80", "/warm").status_code == 200)
    for number in range(3):
        assert proxied(api, "logged:80", f"/asked-{number}").status_code == 200
    name = str(api.list("pods")["items"][0]["metadata"]["name"])
    api.until(lambda: "asked-2" in log(api, name).text)
    return name


def log(api: Api, pod: str, **query: str | int) -> httpx.Response:
    return api.client.get(api.path("pods", pod, "log"), params=query)


@contextmanager
def following(api: Api, pod: str, **query: str | int) -> Iterator[Iterator[str]]:
    asked = {"follow": "true", **query}
    with api.client.stream("GET", api.path("pods", pod, "log"), params=asked) as stream:
        assert stream.status_code == 200, stream.read()
        yield stream.iter_lines()


def test_the_last_lines_come_oldest_first(api: Api, pod: str) -> None:
    lines = log(api, pod, tailLines=2).text.splitlines()
    assert [f"asked-{number}" in line for number, line in zip((1, 2), lines, strict=True)] == [True, True]


def test_times_stand_in_front_where_they_are_asked_for(api: Api, pod: str) -> None:
    if api.place.real:
        pytest.skip("the lab's pods print times of their own")
    stamped = log(api, pod, timestamps="true").text.splitlines()
    assert all(STAMP.match(line) for line in stamped)
    assert not any(STAMP.match(line) for line in log(api, pod).text.splitlines())


def test_reading_from_a_time_leaves_out_what_came_before(api: Api, pod: str) -> None:
    if api.place.real:
        pytest.skip("the lab's kubelet tells every line, whatever the time")
    last = log(api, pod, timestamps="true").text.splitlines()[-1].split(" ")[0]
    again = log(api, pod, timestamps="true", sinceTime=last).text.splitlines()
    assert "asked-2" in again[-1]
    assert log(api, pod, sinceTime="2100-01-01T00:00:00Z").text == ""


def test_a_follower_gets_the_lines_as_they_are_printed(api: Api, pod: str) -> None:
    with following(api, pod, tailLines=1, timestamps="true") as lines:
        assert "asked-2" in next(lines)
        assert proxied(api, "logged:80", "/later").status_code == 200
        assert "later" in next(lines)


def test_a_container_that_does_not_exist_or_did_not_run_before_is_refused(api: Api, pod: str) -> None:
    assert log(api, pod, container="none").status_code == 400
    if api.place.real:
        pytest.skip("the lab keeps no previous runs")
    refused = log(api, pod, previous="true")
    assert refused.status_code == 400
    assert "previous terminated container" in refused.json()["message"]


def test_the_log_of_a_pod_that_does_not_exist_is_not_found(api: Api) -> None:
    assert log(api, "none").status_code == 404


async def test_the_cockpit_follows_one_line_after_the_other_until_the_pod_is_gone(api: Api, pod: str) -> None:
    told: list[LogLine] = []
    options = ConnectOptions(kubeconfig=api.place.kubeconfig)
    reader = await connect(resolve_targets(options, {})[0], options, SystemClock())
    order = LogOrder("test", Ref(PODS, api.namespace, pod), lines=1)
    following = asyncio.create_task(LogFollower(reader, SystemClock(), random.Random(1), order, told.extend).run())
    try:
        for number in range(3):
            before = len(told)
            if number:
                await asyncio.to_thread(proxied, api, "logged:80", f"/followed-{number}")
            async with asyncio.timeout(api.place.patience):
                while len(told) == before:
                    await asyncio.wait([following], timeout=0.05)
        assert api.delete("pods", pod).status_code == 200
        async with asyncio.timeout(api.place.patience):
            assert "not found" in await following
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await reader.close()
    texts = [line.text for line in told]
    assert [word in text for word, text in zip(("asked-2", "followed-1", "followed-2"), texts, strict=True)] == [
        True
    ] * 3
    assert all(line.at.endswith("Z") and line.at == sorted(each.at for each in told)[n] for n, line in enumerate(told))
