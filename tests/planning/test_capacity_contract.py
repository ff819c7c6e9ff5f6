"""Every plan that gives a version more traffic says so in one sentence if its ready pods carry more than before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cockpit.model.plan import Act, Ask, Plan
from cockpit.planning.capacity import capacity_warning, share_capacity
from tests.objects import Cluster
from tests.planning.states import (
    OLD,
    answered,
    by_host,
    by_http_route,
    by_ingress,
    by_labels,
    by_selector,
    by_subset,
    fail,
    weighed,
)

# Router, state in which v2 takes all traffic, and what keeps the pods of v1.
STATES: dict[str, tuple[str, Callable[[], Cluster], str]] = {
    "istio by host": ("istio", by_host, OLD),
    "istio by subset": ("istio", by_subset, OLD),
    "gateway-api": ("gateway-api", by_http_route, OLD),
    "ingress": ("ingress", by_ingress, OLD),
    "service": ("service", by_selector, OLD),
    "red-black": ("red-black", by_labels, "shelf-v000"),
}
WEIGHTED = [state for state in STATES if state not in ("service", "red-black")]


def warned(system: str, cluster: Cluster, ask: Ask) -> list[str]:
    answer = answered(system, cluster, ask)
    assert isinstance(answer, Plan), answer
    return [text for text in answer.warnings if "capacity" in text]


@pytest.mark.parametrize("state", STATES)
def test_all_traffic_to_fewer_pods(state: str) -> None:
    system, build, keeper = STATES[state]
    ask = Ask(Act.PROMOTE) if state == "ingress" else Ask(Act.ROLLBACK, version="v1")
    assert warned(system, build(), ask) == []
    text = "capacity: v1 carries 100% of the traffic on 1 ready pod; it needs 2 to keep the load per pod"
    assert warned(system, fail(build(), keeper, 1), ask) == [text]


@pytest.mark.parametrize("state", WEIGHTED)
def test_a_share_on_fewer_pods(state: str) -> None:
    system, build, keeper = STATES[state]
    cluster = fail(weighed(build(), v1=10, v2=90), keeper, 1)
    assert warned(system, cluster, Ask(Act.SET_WEIGHT, weights=(("v1", 0.3),))) == []
    text = "capacity: v1 carries 60% of the traffic on 1 ready pod; it needs 2 to keep the load per pod"
    assert warned(system, cluster, Ask(Act.SET_WEIGHT, weights=(("v1", 0.6),))) == [text]


@pytest.mark.parametrize("state", STATES)
def test_fewer_pods_for_the_same_traffic(state: str) -> None:
    system, build, _ = STATES[state]
    text = "capacity: v2 carries its traffic on 1 ready pod; it needs 2 to keep the load per pod"
    assert warned(system, build(), Ask(Act.SCALE, counts=(("v2", 1),))) == [text]
    assert warned(system, build(), Ask(Act.SCALE, counts=(("v1", 1),))) == []


def test_the_words() -> None:
    assert capacity_warning("v1", 4, 4) == share_capacity("v1", 0.5, 2, 4) == ()
    (text,) = share_capacity("v1", 0.55, 2, 4)
    assert text == "capacity: v1 carries 55% of the traffic on 2 ready pods; it needs 3 to keep the load per pod"
