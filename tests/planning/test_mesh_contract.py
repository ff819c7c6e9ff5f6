"""Every plan that moves requests by a selector, or by a route in front of a Service, names mesh clients that stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cockpit.model.plan import Act, Ask, Plan
from tests.objects import Cluster
from tests.planning.states import (
    OLD,
    answered,
    by_host,
    by_http_route,
    by_ingress,
    by_labels,
    by_selector,
    destinations,
    virtual_service,
    weighed,
)

# Router, state, an ask that moves requests, the Service that they are for.
STATES: dict[str, tuple[str, Callable[[], Cluster], Ask, str]] = {
    "gateway-api": ("gateway-api", by_http_route, Ask(Act.ROLLBACK, version="v1"), OLD),
    "gateway-api, weight": ("gateway-api", by_http_route, Ask(Act.SET_WEIGHT, weights=(("v1", 0.2),)), OLD),
    "ingress, weight": ("ingress", by_ingress, Ask(Act.SET_WEIGHT, weights=(("v1", 0.2),)), "shelf-v2"),
    "ingress, backend": ("ingress", by_ingress, Ask(Act.PROMOTE, by="backend"), OLD),
    "ingress, selector": ("ingress", by_ingress, Ask(Act.PROMOTE, by="selector"), "shelf-v2"),
    "service": ("service", by_selector, Ask(Act.ROLLBACK, version="v1"), "shelf"),
    "red-black": ("red-black", by_labels, Ask(Act.ENABLE, version="v1"), "shelf"),
}


def planned(system: str, cluster: Cluster, ask: Ask) -> Plan:
    answer = answered(system, cluster, ask)
    assert isinstance(answer, Plan), answer
    return answer


def younger_canary(cluster: Cluster) -> Cluster:
    """So that both ways of a promotion are open."""
    for (kind, _, name), doc in cluster.docs.items():
        if (kind, name) == ("Ingress", "shelf-canary"):
            doc["metadata"]["creationTimestamp"] = "2026-01-05T00:00:00Z"
    return cluster


@pytest.mark.parametrize("state", STATES)
def test_a_plan_names_the_clients_that_a_virtual_service_leads_elsewhere(state: str) -> None:
    system, build, ask, service = STATES[state]
    cluster = younger_canary(weighed(build(), v1=10, v2=90))
    text = f"clients inside the mesh are not affected: VirtualService default/{service} sends their requests for"
    assert not any("mesh" in warning for warning in planned(system, cluster, ask).warnings)
    cluster.add(virtual_service(service, destinations({"host": "elsewhere"})))
    found = [warning for warning in planned(system, cluster, ask).warnings if "mesh" in warning]
    assert found == [f"{text} Service {service} to elsewhere"]


@pytest.mark.parametrize("state", STATES)
def test_a_plan_that_moves_no_requests_does_not(state: str) -> None:
    system, build, _, service = STATES[state]
    cluster = build().add(virtual_service(service, destinations({"host": "elsewhere"})))
    plan = planned(system, cluster, Ask(Act.SCALE, counts=(("v2", 3),)))
    assert not any("mesh" in warning for warning in plan.warnings)


def test_the_mesh_s_own_routes_lead_their_clients() -> None:
    cluster = weighed(by_host(), v1=10, v2=90).add(virtual_service("user", destinations({"host": "elsewhere"})))
    cluster.doc("VirtualService", "user")["spec"]["hosts"] = [OLD]
    plan = planned("istio", cluster, Ask(Act.SET_WEIGHT, weights=(("v1", 0.2),)))
    assert not any("mesh" in warning for warning in plan.warnings)
