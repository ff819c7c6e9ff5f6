"""What Argo Rollouts writes into the objects of routers."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.demo.schemas.customkinds import DESTINATIONRULES, HTTPROUTES, VIRTUALSERVICES
from cockpit.demo.schemas.kind import Kind
from cockpit.demo.schemas.kinds import INGRESSES
from cockpit.demo.store.storage import ensure_namespace
from tests.demo.argobench import PAUSE, ArgoBench, rollout, routed, services, weight
from tests.demo.conftest import Bench
from tests.stories.argo import ingress

PLUGIN = {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "web", "namespace": "default"}}}
ISTIO = {"istio": {"virtualService": {"name": "web"}}}
HEADER = {"headerName": "x-go", "headerValue": {"exact": "new"}}


@pytest.fixture
def argo(bench: Bench) -> ArgoBench:
    return ArgoBench(bench)


def stored(argo: ArgoBench, kind: Kind, name: str = "web") -> dict[str, Any]:
    return argo.bench.storage.get(kind, "default", name)


def http_route(*more: dict[str, Any]) -> dict[str, Any]:
    backends = [{"name": "web-stable", "port": 80}, {"name": "web-canary", "port": 80}, {"name": "other", "port": 80}]
    rule = {"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": backends}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web"},
        "spec": {"parentRefs": [{"name": "gateway"}], "hostnames": ["web.test"], "rules": [rule, *more]},
    }


def weights(route: dict[str, Any], rule: int = 0) -> dict[str, int]:
    return {backend["name"]: backend["weight"] for backend in route["spec"]["rules"][rule]["backendRefs"]}


def virtual_service(*routes: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "web"},
        "spec": {"hosts": ["web.test"], "http": list(routes)},
    }


def split(name: str = "", **targets: int) -> dict[str, Any]:
    """A route by host; words are hosts with `_` for `-`."""
    found = [{"destination": {"host": key.replace("_", "-")}, "weight": share} for key, share in targets.items()]
    return {"route": found} | ({"name": name} if name else {})


def test_the_plugin_weighs_both_services_in_every_rule_and_leaves_others_alone(argo: ArgoBench) -> None:
    second = {
        "matches": [{"path": {"type": "Exact", "value": "/v"}}],
        "backendRefs": [{"name": "web-canary", "port": 80}, {"name": "web-stable", "port": 80}],
    }
    argo.create(http_route(second))
    argo.begin(*routed(weight(30), PAUSE, router=PLUGIN))
    assert weights(stored(argo, HTTPROUTES)) == {"web-stable": 100, "web-canary": 0, "other": 1}
    argo.set_image("v2")
    argo.until_paused(1)
    route = stored(argo, HTTPROUTES)
    assert weights(route) == {"web-stable": 70, "web-canary": 30, "other": 1}
    assert weights(route, 1) == {"web-stable": 70, "web-canary": 30}
    assert route["metadata"]["labels"] == {"rollouts.argoproj.io/gatewayapi-canary": "in-progress"}
    assert argo.status["canary"]["weights"]["verified"] is True
    argo.approve()
    argo.until(lambda status: status.get("phase") == "Healthy")
    argo.bench.settle(5)
    route = stored(argo, HTTPROUTES)
    assert weights(route)["web-canary"] == 0
    assert "labels" not in route["metadata"] or not route["metadata"]["labels"]


def test_a_route_written_by_hand_is_only_mended_when_the_rollout_is_looked_at(argo: ArgoBench) -> None:
    argo.create(http_route())
    argo.begin(*routed(weight(30), PAUSE, router=PLUGIN))
    argo.set_image("v2")
    argo.until_paused(1)
    argo.bench.settle(2)
    route = stored(argo, HTTPROUTES)
    route["spec"]["rules"][0]["backendRefs"][1]["weight"] = 99
    argo.bench.storage.update(HTTPROUTES, route)
    argo.bench.settle(2)
    assert weights(stored(argo, HTTPROUTES))["web-canary"] == 99
    argo.change(lambda spec: spec.update(progressDeadlineSeconds=500))
    assert weights(stored(argo, HTTPROUTES))["web-canary"] == 30


def test_the_plugin_adds_header_rules_and_takes_them_away(argo: ArgoBench) -> None:
    router = {**PLUGIN, "managedRoutes": [{"name": "by-header"}]}
    argo.create(http_route())
    steps: list[dict[str, Any]] = [
        {"setCanaryScale": {"replicas": 1}},
        {"setHeaderRoute": {"name": "by-header", "match": [HEADER]}},
        PAUSE,
    ]
    argo.begin(*routed(*steps, router=router))
    argo.set_image("v2")
    argo.until_paused(2)
    rules = stored(argo, HTTPROUTES)["spec"]["rules"]
    assert [rule.get("name") for rule in rules] == [None, "by-header"]
    assert rules[1]["matches"][0]["headers"] == [{"name": "x-go", "type": "Exact", "value": "new"}]
    assert [backend["name"] for backend in rules[1]["backendRefs"]] == ["web-canary"]
    argo.patch({"status": {"abort": True}})
    argo.bench.settle(1)
    assert len(stored(argo, HTTPROUTES)["spec"]["rules"]) == 1


@pytest.mark.parametrize(("config", "told"), [({"httpRoutes": [{"name": "web"}]}, True), ({"httpRoute": "web"}, False)])
def test_a_route_that_is_not_there_is_looked_for_again(argo: ArgoBench, config: dict[str, Any], told: bool) -> None:
    """Where the route takes header rules, clearing them fails first, and that leaves no Event."""
    argo.create(*routed(weight(30), PAUSE, router={"plugins": {"argoproj-labs/gatewayAPI": config}}))
    argo.bench.settle(5)
    text = 'TrafficRoutingError: httproutes.gateway.networking.k8s.io "web" not found'
    assert (text in argo.told()) == told
    assert argo.status.get("phase") != "Healthy"
    argo.create(http_route())
    argo.until(lambda status: status.get("phase") == "Healthy")


def test_hosts_of_a_virtual_service_are_weighed_and_strangers_with_a_weight_go(argo: ArgoBench) -> None:
    argo.create(virtual_service(split(web_stable=60, web_canary=0, other=40)))
    argo.begin(*routed(weight(20), PAUSE, router=ISTIO))
    argo.set_image("v2")
    argo.until_paused(1)
    (route,) = stored(argo, VIRTUALSERVICES)["spec"]["http"]
    assert {entry["destination"]["host"]: entry["weight"] for entry in route["route"]} == {
        "web-stable": 80,
        "web-canary": 20,
    }
    route["route"][0]["weight"] = 1
    changed = stored(argo, VIRTUALSERVICES)
    changed["spec"]["http"] = [route]
    argo.bench.storage.update(VIRTUALSERVICES, changed)
    argo.bench.settle()
    assert stored(argo, VIRTUALSERVICES)["spec"]["http"][0]["route"][0]["weight"] == 80


def test_only_the_named_routes_are_weighed(argo: ArgoBench) -> None:
    argo.create(virtual_service(split("a", web_stable=100, web_canary=0), split("b", web_stable=100, web_canary=0)))
    router = {"istio": {"virtualService": {"name": "web", "routes": ["b"]}}}
    argo.begin(*routed(weight(20), PAUSE, router=router))
    argo.set_image("v2")
    argo.until_paused(1)
    shares = [[entry["weight"] for entry in route["route"]] for route in stored(argo, VIRTUALSERVICES)["spec"]["http"]]
    assert shares == [[100, 0], [80, 20]]


def test_managed_routes_of_istio_come_first_and_go_with_the_update(argo: ArgoBench) -> None:
    argo.create(virtual_service(split("main", web_stable=100, web_canary=0)))
    router = {**ISTIO, "managedRoutes": [{"name": "mirror"}, {"name": "by-header"}]}
    steps: list[dict[str, Any]] = [
        {"setCanaryScale": {"replicas": 1}},
        {"setHeaderRoute": {"name": "by-header", "match": [HEADER]}},
        {"setMirrorRoute": {"name": "mirror", "percentage": 50, "match": [{"method": {"exact": "GET"}}]}},
        PAUSE,
        {"setHeaderRoute": {"name": "by-header"}},
        PAUSE,
    ]
    argo.begin(*routed(*steps, router=router))
    argo.set_image("v2")
    argo.until_paused(3)
    routes = stored(argo, VIRTUALSERVICES)["spec"]["http"]
    assert [route["name"] for route in routes] == ["mirror", "by-header", "main"]
    assert routes[0]["mirror"] == {"host": "web-canary"}
    assert routes[0]["mirrorPercentage"] == {"value": 50.0}
    assert routes[1]["match"] == [{"headers": {"x-go": {"exact": "new"}}}]
    assert routes[1]["route"] == [{"destination": {"host": "web-canary"}, "weight": 100}]
    argo.approve()
    argo.until_paused(5)
    assert [route["name"] for route in stored(argo, VIRTUALSERVICES)["spec"]["http"]] == ["mirror", "main"]
    argo.approve()
    argo.until(lambda status: status.get("phase") == "Healthy")
    argo.bench.settle(5)
    assert [route["name"] for route in stored(argo, VIRTUALSERVICES)["spec"]["http"]] == ["main"]


def test_subsets_select_the_versions(argo: ArgoBench) -> None:
    rule = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "web"},
        "spec": {"host": "web", "subsets": [{"name": "stable"}, {"name": "canary"}]},
    }
    route = {
        "route": [
            {"destination": {"host": "web", "subset": "stable"}, "weight": 100},
            {"destination": {"host": "web", "subset": "canary"}, "weight": 0},
        ]
    }
    chosen = {"name": "web", "canarySubsetName": "canary", "stableSubsetName": "stable"}
    strategy = {
        "trafficRouting": {"istio": {"virtualService": {"name": "web"}, "destinationRule": chosen}},
        "steps": [weight(40), PAUSE],
    }
    argo.create(rule, virtual_service(route))
    argo.begin(*services("web"), rollout(canary=strategy))
    argo.set_image("v2")
    argo.until_paused(1)
    found = stored(argo, DESTINATIONRULES)
    hashes = {subset["name"]: subset["labels"]["rollouts-pod-template-hash"] for subset in found["spec"]["subsets"]}
    assert hashes == {"stable": argo.status["stableRS"], "canary": argo.status["currentPodHash"]}
    assert found["metadata"]["annotations"] == {"argo-rollouts.argoproj.io/managed-by-rollouts": "web"}
    shares = [entry["weight"] for entry in stored(argo, VIRTUALSERVICES)["spec"]["http"][0]["route"]]
    assert shares == [60, 40]


def test_an_ingress_of_somebody_else_is_not_taken(argo: ArgoBench) -> None:
    docs = routed(weight(50), PAUSE)
    (door,) = [doc for doc in docs if doc["kind"] == "Ingress"]
    argo.create({**door, "metadata": {"name": "web-web-canary"}})
    argo.create(*docs)
    argo.bench.settle(5)
    assert any("canary ingress `web-web-canary` controlled by different object" in told for told in argo.told())
    assert "canary-weight" not in str(stored(argo, INGRESSES, "web-web-canary"))


def test_a_header_route_without_pods_is_taken_away_at_once(argo: ArgoBench) -> None:
    router = {**PLUGIN, "managedRoutes": [{"name": "by-header"}]}
    argo.create(http_route())
    argo.begin(*routed({"setHeaderRoute": {"name": "by-header", "match": [HEADER]}}, PAUSE, router=router))
    argo.set_image("v2")
    argo.until_paused(1)
    assert len(stored(argo, HTTPROUTES)["spec"]["rules"]) == 1


def test_the_canary_ingress_has_what_the_rollout_adds_and_stays_after_the_update(argo: ArgoBench) -> None:
    nginx = {
        "stableIngresses": ["web"],
        "additionalIngressAnnotations": {"canary-by-header": "x-go"},
        "canaryIngressAnnotations": {"example.com/team": "web"},
    }
    argo.create(ingress("web", "web-stable"))
    argo.begin(*routed(weight(20), PAUSE, router={"nginx": nginx, "maxTrafficWeight": 50}))
    argo.set_image("v2")
    argo.until_paused(1)
    prefix = "nginx.ingress.kubernetes.io/canary"
    assert stored(argo, INGRESSES, "web-web-canary")["metadata"]["annotations"] == {
        prefix: "true",
        f"{prefix}-weight": "20",
        f"{prefix}-weight-total": "50",
        f"{prefix}-by-header": "x-go",
        "example.com/team": "web",
    }
    assert argo.sizes() == {"v1": 4, "v2": 2}
    argo.approve()
    argo.until(lambda status: status.get("phase") == "Healthy")
    argo.bench.settle(5)
    assert argo.written() == "0"


def test_a_total_above_100_keeps_every_weight_from_being_written(argo: ArgoBench) -> None:
    """The controller asks for ten times the pods before it writes, and goes on with the steps all the same."""
    argo.create(ingress("web", "web-stable"))
    nginx = {"nginx": {"stableIngress": "web"}, "maxTrafficWeight": 1000}
    argo.begin(*routed(weight(500), PAUSE, router=nginx))
    argo.set_image("v2")
    argo.until_paused(1)
    assert argo.sizes() == {"v1": 4, "v2": 2}
    assert [found["metadata"]["name"] for found in argo.bench.storage.list(INGRESSES)] == ["web"]
    assert "weights" not in argo.status["canary"]


def test_a_virtual_service_of_another_namespace_moves_the_listed_route_alone(argo: ArgoBench) -> None:
    ensure_namespace(argo.bench.storage, "edge")
    routes = [
        {**split("api", web_stable=100, web_canary=0), "match": [{"uri": {"prefix": "/api"}}]},
        split("primary", web_stable=100, web_canary=0),
    ]
    made = virtual_service(*routes)
    argo.bench.storage.create(VIRTUALSERVICES, {**made, "metadata": {"name": "web", "namespace": "edge"}})
    router = {"istio": {"virtualService": {"name": "web.edge", "routes": ["primary"]}}}
    argo.begin(*routed(weight(35), PAUSE, router=router))
    argo.set_image("v2")
    argo.until_paused(1)
    written = argo.bench.storage.get(VIRTUALSERVICES, "edge", "web")["spec"]["http"]
    assert [[entry["weight"] for entry in route["route"]] for route in written] == [[100, 0], [65, 35]]
