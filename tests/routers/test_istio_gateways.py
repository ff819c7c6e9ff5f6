"""Where requests for a VirtualService enter: in the mesh, and through a gateway."""

from __future__ import annotations

from typing import Any

from tests.routers.istio_objects import (
    reviews,
    split,
    virtual_service,
)
from tests.routers.istio_reading import read


def test_in_the_mesh_only_a_proxy_gets_in() -> None:
    rollout = read(reviews(virtual_service(split())))
    assert rollout.probe_target is None
    assert rollout.incomplete_target
    assert (rollout.incomplete_target.host, rollout.incomplete_target.port) == (
        "reviews.default.svc.cluster.local",
        9080,
    )
    assert "proxy" in rollout.probe_target_missing


def gate(address: str | None = "203.0.113.7") -> list[dict[str, Any]]:
    labels = {"app": "istio-ingressgateway", "istio": "ingressgateway"}
    status = {"loadBalancer": {"ingress": [{"ip": address}]}} if address else {}
    meta = {"name": "istio-ingressgateway", "namespace": "istio-system"}
    ports = [{"name": "status", "port": 15021}, {"name": "http2", "port": 80, "targetPort": 8080}]
    return [
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "Gateway",
            "metadata": {"name": "gate", "namespace": "default"},
            "spec": {
                "selector": {"istio": "ingressgateway"},
                "servers": [{"port": {"number": 80, "protocol": "HTTP", "name": "http"}, "hosts": ["*.shop.test"]}],
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta,
            "spec": {"type": "LoadBalancer", "selector": labels, "ports": ports},
            "status": status,
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "gate-1", "namespace": "istio-system", "labels": labels},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        },
    ]


def test_a_gateway_that_redirects_to_tls_is_asked_over_tls() -> None:
    outside = virtual_service(split(), hosts=("*.shop.test",), gateways=["gate"])
    objects = gate()
    (plain,) = objects[0]["spec"]["servers"]
    plain["tls"] = {"httpsRedirect": True}
    alone = read(reviews(outside, *objects)).probe_target
    assert alone
    assert (alone.port, alone.tls) == (80, False)
    secure = {"port": {"number": 443, "protocol": "HTTPS"}, "hosts": ["*.shop.test"], "tls": {"mode": "SIMPLE"}}
    objects[0]["spec"]["servers"].append(secure)
    objects[1]["spec"]["ports"].append({"name": "https", "port": 443, "targetPort": 8443})
    both = read(reviews(outside, *objects)).probe_target
    assert both
    assert (both.port, both.tls) == (443, True)


def test_through_a_gateway_the_door_is_its_load_balancer() -> None:
    outside = virtual_service(split(), hosts=("*.shop.test",), gateways=["gate"])
    probe_target = read(reviews(outside, *gate())).probe_target
    assert probe_target
    assert (probe_target.address, probe_target.port, probe_target.host) == ("203.0.113.7", 80, "example.shop.test")
    both = virtual_service(split(), hosts=("reviews", "r.shop.test"), gateways=["mesh", "gate"])
    probe_target = read(reviews(both, *gate())).probe_target
    assert probe_target
    assert probe_target.host == "r.shop.test", "the host that the gateway takes"
    waiting = read(reviews(outside, *gate(None)))
    assert waiting.probe_target is None
    assert waiting.incomplete_target
    assert waiting.incomplete_target.host == "example.shop.test"
    assert "istio-ingressgateway" in waiting.probe_target_missing
    assert "Gateway default/gate does not exist" in read(reviews(outside)).probe_target_missing


def test_what_leads_to_a_gateway_in_a_namespace_that_is_not_read_is_unknown_and_not_absent() -> None:
    def missing(gateway: str) -> str:
        cluster = reviews(virtual_service(split(), hosts=("r.shop.test",), gateways=[gateway]), *gate())
        cluster.kept_to("default")
        return read(cluster).probe_target_missing

    own = missing("gate")
    assert "the Services of namespace istio-system" in own
    assert "were not read here: try -A" in own
    assert "no Service selects" not in own
    elsewhere = missing("istio-system/main")
    assert "Gateway istio-system/main is not known: the Gateways of namespace istio-system were not read" in elsewhere
