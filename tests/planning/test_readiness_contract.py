"""No router sends more requests to a version without ready pods, and each lets its share stay or sink."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cockpit.model.plan import Act, Ask, Plan, Refused
from tests.objects import Cluster
from tests.planning.states import (
    OLD,
    answered,
    by_host,
    by_http_route,
    by_ingress,
    by_subset,
    fail,
    rollout_of,
    told,
    weighed,
    with_v3,
)

# Every router that splits by weight.
STATES: dict[str, tuple[str, Callable[[], Cluster]]] = {
    "istio by host": ("istio", by_host),
    "istio by subset": ("istio", by_subset),
    "gateway-api": ("gateway-api", by_http_route),
    "ingress": ("ingress", by_ingress),
}
WHY = "v1 has no ready pods: it cannot answer requests; look at why, or wait: 2 pods not ready"


def split(state: str) -> tuple[str, Cluster]:
    """v1 gets 30% and has no ready pods."""
    system, build = STATES[state]
    return system, fail(weighed(build(), v1=30, v2=70), OLD, 2)


def set_weight(**shares: float) -> Ask:
    return Ask(Act.SET_WEIGHT, weights=tuple(shares.items()))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("ask", [set_weight(v1=0.4), Ask(Act.HEADER, version="v1", header=("x-tester", "yes"))])
def test_more_requests_are_refused(state: str, ask: Ask) -> None:
    answer = answered(*split(state), ask)
    assert isinstance(answer, Refused), answer
    assert told(answer).endswith(WHY)


@pytest.mark.parametrize("state", STATES)
def test_fewer_requests_are_planned(state: str) -> None:
    for share in (0.1, 0.0):
        answer = answered(*split(state), set_weight(v1=share))
        assert isinstance(answer, Plan), answer


@pytest.mark.parametrize("state", [state for state in STATES if state != "ingress"])
def test_a_share_that_stays_does_not_stop_the_others(state: str) -> None:
    system, build = STATES[state]
    cluster = fail(weighed(with_v3(build()), v1=30, v2=70, v3=0), OLD, 2)
    answer = answered(system, cluster, set_weight(v1=0.3, v3=0.2))
    assert isinstance(answer, Plan), answer
    assert {e.version: e.share for e in answer.expected} == {"v1": 0.3, "v2": 0.5, "v3": 0.2}


@pytest.mark.parametrize(("state", "lost"), [("istio by host", "v1"), ("gateway-api", "v1"), ("ingress", "v2")])
def test_where_the_service_is_gone_nobody_is_told_to_wait_for_pods(state: str, lost: str) -> None:
    system, build = STATES[state]
    cluster = weighed(build(), v1=30, v2=70)
    services = [doc["metadata"]["name"] for doc in cluster.docs.values() if doc["kind"] == "Service"]
    name = next(each for each in services if lost in each)
    cluster.remove("Service", name)
    rollout = rollout_of(system, cluster.balance())
    version = next(each.name for each in rollout.versions if not each.ready)
    answer = answered(system, cluster, Ask(Act.ROLLBACK, version=version))
    assert isinstance(answer, Refused), answer
    assert "has no ready pods" not in told(answer)
    assert f"{name} does not exist" in told(answer)
