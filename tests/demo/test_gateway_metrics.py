"""What the gateway counts, as a Prometheus scrapes it."""

from __future__ import annotations

from cockpit.demo.gateway.metrics import GatewayMetrics
from cockpit.demo.gateway.rules import Upstream
from cockpit.demo.schemas.kinds import INGRESSES, SERVICES
from tests.demo.conftest import Bench, ingress, service
from tests.demo.test_gateway import ask, running, turns


def test_counts_and_times_are_told_by_service_and_status() -> None:
    metrics = GatewayMetrics()
    for status, seconds in ((200, 0.02), (200, 0.3), (503, 20.0)):
        metrics.count(Upstream("shop", "web", "80"), status, seconds)
    lines = metrics.text().decode().splitlines()
    base = 'namespace="shop",service="web",status="200"'
    assert f"nginx_ingress_controller_requests{{{base}}} 2" in lines
    took = "nginx_ingress_controller_request_duration_seconds"
    assert f'{took}_bucket{{{base},le="0.025"}} 1' in lines
    assert f'{took}_bucket{{{base},le="+Inf"}} 2' in lines
    assert f"{took}_sum{{{base}}} 0.32" in lines
    assert f'{took}_bucket{{namespace="shop",service="web",status="503",le="10"}} 0' in lines


async def test_a_scrape_finds_what_was_answered_and_takes_no_route_away() -> None:
    bench = Bench()
    bench.deploy("web", "nginx:1.25")
    bench.storage.create(SERVICES, service("web", {"app": "web"}))
    bench.storage.create(INGRESSES, ingress("web", "web"))
    bench.settle(5)
    async with running(bench) as gateway:
        await turns()
        for _ in range(3):
            assert (await ask(gateway))[0] == 200
        status, body = await ask(gateway, "/metrics", "127.0.0.1")
        assert status == 200
        assert b'nginx_ingress_controller_requests{namespace="default",service="web",status="200"} 3' in body
        # The Ingress takes every path of its host.
        assert b"nginx_ingress_controller" not in (await ask(gateway, "/metrics"))[1]
        assert (await ask(gateway, "/other", "127.0.0.1"))[0] == 404
