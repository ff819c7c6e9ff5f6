"""The keys by which the owner of a route, a Service or a workload is found."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.objects import ArgoRollout, Meta


def keys(strategy: dict[str, Any], **spec: Any) -> set[str]:
    found = ArgoRollout(Meta(name="web", namespace="shop"), {"strategy": strategy, **spec})
    return {key.removeprefix("steers=") for key in found.index_keys()}


def routed(**routing: Any) -> dict[str, Any]:
    return {"canary": {"stableService": "stable", "canaryService": "canary", "trafficRouting": routing}}


@pytest.mark.parametrize(
    ("routing", "also"),
    [
        ({"nginx": {"stableIngress": "a"}}, {"Ingress/a", "Ingress/web-a-canary"}),
        (
            {"nginx": {"stableIngresses": ["a", "b"]}},
            {f"Ingress/{n}" for n in ("a", "b", "web-a-canary", "web-b-canary")},
        ),
        ({"nginx": {"stableIngress": "x" * 253}}, {"Ingress/" + "x" * 253, f"Ingress/{'web-' + 'x' * 242}-canary"}),
        ({"alb": {"ingress": "a", "rootService": "root"}}, {"Ingress/a", "Service/root"}),
        (
            {"istio": {"virtualService": {"name": "a"}, "destinationRule": {"name": "r"}}},
            {"VirtualService/a", "DestinationRule/r"},
        ),
        (
            {"istio": {"virtualServices": [{"name": "a"}, {"name": "b.mesh"}]}},
            {"VirtualService/a", "VirtualService/mesh/b"},
        ),
        ({"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "a", "namespace": "shop"}}}, {"HTTPRoute/a"}),
        (
            {
                "plugins": {
                    "argoproj-labs/gatewayAPI": {"httpRoutes": [{"name": "a"}], "grpcRoute": "g", "namespace": "edge"}
                }
            },
            {"HTTPRoute/edge/a", "GRPCRoute/edge/g"},
        ),
        ({"smi": {"rootService": "root", "trafficSplitName": "t"}}, {"Service/root", "TrafficSplit/t"}),
        ({"traefik": {"weightedTraefikServiceName": "t"}}, {"TraefikService/t"}),
        ({"plugins": {"other/thing": {"httpRoute": "a"}}}, set()),
    ],
)
def test_what_a_canary_steers(routing: dict[str, Any], also: set[str]) -> None:
    assert keys(routed(**routing)) == {"Service/stable", "Service/canary"} | also


def test_what_else_is_steered() -> None:
    blue_green = {"blueGreen": {"activeService": "active", "previewService": "preview"}}
    assert keys(blue_green) == {"Service/active", "Service/preview"}
    ping_pong = {"canary": {"pingPong": {"pingService": "ping", "pongService": "pong"}}}
    assert keys(ping_pong) == {"Service/ping", "Service/pong"}
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    assert keys({"canary": {}}, workloadRef=reference) == {"Deployment/web"}


@pytest.mark.parametrize(
    "spec", [None, [], "x", {"strategy": []}, {"strategy": {"canary": {"trafficRouting": {"nginx": 3}}}}]
)
def test_odd_specs_steer_nothing(spec: Any) -> None:
    assert list(ArgoRollout(Meta(name="web", namespace="shop"), spec).index_keys()) == []
