"""Pods that start for the first time, and pods that are missing where there were some."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.health import Health
from cockpit.model.objects import Deployment
from cockpit.model.refs import DEPLOYMENTS, SERVICES
from cockpit.model.rollout import Phase, Rollout, Severity
from cockpit.routers.service.adapter import ServiceRouter
from cockpit.session.facts.health import rollout_health
from cockpit.systems.deployment.adapter import DeploymentSystem
from cockpit.workloads.rolling import starts_first
from tests.objects import Cluster, seed
from tests.tui.fake import QUIET

NAME = "demo-dp-v1"


def starting(reason: str = "ReplicaSetUpdated", revision: str = "1", status: str = "True", ready: int = 0) -> Cluster:
    """A Deployment whose pods are not ready, with the condition Progressing of its controller."""
    cluster = Cluster(seed("blue-green-v1") + seed("blue-green-service")).run(NAME, ready=ready)
    deployment = cluster.doc("Deployment", NAME)
    deployment["metadata"].setdefault("annotations", {})["deployment.kubernetes.io/revision"] = revision
    deployment["status"]["conditions"] = [{"type": "Progressing", "status": status, "reason": reason}]
    return cluster


def read(cluster: Cluster) -> Rollout:
    deployment = cluster.get(DEPLOYMENTS, "default", NAME)
    assert deployment is not None
    (rollout,) = DeploymentSystem().read(deployment, cluster)
    return rollout


def severity(rollout: Rollout) -> Severity:
    (found,) = [each for each in rollout.findings if each.id == "no-ready-pods"]
    return found.severity


@pytest.mark.parametrize("reason", ["NewReplicaSetCreated", "FoundNewReplicaSet", "ReplicaSetUpdated"])
def test_the_first_pods_of_a_deployment_hurt_nobody_while_they_start(reason: str) -> None:
    rollout = read(starting(reason))
    assert severity(rollout) is Severity.INFO
    assert rollout_health(rollout, QUIET, "", 0.0).health is Health.NOT_MEASURED


@pytest.mark.parametrize(
    ("reason", "revision", "status"),
    [
        ("NewReplicaSetAvailable", "1", "True"),  # it was available, and its pods are gone
        ("ReplicaSetUpdated", "2", "True"),  # an update left nobody who answers
        ("ProgressDeadlineExceeded", "1", "False"),
    ],
)
def test_pods_that_were_there_are_missed(reason: str, revision: str, status: str) -> None:
    rollout = read(starting(reason, revision, status))
    assert severity(rollout) is Severity.CRITICAL
    assert rollout_health(rollout, QUIET, "", 0.0).health is Health.HURT


def test_first_pods_that_fail_are_no_start() -> None:
    cluster = starting()
    for key in [key for key in cluster.docs if key[0] == "Pod"]:
        waiting: dict[str, Any] = {"waiting": {"reason": "CrashLoopBackOff"}}
        cluster.docs[key]["status"]["containerStatuses"] = [
            {"name": "demo", "ready": False, "restartCount": 3, "state": waiting}
        ]
    assert severity(read(cluster)) is Severity.CRITICAL


def test_a_service_in_front_of_first_pods_progresses() -> None:
    cluster = starting()
    cluster.add(*seed("blue-green-v2"), created="2026-01-01T01:00:00Z").run("demo-dp-v2")
    service = cluster.get(SERVICES, "default", "demo-service")
    assert service is not None
    (rollout,) = ServiceRouter().read(service, cluster)
    assert rollout.phase is Phase.PROGRESSING
    assert severity(rollout) is Severity.INFO
    gone = starting("NewReplicaSetAvailable")
    gone.add(*seed("blue-green-v2"), created="2026-01-01T01:00:00Z").run("demo-dp-v2")
    (rollout,) = ServiceRouter().read(service, gone)
    assert rollout.phase is Phase.DEGRADED
    assert severity(rollout) is Severity.CRITICAL


def test_before_its_controller_has_seen_it_a_deployment_starts_and_other_workloads_say_nothing() -> None:
    made = Cluster(seed("blue-green-v1")).get(DEPLOYMENTS, "default", NAME)
    assert isinstance(made, Deployment)
    assert starts_first(made)
    assert not starts_first(None)
