"""What proxies need beside routes to reach a destination: a Service that they know, its port, pods of the Gateway."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.rollout import Severity
from tests.objects import Cluster
from tests.routers.istio_objects import reviews, route, split, to, virtual_service
from tests.routers.istio_reading import findings, read
from tests.routers.test_istio_gateways import gate

EXPORT = "networking.istio.io/exportTo"


def severities(cluster: Cluster) -> dict[str, Severity]:
    return {found.id: found.severity for found in read(cluster).findings}


def at_gate(**labels: str) -> Cluster:
    """A VirtualService at a Gateway that selects these labels; the pods of its proxies have the usual ones."""
    objects = gate()
    objects[0]["spec"]["selector"] = labels
    return reviews(virtual_service(split(), hosts=("a.shop.test",), gateways=["gate"]), *objects)


def test_a_gateway_whose_selector_has_a_typo_is_a_warning_with_the_labels() -> None:
    """On Istio every request got 404."""
    cluster = at_gate(istio="ingresgateway")
    text = findings(cluster)["gateway-without-pods"]
    assert "selects istio=ingresgateway, which no pod of namespaces default, istio-system" in text
    assert "has istio=ingressgateway" in text
    assert severities(cluster)["gateway-without-pods"] is Severity.WARNING


def test_a_gateway_whose_proxies_may_be_elsewhere_is_a_note() -> None:
    assert severities(at_gate(istio="team-gateway"))["gateway-without-pods"] is Severity.INFO


def test_a_gateway_with_pods_or_in_a_part_of_the_cluster_is_calm() -> None:
    assert "gateway-without-pods" not in findings(at_gate(istio="ingressgateway"))
    assert "gateway-without-pods" not in findings(at_gate(istio="ingresgateway").kept_to("default"))
    assert "gateway-without-pods" not in findings(reviews(virtual_service(split())))


@pytest.mark.parametrize(("exported", "hidden"), [("~", True), ("team", True), (".", False), ("*", False), ("", False)])
def test_a_service_that_is_hidden_from_the_proxies_is_told(exported: str, hidden: bool) -> None:
    """On Istio every request got 503."""
    made = reviews(virtual_service(split()))
    made.doc("Service", "reviews")["metadata"]["annotations"] = {EXPORT: exported}
    assert ("service-not-exported" in findings(made)) is hidden


def test_a_service_is_hidden_from_proxies_in_another_namespace() -> None:
    made = at_gate(istio="ingressgateway")
    made.doc("Service", "reviews")["metadata"]["annotations"] = {EXPORT: ". , team"}
    assert "from the proxies of namespace istio-system" in findings(made)["service-not-exported"]
    made.doc("Service", "reviews")["metadata"]["annotations"] = {EXPORT: "., istio-system"}
    assert "service-not-exported" not in findings(made)


def with_port(number: int) -> Cluster:
    legs: list[dict[str, Any]] = [to("v1", 80), to("v2", 20)]
    for leg in legs:
        leg["destination"]["port"] = {"number": number}
    return reviews(virtual_service(route(*legs))).balance()


def test_a_port_that_the_service_does_not_have_doubles_no_version() -> None:
    found = read(with_port(8081))
    assert [(v.name, v.ready, v.desired) for v in found.versions] == [("v1", 2, 2), ("v2", 2, 2)]
    assert {f.id for f in found.findings} == {"dangling-destination"}
    assert "no-subset" not in findings(with_port(8081))
    assert "dangling-destination" not in findings(with_port(9080))
