"""Reading and planning on VirtualServices, for tests."""

from __future__ import annotations

from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.routers.istio.adapter import IstioRouter
from tests.objects import Cluster, decode

ROUTER = IstioRouter()


def read(cluster: Cluster, name: str = "reviews") -> Rollout:
    (rollout,) = ROUTER.read(decode(cluster.doc("VirtualService", name)), cluster)
    return rollout


def written(rollout: Rollout, lane: int = 0) -> dict[str, float | None]:
    return {s.version: s.written for s in rollout.lanes[lane].shares}


def declared(rollout: Rollout, lane: int = 0) -> dict[str, float | None]:
    return {s.version: s.declared for s in rollout.lanes[lane].shares}


def findings(cluster: Cluster, name: str = "reviews") -> dict[str, str]:
    return {f.id: f.text for f in read(cluster, name).findings}


def planned(cluster: Cluster, ask: Ask, name: str = "reviews") -> Plan:
    plan = ROUTER.plan(read(cluster, name), ask, cluster)
    assert isinstance(plan, Plan), plan
    return plan


def refusal(cluster: Cluster, ask: Ask, name: str = "reviews") -> str:
    answer = ROUTER.plan(read(cluster, name), ask, cluster)
    assert isinstance(answer, Refused), answer
    return answer.why


def do(cluster: Cluster, ask: Ask, name: str = "reviews") -> Plan:
    """Plan, send, and check that what was expected is written."""
    plan = planned(cluster, ask, name)
    cluster.send_all(plan.requests)
    if plan.expected:
        lanes = {lane.name: {s.version: s.written for s in lane.shares} for lane in read(cluster, name).lanes}
        for expected in plan.expected:
            assert lanes[expected.lane][expected.version] == expected.share, expected
    return plan


def undo(cluster: Cluster, plan: Plan) -> None:
    cluster.send_all(plan.inverse)


def legs(cluster: Cluster, route: int = 0, name: str = "reviews") -> list[tuple[str, int | None]]:
    """The destinations of a route as written: subset (else host) and weight."""
    raw = cluster.doc("VirtualService", name)["spec"]["http"][route]["route"]
    return [(leg["destination"].get("subset") or leg["destination"]["host"], leg.get("weight")) for leg in raw]
