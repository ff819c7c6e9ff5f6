"""Canary Ingresses of each dialect flown with the cockpit's acts; the vendors' gateways are the embedded cluster's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase
from tests.journeys.flight import Pilot, flying
from tests.journeys.test_gateway_api_acts import version
from tests.places import Place

HOST = "dialect.test"
MAIN, CANARY = "shop", "shop-canary"
PREFIXES = {
    "nginx": "nginx.ingress.kubernetes.io/",
    "mse": "nginx.ingress.kubernetes.io/",
    "alb": "alb.ingress.kubernetes.io/",
}


def ingress(name: str, service: str, class_name: str, **marks: str) -> dict[str, Any]:
    prefix = PREFIXES[class_name]
    backend = {"service": {"name": service, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "annotations": {prefix + key.replace("_", "-"): v for key, v in marks.items()}},
        "spec": {"ingressClassName": class_name, "rules": [{"host": HOST, "http": {"paths": paths}}]},
    }


async def standing(place: Place, pilot: Pilot, class_name: str) -> None:
    place.apply(*version("v1"), *version("v2"))
    place.ready("shop-v1", "shop-v2")
    place.apply(ingress(MAIN, "shop-v1", class_name))
    place.settle(lambda: place.ask(HOST).status_code == 200)
    place.apply(ingress(CANARY, "shop-v2", class_name, canary="true", canary_weight="0"))
    await pilot.until_seen(MAIN, lambda s: {v.name: v.ready for v in s.rollout.versions} == {"v1": 2, "v2": 2})
    await pilot.probe(MAIN, host=HOST)


async def fly(place: Place, pilot: Pilot, class_name: str) -> None:
    """A header lane, a weight beside it, and back."""
    await standing(place, pilot, class_name)
    await pilot.do(MAIN, Ask(Act.HEADER, version="v2", header=("x-tester", "yes")))
    await pilot.observe(MAIN, {"v2": 1.0}, "x-tester=yes", samples=20)
    await pilot.observe(MAIN, {"v1": 1.0, "v2": 0.0}, samples=40)
    await pilot.do(MAIN, Ask(Act.SET_WEIGHT, weights=(("v2", 0.3),)))
    await pilot.observe(MAIN, {"v1": 0.7, "v2": 0.3}, samples=120)
    await pilot.observe(MAIN, {"v2": 1.0}, "x-tester=yes", samples=20)
    await pilot.do(MAIN, Ask(Act.ROLLBACK))
    shown = await pilot.until_seen(MAIN, lambda s: len(s.rollout.lanes) == 1, "the header's lane gone")
    assert shown.rollout.phase is Phase.AT_REST
    await pilot.observe(MAIN, {"v1": 1.0}, samples=40)


async def test_nginx(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await fly(place, pilot, "nginx")


@pytest.mark.parametrize("class_name", ["mse", "alb"])
async def test_vendors(place: Place, tmp_path: Path, class_name: str) -> None:
    """A rule and a weight need an Ingress each."""
    if place.real:
        pytest.skip("no vendor's gateway runs on a lab")
    async with flying(place, tmp_path) as pilot:
        await fly(place, pilot, class_name)
        assert place.get("Ingress", f"{CANARY}-header")


async def test_step_by_step(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, "nginx")
        await pilot.do(MAIN, Ask(Act.STEPS, steps=(0.2, 0.5)))
        await pilot.until_seen(MAIN, lambda s: s.rollout.phase is Phase.WAITING, "the plan waits")
        await pilot.do(MAIN, Ask(Act.APPROVE))
        await pilot.observe(MAIN, {"v1": 0.8, "v2": 0.2}, samples=100)
        await pilot.do(MAIN, Ask(Act.APPROVE))
        await pilot.observe(MAIN, {"v1": 0.5, "v2": 0.5}, samples=80)
        await pilot.do(MAIN, Ask(Act.ROLLBACK))
        await pilot.observe(MAIN, {"v1": 1.0}, samples=40)
