"""Where pods of the cluster send a rollout's requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import SERVICES, VIRTUALSERVICES, Ref, RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.routers.inside_target import inside_target
from tests.objects import Cluster
from tests.planning.states import destinations, service, virtual_service

KEY = RolloutKey("test", "default", "shelf", "manual")
ROLLOUT = Rollout(KEY, "service", Phase.AT_REST, "", (), (), (), "1")
NAME = "shelf.default.svc.cluster.local"


def shelf(cluster_ip: str = "10.96.0.9", **status: Any) -> dict[str, Any]:
    made = service("shelf", app="shelf")
    made["spec"] |= {"clusterIP": cluster_ip, "type": "LoadBalancer" if status else "ClusterIP"}
    return {**made, "status": status}


def test_a_service_is_asked_by_name_for_its_cluster_ip() -> None:
    rollout = replace(ROLLOUT, incomplete_target=ProbeTarget("10.96.0.9", 80, "10.96.0.9", "/a"))
    assert inside_target(rollout, Cluster([shelf()])).probe_target == ProbeTarget(NAME, 80, NAME, "/a")


def test_a_service_with_a_load_balancer_is_asked_by_name() -> None:
    balanced = shelf(loadBalancer={"ingress": [{"ip": "203.0.113.7"}]})
    rollout = replace(ROLLOUT, probe_target=ProbeTarget("203.0.113.7", 80, "203.0.113.7"))
    assert inside_target(rollout, Cluster([balanced])).probe_target == ProbeTarget(NAME, 80, NAME)


def test_a_headless_service_is_asked_by_name() -> None:
    rollout = replace(
        ROLLOUT, objects=(Ref(SERVICES, "default", "shelf"),), incomplete_target=ProbeTarget("", 80, "", "/")
    )
    assert inside_target(rollout, Cluster([shelf("None")])).probe_target == ProbeTarget(NAME, 80, NAME)


def test_what_an_ingress_splits_is_asked_there() -> None:
    outside = ProbeTarget("203.0.113.8", 443, "shop.example", "/", tls=True)
    assert inside_target(replace(ROLLOUT, probe_target=outside), Cluster([shelf()])).probe_target == outside


@pytest.mark.parametrize("gateways", [None, ["mesh", "front"]])
def test_a_mesh_routes_by_the_name_of_the_service(gateways: list[str] | None) -> None:
    route = virtual_service("shelf", destinations({"host": "shelf"}))
    route["spec"]["hosts"] = ["shop.example", "shelf"]
    if gateways:
        route["spec"]["gateways"] = gateways
    rollout = replace(
        ROLLOUT,
        objects=(Ref(VIRTUALSERVICES, "default", "shelf"),),
        probe_target=ProbeTarget("203.0.113.8", 80, "shop.example", "/reviews", version_from="header:X-Version"),
    )
    found = inside_target(rollout, Cluster([shelf(), route])).probe_target
    assert found == ProbeTarget(NAME, 80, NAME, "/reviews", version_from="header:X-Version")


def test_routes_of_gateways_alone_are_asked_at_the_gateway() -> None:
    route = virtual_service("shelf", destinations({"host": "shelf"}))
    route["spec"]["gateways"] = ["front"]
    outside = ProbeTarget("203.0.113.8", 80, "shop.example")
    rollout = replace(ROLLOUT, objects=(Ref(VIRTUALSERVICES, "default", "shelf"),), probe_target=outside)
    assert inside_target(rollout, Cluster([shelf(), route])).probe_target == outside


def test_what_has_no_address_says_why() -> None:
    found = inside_target(replace(ROLLOUT, probe_target_missing="Ingress default/web has no address"), Cluster())
    assert (found.probe_target, found.missing) == (None, "Ingress default/web has no address")
    unknown = replace(ROLLOUT, incomplete_target=ProbeTarget("", 80, "shop.example"), probe_target_missing="no address")
    assert inside_target(unknown, Cluster()).missing == "no address"
