"""What the journeys of Argo Rollouts have in common: their objects, and what is read of a release."""

from __future__ import annotations

import copy
from typing import Any

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase, Role
from cockpit.model.view import RolloutView
from tests.journeys.flight import Pilot
from tests.places import Place, seed

ROLLOUTS = "rollouts.argoproj.io/v1alpha1"
NAME = "rollouts-demo"
IMAGE = "kostiscodefresh/summer-of-k8s-app"
HOST = "demo.example.com"
PATH = "/callme"
OLD, NEW = "v1", "v2"
STABLE, CANARY = "argo-rollouts-stable-service", "argo-rollouts-canary-service"
ROUTE = "argo-rollouts-http-route"
NGINX = {"nginx": {"stableIngress": NAME}}

Steps = list[dict[str, Any]]


def release(steps: Steps, routing: dict[str, Any] | None = None, replicas: int = 3, **spec: Any) -> dict[str, Any]:
    """The walk-through's Rollout with other steps, and another router than its plug-in (None: no router)."""
    doc = copy.deepcopy(next(d for d in seed("argo-rollout") if d["kind"] == "Rollout"))
    canary = doc["spec"]["strategy"]["canary"]
    canary["steps"] = steps
    del canary["trafficRouting"]
    if routing:
        canary["trafficRouting"] = routing
    else:
        del canary["stableService"], canary["canaryService"]
    doc["spec"] |= {"replicas": replicas, **spec}
    return doc


def blue_green(replicas: int = 2, **strategy: Any) -> dict[str, Any]:
    doc = release([], replicas=replicas)
    doc["spec"]["strategy"] = {
        "blueGreen": {"activeService": STABLE, "previewService": CANARY, "autoPromotionEnabled": False, **strategy}
    }
    return doc


def services() -> list[dict[str, Any]]:
    return copy.deepcopy(seed("argo-services"))


def ingress(service: str = STABLE) -> dict[str, Any]:
    """The way in for routers other than the walk-through's: an Ingress that leads to one Service."""
    backend = {"service": {"name": service, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": NAME},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": HOST, "http": {"paths": paths}}]},
    }


def gateway_and_route() -> list[dict[str, Any]]:
    """The walk-through's way in. Its route writes the weights where ports belong, which no API server takes."""
    (gateway,), (route,) = copy.deepcopy(seed("argo-gateway")), copy.deepcopy(seed("argo-httproute"))
    gateway["spec"]["gatewayClassName"] = "traefik"
    for backend in route["spec"]["rules"][0]["backendRefs"]:
        backend["port"] = 80
    return [gateway, route]


async def standing(place: Place, pilot: Pilot, *docs: dict[str, Any]) -> RolloutView:
    """The first version released in full."""
    place.apply(*docs)
    shown = await at_rest(pilot, OLD)
    place.settle(lambda: place.ask(HOST, PATH).status_code == 200)
    return shown


def probe_at(pilot: Pilot) -> Any:
    return pilot.probe(NAME, host=HOST, path=PATH)


async def start(place: Place, pilot: Pilot, tag: str = NEW, container: str = "") -> None:
    """Another image by the cockpit's own act, as the walk-through does with kubectl."""
    await pilot.do(NAME, Ask(Act.SET_IMAGE, image=(container, f"{IMAGE}:{tag}")))


async def at_rest(pilot: Pilot, version: str) -> RolloutView:
    """One version is stable, and all its pods are ready."""

    def settled(shown: RolloutView) -> bool:
        found = shown.rollout.version(version)
        return (
            shown.rollout.phase is Phase.AT_REST
            and found is not None
            and found.role in (Role.STABLE, Role.ACTIVE)
            and 0 < found.desired == found.ready
        )

    return await pilot.until_seen(NAME, settled, f"{version} at rest")


async def at_step(pilot: Pilot, index: int, phase: Phase = Phase.WAITING) -> RolloutView:
    """It waits at a step, counted from 1."""

    def there(shown: RolloutView) -> bool:
        step = shown.rollout.step
        return shown.rollout.phase is phase and step is not None and step.index == index

    return await pilot.until_seen(NAME, there, f"{phase} at step {index}")


async def in_phase(pilot: Pilot, phase: Phase) -> RolloutView:
    return await pilot.until_seen(NAME, lambda shown: shown.rollout.phase is phase, str(phase))


def written(shown: RolloutView) -> dict[str, float | None]:
    """The written shares of versions that take traffic, in hundredths."""
    return {s.version: round(s.written, 2) for s in shown.rollout.lanes[0].shares if s.written}


def declared(shown: RolloutView) -> dict[str, float | None]:
    return {s.version: round(s.declared, 2) for s in shown.rollout.lanes[0].shares if s.declared}


def ready(shown: RolloutView) -> dict[str, int]:
    return {v.name: v.ready for v in shown.rollout.versions if v.desired or v.ready}


def findings(shown: RolloutView) -> set[str]:
    return {finding.id for finding in shown.rollout.findings}
