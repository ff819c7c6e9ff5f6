"""Where requests enter: the probe target, or what they would ask for where only the address is missing."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.probe_target import ProbeTarget
from cockpit.workloads.lookups import find_ingress, find_service
from cockpit.workloads.probe_targets import ingress_target, service_target
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


def ways(*docs: dict[str, Any]) -> tuple[ProbeTarget | None, str, ProbeTarget | None]:
    """ProbeTarget, what is missing, incomplete target of the Service among the objects, else of the Ingress."""
    cluster = Cluster(docs)
    found = find_service(cluster, "shop", "web")
    if found:
        way = service_target(found, cluster)
    else:
        alone = find_ingress(cluster, "shop", "web")
        assert alone
        way = ingress_target(alone)
    return way.probe_target, way.missing, way.incomplete_target


@pytest.mark.parametrize(
    ("spec", "incomplete_target"),
    [
        ({}, ProbeTarget("", 80, "shop.example", "/version")),
        ({"tls": [{"hosts": ["shop.example"]}]}, ProbeTarget("", 443, "shop.example", "/version", tls=True)),
        ({"rules": []}, ProbeTarget("", 80, "")),
    ],
)
def test_an_ingress_without_an_address_says_what_it_is_asked_for(
    spec: dict[str, Any], incomplete_target: ProbeTarget
) -> None:
    assert ways(ingress(**spec)) == (None, "Ingress shop/web has no address in its status", incomplete_target)


def test_with_an_address_there_is_a_door_and_nothing_is_missing() -> None:
    made = ways(ingress() | {"status": ADDRESS})
    assert made == (ProbeTarget("10.0.0.9", 80, "shop.example", "/version"), "", None)
    assert ways(service(type="LoadBalancer") | {"status": ADDRESS}) == (
        ProbeTarget("10.0.0.9", 8080, "10.0.0.9"),
        "",
        None,
    )


@pytest.mark.parametrize(
    ("spec", "incomplete_target"),
    [
        ({"clusterIP": "10.96.0.7"}, ProbeTarget("10.96.0.7", 8080, "10.96.0.7")),
        ({"clusterIP": "fd00::7", "ports": [{"port": 443}]}, ProbeTarget("fd00::7", 443, "fd00::7", tls=True)),
        ({"clusterIP": "None"}, ProbeTarget("", 8080, "")),
        ({"clusterIP": "\x1b[2J"}, ProbeTarget("", 8080, "")),
        ({"ports": None, "clusterIP": "10.96.0.7"}, None),
    ],
)
def test_a_service_inside_the_cluster_is_asked_for_by_its_own_ip(
    spec: dict[str, Any], incomplete_target: ProbeTarget | None
) -> None:
    probe_target, missing, found = ways(service(**spec))
    assert (probe_target, found) == (None, incomplete_target)
    assert missing == "Service shop/web is of type ClusterIP and no Ingress with an address routes to it"


def test_a_service_is_asked_for_as_the_ingress_that_leads_to_it_says() -> None:
    canary = ingress() | {
        "metadata": {**META, "name": "a", "annotations": {"nginx.ingress.kubernetes.io/canary": "true"}}
    }
    inside = service(clusterIP="10.96.0.7")
    assert ways(inside, canary, ingress())[2] == ProbeTarget("", 80, "shop.example", "/version")
    assert ways(inside, canary)[2] == ProbeTarget("10.96.0.7", 8080, "10.96.0.7")
    assert ways(inside, ingress() | {"status": ADDRESS})[0] == ProbeTarget("10.0.0.9", 80, "shop.example", "/version")


def entered(*ports: int, path: str = "/version", hosts: list[str] | None = None) -> ProbeTarget | None:
    """The target of a TLS Ingress whose status offers these ports."""
    made = ingress(tls=[{"hosts": hosts or ["shop.example"]}])
    made["spec"]["rules"][0]["http"]["paths"][0]["path"] = path
    entry = {"ip": "10.0.0.9", **({"ports": [{"port": p} for p in ports]} if ports else {})}
    return ways(made | {"status": {"loadBalancer": {"ingress": [entry]}}})[0]


@pytest.mark.parametrize(
    ("offered", "port"), [((), 443), ((80,), 443), ((80, 443), 443), ((8080, 8443), 8443), ((8443,), 8443)]
)
def test_a_tls_ingress_is_asked_over_tls_by_its_host(offered: tuple[int, ...], port: int) -> None:
    assert entered(*offered) == ProbeTarget("10.0.0.9", port, "shop.example", "/version", tls=True)


def test_a_wildcard_certificate_is_for_the_hosts_below_it() -> None:
    below, deeper = entered(hosts=["*.example"]), entered(hosts=["*.other"])
    assert below is not None
    assert deeper is not None
    assert (below.tls, deeper.tls) == (True, False)


def test_a_pattern_is_asked_with_a_path_that_it_takes() -> None:
    found = entered(path="/orders(/|$)(.*)")
    assert found is not None
    assert found.path == "/orders/"


def test_a_pattern_of_which_no_example_can_be_made_is_said() -> None:
    made = ingress()
    made["spec"]["rules"][0]["http"]["paths"][0]["path"] = "/(?!admin).+"
    assert ways(made | {"status": ADDRESS}) == (
        None,
        "Ingress shop/web: no example path could be derived from /(?!admin).+: give a URL",
        None,
    )
