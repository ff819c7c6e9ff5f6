"""Backends that are a DNS name: no pods, no ports needed, and something answers all the same."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.rollout import Phase, Role, Severity
from cockpit.routers.gateway_api.written import httproute_split
from tests.objects import Cluster
from tests.routers import ingresses, istio_reading, test_gateway_api
from tests.routers.conftest import steps
from tests.routers.httproutes import backend, route, rule, shop
from tests.routers.istio_objects import reviews, to, virtual_service
from tests.routers.istio_objects import route as mesh_route


def outside(name: str, **spec: Any) -> dict[str, Any]:
    spec = {"type": "ExternalName", "externalName": "shop.example.com", **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def test_a_canary_ingress_keeps_its_share() -> None:
    cluster = steps("weight")
    cluster.remove("Service", "http-server-v2")
    found = ingresses.read(cluster.add(outside("http-server-v2")).balance())
    assert sorted(share.written or 0.0 for share in found.lanes[0].shares) == [0.3, 0.7]
    assert found.phase is Phase.CANARY
    assert not [f.id for f in found.findings if f.id == "canary-empty"]


def test_a_port_that_it_names_and_does_not_have_is_missing_still() -> None:
    cluster = steps("weight")
    cluster.remove("Service", "http-server-v2")
    found = ingresses.read(cluster.add(outside("http-server-v2", ports=[{"port": 8443}])).balance())
    assert "canary-empty" in {f.id for f in found.findings}


def test_a_backend_of_a_route_keeps_its_share() -> None:
    cluster: Cluster = shop(route(rule(backend("shop-v1", 80), backend("far", 20)))).add(outside("far"))
    found = test_gateway_api.read(cluster)
    assert sorted(share.written or 0.0 for share in found.lanes[0].shares) == [0.2, 0.8]
    assert not [f.id for f in found.findings if f.id in ("invalid-backend", "empty-backend")]
    assert httproute_split(cluster, "default", "shop", "shop-v1", "far").unserved_shares == ()


@pytest.mark.parametrize(("outside_weight", "stable"), [(20, "shop-v1"), (80, "far")])
def test_a_backend_outside_is_old_only_while_it_gets_most_requests(outside_weight: int, stable: str) -> None:
    """As a destination of the mesh: a move into the cluster that goes back goes back to where it came from."""
    backends = (backend("shop-v1", 100 - outside_weight), backend("far", outside_weight))
    found = test_gateway_api.read(shop(route(rule(*backends))).add(outside("far")))
    assert [version.name for version in found.versions if version.role is Role.STABLE] == [stable]


def test_a_destination_of_the_mesh_is_not_missing() -> None:
    cluster = reviews(virtual_service(mesh_route(to("v1", 80), {**to(host="far", weight=20)})))
    leg = cluster.doc("VirtualService", "reviews")["spec"]["http"][0]["route"][1]
    leg["destination"]["port"] = {"number": 443}
    found = istio_reading.read(cluster.add(outside("far")))
    assert not [f.id for f in found.findings if f.id == "dangling-destination"]


def test_one_with_a_selector_is_told_because_its_pods_get_nothing() -> None:
    far = outside("http-server-v2", selector={"app": "http-server", "version": "v2"})
    cluster = steps("weight")
    cluster.remove("Service", "http-server-v2")
    found = ingresses.read(cluster.add(far).balance())
    [told] = [each for each in found.findings if each.id == "outside-name"]
    assert told.severity is Severity.WARNING
    assert told.text.startswith("Service default/http-server-v2 is an ExternalName: it leads to shop.example.com")
    made = shop(route(rule(backend("shop-v1", 80), backend("far", 20)))).add(outside("far", selector={"app": "shop"}))
    assert [each.id for each in test_gateway_api.read(made).findings if each.id == "outside-name"]
