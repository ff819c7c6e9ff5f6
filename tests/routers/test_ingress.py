"""Canary Ingress pairs: what is read, and the acts along the walk-throughs."""

from __future__ import annotations

from cockpit.model.plan import Act, Ask, Plan
from cockpit.model.refs import INGRESSES
from cockpit.model.rollout import Rollout
from cockpit.routers.ingress.adapter import IngressRouter
from tests.objects import Cluster

ROUTER = IngressRouter()


def read(cluster: Cluster, name: str = "route1") -> Rollout:
    (rollout,) = ROUTER.read(cluster.get(INGRESSES, "default", name), cluster)
    return rollout


def written(rollout: Rollout, lane: int = 0) -> dict[str, float | None]:
    return {s.version: s.written for s in rollout.lanes[lane].shares}


def planned(cluster: Cluster, ask: Ask, name: str = "route1") -> Plan:
    plan = ROUTER.plan(read(cluster, name), ask, cluster)
    assert isinstance(plan, Plan), plan
    return plan


def test_weight_is_read_set_and_undone(weight_story: Cluster) -> None:
    before = weight_story.plain()
    assert written(read(weight_story)) == {"v1": 0.7, "v2": 0.3}
    plan = planned(weight_story, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    assert plan.raises
    assert any("capacity" in w for w in plan.warnings)
    weight_story.send_all(plan.requests)
    assert written(read(weight_story)) == {e.version: e.share for e in plan.expected}
    weight_story.send_all(plan.inverse)
    assert weight_story.plain() == before
