"""Several kinds of one cluster at once: what is wrong with one costs the others nothing."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest
from aiohttp import web

from cockpit.kube.api import KubeApi
from cockpit.kube.informers import Informers
from cockpit.kube.questions import progress_topic, sync_topic
from cockpit.kube.store import ChangeSet
from cockpit.model.refs import HTTPROUTES, HTTPROUTES_V1BETA1, INGRESSES, PODS, SERVICES
from cockpit.model.view import Sync
from cockpit.session.clock import ManualClock
from tests.kube.conftest import MakeDoc, Scripted


async def test_a_kind_that_is_forbidden_leaves_the_others_live(
    server: Scripted, api: KubeApi, clock: ManualClock, pod: MakeDoc
) -> None:
    routes = {
        "/api/v1/pods": server.page(pod("a")),
        "/api/v1/services": server.fails(503, "ServiceUnavailable", "not now"),
        "/apis/networking.k8s.io/v1/ingresses": server.fails(403, "Forbidden", "no role"),
        "/apis/networking.k8s.io/v1": server.says({"resources": [{"name": "ingresses"}]}),
    }

    async def route(request: web.Request) -> web.StreamResponse:
        if request.query.get("watch"):
            return await server.streams()(request)
        return await routes[request.path](request)

    server.then(*(route for _ in range(10)))
    changes: list[ChangeSet] = []

    def changed(change: ChangeSet) -> None:
        changes.append(change)
        server.signal.ring()

    informers = Informers(
        api,
        (PODS, SERVICES, INGRESSES, PODS),
        None,
        clock=clock,
        rng=random.Random(3),
        on_change=changed,
    )
    running = asyncio.create_task(informers.run())
    try:
        states = {"Pod": Sync.LIVE, "Service": Sync.RETRYING, "Ingress": Sync.FORBIDDEN}
        await server.signal.until(lambda: {kind.kind: kind.state for kind in informers.kinds()} == states)
        by_kind = {kind.kind: kind for kind in informers.kinds()}
        assert by_kind["Pod"].objects == 1
        assert "not now" in by_kind["Service"].error
        assert "no role" in by_kind["Ingress"].error
        assert informers.store.context == "test"
        assert [informers.store.known(kind) for kind in (PODS, SERVICES, INGRESSES)] == [True, False, False]
        assert all(changes)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_a_namespace_narrows_the_kinds_that_have_one(
    server: Scripted, api: KubeApi, clock: ManualClock, pod: MakeDoc
) -> None:
    informers = Informers(
        api, (PODS,), "shop", clock=clock, rng=random.Random(3), on_change=lambda change: server.signal.ring()
    )
    server.then(server.page())
    running = asyncio.create_task(informers.run())
    await server.requests(2)
    assert {asked.path for asked in server.asked} == {"/api/v1/namespaces/shop/pods"}
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("status", [503, 404], ids=["does not say", "serves none"])
async def test_an_older_version_is_found_once_the_cluster_says_that_it_serves_it(
    server: Scripted, api: KubeApi, clock: ManualClock, status: int
) -> None:
    group = "/apis/gateway.networking.k8s.io"
    older = {f"{group}/v1beta1": {"resources": [{"name": "httproutes"}]}}
    known: dict[str, object] = {}

    async def route(request: web.Request) -> web.StreamResponse:
        if request.query.get("watch"):
            return await server.streams()(request)
        if request.path == f"{group}/v1beta1/httproutes" and known:
            return await server.page()(request)
        if request.path in known:
            return await server.says(known[request.path])(request)
        return await server.fails(404 if known else status)(request)

    server.then(*(route for _ in range(200)))
    kinds = (HTTPROUTES, HTTPROUTES_V1BETA1)
    informers = Informers(api, kinds, None, clock=clock, rng=random.Random(3), on_change=server.signal.ring)
    running = asyncio.create_task(informers.run())
    try:
        undecided = Sync.ABSENT if status == 404 else Sync.RETRYING
        async with asyncio.timeout(10):
            while [kind.state for kind in informers.kinds()] != [undecided, Sync.ABSENT]:
                await clock.advance(0.1)
                await asyncio.sleep(0)
        known.update(older)
        async with asyncio.timeout(10):
            while [kind.state for kind in informers.kinds()] != [Sync.ABSENT, Sync.LIVE]:
                await clock.advance(1.0)
                await asyncio.sleep(0)
        assert informers.store.known(HTTPROUTES_V1BETA1)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_late_kinds_that_take_long_are_waited_for_without_a_reason_to_read_anything_twice(
    server: Scripted, api: KubeApi, clock: ManualClock, pod: MakeDoc
) -> None:
    topics: set[str] = set()

    async def route(request: web.Request) -> web.StreamResponse:
        if request.query.get("watch"):
            return await server.streams()(request)
        if request.path == "/api/v1/pods":
            await server.released.wait()
        return await server.page(pod("a"))(request)

    def changed(change: ChangeSet) -> None:
        topics.update(change.topics)
        server.signal.ring()

    server.then(*(route for _ in range(10)))
    informers = Informers(api, (PODS, SERVICES), None, clock=clock, rng=random.Random(3), on_change=changed)
    running = asyncio.create_task(informers.run())
    try:
        await server.signal.until(lambda: any(asked.path == "/api/v1/pods" for asked in server.asked))
        early = informers.enough
        assert not early
        async with asyncio.timeout(10):
            while not informers.enough:
                topics.clear()
                await clock.advance(0.1)
        assert topics == {progress_topic(PODS)}, "whoever waits is told, and nobody who asked about pods"
        server.released.set()
        await server.signal.until(lambda: informers.store.known(PODS))
        assert sync_topic(PODS) in topics
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
