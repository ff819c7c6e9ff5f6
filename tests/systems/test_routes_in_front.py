"""Routes that lead to the Service of a plain workload: what they get wrong is told of the workload."""

from __future__ import annotations

import pytest

from cockpit.model.rollout import Severity
from tests.objects import Doc
from tests.systems.test_service_in_front import cluster_of, deployment, ingress, metadata, read, service, told


def httproute(port: int, accepted: str = "True") -> Doc:
    said = {"type": "Accepted", "status": accepted, "reason": "NoMatchingParent", "observedGeneration": 1}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": metadata("web", generation=1),
        "spec": {"parentRefs": [{"name": "gw"}], "rules": [{"backendRefs": [{"name": "web", "port": port}]}]},
        "status": {"parents": [{"parentRef": {"name": "gw"}, "conditions": [said]}]},
    }


def virtual_service(port: int, host: str = "web") -> Doc:
    route = {"route": [{"destination": {"host": host, "port": {"number": port}}}]}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": metadata("web"),
        "spec": {"hosts": ["web"], "http": [route]},
    }


def ingress_route(port: int) -> Doc:
    rule = {"kind": "Rule", "match": "Host(`a.test`)", "services": [{"name": "web", "port": port}]}
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": metadata("web"),
        "spec": {"routes": [rule]},
    }


def traefik_service(port: int) -> Doc:
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "TraefikService",
        "metadata": metadata("web"),
        "spec": {"weighted": {"services": [{"name": "web", "port": port}]}},
    }


@pytest.mark.parametrize(
    ("route", "kind", "words"),
    [
        (httproute(8888), "invalid-backend", "Service default/web has no port 8888; they get 500"),
        (httproute(80, "False"), "not-accepted", "a Gateway rejects HTTPRoute default/web"),
        (virtual_service(8888), "dangling-destination", "Service default/web has no port 8888"),
        (
            ingress_route(8888),
            "invalid-backend",
            "IngressRoute default/web names Service default/web, which has no port",
        ),
        (
            traefik_service(8888),
            "invalid-backend",
            "TraefikService default/web names Service default/web, which has no",
        ),
    ],
)
def test_what_a_route_to_its_only_service_gets_wrong(route: Doc, kind: str, words: str) -> None:
    found = told(read(cluster_of(deployment(), service(), route)), kind)
    assert found.severity is Severity.CRITICAL
    assert words in found.text


@pytest.mark.parametrize("route", [httproute(80), virtual_service(80), ingress_route(80)])
def test_a_route_that_is_right_is_not_spoken_of(route: Doc) -> None:
    assert not read(cluster_of(deployment(), service(), route)).findings


@pytest.mark.parametrize("route", [httproute(80), virtual_service(80), ingress_route(80)])
def test_that_a_service_is_empty_is_told_once_with_its_reason(route: Doc) -> None:
    rollout = read(cluster_of(deployment(), service(selector={"app": "wbe"}), route))
    assert [found.id for found in rollout.findings] == ["selector-misses"]


def test_a_route_to_a_service_that_is_misspelt() -> None:
    rollout = read(cluster_of(deployment(), service(), virtual_service(80, "wbe")))
    assert told(rollout, "invalid-backend").text.startswith("Service default/wbe does not exist")


def test_an_ingress_without_a_class_is_told_of_a_plain_workload_too() -> None:
    entry = ingress()
    del entry["spec"]["ingressClassName"]
    entry["status"] = {}
    assert told(read(cluster_of(deployment(), service(), entry)), "no-ingress-class").severity is Severity.WARNING


@pytest.mark.parametrize("route", [httproute(80), virtual_service(80), ingress_route(80)])
def test_a_route_to_the_first_pods_of_a_deployment_is_no_alarm(route: Doc) -> None:
    cluster = cluster_of(deployment(), service(), route).run("web", ready=0).balance()
    begun = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}
    cluster.doc("Deployment", "web")["status"]["conditions"] = [begun]
    assert [(found.id, found.severity) for found in read(cluster).findings] == [("no-ready-pods", Severity.INFO)]
