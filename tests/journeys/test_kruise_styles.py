"""Kruise Rollouts in its other styles: an extra Deployment behind a Gateway API route, and blue-green."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.rollout import Phase, Role
from tests.journeys.kruise import (
    DEMO,
    GRACE,
    IMAGE,
    NEW,
    OLD,
    at_rest,
    at_step,
    declared,
    flying,
    ready,
    standing,
    start,
    written,
)
from tests.journeys.test_kruise_acts import ROUTES, weighted
from tests.places import Place, seed

HOST = "kruise.test"
GATEWAY = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "Gateway",
    "metadata": {"name": "shop"},
    "spec": {
        "gatewayClassName": "traefik",
        "listeners": [
            {"name": "web", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "Same"}}}
        ],
    },
}
ROUTE = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "metadata": {"name": "echoserver"},
    "spec": {
        "parentRefs": [{"name": "shop"}],
        "hostnames": [HOST],
        "rules": [{"backendRefs": [{"name": "echoserver", "port": 80}]}],
    },
}


async def test_an_extra_deployment_behind_a_route(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        doc = weighted(
            {"traffic": "25%", "replicas": 1, "pause": {}},
            {"traffic": "100%", "replicas": "100%", "pause": {}},
            enableExtraWorkloadForCanary=True,
            trafficRoutings=[
                {"service": "echoserver", "gracePeriodSeconds": GRACE, "gateway": {"httpRouteName": "echoserver"}}
            ],
        )
        await standing(place, pilot, *seed("kruise-service"), GATEWAY, ROUTE, doc, pods=2)
        assert pilot.names() == {DEMO}
        place.settle(lambda: place.ask(HOST, "/").status_code == 200)
        await pilot.probe(DEMO, host=HOST, path="/")

        await start(pilot)
        shown = await at_step(pilot, 1)
        assert shown.rollout.router == "gateway-api"
        assert ready(shown) == {OLD: 2, NEW: 1}, "the old version keeps all its pods"
        assert written(shown) == declared(shown) == {OLD: 0.75, NEW: 0.25}
        extra = shown.rollout.version(NEW)
        assert extra
        assert extra.workload
        assert extra.workload.resource.kind == "Deployment"
        await pilot.observe(DEMO, {OLD: 0.75, NEW: 0.25})

        await pilot.do(DEMO, Ask(Act.ROLLBACK))
        shown = await at_rest(pilot, f"rolled back to {OLD}")
        assert written(shown)[OLD] == 1.0
        assert pilot.names() == {DEMO}
        await pilot.observe(DEMO, {OLD: 1.0})


async def test_blue_green(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        doc = weighted()
        strategy: dict[str, Any] = doc["spec"]["strategy"]
        strategy["blueGreen"] = copy.deepcopy(strategy.pop("canary"))
        strategy["blueGreen"]["steps"] = [
            {"traffic": "0%", "replicas": "100%", "pause": {}},
            {"traffic": "100%", "replicas": "100%", "pause": {}},
        ]
        await standing(place, pilot, *ROUTES, doc, pods=2)
        await start(pilot)
        shown = await at_step(pilot, 1)
        assert ready(shown) == {OLD: 2, NEW: 2}
        assert written(shown) == declared(shown) == {OLD: 1.0, NEW: 0.0}
        assert [v.role for v in shown.rollout.versions] == [Role.STABLE, Role.CANARY]
        third = await pilot.cockpit.prepare(pilot.key(DEMO), Ask(Act.SET_IMAGE, image=("", f"{IMAGE}:1.10.4")))
        assert isinstance(third, Refused)

        await pilot.do(DEMO, Ask(Act.APPROVE))
        shown = await at_step(pilot, 2)
        assert written(shown) == declared(shown) == {OLD: 0.0, NEW: 1.0}
        assert shown.rollout.phase is Phase.WAITING
        await pilot.do(DEMO, Ask(Act.APPROVE))
        shown = await at_rest(pilot, f"{NEW} is released")
        assert written(shown)[NEW] == 1.0
