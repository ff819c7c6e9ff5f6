"""Blue-green by a Service selector, step by step as the walk-through tells it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cockpit.demo.schemas.kinds import SERVICES
from tests.demo.conftest import Bench
from tests.demo.seeds import apply
from tests.demo.test_gateway import external_ip, free_port, running, talk, turns


async def answers(bench: Bench, port: int, count: int = 30) -> Counter[str]:
    """Which version's pods answered requests on connections of their own."""
    address = external_ip(bench, "demo-service")
    assert address
    counted: Counter[str] = Counter()
    versions = {pod["metadata"]["name"]: pod["metadata"]["labels"]["version"] for pod in bench.pods()}
    for _ in range(count):
        answer = await talk((address, port), b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        counted[versions[answer.partition(b"\r\n\r\n")[2].decode().strip()]] += 1
    return counted


def change(bench: Bench, **spec: Any) -> None:
    stored = bench.storage.get(SERVICES, "default", "demo-service")
    stored["spec"].update(spec)
    bench.storage.update(SERVICES, stored)
    bench.settle()


async def test_v2_comes_up_unseen_the_flip_is_at_once_and_so_is_the_way_back(bench: Bench) -> None:
    port = free_port()
    apply(bench, "blue-green-v1", "blue-green-service")
    # Not everybody who runs the tests may listen on port 80.
    change(bench, ports=[{"port": port, "targetPort": 8080, "protocol": "TCP"}])
    bench.settle(3)
    async with running(bench):
        await turns()
        assert await answers(bench, port) == {"v1": 30}
        apply(bench, "blue-green-v2")
        for _ in range(12):
            bench.settle(0.25)
            assert await answers(bench, port, 3) == {"v1": 3}
        assert len(bench.pods("v2")) == 3
        change(bench, selector={"app": "demo", "version": "v2"})
        assert await answers(bench, port, 60) == {"v2": 60}
        change(bench, selector={"app": "demo", "version": "v1"})
        assert await answers(bench, port) == {"v1": 30}
