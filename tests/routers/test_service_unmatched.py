"""Services that users reach and whose selector no pod meets any more."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.refs import DEPLOYMENTS, SERVICES
from cockpit.model.rollout import Phase, Rollout, Severity
from cockpit.routers.service.adapter import ServiceRouter
from cockpit.systems.deployment.adapter import DeploymentSystem
from tests.objects import Cluster, seed

ROUTER = ServiceRouter()
SERVICE = "demo-service"


def cluster(*, two: bool = False, reached: bool = True, **selector: str) -> Cluster:
    """demo-dp-v1 (app=demo, version=v1), perhaps v2 beside it, and a Service with this selector."""
    made = Cluster(seed("blue-green-v1") + seed("blue-green-service")).run("demo-dp-v1")
    if two:
        made.add(*seed("blue-green-v2")).run("demo-dp-v2")
    spec = made.doc("Service", SERVICE)["spec"]
    spec["selector"] = selector
    spec["type"] = "ClusterIP"
    if reached:
        (ingress,) = seed("weight-ingress1")
        ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = SERVICE
        made.add(ingress)
    return made.balance()


def rollouts(made: Cluster) -> tuple[Rollout, ...]:
    service = made.get(SERVICES, "default", SERVICE)
    assert service is not None
    return ROUTER.read(service, made)


def steer(made: Cluster, name: str) -> None:
    """A Kruise Rollout drives this Deployment, which has no rollout of its own then."""
    strategy = {"canary": {"steps": [{"replicas": "50%"}]}}
    workload = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    body = {"apiVersion": "rollouts.kruise.io/v1beta1", "kind": "Rollout", "metadata": {"name": name}}
    made.add({**body, "spec": {"workloadRef": workload, "strategy": strategy}})


def told(rollout: Rollout) -> str:
    (found,) = [f for f in rollout.findings if f.id == "selector-misses"]
    return found.text


def labels(made: Cluster) -> dict[str, str]:
    found: dict[str, str] = made.doc("Deployment", "demo-dp-v1")["spec"]["template"]["metadata"]["labels"]
    return found


def test_a_selector_with_a_label_too_many_is_critical_and_names_it() -> None:
    made = _a_label_more()
    steer(made, "demo-dp-v1")
    (rollout,) = rollouts(made)
    assert (rollout.phase, rollout.versions, rollout.lanes) == (Phase.DEGRADED, (), ())
    (found,) = [f for f in rollout.findings if f.id == "selector-misses"]
    assert found.severity is Severity.CRITICAL
    assert f"Service default/{SERVICE} selects no pods: it asks for track=stable" in found.text
    assert "the pods of Deployment demo-dp-v1 have no label track" in found.text
    answer = ROUTER.plan(rollout, Ask(Act.ROLLBACK), made)
    assert isinstance(answer, Refused)
    assert "correct its selector" in answer.why


def test_of_several_workloads_the_nearest_is_named() -> None:
    app = labels(cluster())["app"]
    made = cluster(two=True, app=app, version="v2", track="stable")
    steer(made, "demo-dp-v2")
    (rollout,) = rollouts(made)
    assert "Deployment demo-dp-v2 have no label track" in told(rollout)


def same_name() -> Cluster:
    made = cluster(app="typo")
    deployment = made.doc("Deployment", "demo-dp-v1")
    made.remove("Deployment", "demo-dp-v1")
    deployment["metadata"]["name"] = SERVICE
    return made.add(deployment)


def test_a_workload_of_the_same_name_is_missed_whatever_its_labels_are() -> None:
    assert rollouts(cluster(app="typo")) == ()
    made = same_name()
    steer(made, SERVICE)
    (rollout,) = rollouts(made)
    assert f"Deployment {SERVICE} have app=" in told(rollout)


def _a_label_more() -> Cluster:
    return cluster(app=labels(cluster())["app"], track="stable")


@pytest.mark.parametrize("made", [same_name(), _a_label_more()], ids=["same name", "a label more"])
def test_what_the_rollout_of_a_plain_workload_tells_is_not_told_twice(made: Cluster) -> None:
    assert rollouts(made) == ()
    (deployment,) = made.every(DEPLOYMENTS, "default")
    (rollout,) = DeploymentSystem().read(deployment, made)
    (found,) = [f for f in rollout.findings if f.id == "selector-misses"]
    assert found.severity is Severity.CRITICAL
    assert SERVICE in found.text


def _elsewhere(made: Cluster) -> None:
    """Users reach the same pods by another Service."""
    spec: dict[str, Any] = {"type": "LoadBalancer", "selector": {"app": labels(made)["app"]}, "ports": [{"port": 80}]}
    made.add({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec})


def _stopped(made: Cluster) -> None:
    made.doc("Deployment", "demo-dp-v1")["spec"]["replicas"] = 0


def _other_part(made: Cluster) -> None:
    labels(made)["component"] = "worker"
    made.doc("Service", SERVICE)["spec"]["selector"]["component"] = "web"


@pytest.mark.parametrize("change", [_elsewhere, _stopped, _other_part])
def test_what_nobody_misses_is_not_shown(change: Any) -> None:
    made = cluster(app=labels(cluster())["app"], track="preview")
    change(made)
    assert rollouts(made) == ()


def test_a_service_that_users_do_not_reach_is_not_shown() -> None:
    assert rollouts(cluster(reached=False, app=labels(cluster())["app"], track="preview")) == ()


@pytest.mark.parametrize("reached", [True, False])
def test_whether_anything_leads_to_it_from_outside(reached: bool) -> None:
    made = cluster(two=True, reached=reached, app=labels(cluster())["app"])
    (rollout,) = rollouts(made)
    assert rollout.inside_only is not reached
