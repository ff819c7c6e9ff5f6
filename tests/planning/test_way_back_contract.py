"""Every way back says how many pods of the version that it leads to are ready; none leads silently to no pods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import DEPLOYMENTS, Ref
from cockpit.model.rollout import Role, Version
from cockpit.planning.readiness import without_pods
from cockpit.planning.way_back import way_back_warnings
from tests.objects import Cluster
from tests.planning.states import (
    answered,
    by_host,
    by_http_route,
    by_ingress,
    by_labels,
    by_selector,
    by_subset,
    fail,
    told,
)


def in_flight() -> Cluster:
    """Main leads to v2, and a header takes requests to the canary."""
    cluster = by_ingress()
    annotations = cluster.doc("Ingress", "shelf-canary")["metadata"]["annotations"]
    annotations["nginx.ingress.kubernetes.io/canary-weight"] = "20"
    return cluster


# Router, state, the version that the way back leads to, and what keeps its pods.
STATES: dict[str, tuple[str, Callable[[], Cluster], str, str]] = {
    "istio by host": ("istio", by_host, "v1", "shelf-v1"),
    "istio by subset": ("istio", by_subset, "v1", "shelf-v1"),
    "gateway-api": ("gateway-api", by_http_route, "v1", "shelf-v1"),
    "ingress": ("ingress", in_flight, "v2", "shelf-v2"),
    "service": ("service", by_selector, "v1", "shelf-v1"),
    "red-black": ("red-black", by_labels, "v1", "shelf-v000"),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("missing", [0, 1])
def test_a_plan_warns_of_pods_that_are_not_ready_and_of_nothing_else(state: str, missing: int) -> None:
    system, build, version, keeper = STATES[state]
    answer = answered(system, fail(build(), keeper, missing), Ask(Act.ROLLBACK, version=version))
    assert isinstance(answer, Plan), answer
    assert (f"{version}: {2 - missing} of 2 pods ready" in answer.warnings) is bool(missing)


@pytest.mark.parametrize("state", STATES)
def test_a_version_without_ready_pods_is_refused_with_a_way_out(state: str) -> None:
    system, build, version, keeper = STATES[state]
    answer = answered(system, fail(build(), keeper, 2), Ask(Act.ROLLBACK, version=version))
    assert isinstance(answer, Refused), answer
    assert f"{version} has no ready pods" in told(answer)
    assert told(answer).endswith("look at why, or wait: 2 pods not ready"), "it has its pods: no count helps"


def version(ready: int, desired: int) -> Version:
    return Version("v1", Role.OLD, (), None, ready, desired)


def test_the_words() -> None:
    assert way_back_warnings(version(4, 4)) == ()
    assert way_back_warnings(version(3, 4)) == ("v1: 3 of 4 pods ready",)
    assert way_back_warnings(version(0, 4), how="x") == ("v1: 0 of 4 pods ready", "v1 has no ready pods: x")
    assert way_back_warnings(version(0, 0)) == ("v1 has no pods: requests to it fail until it has some",)
    gone = version(0, 0)
    assert without_pods(gone, [gone], "shop/web").endswith("check that its Service exists and selects them")
    scaled = replace(gone, workload=Ref(DEPLOYMENTS, "shop", "web-v1"))
    assert without_pods(scaled, [scaled], "shop/web").endswith("cockpit scale shop/web v1=1")
