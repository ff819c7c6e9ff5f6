"""Autoscalers set the number of pods: a count by hand that would not last is refused, one that may change is told."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import DEPLOYMENTS
from cockpit.model.rollout import Owner
from cockpit.systems.deployment.adapter import DeploymentSystem
from tests.objects import Cluster, seed

NAME = "demo-dp-v1"


def autoscaler(kind: str = "Deployment", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "load", **metadata},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": NAME},
            "minReplicas": 2,
            "maxReplicas": 5,
        },
    }


def answer(count: int, *docs: dict[str, Any]) -> Plan | Refused:
    cluster = Cluster([*seed("blue-green-v1"), *docs]).run(NAME)
    deployment = cluster.get(DEPLOYMENTS, "default", NAME)
    assert deployment is not None
    (rollout,) = DeploymentSystem().read(deployment, cluster)
    return DeploymentSystem().plan(rollout, Ask(Act.SCALE, counts=(("v1", count),)), cluster)


@pytest.mark.parametrize("count", [1, 6])
def test_a_count_outside_the_bounds_is_refused_with_the_right_way(count: int) -> None:
    found = answer(count, autoscaler())
    assert isinstance(found, Refused)
    assert "HorizontalPodAutoscaler load sets the number of pods of Deployment default/demo-dp-v1: 2 to 5" in found.why
    assert "change its bounds" in found.why


@pytest.mark.parametrize(("count", "words"), [(5, "may change it again"), (0, "does nothing while there are no pods")])
def test_a_count_that_may_last_is_warned_about(count: int, words: str) -> None:
    found = answer(count, autoscaler())
    assert isinstance(found, Plan)
    assert any("HorizontalPodAutoscaler load" in w and words in w for w in found.warnings)


@pytest.mark.parametrize("count", [0, 4])
def test_keda_sets_every_count_back(count: int) -> None:
    scaled = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "queue", "uid": "u"}
    found = answer(count, autoscaler(ownerReferences=[scaled]))
    assert isinstance(found, Refused)
    assert "KEDA ScaledObject queue" in found.why
    assert "autoscaling.keda.sh/paused-replicas" in found.why


def test_an_autoscaler_of_another_kind_of_that_name_says_nothing() -> None:
    found = answer(9, autoscaler("StatefulSet"))
    assert isinstance(found, Plan)
    assert not any("load" in w for w in found.warnings)


def test_the_autoscaler_is_among_the_owners() -> None:
    cluster = Cluster([*seed("blue-green-v1"), autoscaler()]).run(NAME)
    deployment = cluster.get(DEPLOYMENTS, "default", NAME)
    assert deployment is not None
    (rollout,) = DeploymentSystem().read(deployment, cluster)
    assert rollout.owners == (Owner("HorizontalPodAutoscaler", "load"),)
    assert [f.id for f in rollout.findings] == ["scaled-by"]


@pytest.mark.parametrize(("reason", "held"), [("TooManyReplicas", True), ("TooFewReplicas", False)])
def test_an_autoscaler_that_its_maximum_holds_says_so(reason: str, held: bool) -> None:
    limited = {"type": "ScalingLimited", "status": "True", "reason": reason, "message": "the desired count is limited"}
    cluster = Cluster([*seed("blue-green-v1"), {**autoscaler(), "status": {"conditions": [limited]}}]).run(NAME)
    deployment = cluster.get(DEPLOYMENTS, "default", NAME)
    assert deployment is not None
    (rollout,) = DeploymentSystem().read(deployment, cluster)
    (found,) = rollout.findings
    assert ("its maximum holds it" in found.text) is held
