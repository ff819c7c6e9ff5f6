"""What one command asks of a cluster: what it serves once, each kind once and few at a time, and no watch unasked."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web

from cockpit.kube.api import KubeApi
from cockpit.kube.informers import BRIEF_AT_ONCE, Informers
from cockpit.model.kinds import KINDS
from cockpit.model.refs import ARGO_ROLLOUTS, HTTPROUTES, HTTPROUTES_V1BETA1, PODS, SERVICES, TRAEFIKSERVICES, Resource
from cockpit.model.view import Sync
from cockpit.session.clock import ManualClock
from tests.kube.conftest import Scripted

KINDS_READ = (PODS, SERVICES, ARGO_ROLLOUTS, HTTPROUTES, HTTPROUTES_V1BETA1, TRAEFIKSERVICES)


def discovery(*served: Resource, freshness: str = "Current") -> dict[str, Any]:
    """As a server answers that aggregates what it serves."""
    groups: dict[str, dict[str, list[str]]] = {"apps": {"v1": ["deployments"]}}
    for kind in served:
        groups.setdefault(kind.group, {}).setdefault(kind.version, []).append(kind.plural)
    items = [
        {
            "metadata": {"name": group},
            "versions": [
                {"version": version, "freshness": freshness, "resources": [{"resource": name} for name in plurals]}
                for version, plurals in versions.items()
            ],
        }
        for group, versions in groups.items()
    ]
    return {"kind": "APIGroupDiscoveryList", "items": items}


class Cluster:
    """Answers `/apis` as told, lists of any kind with nothing, and counts the requests that are open."""

    def __init__(self, server: Scripted, apis: Any) -> None:
        self._server = server
        self._apis = apis
        self.open = self.most = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("watch"):
            return await self._server.streams()(request)
        if request.path == "/apis":
            return await (self._apis if callable(self._apis) else self._server.says(self._apis))(request)
        if request.path.count("/") == 3 and request.path.startswith("/apis/"):
            return await self._server.says({"resources": [{"name": k.plural} for k in KINDS_READ]})(request)
        self.open += 1
        self.most = max(self.most, self.open)
        for _ in range(5):
            await asyncio.sleep(0)  # the others come meanwhile, as many as may
        self.open -= 1
        return await self._server.page(version="7")(request)


@asynccontextmanager
async def reading(
    server: Scripted, api: KubeApi, clock: ManualClock, apis: Any, kinds: tuple[Resource, ...] = KINDS_READ
) -> AsyncIterator[tuple[Informers, Cluster]]:
    cluster = Cluster(server, apis)
    server.then(*(cluster.answer for _ in range(200)))
    informers = Informers(api, kinds, None, clock=clock, rng=random.Random(3), on_change=server.signal.ring, brief=True)
    running = asyncio.create_task(informers.run())
    try:
        assert informers.brief
        async with asyncio.timeout(10):
            await informers.brief.read.wait()
        yield informers, cluster
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_each_kind_that_is_served_is_listed_once_as_it_is_now(
    server: Scripted, api: KubeApi, clock: ManualClock
) -> None:
    async with reading(server, api, clock, discovery(ARGO_ROLLOUTS, HTTPROUTES_V1BETA1)) as (informers, _):
        states = [kind.state for kind in informers.kinds()]
        assert states == [Sync.LIVE, Sync.LIVE, Sync.LIVE, Sync.ABSENT, Sync.LIVE, Sync.ABSENT]
        lists = {asked.path for asked in server.asked} - {"/apis"}
        assert lists == {kind.path(None) for kind in (PODS, SERVICES, ARGO_ROLLOUTS, HTTPROUTES_V1BETA1)}
        assert len(server.asked) == 5
        # Version 0 would be what the server remembers, which nobody corrects here.
        assert not any(asked.watch or "resourceVersion" in asked.query for asked in server.asked)
        (asked,) = (asked for asked in server.asked if asked.path == "/apis")
        assert "as=APIGroupDiscoveryList" in asked.headers["Accept"]


async def test_it_watches_from_what_it_read_once_somebody_waits_for_a_change(
    server: Scripted, api: KubeApi, clock: ManualClock
) -> None:
    async with reading(server, api, clock, discovery(), (PODS, SERVICES)) as (informers, _):
        informers.follow()
        await server.signal.until(lambda: sum(asked.watch for asked in server.asked) == 2)
        assert {asked.query["resourceVersion"] for asked in server.asked if asked.watch} == {"7"}
        assert sum(not asked.watch and asked.path != "/apis" for asked in server.asked) == 2


async def test_few_lists_are_under_way_at_a_time(server: Scripted, api: KubeApi, clock: ManualClock) -> None:
    kinds = tuple(row.resource for row in KINDS)
    async with reading(server, api, clock, discovery(*kinds), kinds) as (_, cluster):
        assert cluster.most == BRIEF_AT_ONCE


@pytest.mark.parametrize("case", ["names alone", "not now", "forbidden", "no answer to it"])
async def test_a_cluster_that_does_not_say_is_asked_for_each_kind(
    server: Scripted, api: KubeApi, clock: ManualClock, case: str
) -> None:
    apis = {
        "names alone": {"kind": "APIGroupList", "groups": [{"name": "argoproj.io"}]},
        "not now": discovery(ARGO_ROLLOUTS, HTTPROUTES, TRAEFIKSERVICES, freshness="Stale"),
        "forbidden": server.fails(403, "Forbidden", "no role"),
        "no answer to it": server.says(b"<html>"),
    }[case]
    async with reading(server, api, clock, apis) as (informers, _):
        states = {kind.kind: kind.state for kind in informers.kinds() if kind.state is not Sync.ABSENT}
        assert states == dict.fromkeys(("Pod", "Service", "Rollout", "HTTPRoute", "TraefikService"), Sync.LIVE)
