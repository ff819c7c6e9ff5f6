"""A canary that Argo Rollouts splits by Istio: by the hosts of two Services, and by subsets of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase
from tests.journeys.argo import (
    CANARY,
    HOST,
    NAME,
    NEW,
    OLD,
    PATH,
    STABLE,
    Steps,
    at_rest,
    at_step,
    declared,
    in_phase,
    release,
    services,
    start,
    written,
)
from tests.journeys.flight import flying
from tests.places import Place

API = "networking.istio.io/v1"
STEPS: Steps = [{"setWeight": 30}, {"pause": {}}, {"setWeight": 60}, {"pause": {}}]
BY_HOST = {"virtualService": {"name": NAME, "routes": ["primary"]}}
BY_SUBSET = {
    "virtualService": {"name": NAME},
    "destinationRule": {"name": NAME, "stableSubsetName": "stable", "canarySubsetName": "canary"},
}


def mesh(stable: dict[str, str], canary: dict[str, str], name: str) -> list[dict[str, Any]]:
    """The way in by Istio's gateway, at a host of its own, and the rule whose subsets the controller fills."""
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": [name]}
    legs = [{"destination": stable, "weight": 100}, {"destination": canary, "weight": 0}]
    subsets = [{"name": subset, "labels": {"app": NAME}} for subset in ("stable", "canary")]
    specs = {
        "Gateway": {"selector": {"istio": "ingressgateway"}, "servers": [server]},
        "VirtualService": {"hosts": [name], "gateways": [NAME], "http": [{"name": "primary", "route": legs}]},
        "DestinationRule": {"host": STABLE, "subsets": subsets},
    }
    return [{"apiVersion": API, "kind": kind, "metadata": {"name": NAME}, "spec": spec} for kind, spec in specs.items()]


@pytest.mark.parametrize("routing", [BY_HOST, BY_SUBSET], ids=["by-host", "by-subset"])
async def test_istio_step_by_step_and_back(place: Place, tmp_path: Path, routing: dict[str, Any]) -> None:
    by_host = routing is BY_HOST
    stable, canary = (
        ({"host": STABLE}, {"host": CANARY})
        if by_host
        else ({"host": STABLE, "subset": "stable"}, {"host": STABLE, "subset": "canary"})
    )
    name = f"{place.namespace}.{HOST}"
    found = services() if by_host else services()[:1]
    doc = release(STEPS, {"istio": routing}, replicas=1)
    if not by_host:
        del doc["spec"]["strategy"]["canary"]["stableService"], doc["spec"]["strategy"]["canary"]["canaryService"]
    parts = [part for part in mesh(stable, canary, name) if not by_host or part["kind"] != "DestinationRule"]
    async with flying(place, tmp_path) as pilot:
        place.apply(*found, *parts, doc)
        shown = await at_rest(pilot, OLD)
        assert pilot.names() == {NAME}, "the VirtualService is a part of it, no rollout of its own"
        assert (shown.rollout.router, written(shown)) == ("istio", {OLD: 1.0})
        incomplete_target = urlsplit(place.istio_gateway or place.gateway)
        await pilot.probe(NAME, host=name, path=PATH, address=incomplete_target.hostname, port=incomplete_target.port)

        await start(place, pilot)
        shown = await at_step(pilot, 2)
        assert declared(shown) == written(shown) == {OLD: 0.7, NEW: 0.3}
        await pilot.observe(NAME, {OLD: 0.7, NEW: 0.3}, samples=40)
        await pilot.do(NAME, Ask(Act.APPROVE))
        shown = await at_step(pilot, 4)
        assert written(shown) == {OLD: 0.4, NEW: 0.6}
        await pilot.do(NAME, Ask(Act.ABORT))
        assert written(await in_phase(pilot, Phase.ABORTED)) == {OLD: 1.0}
        await pilot.observe(NAME, {OLD: 1.0, NEW: 0.0}, samples=20)
