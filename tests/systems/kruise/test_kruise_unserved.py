"""What users of a Kruise Rollout's Services do not get, and a controller that waits for what does not exist."""

from __future__ import annotations

import copy

import pytest

from cockpit.model.rollout import Phase, Severity
from tests.objects import Cluster
from tests.systems.kruise import releases as kruise
from tests.systems.kruise.releases import NAME, declared, ids, read, releasing, resting, written


def severity(cluster: Cluster, name: str) -> Severity:
    (found,) = [f for f in read(cluster).findings if f.id == name]
    return found.severity


def starting(cluster: Cluster) -> Cluster:
    """A release that the controller has taken up and not begun."""
    status = cluster.doc("KruiseRollout", NAME)["status"]
    status["phase"] = "Progressing"
    status["conditions"] = [{"type": "Progressing", "status": "True", "reason": "Initializing"}]
    return cluster


@pytest.mark.parametrize("cluster", [releasing(), resting()])
def test_an_ingress_that_is_deleted_leaves_its_users_without_an_answer(cluster: Cluster) -> None:
    """On the lab all of 60 requests got 404, at a step that waited for approval."""
    cluster = copy.deepcopy(cluster)
    cluster.remove("Ingress", "echoserver")
    assert severity(cluster, "route-missing") is Severity.CRITICAL
    assert read(cluster).phase is Phase.DEGRADED
    assert "requests fail" in read(cluster).message


def _wrong_ingress(cluster: Cluster) -> None:
    cluster.doc("KruiseRollout", NAME)["spec"]["strategy"]["canary"]["trafficRoutings"][0]["ingress"]["name"] = "nope"


def _wrong_service(cluster: Cluster) -> None:
    cluster.doc("KruiseRollout", NAME)["spec"]["strategy"]["canary"]["trafficRoutings"][0]["service"] = "nope"


@pytest.mark.parametrize("change", [_wrong_ingress, _wrong_service])
def test_a_release_that_waits_for_what_does_not_exist_is_degraded(change: object) -> None:
    """Kruise Rollouts 0.6.2 stands at Initializing without an end, and says nothing."""
    cluster = starting(resting())
    assert read(cluster).phase is Phase.PROGRESSING
    assert callable(change)
    change(cluster)
    found = read(cluster)
    assert found.phase is Phase.DEGRADED
    assert all(f.severity is not Severity.CRITICAL for f in found.findings), "users come by the old Ingress"


def test_in_the_middle_of_a_release_a_route_that_is_gone_stops_nothing() -> None:
    cluster = releasing()
    _wrong_ingress(cluster)
    assert read(cluster).phase is Phase.WAITING


def test_a_workload_that_is_deleted_leaves_its_service_empty() -> None:
    """On the lab all of 60 requests got 503."""
    cluster = resting()
    cluster.remove("Deployment", "echoserver")
    for kind, namespace, name in [key for key in cluster.docs if key[0] in ("ReplicaSet", "Pod")]:
        cluster.docs.pop((kind, namespace, name))
    cluster.balance()
    assert severity(cluster, "main-empty") is Severity.CRITICAL
    assert read(cluster).phase is Phase.DEGRADED


def test_without_routing_nobody_ready_is_an_alarm() -> None:
    cluster = releasing(body=kruise.spec(routing=None))
    assert "no-ready-pods" not in ids(read(cluster))
    for (kind, _, _), doc in cluster.docs.items():
        if kind == "Pod":
            doc["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    cluster.balance()
    assert severity(cluster, "no-ready-pods") is Severity.CRITICAL


@pytest.mark.parametrize("state", ["BeforeStepUpgrade", "StepUpgrade"])
def test_paused_by_hand_before_its_pods_a_step_keeps_the_share_of_the_one_before(state: str) -> None:
    """Paused right after an approval, the route keeps 20% while step 2 asks for 50%: nothing is off."""
    cluster = releasing(state=state)
    progress = cluster.doc("KruiseRollout", NAME)
    progress["status"]["canaryStatus"]["currentStepIndex"] = 2
    assert declared(read(cluster)) != written(read(cluster))
    progress["spec"]["strategy"]["paused"] = True
    progress["status"]["conditions"][0]["reason"] = "Paused"
    assert read(cluster).phase is Phase.PAUSED
    assert declared(read(cluster)) == written(read(cluster))
