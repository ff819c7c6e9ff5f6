"""Blue-green by the selector of a Service."""

from __future__ import annotations

from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import SERVICES
from cockpit.model.rollout import Rollout
from cockpit.routers.service.adapter import ServiceRouter
from tests.objects import Cluster

ROUTER = ServiceRouter()


def read(cluster: Cluster, name: str = "demo-service") -> Rollout:
    (rollout,) = ROUTER.read(cluster.get(SERVICES, "default", name), cluster)
    return rollout


def written(rollout: Rollout) -> dict[str, float | None]:
    return {s.version: s.written for s in rollout.lanes[0].shares}


def planned(cluster: Cluster, ask: Ask, name: str = "demo-service") -> Plan:
    plan = ROUTER.plan(read(cluster, name), ask, cluster)
    assert isinstance(plan, Plan), plan
    return plan


def test_the_walk_through(blue_green: Cluster) -> None:
    before = blue_green.plain()
    assert written(read(blue_green)) == {"v1": 1.0, "v2": 0.0}
    plan = planned(blue_green, Ask(Act.FLIP))
    assert plan.raises
    assert not plan.final
    blue_green.send_all(plan.requests)
    assert written(read(blue_green)) == {"v1": 0.0, "v2": 1.0} == {e.version: e.share for e in plan.expected}
    back = planned(blue_green, Ask(Act.ROLLBACK))
    assert not back.raises
    blue_green.send_all(plan.inverse)
    assert blue_green.plain() == before


def test_flip_to_a_version_without_ready_pods_is_refused(blue_green: Cluster) -> None:
    blue_green.run("demo-dp-v2", ready=0)
    answer = ROUTER.plan(read(blue_green), Ask(Act.FLIP), blue_green)
    assert isinstance(answer, Refused)
    assert "no ready pods" in answer.why
