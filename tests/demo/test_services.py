"""Endpoints follow pods."""

from __future__ import annotations

from typing import Any

from cockpit.demo.schemas.kinds import ENDPOINTS, ENDPOINTSLICES, PODS, SERVICES
from tests.demo.conftest import Bench, service


def slices(bench: Bench, name: str) -> list[dict[str, Any]]:
    found = bench.storage.list(ENDPOINTSLICES)
    return [piece for piece in found if piece["metadata"]["labels"]["kubernetes.io/service-name"] == name]


def test_only_ready_pods_get_requests(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 3, annotations={"demo.cockpit/ready-delay": "2s"})
    bench.storage.create(SERVICES, service("web", {"app": "web"}))
    bench.settle(1.5)
    (piece,) = slices(bench, "web")
    assert [entry["conditions"]["ready"] for entry in piece["endpoints"]] == [False] * 3
    bench.settle(2)
    (piece,) = slices(bench, "web")
    assert piece["ports"] == [{"name": "", "protocol": "TCP", "port": 8080}]
    assert bench.ready_addresses("web") == {pod["metadata"]["name"] for pod in bench.pods()}
    (subset,) = bench.storage.get(ENDPOINTS, "default", "web")["subsets"]
    assert len(subset["addresses"]) == 3


def test_a_pod_that_ends_is_serving_but_not_ready_and_then_gone(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 1)
    bench.storage.create(SERVICES, service("web", {"app": "web"}))
    bench.settle(3)
    name = bench.pods()[0]["metadata"]["name"]
    bench.storage.delete(PODS, "default", name)
    bench.settle()
    (piece,) = slices(bench, "web")
    (ending,) = [entry for entry in piece["endpoints"] if entry["targetRef"]["name"] == name]
    assert ending["conditions"] == {"ready": False, "serving": True, "terminating": True}
    bench.settle(4)
    assert bench.ready_addresses("web") == {bench.pods()[0]["metadata"]["name"]} != {name}


def test_a_flip_of_the_selector_moves_every_endpoint(bench: Bench) -> None:
    for version in ("v1", "v2"):
        bench.deploy(f"web-{version}", f"web:{version}", 2)
    made = bench.storage.create(SERVICES, service("web", {"app": "web-v1"}))
    bench.settle(3)
    made = bench.storage.get(SERVICES, "default", "web")
    made["spec"]["selector"] = {"app": "web-v2"}
    bench.storage.update(SERVICES, made)
    bench.settle()
    assert bench.ready_addresses("web") == {pod["metadata"]["name"] for pod in bench.pods("v2")}


def test_named_target_ports_are_looked_up_per_pod(bench: Bench) -> None:
    bench.deploy("web-a", "web:a", 1, labels={"tier": "web"})
    bench.deploy("web-b", "web:b", 1, labels={"tier": "web"}, port=9090)
    stored = bench.storage.create(SERVICES, service("web", {"tier": "web"}, target="http"))
    bench.settle(3)
    assert sorted(piece["ports"][0]["port"] for piece in slices(bench, "web")) == [8080, 9090]
    stored = bench.storage.get(SERVICES, "default", "web")
    stored["spec"]["ports"][0]["targetPort"] = "grpc"
    bench.storage.update(SERVICES, stored)
    bench.settle()
    assert [piece["ports"] for piece in slices(bench, "web")] == [[]]


def test_unready_addresses_are_published_when_asked(bench: Bench) -> None:
    bench.deploy("web", "web:v1-bad", 1)
    bench.storage.create(SERVICES, service("web", {"app": "web"}, publishNotReadyAddresses=True))
    bench.settle(3)
    assert len(bench.ready_addresses("web")) == 1


def test_more_than_a_hundred_endpoints_take_several_slices(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 120, annotations={"demo.cockpit/ready-delay": "0s"})
    bench.storage.create(SERVICES, service("web", {"app": "web"}))
    bench.settle(1)
    assert sorted(len(piece["endpoints"]) for piece in slices(bench, "web")) == [20, 100]


def test_a_service_without_selector_keeps_its_own_slices(bench: Bench) -> None:
    bench.storage.create(SERVICES, service("web", {}))
    mine = {
        "metadata": {"name": "mine", "namespace": "default", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["192.0.2.1"]}],
        "ports": [],
    }
    bench.storage.create(ENDPOINTSLICES, mine)
    bench.settle(1)
    assert [piece["metadata"]["name"] for piece in slices(bench, "web")] == ["mine"]


def test_the_slices_of_a_deleted_service_go(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 1)
    bench.storage.create(SERVICES, service("web", {"app": "web"}))
    bench.settle(3)
    bench.storage.delete(SERVICES, "default", "web")
    bench.settle()
    assert slices(bench, "web") == []
    assert bench.storage.peek(ENDPOINTS, "default", "web") is None


def test_any_ready_pod_with_the_labels_gets_requests_whoever_owns_it(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 1)
    bench.storage.create(SERVICES, service("web", {"app": "web"}))
    bench.settle(3)
    container = {"name": "c", "image": "web:debug", "ports": [{"containerPort": 8080}]}
    bare = {"metadata": {"name": "debug", "namespace": "default", "labels": {"app": "web"}}}
    bench.storage.create(PODS, {**bare, "spec": {"containers": [container]}})
    assert "debug" not in bench.ready_addresses("web")
    bench.settle(3)
    assert "debug" in bench.ready_addresses("web")
    assert len(bench.ready_addresses("web")) == 2
