"""A canary as Flagger leaves its objects: shown with its gate, suspended and resumed, its route left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.rollout import Phase
from tests.journeys.flight import flying
from tests.places import Place

CANARY = "canaries.flagger.app/v1beta1"


def deployment(name: str, version: str, replicas: int) -> dict[str, Any]:
    container = {"name": "web", "image": f"example/web:{version}", "ports": [{"containerPort": 8080}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def service(name: str, app: str) -> dict[str, Any]:
    spec = {"selector": {"app": app}, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def route(host: str) -> dict[str, Any]:
    backends = [{"name": "web-primary", "port": 80, "weight": 80}, {"name": "web-canary", "port": 80, "weight": 20}]
    rules = [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": backends}]
    spec = {"parentRefs": [{"name": "edge"}], "hostnames": [host], "rules": rules}
    group = "gateway.networking.k8s.io/v1"
    return {"apiVersion": group, "kind": "HTTPRoute", "metadata": {"name": "web"}, "spec": spec}


def canary() -> dict[str, Any]:
    gate = {"name": "ask-the-team", "type": "confirm-promotion", "url": "http://loadtester.test/gate/check"}
    spec = {
        "provider": "gatewayapi:v1",
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "service": {"port": 80, "targetPort": 8080},
        "analysis": {"interval": "30s", "threshold": 5, "stepWeight": 10, "maxWeight": 50, "webhooks": [gate]},
    }
    return {"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": {"name": "web"}, "spec": spec}


def tell(place: Place, phase: str, weight: int) -> None:
    """What Flagger writes into the status."""
    status = {"phase": phase, "canaryWeight": weight, "failedChecks": 0, "iterations": 0}
    answer = place.client.patch(
        f"{place.path(CANARY, 'web')}/status",
        content=json.dumps({"status": status}),
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert answer.status_code == 200, answer.text


async def test_a_canary_is_shown_suspended_and_resumed_and_its_route_left_alone(place: Place, tmp_path: Path) -> None:
    if place.client.get("/apis/flagger.app/v1beta1").status_code == 404:
        pytest.skip("this cluster does not know Flagger's kinds")
    host = f"{place.namespace}.flagger.test"
    place.apply(deployment("web-primary", "v1", 3), deployment("web", "v2", 1))
    place.apply(service("web", "web-primary"), service("web-primary", "web-primary"), service("web-canary", "web"))
    place.apply(route(host), canary())
    tell(place, "Progressing", 20)
    async with flying(place, tmp_path) as pilot:
        shown = await pilot.until_seen(
            "web", lambda s: s.rollout.phase is Phase.PROGRESSING and sum(v.ready for v in s.rollout.versions) == 4
        )
        assert pilot.names() == {"web"}, "what the canary drives is part of it"
        assert shown.rollout.key.system == "flagger"
        assert shown.rollout.default_lane
        shares = {s.version: (s.declared, s.written) for s in shown.rollout.default_lane.shares}
        assert shares == {"v1": (0.8, 0.8), "v2": (0.2, 0.2)}

        refused = await pilot.cockpit.prepare(pilot.key("web"), Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
        assert isinstance(refused, Refused)
        assert "changes its analysis unnoticed" in refused.why

        await pilot.do("web", Ask(Act.PAUSE))
        assert (place.get(CANARY, "web") or {})["spec"]["suspend"] is True
        await pilot.do("web", Ask(Act.UNDO))
        await pilot.do("web", Ask(Act.PAUSE))
        await pilot.do("web", Ask(Act.RESUME))
        assert not (place.get(CANARY, "web") or {})["spec"].get("suspend")

        tell(place, "WaitingPromotion", 50)
        await pilot.until_seen("web", lambda s: s.rollout.phase is Phase.WAITING)
        refused = await pilot.cockpit.prepare(pilot.key("web"), Ask(Act.APPROVE))
        assert isinstance(refused, Refused)
        assert "POST /gate/open" in refused.why
