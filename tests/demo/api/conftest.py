"""A cluster in the test's own loop, and raw requests to it."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from cockpit.demo.clock import DemoClock
from cockpit.demo.cluster import DemoCluster
from cockpit.demo.store.storage import Storage, ensure_namespace

PATIENCE = 60


@pytest.fixture
def clock() -> DemoClock:
    """A clock that stands still."""
    made = DemoClock()
    made.hold()
    return made


@pytest.fixture
def storage(clock: DemoClock) -> Storage:
    made = Storage(clock, random.Random(1))
    ensure_namespace(made, "default")
    return made


class Client:
    """Raw requests as one of the cluster's users."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self.session = session
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        sent = {**self.headers, **{key.replace("_", "-"): value for key, value in headers.items()}}
        async with self.session.request(method, self.url + path, json=body, headers=sent) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if answer.content_type == "application/json" else text

    def watch(self, path: str) -> Any:
        return self.session.get(self.url + path, headers=self.headers)


async def line(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    """The next event of a watch."""
    async with asyncio.timeout(PATIENCE):
        return dict(json.loads(await answer.content.readline()))


async def until(condition: Callable[[], object], turns: int = 20_000) -> None:
    """Let the loop run until something holds."""
    for _ in range(turns):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to what the test waits for")


@pytest.fixture
async def cluster() -> AsyncIterator[DemoCluster]:
    made = DemoCluster("demo", clock=DemoClock(), seed=1)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def session(cluster: DemoCluster) -> AsyncIterator[aiohttp.ClientSession]:
    config = cluster.kubeconfig()
    trust = ssl.create_default_context(
        cadata=b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
    )
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as made:
        yield made


def client_of(cluster: DemoCluster, session: aiohttp.ClientSession, user: str) -> Client:
    users = {entry["name"]: entry["user"]["token"] for entry in cluster.kubeconfig()["users"]}
    return Client(session, cluster.api_url, users[user])


@pytest.fixture
def admin(cluster: DemoCluster, session: aiohttp.ClientSession) -> Client:
    return client_of(cluster, session, "demo-admin")


@pytest.fixture
def viewer(cluster: DemoCluster, session: aiohttp.ClientSession) -> Client:
    return client_of(cluster, session, "demo-viewer")


@pytest.fixture
def nobody(cluster: DemoCluster, session: aiohttp.ClientSession) -> Client:
    return client_of(cluster, session, "demo-nobody")
