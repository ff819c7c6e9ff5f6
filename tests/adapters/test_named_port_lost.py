"""Ready pods without the port that a Service names are told as such by every router, never as pods not ready."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cockpit.model.plan import Act
from cockpit.model.refs import SERVICES
from cockpit.model.rollout import Rollout, Severity
from cockpit.routers.red_black.adapter import RedBlackRouter
from cockpit.routers.service.adapter import ServiceRouter
from tests.objects import Cluster, Doc, seed
from tests.routers import ingresses, istio_objects, istio_reading, test_red_black, test_traefik, traefik_services
from tests.routers.conftest import steps
from tests.routers.httproutes import backend, route, rule, shop
from tests.routers.test_gateway_api_edges import read as read_route
from tests.systems.test_deployment import revise
from tests.workloads.test_portless import read as read_deployment
from tests.workloads.test_portless import without_port


def an_httproute() -> Rollout:
    made = shop(route(rule(backend("shop-v1", 80), backend("shop-v2", 20)))).balance()
    return read_route(without_port(made, "shop-v2", ""))


def an_ingress() -> Rollout:
    return ingresses.read(without_port(steps("weight"), "http-server-v2", ""))


def a_main_ingress() -> Rollout:
    return ingresses.read(without_port(steps("weight"), "http-server-v1", ""))


def traefik() -> Rollout:
    weights = traefik_services.weighted(traefik_services.to("shop-v1", 8), traefik_services.to("shop-v2", 2))
    return test_traefik.read(without_port(traefik_services.shop(weights).balance(), "shop-v2", ""))


def istio() -> Rollout:
    made = istio_objects.reviews(istio_objects.virtual_service(istio_objects.split())).balance()
    return istio_reading.read(without_port(made, "reviews", "reviews-v2"))


def blue_green() -> Rollout:
    made = Cluster(seed("blue-green-v1") + seed("blue-green-v2") + seed("blue-green-service"))
    made = without_port(made.run("demo-dp-v1").run("demo-dp-v2").balance(), "demo-service", "")
    service = made.get(SERVICES, "default", "demo-service")
    assert service is not None
    [rollout] = ServiceRouter().read(service, made)
    return rollout


def red_black() -> Rollout:
    made = without_port(
        test_red_black.cluster(
            test_red_black.replica_set(1, enabled=False), test_red_black.replica_set(2, enabled=True)
        ).balance(),
        "demo",
        "",
    )
    service = made.get(SERVICES, "default", "demo")
    assert service is not None
    [rollout] = RedBlackRouter().read(service, made)
    return rollout


@pytest.mark.parametrize("read", [an_httproute, an_ingress, a_main_ingress, traefik, istio, blue_green, red_black])
def test_it_is_told_by_the_port(read: Callable[[], Rollout]) -> None:
    rollout = read()
    grave = [each.text for each in rollout.findings if each.severity is not Severity.INFO]
    assert any("sends to a port named http, which " in text for text in grave), grave
    said = " ".join((rollout.message, *grave))
    assert "no ready pods" not in said
    assert "is empty" not in said


def test_a_subset_without_pods_is_told_by_its_labels() -> None:
    made = istio_objects.reviews(istio_objects.virtual_service(istio_objects.split()))
    made.doc("DestinationRule", "reviews")["spec"]["subsets"][1]["labels"] = {"verison": "v2"}
    found = istio_reading.findings(made)["empty-destination"]
    assert "no pod of Service default/reviews has verison=v2, which subset v2 asks for" in found


def test_a_service_narrower_than_its_subset_is_told() -> None:
    made = istio_objects.reviews(istio_objects.virtual_service(istio_objects.split()))
    made.doc("Service", "reviews")["spec"]["selector"]["version"] = "v1"
    found = istio_reading.findings(made.balance())["empty-destination"]
    assert "Service default/reviews selects version=v1 only, and subset v2 asks for version=v2" in found


def test_a_subset_whose_version_is_scaled_to_zero_is_no_typo() -> None:
    made = istio_objects.reviews(istio_objects.virtual_service(istio_objects.split()), v2=0)
    assert "reviews subset v2 has no ready pods" in istio_reading.findings(made)["empty-destination"]


def test_an_ingress_that_names_the_one_port_which_the_pods_lack() -> None:
    """Other ports of the Service are served, so its pods are endpoints all the same."""
    made = revise(Cluster(seed("blue-green-v1") + seed("blue-green-service")), 1, "bebullish/demo:v1").balance()
    made.doc("Service", "demo-service")["spec"]["ports"].append({"name": "admin", "port": 81, "targetPort": "admin"})
    rule = {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": _to("demo-service", "admin")}]}}
    made.add(
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "in"}, "spec": {"rules": [rule]}}
    )
    [found] = [each for each in read_deployment(made).findings if each.id == "pods-without-port"]
    assert found.severity is Severity.CRITICAL
    assert "sends to a port named admin, which " in found.text
    assert "for its port admin, which Ingress default/in names: requests for / fail" in found.text


def _to(name: str, port: str) -> Doc:
    return {"service": {"name": name, "port": {"name": port}}}


@pytest.mark.parametrize("read", [an_httproute, an_ingress, istio])
def test_no_act_says_that_these_pods_are_not_ready(read: Callable[[], Rollout]) -> None:
    rollout = read()
    [why] = [each.why for each in rollout.acts if each.act is Act.PROMOTE]
    assert "sends to a port named http" in why
    assert "not ready" not in why
