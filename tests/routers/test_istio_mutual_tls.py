"""ISTIO_MUTUAL towards pods without a sidecar: on Istio every such request gets 503."""

from __future__ import annotations

from typing import Any

import pytest

from tests.objects import Cluster
from tests.routers.istio_objects import reviews, split, virtual_service
from tests.routers.istio_reading import findings

MUTUAL = {"tls": {"mode": "ISTIO_MUTUAL"}}


def mutual() -> Cluster:
    made = reviews(virtual_service(split()))
    made.doc("DestinationRule", "reviews")["spec"]["trafficPolicy"] = MUTUAL
    return made.balance()


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


@pytest.mark.parametrize("policy", [{"tls": {"mode": "DISABLE"}}, {"portLevelSettings": []}])
def test_what_a_subset_says_itself_comes_first(policy: dict[str, object]) -> None:
    made = mutual()
    for subset in made.doc("DestinationRule", "reviews")["spec"]["subsets"]:
        subset["trafficPolicy"] = policy
    assert "tls-without-sidecar" not in findings(made)


def test_without_a_policy_nothing_is_said() -> None:
    assert "tls-without-sidecar" not in findings(reviews(virtual_service(split())).balance())
