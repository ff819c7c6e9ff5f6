"""Faults on demand, in process and over HTTP, and the clock over HTTP."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from cockpit.demo.cluster import DemoCluster
from cockpit.demo.schemas.kinds import CONFIGMAPS
from tests.demo.api.conftest import Client, line

MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("401", "Unauthorized"), ("403", "Forbidden"), ("410", "Expired"), ("429", "TooManyRequests")],
)
async def test_refusals(cluster: DemoCluster, admin: Client, fault: str, reason: str) -> None:
    cluster.faults.add(fault, resource="configmaps", times=1)
    status, answer = await admin.ask("GET", MAPS)
    assert (status, answer["reason"]) == (int(fault), reason)
    assert (await admin.ask("GET", MAPS))[0] == 200


async def test_a_throttled_client_is_told_when_to_come_back(cluster: DemoCluster, admin: Client) -> None:
    cluster.faults.add("429", seconds=3)
    async with admin.session.get(admin.url + MAPS, headers=admin.headers) as answer:
        assert answer.headers["Retry-After"] == "3"
        assert (await answer.json())["details"]["retryAfterSeconds"] == 3


async def test_a_fault_can_be_of_one_resource_and_verb(cluster: DemoCluster, admin: Client) -> None:
    cluster.faults.add("403", resource="pods", verb="list")
    assert (await admin.ask("GET", "/api/v1/pods"))[0] == 403
    assert (await admin.ask("GET", "/api/v1/namespaces/default/pods/none"))[0] == 404
    assert (await admin.ask("GET", MAPS))[0] == 200
    cluster.faults.clear()
    assert (await admin.ask("GET", "/api/v1/pods"))[0] == 200


async def test_a_dropped_request_has_no_answer(cluster: DemoCluster, admin: Client) -> None:
    cluster.faults.add("drop", times=1)
    with pytest.raises(aiohttp.ClientError):
        await admin.ask("POST", MAPS, {"metadata": {"name": "one"}})
    assert (await admin.ask("GET", MAPS + "/one"))[0] == 404


async def test_open_watches_are_dropped_too(cluster: DemoCluster, admin: Client) -> None:
    async with admin.watch(f"{MAPS}?watch=1&resourceVersion={cluster.storage.revision}") as answer:
        cluster.faults.add("drop", verb="watch", resource="configmaps")
        with pytest.raises(aiohttp.ClientError):
            await answer.read()


async def test_a_stalled_watch_falls_silent_and_goes_on_when_cleared(cluster: DemoCluster, admin: Client) -> None:
    async with admin.watch(f"{MAPS}?watch=1&resourceVersion={cluster.storage.revision}") as answer:
        cluster.faults.add("stall", resource="configmaps")
        cluster.storage.create(CONFIGMAPS, {"metadata": {"name": "one", "namespace": "default"}})
        reading = asyncio.ensure_future(line(answer))
        assert (await admin.ask("GET", "/api/v1/pods"))[0] == 200
        assert not reading.done()
        cluster.faults.clear()
        assert (await reading)["object"]["metadata"]["name"] == "one"


async def test_a_slow_answer_waits_on_the_clusters_clock(cluster: DemoCluster, admin: Client) -> None:
    cluster.faults.add("slow", resource="configmaps", seconds=3600, times=1)
    asking = asyncio.ensure_future(admin.ask("GET", MAPS))
    assert (await admin.ask("GET", "/api/v1/pods"))[0] == 200
    assert not asking.done()
    cluster.clock.advance(3601)
    assert (await asking)[0] == 200


async def test_faults_and_clock_are_steered_over_http(cluster: DemoCluster, admin: Client, viewer: Client) -> None:
    assert (await viewer.ask("POST", "/demo/faults", {"fault": "429"}))[0] == 403
    status, answer = await admin.ask("POST", "/demo/faults", {"fault": "429", "resource": "pods", "seconds": 2})
    assert (status, answer["active"][0]["kind"]) == (200, "429")
    assert (await admin.ask("GET", "/api/v1/pods"))[0] == 429
    assert (await admin.ask("POST", "/demo/faults", {"clear": True}))[1] == {"active": []}
    assert (await admin.ask("POST", "/demo/faults", {"fault": "odd"}))[0] == 400
    _, held = await admin.ask("POST", "/demo/clock", {"hold": True})
    _, moved = await admin.ask("POST", "/demo/clock", {"advance": 90})
    assert moved == {"now": held["now"] + 90, "held": True}
    assert (await admin.ask("POST", "/demo/clock", {"advance": -1}))[0] == 400
    assert (await admin.ask("POST", "/demo/clock", {"release": True}))[1]["held"] is False
    start = cluster.storage.revision
    cluster.storage.create(CONFIGMAPS, {"metadata": {"name": "one", "namespace": "default"}})
    await admin.ask("POST", "/demo/faults", {"fault": "compaction"})
    async with admin.watch(f"{MAPS}?watch=1&resourceVersion={start}") as answer:
        assert (await line(answer))["object"]["code"] == 410
