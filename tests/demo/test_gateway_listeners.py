"""Gateways of the Gateway API over real loopback sockets: an address each, their listeners' ports, and routes."""

from __future__ import annotations

import random
import socket
from collections.abc import AsyncIterator

import pytest

from cockpit.demo.controllers.gateway_api import CONTROLLERS
from cockpit.demo.gateway import Gateway
from cockpit.demo.schemas.customkinds import GATEWAYS, HTTPROUTES
from cockpit.demo.schemas.kinds import EVENTS, SERVICES
from tests.demo.conftest import Bench
from tests.demo.test_gateway import ask, free_port, running, talk, turns, two_versions
from tests.demo.test_httproutes import gate, route, rule

__all__ = ["two_versions"]


@pytest.fixture
async def served(two_versions: Bench) -> AsyncIterator[tuple[Bench, Gateway, int]]:
    """A route to both versions on a Gateway with a port that is free."""
    bench, port = two_versions, free_port()
    bench.storage.create(GATEWAYS, gate(port=port))
    bench.storage.create(HTTPROUTES, route(rule(("web-v1", 1), ("web-v2", 0))))
    bench.settle()
    async with running(bench) as gateway:
        await turns()
        yield bench, gateway, port


def addresses(bench: Bench) -> list[str]:
    status = bench.storage.get(GATEWAYS, "default", "gate")["status"]
    return [entry["value"] for entry in status.get("addresses") or []]


async def status_at(address: str, port: int) -> int:
    answer = await talk((address, port), b"GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n")
    return int(answer.split(b" ")[1])


async def test_a_gateway_listens_at_its_own_address(served: tuple[Bench, Gateway, int]) -> None:
    bench, gateway, port = served
    (address,) = addresses(bench)
    assert await status_at(address, port) == 200
    status, body = await ask(gateway, host="shop.test")
    assert status == 200
    assert b"web-v1" in body
    assert (await ask(gateway, host="other.test"))[0] == 404
    assert (await ask(gateway))[0] == 200, "the Ingress beside it is served all the same"


async def test_weights_and_services_are_followed_at_once(served: tuple[Bench, Gateway, int]) -> None:
    bench, gateway, _ = served
    changed = bench.storage.get(HTTPROUTES, "default", "route")
    for backend, weight in zip(changed["spec"]["rules"][0]["backendRefs"], (0, 1), strict=True):
        backend["weight"] = weight
    bench.storage.update(HTTPROUTES, changed)
    assert b"web-v2" in (await ask(gateway, host="shop.test"))[1]
    bench.storage.delete(SERVICES, "default", "web-v2")
    assert (await ask(gateway, host="shop.test"))[0] == 500


async def test_a_gateway_that_goes_gives_its_address_back(served: tuple[Bench, Gateway, int]) -> None:
    bench, gateway, port = served
    (address,) = addresses(bench)
    bench.storage.delete(GATEWAYS, "default", "gate")
    await turns()
    with pytest.raises(ConnectionRefusedError):
        await talk((address, port), b"GET / HTTP/1.1\r\n\r\n")
    assert (await ask(gateway, host="shop.test"))[0] == 404


async def test_a_port_that_the_system_refuses_is_told(two_versions: Bench) -> None:
    bench = two_versions
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with running(bench):
            bench.storage.create(GATEWAYS, gate(port=port))
            await turns()
            assert addresses(bench) == []
    (told,) = [e["message"] for e in bench.storage.list(EVENTS) if e["reason"] == "AddressNotUsable"]
    assert f"refuses 127.0.0.1:{port}" in told


async def test_behind_the_gateway_of_another_cluster_its_own_address_follows_its_routes(
    served: tuple[Bench, Gateway, int],
) -> None:
    _, front, _ = served
    beside = Bench()
    beside.storage.create(GATEWAYS, gate(port=(port := free_port())))
    made = beside.storage.create(HTTPROUTES, route(rule(("web-v1", 1))))
    behind = Gateway(beside.storage, beside.clock, random.Random(3), front=front)
    await behind.start()
    try:
        beside.settle()
        await turns()
        (address,) = addresses(beside)
        assert await status_at(address, port) == 500, "there is no such Service"
        made = beside.storage.get(HTTPROUTES, "default", "route")
        made["spec"]["hostnames"] = ["other.test"]
        beside.storage.update(HTTPROUTES, made)
        assert await status_at(address, port) == 404
    finally:
        await behind.stop()


def test_a_route_is_counted_again_when_its_spec_changes_only() -> None:
    bench = Bench()
    bench.storage.create(GATEWAYS, gate())
    bench.storage.create(HTTPROUTES, route(rule(("web-v1", 1))))
    bench.settle()
    gateways = next(c for c in CONTROLLERS if c.name == "gateway")
    seen: list[bool] = []
    bench.storage.subscribe(lambda event: seen.append(bool(list(gateways.touches(bench.runtime.world, event)))))
    made = bench.storage.get(HTTPROUTES, "default", "route")
    bench.storage.update(HTTPROUTES, {**made, "status": {"parents": []}}, subresource="status")
    made = bench.storage.get(HTTPROUTES, "default", "route")
    made["spec"]["hostnames"] = ["other.test"]
    bench.storage.update(HTTPROUTES, made)
    assert seen == [False, True]
