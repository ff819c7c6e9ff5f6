"""What Argo Rollouts writes into routers with a list of weights; their kinds are there if somebody defines them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.places import Place
from tests.stories.argo import (
    PAUSE,
    ROLLOUTS,
    SHORT,
    approve,
    begin,
    healthy,
    paused_at,
    rollout,
    service,
    set_image,
    weight,
)
from tests.stories.hands import PlaceHand

Doc = dict[str, Any]
KINDS = {
    "TrafficSplit": ("split.smi-spec.io", "v1alpha1", "trafficsplits"),
    "TraefikService": ("traefik.containo.us", "v1alpha1", "traefikservices"),
    "ApisixRoute": ("apisix.apache.org", "v2", "apisixroutes"),
}
SERVICES = ("web-stable", "web-canary")
ROUTING: dict[str, Doc] = {
    "TrafficSplit": {"smi": {"rootService": "web-root"}},
    "TraefikService": {"traefik": {"weightedTraefikServiceName": "web"}},
    "ApisixRoute": {"apisix": {"route": {"name": "web", "rules": ["all"]}}},
}


def path_of(kind: str) -> str:
    group, version, plural = KINDS[kind]
    return f"{plural}.{group}/{version}"


def define(place: Place, kind: str) -> None:
    """Define a kind that takes whatever it is given, unless the cluster has it."""
    group, version, plural = KINDS[kind]
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    doc = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": [served],
        },
    }
    answer = place.client.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", json=doc)
    assert answer.status_code in (201, 409), answer.text
    place.settle(lambda: place.client.get(place.path(path_of(kind))).status_code == 200)


def before(kind: str) -> list[Doc]:
    """The router's object as a person makes it; a TrafficSplit is made by the controller."""
    group, version, _ = KINDS[kind]
    if kind == "TraefikService":
        spec: Doc = {"weighted": {"services": [{"name": name, "port": 80} for name in SERVICES]}}
    elif kind == "ApisixRoute":
        backends = [{"serviceName": name, "servicePort": 80} for name in SERVICES]
        spec = {"http": [{"name": "all", "match": {"paths": ["/*"]}, "backends": backends}]}
    else:
        return []
    return [{"apiVersion": f"{group}/{version}", "kind": kind, "metadata": {"name": "web"}, "spec": spec}]


def weights(kind: str, doc: Doc) -> dict[str, int]:
    """The weight of each Service; SMI writes quantities."""
    spec = doc["spec"]
    if kind == "TrafficSplit":
        return {entry["service"]: int(entry["weight"]) for entry in spec["backends"]}
    if kind == "TraefikService":
        return {entry["name"]: entry["weight"] for entry in spec["weighted"]["services"]}
    return {entry["serviceName"]: entry["weight"] for entry in spec["http"][0]["backends"]}


@pytest.mark.parametrize("kind", KINDS)
def test_the_controller_writes_the_weight_of_each_step(place: Place, kind: str) -> None:
    define(place, kind)
    hand = PlaceHand(place)
    canary = {
        "stableService": "web-stable",
        "canaryService": "web-canary",
        "trafficRouting": ROUTING[kind],
        "steps": [weight(20), PAUSE],
        "scaleDownDelaySeconds": SHORT,
    }
    begin(hand, *map(service, SERVICES), *before(kind), rollout(replicas=2, canary=canary))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    written = hand.get(path_of(kind), "web")
    assert weights(kind, written) == {"web-canary": 20, "web-stable": 80}
    if kind == "TrafficSplit":
        assert written["spec"]["service"] == "web-root"
        assert written["metadata"]["ownerReferences"][0]["kind"] == "Rollout"
    approve(hand)
    hand.until(ROLLOUTS, "web", healthy)
    hand.until(path_of(kind), "web", lambda doc: weights(kind, doc) == {"web-canary": 0, "web-stable": 100})
