"""Plain Deployments."""

from __future__ import annotations

from cockpit.model.refs import DEPLOYMENTS
from cockpit.model.rollout import Phase, Rollout
from cockpit.systems.deployment.adapter import DeploymentSystem
from tests.objects import Cluster, seed

SYSTEM = DeploymentSystem()


def read(cluster: Cluster, name: str = "demo-dp-v1") -> Rollout:
    (rollout,) = SYSTEM.read(cluster.get(DEPLOYMENTS, "default", name), cluster)
    return rollout


def test_at_rest_one_version_takes_all() -> None:
    rollout = read(Cluster(seed("blue-green-v1") + seed("blue-green-service")).run("demo-dp-v1"))
    assert rollout.phase is Phase.AT_REST
    assert [(v.name, v.ready, v.desired) for v in rollout.versions] == [("v1", 3, 3)]
    assert [(s.version, s.written) for s in rollout.lanes[0].shares] == [("v1", 1.0)]
