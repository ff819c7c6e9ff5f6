"""Where requests enter: the door, or what they would ask for where only the address is missing."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.door import Door
from cockpit.workloads.doors import ingress_door, service_door
from cockpit.workloads.lookups import find_ingress, find_service
from tests.objects import Cluster

META = {"namespace": "shop", "name": "web"}
ADDRESS = {"loadBalancer": {"ingress": [{"ip": "10.0.0.9"}]}}


def service(**spec: Any) -> dict[str, Any]:
    ports = [{"name": "metrics", "port": 9090}, {"name": "http", "port": 8080}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": META, "spec": {"ports": ports, **spec}}


def ingress(**spec: Any) -> dict[str, Any]:
    path = {"path": "/version", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
    rules = [{"host": "shop.example", "http": {"paths": [path]}}]
    kind = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": META}
    return {**kind, "spec": {"rules": rules, **spec}}


def ways(*docs: dict[str, Any]) -> tuple[Door | None, str, Door | None]:
    """Door, what is missing, entrance of the Service among the objects, else of the Ingress."""
    cluster = Cluster(docs)
    found = find_service(cluster, "shop", "web")
    if found:
        way = service_door(found, cluster)
    else:
        alone = find_ingress(cluster, "shop", "web")
        assert alone
        way = ingress_door(alone)
    return way.door, way.missing, way.entrance


@pytest.mark.parametrize(
    ("spec", "entrance"),
    [
        ({}, Door("", 80, "shop.example", "/version")),
        ({"tls": [{"hosts": ["shop.example"]}]}, Door("", 443, "shop.example", "/version", tls=True)),
        ({"rules": []}, Door("", 80, "")),
    ],
)
def test_an_ingress_without_an_address_says_what_it_is_asked_for(spec: dict[str, Any], entrance: Door) -> None:
    assert ways(ingress(**spec)) == (None, "Ingress shop/web has no address in its status", entrance)


def test_with_an_address_there_is_a_door_and_nothing_is_missing() -> None:
    made = ways(ingress() | {"status": ADDRESS})
    assert made == (Door("10.0.0.9", 80, "shop.example", "/version"), "", None)
    assert ways(service(type="LoadBalancer") | {"status": ADDRESS}) == (Door("10.0.0.9", 8080, "10.0.0.9"), "", None)


@pytest.mark.parametrize(
    ("spec", "entrance"),
    [
        ({"clusterIP": "10.96.0.7"}, Door("10.96.0.7", 8080, "10.96.0.7")),
        ({"clusterIP": "fd00::7", "ports": [{"port": 443}]}, Door("fd00::7", 443, "fd00::7", tls=True)),
        ({"clusterIP": "None"}, Door("", 8080, "")),
        ({"clusterIP": "\x1b[2J"}, Door("", 8080, "")),
        ({"ports": None, "clusterIP": "10.96.0.7"}, None),
    ],
)
def test_a_service_inside_the_cluster_is_asked_for_by_its_own_ip(spec: dict[str, Any], entrance: Door | None) -> None:
    door, missing, found = ways(service(**spec))
    assert (door, found) == (None, entrance)
    assert missing == "Service shop/web is of type ClusterIP and no Ingress with an address leads to it"


def test_a_service_is_asked_for_as_the_ingress_that_leads_to_it_says() -> None:
    canary = ingress() | {
        "metadata": {**META, "name": "a", "annotations": {"nginx.ingress.kubernetes.io/canary": "true"}}
    }
    inside = service(clusterIP="10.96.0.7")
    assert ways(inside, canary, ingress())[2] == Door("", 80, "shop.example", "/version")
    assert ways(inside, canary)[2] == Door("10.96.0.7", 8080, "10.96.0.7")
    assert ways(inside, ingress() | {"status": ADDRESS})[0] == Door("10.0.0.9", 80, "shop.example", "/version")
