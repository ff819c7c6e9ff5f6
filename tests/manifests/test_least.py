"""The pilot's role holds no write that no adapter plans: every one is planned in some situation, or undoes one."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.manifests.role_rights import writes_of_acts
from cockpit.model.plan import Act, Ask, Plan
from cockpit.model.refs import HTTPROUTES
from cockpit.model.rights import Right, undone_by
from cockpit.routers import ADAPTERS as ROUTERS
from tests.adapters.situations import SITUATIONS, situation
from tests.adapters.test_acts import sensible
from tests.objects import Cluster
from tests.planning.states import backends, gateway_route, service, workload
from tests.systems.sets import SYSTEMS, Set


def old_version_in(kind: str) -> Cluster:
    """A route that gave all traffic to v2, and v1 left behind in a set of this kind."""
    cluster = Set(kind, ["v1", "v1"], newest="v1").cluster
    cluster.add(workload("Deployment", "v2", "shelf-v2"), created="2026-01-02T00:00:00Z")
    cluster.add(service("shelf-v2", app="shelf", version="v2"))
    rule = backends({"name": "db", "weight": 0}, {"name": "shelf-v2", "weight": 100})
    return cluster.add(gateway_route("HTTPRoute", "shelf", rule)).run("shelf-v2").balance()


def plans() -> Iterator[Plan]:
    for name in SITUATIONS:
        cluster, rollouts = situation(name)
        for adapter, rollout in rollouts:
            asks = (ask for state in rollout.acts if state.enabled for ask in sensible(rollout, state))
            found = (adapter.plan(rollout, ask, cluster) for ask in asks)
            yield from (plan for plan in found if isinstance(plan, Plan))
    yield Set("StatefulSet", ["v1", "v1", "v2!"], newest="v2").plan(Ask(Act.ROLLBACK))
    yield from (finish(old_version_in(kind)) for kind in SYSTEMS)


def finish(cluster: Cluster) -> Plan:
    router = next(each for each in ROUTERS if each.id == "gateway-api")
    (root,) = cluster.every(HTTPROUTES, "default")
    (rollout,) = router.read(root, cluster)
    plan = router.plan(rollout, Ask(Act.FINISH, version="v1"), cluster)
    assert isinstance(plan, Plan), plan.why
    return plan


def test_every_write_of_the_role_is_planned_somewhere_or_undoes_one() -> None:
    planned: set[Right] = {request.right for plan in plans() for request in (*plan.requests, *plan.inverse)}
    undoing = {undo for each in planned if (undo := undone_by(each))}
    assert writes_of_acts() == planned | undoing
