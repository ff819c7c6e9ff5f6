"""Watches: compaction, slow readers, bookmarks by the cluster's clock, readers that go away."""

from __future__ import annotations

import asyncio

from cockpit.demo.cluster import DemoCluster
from cockpit.demo.schemas.kinds import CONFIGMAPS
from tests.demo.api.conftest import Client, line, until

MAPS = "/api/v1/namespaces/default/configmaps"


def write(cluster: DemoCluster, name: str, **values: str) -> None:
    cluster.storage.create(CONFIGMAPS, {"metadata": {"name": name, "namespace": "default"}, "data": values})


async def test_a_compacted_version_is_told_as_an_error_event(cluster: DemoCluster, admin: Client) -> None:
    start = cluster.storage.revision
    write(cluster, "one")
    cluster.storage.compact()
    async with admin.watch(f"{MAPS}?watch=1&resourceVersion={start}") as answer:
        assert answer.status == 200
        event = await line(answer)
        assert event["type"] == "ERROR"
        assert event["object"]["code"] == 410
        assert event["object"]["reason"] == "Expired"
        assert event["object"]["message"].startswith(f"too old resource version: {start} (")
        assert await answer.content.readline() == b""


async def test_a_page_of_a_compacted_version_is_gone_with_a_way_on(cluster: DemoCluster, admin: Client) -> None:
    for name in "abc":
        write(cluster, name)
    _, first = await admin.ask("GET", f"{MAPS}?limit=1")
    write(cluster, "d")
    cluster.storage.compact()
    status, gone = await admin.ask("GET", f"{MAPS}?limit=1&continue={first['metadata']['continue']}")
    assert (status, gone["reason"]) == (410, "Expired")
    _, rest = await admin.ask("GET", f"{MAPS}?continue={gone['metadata']['continue']}")
    assert [item["metadata"]["name"] for item in rest["items"]] == ["b", "c", "d"]


async def test_an_exact_version_that_is_compacted_is_gone(cluster: DemoCluster, admin: Client) -> None:
    start = cluster.storage.revision
    write(cluster, "one")
    cluster.storage.compact()
    status, answer = await admin.ask("GET", f"{MAPS}?resourceVersion={start}&resourceVersionMatch=Exact")
    assert (status, answer["message"]) == (410, "The resourceVersion for the provided list is too old.")


async def test_bookmarks_come_by_the_clusters_clock(cluster: DemoCluster, admin: Client) -> None:
    start = cluster.storage.revision
    query = f"watch=1&resourceVersion={start}&allowWatchBookmarks=true"
    async with admin.watch(f"{MAPS}?{query}") as answer:
        cluster.clock.advance(61)
        mark = await line(answer)
    assert mark["type"] == "BOOKMARK"
    assert set(mark["object"]) == {"kind", "apiVersion", "metadata"}
    assert int(mark["object"]["metadata"]["resourceVersion"]) >= start


async def test_a_watch_ends_when_its_time_has_passed(cluster: DemoCluster, admin: Client) -> None:
    async with admin.watch(f"{MAPS}?watch=1&resourceVersion={cluster.storage.revision}&timeoutSeconds=300") as answer:
        cluster.clock.advance(301)
        assert await answer.read() == b""


async def test_a_reader_that_falls_behind_is_cut(cluster: DemoCluster, admin: Client) -> None:
    async with admin.watch(f"{MAPS}?watch=1&resourceVersion={cluster.storage.revision}") as answer:
        for number in range(2_500):
            write(cluster, f"m{number}")
        lines = (await answer.read()).splitlines()
    assert len(lines) < 2_500
    status, _ = await admin.ask("GET", f"{MAPS}/m2499")
    assert status == 200


async def test_a_reader_that_goes_away_is_forgotten(cluster: DemoCluster, admin: Client) -> None:
    async with admin.watch(f"{MAPS}?watch=1") as answer:
        assert answer.status == 200
        assert cluster.open_watches == 1
    await until(lambda: cluster.open_watches == 0)


async def test_stopping_ends_open_watches(cluster: DemoCluster, admin: Client) -> None:
    async with admin.watch(f"{MAPS}?watch=1&resourceVersion={cluster.storage.revision}") as answer:
        reading = asyncio.ensure_future(answer.read())
        await cluster.stop()
        assert await reading == b""
