"""Reading and planning on canary Ingresses, for tests."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.routers.ingress.adapter import IngressRouter
from tests.objects import Cluster

CANARY = "nginx.ingress.kubernetes.io/canary"
ROUTER = IngressRouter()


def read(cluster: Cluster, name: str = "route1") -> Rollout:
    (rollout,) = ROUTER.read(cluster.ingress(name), cluster)
    return rollout


def written(rollout: Rollout, lane: int = 0) -> dict[str, float | None]:
    return {s.version: s.written for s in rollout.lanes[lane].shares}


def declared(rollout: Rollout, lane: int = 0) -> dict[str, float | None]:
    return {s.version: s.declared for s in rollout.lanes[lane].shares}


def findings(cluster: Cluster, name: str = "route1") -> dict[str, str]:
    return {f.id: f.text for f in read(cluster, name).findings}


def planned(cluster: Cluster, ask: Ask, name: str = "route1") -> Plan:
    plan = ROUTER.plan(read(cluster, name), ask, cluster)
    assert isinstance(plan, Plan), plan
    return plan


def refusal(cluster: Cluster, ask: Ask, name: str = "route1") -> str:
    answer = ROUTER.plan(read(cluster, name), ask, cluster)
    assert isinstance(answer, Refused), answer
    return answer.why


def send(cluster: Cluster, ask: Ask) -> Plan:
    """Send a plan and see that what it expects is then written."""
    plan = planned(cluster, ask)
    cluster.send_all(plan.requests)
    if plan.expected:
        after = {(lane.name, s.version): s.written for lane in read(cluster).lanes for s in lane.shares}
        assert after | {(e.lane, e.version): pytest.approx(e.share) for e in plan.expected} == after
    return plan
