"""An HTTPRoute flown with the cockpit's acts: weights, a header lane, steps, all the way, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase
from tests.journeys.flight import Pilot, flying
from tests.places import Place

API = "gateway.networking.k8s.io/v1"
HOST = "shop.test"
ROUTE = "shop"
TESTERS = "x-tester=yes"


def version(name: str, replicas: int = 2) -> list[dict[str, Any]]:
    labels = {"app": "shop", "version": name}
    container = {"name": "shop", "image": f"shop:{name}", "ports": [{"containerPort": 8080}]}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": f"shop-{name}"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": f"shop-{name}"},
            "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
        },
    ]


def route(*weights: int) -> dict[str, Any]:
    backends = [{"name": f"shop-v{n}", "port": 80, "weight": weight} for n, weight in enumerate(weights, 1)]
    return {
        "apiVersion": API,
        "kind": "HTTPRoute",
        "metadata": {"name": ROUTE},
        "spec": {"parentRefs": [{"name": "gate"}], "hostnames": [HOST], "rules": [{"backendRefs": backends}]},
    }


async def standing(place: Place, pilot: Pilot, *weights: int) -> None:
    """Two versions behind a route; the probe is running."""
    # The listener's port is the one that Traefik listens on for the lab.
    listener = {"name": "web", "port": 80, "protocol": "HTTP"}
    gate = {"apiVersion": API, "kind": "Gateway", "metadata": {"name": "gate"}}
    place.apply({**gate, "spec": {"gatewayClassName": "traefik", "listeners": [listener]}})
    place.apply(*version("v1"), *version("v2"))
    place.ready("shop-v1", "shop-v2")
    place.apply(route(*weights))
    place.settle(lambda: place.ask(HOST).status_code == 200)
    await pilot.until_seen(ROUTE, lambda s: {v.name: v.ready for v in s.rollout.versions} == {"v1": 2, "v2": 2})
    shown = pilot.see(ROUTE)
    assert shown
    await pilot.cockpit.set_target(
        shown.rollout.key, pilot.way_in(shown.rollout.incomplete_target or shown.rollout.probe_target, host=HOST)
    )
    await pilot.cockpit.probe(shown.rollout.key, True)


def written(pilot: Pilot) -> dict[str, float | None]:
    shown = pilot.see(ROUTE)
    lane = shown.rollout.default_lane if shown else None
    return {s.version: s.written for s in lane.shares} if lane else {}


async def test_weights_and_a_header_lane_then_all_the_way_and_back(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, 100, 0)
        shown = pilot.see(ROUTE)
        assert shown
        assert (shown.rollout.router, shown.rollout.phase) == ("gateway-api", Phase.AT_REST)

        await pilot.do(ROUTE, Ask(Act.HEADER, version="v2", header=("x-tester", "yes")))
        await pilot.observe(ROUTE, {"v2": 1.0}, TESTERS, samples=20)
        await pilot.observe(ROUTE, {"v1": 1.0, "v2": 0.0}, samples=40)

        await pilot.do(ROUTE, Ask(Act.SET_WEIGHT, weights=(("v2", 0.3),)))
        await pilot.observe(ROUTE, {"v1": 0.7, "v2": 0.3}, samples=150)
        await pilot.do(ROUTE, Ask(Act.UNDO))
        assert written(pilot) == {"v1": 1.0, "v2": 0.0}

        await pilot.do(ROUTE, Ask(Act.PROMOTE))
        await pilot.observe(ROUTE, {"v2": 1.0}, samples=40)
        await pilot.do(ROUTE, Ask(Act.ROLLBACK))
        await pilot.observe(ROUTE, {"v1": 1.0}, samples=40)
        stored = place.get(f"httproutes.{API}", ROUTE)
        assert stored
        assert len(stored["spec"]["rules"]) == 1, "the header rule went with the way back"


async def test_step_by_step_then_cleaned_up(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, 100, 0)
        await pilot.do(ROUTE, Ask(Act.STEPS, steps=(0.2, 1.0)))
        await pilot.until_seen(ROUTE, lambda s: s.rollout.phase is Phase.WAITING, "the plan waits")
        await pilot.do(ROUTE, Ask(Act.APPROVE))
        await pilot.observe(ROUTE, {"v1": 0.8, "v2": 0.2}, samples=100)
        await pilot.do(ROUTE, Ask(Act.APPROVE))
        await pilot.observe(ROUTE, {"v2": 1.0}, samples=40)
        await pilot.do(ROUTE, Ask(Act.FINISH))
        assert place.get("Deployment", "shop-v1") is None
        assert place.get("Service", "shop-v1") is None
        assert place.ask(HOST).status_code == 200
        stored = place.get(f"httproutes.{API}", ROUTE)
        assert stored
        assert "rollouts.cockpit/steps" not in (stored["metadata"].get("annotations") or {})


async def test_a_backend_that_is_not_there_keeps_its_share_as_errors(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, 50, 50)
        place.delete("Service", "shop-v2")
        shown = await pilot.until_seen(
            ROUTE,
            lambda s: {"invalid-backend", "unresolved-refs"} <= {f.id for f in s.rollout.findings},
            "the missing backend, and what the gateway says of it",
        )
        assert any("Service" in f.text and "shop-v2 does not exist" in f.text for f in shown.rollout.findings)
        place.settle(lambda: place.ask(HOST).status_code == 500)
        await pilot.do(ROUTE, Ask(Act.ROLLBACK))
        place.settle(lambda: [place.ask(HOST).status_code for _ in range(20)] == [200] * 20)
