"""TLS that proxies speak to pods which do not answer it: on Istio every such request gets 503."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.rollout import Severity
from tests.objects import Cluster
from tests.routers.istio_objects import reviews, split, virtual_service
from tests.routers.istio_reading import findings, read

MUTUAL = {"tls": {"mode": "ISTIO_MUTUAL"}}


def told(policy: dict[str, Any]) -> Cluster:
    made = reviews(virtual_service(split()))
    made.doc("DestinationRule", "reviews")["spec"]["trafficPolicy"] = policy
    return made.balance()


def mutual() -> Cluster:
    return told(MUTUAL)


def at_port(number: int, mode: str) -> dict[str, Any]:
    return {"portLevelSettings": [{"port": {"number": number}, "tls": {"mode": mode}}]}


def test_pods_without_a_sidecar_are_told() -> None:
    assert "to reviews subset v2, and none of its pods has a sidecar" in findings(mutual())["tls-without-sidecar"]


def pods(made: Cluster) -> list[dict[str, Any]]:
    return [doc for (kind, _, _), doc in made.docs.items() if kind == "Pod"]


def test_pods_with_one_are_calm() -> None:
    made = mutual()
    for pod in pods(made):
        pod["metadata"]["labels"]["security.istio.io/tlsMode"] = "istio"
    assert "tls-without-sidecar" not in findings(made)


def test_pods_of_an_egress_gateway_are_calm() -> None:
    # As in Istio's own example of mutual TLS towards istio-egressgateway: a gateway gets no label, it is the proxy.
    made = mutual()
    for pod in pods(made):
        pod["spec"]["containers"] = [{"name": "istio-proxy", "image": "auto"}]
    assert "tls-without-sidecar" not in findings(made)


@pytest.mark.parametrize(("word", "calm"), [("enabled", True), ("disabled", False)])
def test_pods_in_ambient_mode_are_calm(word: str, calm: bool) -> None:
    made = mutual()
    for pod in pods(made):
        pod["metadata"]["annotations"] = {"ambient.istio.io/redirection": word}
    assert ("tls-without-sidecar" not in findings(made)) is calm


@pytest.mark.parametrize("policy", [{"tls": {"mode": "DISABLE"}}, at_port(9080, "DISABLE")])
def test_what_a_subset_says_itself_comes_first(policy: dict[str, object]) -> None:
    made = mutual()
    for subset in made.doc("DestinationRule", "reviews")["spec"]["subsets"]:
        subset["trafficPolicy"] = policy
    assert "tls-without-sidecar" not in findings(made)


def test_without_a_policy_nothing_is_said() -> None:
    assert not {"tls-without-sidecar", "tls-to-plain"} & set(findings(reviews(virtual_service(split())).balance()))


@pytest.mark.parametrize("policy", [{"tls": {"mode": "SIMPLE"}}, {"tls": {"mode": "MUTUAL"}}, at_port(9080, "SIMPLE")])
def test_tls_to_the_containers_themselves_is_a_note(policy: dict[str, Any]) -> None:
    found = next(f for f in read(told(policy)).findings if f.id == "tls-to-plain")
    assert found.severity is Severity.INFO
    assert "if its containers speak plain HTTP, all these requests get 503" in found.text


def test_only_the_subset_that_says_so_is_told() -> None:
    made = told({})
    made.doc("DestinationRule", "reviews")["spec"]["subsets"][1]["trafficPolicy"] = {"tls": {"mode": "SIMPLE"}}
    assert ["v2" in f.text for f in read(made).findings if f.id == "tls-to-plain"] == [True]


@pytest.mark.parametrize("change", [{"name": "https"}, {"appProtocol": "https"}, {"targetPort": 8443}])
def test_a_port_that_is_meant_for_tls_is_calm(change: dict[str, Any]) -> None:
    made = told({"tls": {"mode": "SIMPLE"}})
    made.doc("Service", "reviews")["spec"]["ports"][0] |= change
    assert "tls-to-plain" not in findings(made)


def test_settings_of_another_port_do_not_count() -> None:
    assert "tls-to-plain" not in findings(told(at_port(9443, "SIMPLE")))


@pytest.mark.parametrize(("scheme", "severity"), [("HTTP", Severity.WARNING), ("HTTPS", Severity.INFO)])
def test_a_readiness_probe_tells_what_the_port_speaks(scheme: str, severity: Severity) -> None:
    made = told({"tls": {"mode": "SIMPLE"}})
    for name in ("reviews-v1", "reviews-v2"):
        (container,) = made.doc("Deployment", name)["spec"]["template"]["spec"]["containers"]
        container["readinessProbe"] = {"httpGet": {"path": "/", "port": "web", "scheme": scheme}}
        container["ports"] = [{"name": "web", "containerPort": 9080}]
    assert {f.severity for f in read(made).findings if f.id == "tls-to-plain"} == {severity}
