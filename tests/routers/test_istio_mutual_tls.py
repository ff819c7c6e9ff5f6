"""ISTIO_MUTUAL towards pods without a sidecar: on Istio every such request gets 503."""

from __future__ import annotations

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


def test_pods_with_one_are_calm() -> None:
    made = mutual()
    for (kind, _, _), doc in made.docs.items():
        if kind == "Pod":
            doc["metadata"]["labels"]["security.istio.io/tlsMode"] = "istio"
    assert "tls-without-sidecar" not in findings(made)


@pytest.mark.parametrize("policy", [{"tls": {"mode": "DISABLE"}}, {"portLevelSettings": []}])
def test_what_a_subset_says_itself_comes_first(policy: dict[str, object]) -> None:
    made = mutual()
    for subset in made.doc("DestinationRule", "reviews")["spec"]["subsets"]:
        subset["trafficPolicy"] = policy
    assert "tls-without-sidecar" not in findings(made)


def test_without_a_policy_nothing_is_said() -> None:
    assert "tls-without-sidecar" not in findings(reviews(virtual_service(split())).balance())
