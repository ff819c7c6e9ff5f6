"""Services whose endpoints somebody else writes."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.refs import SERVICES
from cockpit.model.rollout import Phase, Rollout, Severity
from cockpit.routers.service.adapter import ServiceRouter
from tests.objects import Cluster, Doc, seed
from tests.routers.ingresses import findings, read

ROUTER = ServiceRouter()
PORTS = [{"port": 80}]


def made(name: str = "legacy", namespace: str = "default", **spec: Any) -> Cluster:
    document = {"kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": {"ports": PORTS, **spec}}
    return Cluster([document])


def with_ingress(cluster: Cluster, name: str = "legacy") -> Cluster:
    (ingress,) = seed("weight-ingress1")
    ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = name
    return cluster.add(ingress)


def rollouts(cluster: Cluster, name: str = "legacy", namespace: str = "default") -> tuple[Rollout, ...]:
    service = cluster.get(SERVICES, namespace, name)
    assert service is not None
    return ROUTER.read(service, cluster)


@pytest.mark.parametrize(
    "cluster", [made(type="LoadBalancer"), made(type="LoadBalancer", selector={}), with_ingress(made())]
)
def test_what_users_reach_is_shown_and_says_why_it_has_no_versions(cluster: Cluster) -> None:
    (rollout,) = rollouts(cluster)
    assert (rollout.phase, rollout.versions, rollout.lanes) == (Phase.AT_REST, (), ())
    empty, found = rollout.findings
    # Nobody has written its endpoints.
    assert (empty.id, empty.severity) == ("no-ready-pods", Severity.CRITICAL)
    assert "no selector and no ready endpoints: requests fail" in empty.text
    assert (found.id, found.severity) == ("no-selector", Severity.INFO)
    assert "Service default/legacy in test has no selector" in found.text
    assert "give it a selector" in found.text
    assert rollout.acts
    assert all("no selector" in a.why and not a.enabled for a in rollout.acts)
    answer = ROUTER.plan(rollout, Ask(Act.FLIP), cluster)
    assert isinstance(answer, Refused)
    assert "Service default/legacy in test: its Service has no selector" in answer.why


def test_endpoints_that_somebody_writes_are_no_alarm() -> None:
    written: Doc = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "mine", "namespace": "default", "labels": {"kubernetes.io/service-name": "legacy"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["192.0.2.9"]}],
        "ports": [{"name": "", "port": 80}],
    }
    (rollout,) = rollouts(made(type="LoadBalancer").add(written))
    assert [found.id for found in rollout.findings] == ["no-selector"]


@pytest.mark.parametrize(
    "cluster",
    [
        made(),
        made(clusterIP="None"),
        made(type="NodePort"),
        made(type="ExternalName", externalName="db.example.com"),
        with_ingress(made(type="ExternalName", externalName="db.example.com")),
        made(type="LoadBalancer", selector={"app": "x"}),
    ],
)
def test_others_do_not_fill_the_list(cluster: Cluster) -> None:
    assert rollouts(cluster) == ()


def test_the_api_servers_own_service_is_never_shown() -> None:
    cluster = with_ingress(made("kubernetes", type="LoadBalancer"), "kubernetes")
    assert rollouts(cluster, "kubernetes") == ()
    assert rollouts(made("kubernetes", "shop", type="LoadBalancer"), "kubernetes", "shop") != ()


@pytest.mark.parametrize("name", ["http-server-v1", "http-server-v2"])
def test_an_ingress_names_the_backend_without_selector(weight_story: Cluster, name: str) -> None:
    assert "no-selector" not in findings(weight_story)
    del weight_story.doc("Service", name)["spec"]["selector"]
    assert f"Service default/{name} in test has no selector" in findings(weight_story)["no-selector"]
    assert read(weight_story).versions


def test_an_alias_by_dns_has_no_endpoints_to_speak_of(weight_story: Cluster) -> None:
    spec = weight_story.doc("Service", "http-server-v2")["spec"]
    del spec["selector"]
    spec |= {"type": "ExternalName", "externalName": "x.example.com"}
    assert "no-selector" not in findings(weight_story)
