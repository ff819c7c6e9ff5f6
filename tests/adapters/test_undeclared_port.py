"""A target port by number that no container declares is a note by every router, and the cause where all fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cockpit.model.finding_order import worst_first
from cockpit.model.refs import DEPLOYMENTS, SERVICES
from cockpit.model.remedies import unmended
from cockpit.model.rollout import Finding, Rollout, Severity
from cockpit.routers.red_black.adapter import RedBlackRouter
from cockpit.routers.service.adapter import ServiceRouter
from cockpit.systems.deployment.adapter import DeploymentSystem
from tests.objects import Cluster, seed
from tests.routers import ingresses, istio_objects, istio_reading, test_red_black
from tests.routers.conftest import steps
from tests.routers.httproutes import backend, route, rule, shop
from tests.routers.test_gateway_api_edges import read as read_route
from tests.systems.test_deployment import NAME, revise

Read = Callable[[int | None], Rollout]


def declaring(cluster: Cluster, declared: int | None) -> Cluster:
    """Every Service sends to 9090, and every container declares another port, or none."""
    for doc in cluster.docs.values():
        if doc["kind"] == "Service":
            for port in doc["spec"]["ports"]:
                port["targetPort"] = 9090
        template: Any = doc.get("spec", {}).get("template")
        for container in template["spec"].get("containers", []) if template else []:
            container["ports"] = [] if declared is None else [{"containerPort": declared}]
    return cluster


def an_httproute(declared: int | None) -> Rollout:
    return read_route(declaring(shop(route(rule(backend("shop-v1", 80), backend("shop-v2", 20)))), declared))


def an_ingress(declared: int | None) -> Rollout:
    return ingresses.read(declaring(steps("weight"), declared))


def istio(declared: int | None) -> Rollout:
    made = istio_objects.reviews(istio_objects.virtual_service(istio_objects.split()))
    return istio_reading.read(declaring(made, declared))


def blue_green(declared: int | None) -> Rollout:
    return read_service(blue_green_cluster(declared))


def blue_green_cluster(declared: int | None) -> Cluster:
    made = Cluster(seed("blue-green-v1") + seed("blue-green-v2") + seed("blue-green-service"))
    return declaring(made.run("demo-dp-v1").run("demo-dp-v2"), declared).balance()


def read_service(made: Cluster) -> Rollout:
    service = made.get(SERVICES, "default", "demo-service")
    assert service is not None
    [rollout] = ServiceRouter().read(service, made)
    return rollout


def red_black(declared: int | None) -> Rollout:
    both = (test_red_black.replica_set(1, enabled=False), test_red_black.replica_set(2, enabled=True))
    made = declaring(test_red_black.cluster(*both), declared)
    service = made.get(SERVICES, "default", "demo")
    assert service is not None
    [rollout] = RedBlackRouter().read(service, made)
    return rollout


def a_deployment(declared: int | None) -> Rollout:
    made = revise(Cluster(seed("blue-green-v1") + seed("blue-green-service")), 1, "bebullish/demo:v1").balance()
    return read_deployment(declaring(made, declared))


def read_deployment(made: Cluster) -> Rollout:
    found = made.get(DEPLOYMENTS, "default", NAME)
    assert found is not None
    [rollout] = DeploymentSystem().read(found, made)
    return rollout


EVERY = pytest.mark.parametrize("read", [an_httproute, an_ingress, istio, blue_green, red_black, a_deployment])


def noted(rollout: Rollout) -> list[Finding]:
    return [each for each in rollout.findings if each.id == "undeclared-port"]


@EVERY
def test_it_is_a_note(read: Read) -> None:
    found = noted(read(8080))
    assert found
    assert {each.severity for each in found} == {Severity.INFO}
    assert all("sends to port 9090, and the containers of " in each.text for each in found)
    assert all("declare 8080: if requests fail, correct targetPort" in each.text for each in found)


@EVERY
@pytest.mark.parametrize("declared", [9090, None])
def test_a_port_that_is_declared_and_containers_that_declare_none_are_calm(read: Read, declared: int | None) -> None:
    assert not noted(read(declared))


def test_where_no_request_is_answered_it_is_told_first() -> None:
    silent = Finding("no-answers", Severity.CRITICAL, "the last 20 requests failed")
    [first, second] = worst_first([silent, *noted(a_deployment(8080))])
    assert (first.id, second.because) == ("undeclared-port", "undeclared-port")


def with_nobody(rollout: Rollout, *, every_request: bool = True) -> Rollout:
    """As a session tells it while requests fail and no version answers them."""
    failing = Finding("nobody-answers", Severity.CRITICAL, "100% of requests fail", whatever_version=every_request)
    return replace(rollout, findings=worst_first([failing, *rollout.findings]))


@EVERY
def test_while_every_request_fails_it_is_the_cause_and_no_roll_back_mends_it(read: Read) -> None:
    rollout = with_nobody(read(8080))
    assert rollout.findings[0].id == "undeclared-port"
    assert unmended(rollout) == "correct targetPort of the Service"
    assert unmended(read(8080)) == "", "a note alone says nothing against going back"


@EVERY
def test_where_some_requests_are_answered_it_explains_nothing(read: Read) -> None:
    rollout = with_nobody(read(8080), every_request=False)
    assert rollout.findings[0].id == "nobody-answers"
    assert unmended(rollout) == ""


def test_a_version_that_declares_the_port_is_a_way_back() -> None:
    made = blue_green_cluster(8080)
    template: Any = made.doc("Deployment", "demo-dp-v2")["spec"]["template"]
    template["spec"]["containers"][0]["ports"] = [{"containerPort": 9090}]
    rollout = with_nobody(read_service(made))
    assert rollout.findings[0].id == "undeclared-port"
    assert unmended(rollout) == ""


def test_an_earlier_template_that_declares_the_port_is_a_way_back() -> None:
    made = revise(Cluster(seed("blue-green-v1") + seed("blue-green-service")), 1, "bebullish/demo:v1")
    made = declaring(revise(made, 2, "bebullish/demo:v2").balance(), 8080)
    both = with_nobody(read_deployment(made))
    assert unmended(both) == "correct targetPort of the Service"
    old = min((doc for doc in made.docs.values() if doc["kind"] == "ReplicaSet"), key=lambda d: str(d["metadata"]))
    old["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"containerPort": 9090}]
    assert unmended(with_nobody(read_deployment(made))) == ""
