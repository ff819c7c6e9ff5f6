"""The log of a pod: what it answered, as `kubectl logs` asks for it."""

from __future__ import annotations

import asyncio

from cockpit.demo.cluster import DemoCluster
from cockpit.demo.schemas.kinds import PODS
from tests.demo.api.conftest import PATIENCE, Client, until

LOG = "/api/v1/namespaces/default/pods/one/log"


async def pod(cluster: DemoCluster, phase: str = "Running", **annotations: str) -> str:
    """A pod, once its kubelet has brought it to a phase; its uid."""
    meta = {"name": "one", "namespace": "default", "annotations": {"demo.cockpit/ready-delay": "0s", **annotations}}
    spec = {"containers": [{"name": "main", "image": "i"}]}
    made = cluster.storage.create(PODS, {"metadata": meta, "spec": spec})
    await until(lambda: cluster.storage.get(PODS, "default", "one")["status"]["phase"] == phase)
    return str(made["metadata"]["uid"])


async def test_lines_and_the_last_of_them(cluster: DemoCluster, admin: Client) -> None:
    uid = await pod(cluster)
    for number in range(5):
        cluster.storage.logs.write(uid, f"line {number}", 1_000_000_000.0 + number)
    assert await admin.ask("GET", LOG) == (200, "".join(f"line {n}\n" for n in range(5)))
    assert (await admin.ask("GET", LOG + "?tailLines=2"))[1] == "line 3\nline 4\n"
    assert (await admin.ask("GET", LOG + "?sinceTime=2001-09-09T01:46:44Z"))[1] == "line 4\n"
    stamped = await admin.ask("GET", LOG + "?tailLines=1&timestamps=true")
    assert stamped[1] == "2001-09-09T01:46:44.000000Z line 4\n"


async def test_what_has_no_log_says_why(cluster: DemoCluster, admin: Client) -> None:
    assert (await admin.ask("GET", LOG))[0] == 404
    await pod(cluster, "Pending", **{"demo.cockpit/fate": "stuck"})
    status, answer = await admin.ask("GET", LOG)
    assert (status, answer["message"]) == (400, 'container "main" in pod "one" is waiting to start: ContainerCreating')
    assert (await admin.ask("GET", LOG + "?container=other"))[0] == 400


async def test_following_ends_with_the_pod(cluster: DemoCluster, admin: Client) -> None:
    uid = await pod(cluster)
    async with admin.watch(LOG + "?follow=true") as answer, asyncio.timeout(PATIENCE):
        cluster.storage.logs.write(uid, "first", 1.0)
        assert await answer.content.readline() == b"first\n"
        cluster.storage.logs.write(uid, "second", 2.0)
        assert await answer.content.readline() == b"second\n"
        cluster.storage.delete(PODS, "default", "one", grace=0)
        assert await answer.read() == b""


async def test_no_more_bytes_than_asked_for(cluster: DemoCluster, admin: Client) -> None:
    uid = await pod(cluster)
    for number in range(3):
        cluster.storage.logs.write(uid, f"line {number}", 1.0)
    assert await admin.ask("GET", LOG + "?limitBytes=10") == (200, "line 0\nlin")


async def test_following_ends_with_the_container(cluster: DemoCluster, admin: Client) -> None:
    uid = await pod(cluster)
    cluster.storage.logs.write(uid, "first", 1.0)
    async with admin.watch(LOG + "?follow=true") as answer, asyncio.timeout(PATIENCE):
        assert await answer.content.readline() == b"first\n"
        cluster.storage.logs.write(uid, "last", 2.0)
        cluster.storage.logs.end(uid)
        assert await answer.read() == b"last\n"
    assert await admin.ask("GET", LOG + "?follow=true") == (200, "first\nlast\n")
