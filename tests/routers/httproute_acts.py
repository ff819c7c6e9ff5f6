"""What tests of acts on HTTPRoutes have in common: a plan sent, sent twice, undone."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.plan import Ask, Plan, Refused
from tests.objects import Cluster, ConflictError
from tests.routers.httproutes import backend, route, rule, shop, version
from tests.routers.test_gateway_api import ROUTER, read

HEADER = ("X-User", "bob")


def planned(cluster: Cluster, ask: Ask) -> Plan:
    plan = ROUTER.plan(read(cluster), ask, cluster)
    assert isinstance(plan, Plan), plan
    return plan


def refusal(cluster: Cluster, ask: Ask) -> str:
    answer = ROUTER.plan(read(cluster), ask, cluster)
    assert isinstance(answer, Refused), answer
    return answer.why


def spec(cluster: Cluster) -> Any:
    return cluster.doc("HTTPRoute", "shop")["spec"]


def weights(cluster: Cluster, at: int = 0) -> list[int | None]:
    return [b.get("weight") for b in spec(cluster)["rules"][at]["backendRefs"]]


def as_expected(plan: Plan, cluster: Cluster) -> None:
    found = {(lane.name, s.version): s.written for lane in read(cluster).lanes for s in lane.shares}
    assert found == pytest.approx({(e.lane, e.version): e.share for e in plan.expected})


def done(cluster: Cluster, ask: Ask) -> Plan:
    """Send a plan: what it expects is then written, sent twice it is refused, and its inverse undoes it."""
    before, plan = cluster.plain(), planned(cluster, ask)
    cluster.send_all(plan.requests)
    as_expected(plan, cluster)
    with pytest.raises(ConflictError):
        cluster.send_all(plan.requests)
    cluster.send_all(plan.inverse)
    assert cluster.plain() == before
    with pytest.raises(ConflictError):
        cluster.send_all(plan.inverse)
    cluster.send_all(plan.requests)
    return plan


def three(*weights_: int) -> Cluster:
    names = ("v1", "v2", "v3")
    refs = [backend(f"shop-{n}", w) for n, w in zip(names, weights_, strict=True)]
    cluster = shop()
    return cluster.add(*version("v3"), created="2026-01-01T02:00:00Z").run("shop-v3").add(route(rule(*refs)))
