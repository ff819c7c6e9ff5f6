"""Canary by header and by weight, step by step as the walk-through tells it."""

from __future__ import annotations

from collections import Counter

from cockpit.demo.gateway import Gateway
from cockpit.demo.schemas.kinds import DEPLOYMENTS, INGRESSES, SERVICES
from tests.demo.conftest import Bench
from tests.demo.seeds import apply
from tests.demo.test_gateway import ask, running

V1 = b'{"code": 200, "message": "version: v1"}'
V2 = b'{"code": 200, "message": "version: v2"}'


async def ten(gateway: Gateway, count: int = 10, **headers: str) -> Counter[tuple[int, bytes]]:
    return Counter([await ask(gateway, "/version", **headers) for _ in range(count)])


async def test_canary_by_header(bench: Bench) -> None:
    async with running(bench) as gateway:
        apply(bench, "header-http-server-v1", "header-ingress1")
        bench.settle(3)
        assert await ten(gateway) == {(200, V1): 10}
        apply(bench, "header-http-server-v2", "header-ingress2")
        bench.settle(3)
        assert await ten(gateway) == {(200, V1): 10}
        assert await ten(gateway, foo="bar") == {(200, V2): 10}
        apply(bench, "header-http-server-v1-to-v2")
        bench.settle()
        assert await ten(gateway) == {(200, V2): 10}
        bench.storage.delete(DEPLOYMENTS, "default", "http-server-v1")
        bench.storage.delete(SERVICES, "default", "http-server-v2")
        bench.settle(3)
        assert await ten(gateway) == {(200, V2): 10}
        assert await ten(gateway, foo="bar") == {(200, V2): 10}


async def test_canary_by_weight(bench: Bench) -> None:
    async with running(bench) as gateway:
        apply(bench, "weight-http-server-v1", "weight-ingress1")
        bench.settle(3)
        assert await ten(gateway) == {(200, V1): 10}
        apply(bench, "weight-http-server-v2", "weight-ingress2")
        bench.settle(3)
        counted = await ten(gateway, 2000)
        assert counted[200, V1] + counted[200, V2] == 2000
        assert 500 < counted[200, V2] < 700
        apply(bench, "weight-ingress1-v2")
        bench.settle()
        assert await ten(gateway) == {(200, V2): 10}
        bench.storage.delete(DEPLOYMENTS, "default", "http-server-v1")
        bench.storage.delete(SERVICES, "default", "http-server-v1")
        bench.settle(3)
        assert await ten(gateway) == {(200, V2): 10}


async def test_in_the_nginx_dialect_the_last_step_depends_on_who_is_older(bench: Bench) -> None:
    """Applied within one second, the canary counts as the older one, and its Service can be no main any more."""
    async with running(bench) as gateway:
        apply(bench, "weight-http-server-v1", "weight-http-server-v2", "weight-ingress1", "weight-ingress2")
        for name in ("route1", "route2"):
            stored = bench.storage.get(INGRESSES, "default", name)
            stored["spec"]["ingressClassName"] = "nginx"
            bench.storage.update(INGRESSES, stored)
        bench.settle(3)
        assert {status for status, _ in await ten(gateway)} == {200}
        stored = bench.storage.get(INGRESSES, "default", "route1")
        stored["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = "http-server-v2"
        bench.storage.update(INGRESSES, stored)
        assert {status for status, _ in await ten(gateway)} == {404}
