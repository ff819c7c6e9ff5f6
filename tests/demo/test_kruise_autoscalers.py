"""Autoscalers of workloads under a blue-green release."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.demo.schemas.customkinds import CLONESETS, KRUISE_ROLLOUTS
from cockpit.demo.schemas.kinds import DEPLOYMENTS, HORIZONTALPODAUTOSCALERS, Kind
from tests.demo.conftest import Bench, deployment
from tests.demo.test_kruise import Release, clone_set, rollout

STEPS = ({"replicas": "100%", "traffic": "0%"}, {"replicas": "100%", "traffic": "100%"})
WORKLOADS = {DEPLOYMENTS: "apps/v1/Deployment", CLONESETS: "apps.kruise.io/v1alpha1/CloneSet"}


def autoscaler(name: str, workload: str, reference: str) -> dict[str, Any]:
    version, _, kind = reference.rpartition("/")
    target = {"apiVersion": version, "kind": kind, "name": workload}
    return {
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"scaleTargetRef": target, "maxReplicas": 6, "minReplicas": 2},
    }


def target(bench: Bench, name: str = "scaler") -> dict[str, Any]:
    found = bench.storage.get(HORIZONTALPODAUTOSCALERS, "default", name)
    return dict(found["spec"]["scaleTargetRef"])


def under_release(bench: Bench, kind: Kind, style: str) -> Release:
    made = deployment("web", "web:v1", 3) if kind is DEPLOYMENTS else clone_set(3)
    bench.storage.create(kind, made)
    bench.settle(8)
    bench.storage.create(HORIZONTALPODAUTOSCALERS, autoscaler("scaler", "web", WORKLOADS[kind]))
    bench.storage.create(HORIZONTALPODAUTOSCALERS, autoscaler("other", "elsewhere", WORKLOADS[kind]))
    steps = STEPS if style == "blueGreen" else ({"replicas": 1}, {"replicas": "100%"})
    bench.storage.create(KRUISE_ROLLOUTS, rollout(*steps, style=style, reference=WORKLOADS[kind]))
    bench.settle(3)
    return Release(bench, kind)


@pytest.mark.parametrize("kind", WORKLOADS, ids=lambda kind: str(kind.kind))
def test_a_blue_green_release_detaches_the_autoscaler_and_gives_it_back(bench: Bench, kind: Kind) -> None:
    release = under_release(bench, kind, "blueGreen")
    before = target(bench)
    release.release("v2")
    assert release.place == ("Progressing", 1, "StepPaused")
    assert target(bench) == {**before, "name": "web-DisableByRollout"}
    assert target(bench, "other")["name"] == "elsewhere"
    release.approve()
    release.approve()
    assert release.status["phase"] == "Healthy"
    assert target(bench) == before


def test_a_rollback_gives_the_autoscaler_back_too(bench: Bench) -> None:
    release = under_release(bench, DEPLOYMENTS, "blueGreen")
    release.release("v2")
    assert target(bench)["name"] == "web-DisableByRollout"
    release.release("v1", seconds=60)
    assert release.status["phase"] == "Healthy"
    assert target(bench)["name"] == "web"


def test_a_canary_release_leaves_the_autoscaler_alone(bench: Bench) -> None:
    release = under_release(bench, DEPLOYMENTS, "canary")
    release.release("v2", seconds=15)
    assert release.status["phase"] == "Progressing"
    assert target(bench)["name"] == "web"
