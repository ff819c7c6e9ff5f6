"""Deployments and ReplicaSets on a clock that the test moves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.demo.controllers.replicas import bounds, new_replicas, proportional
from cockpit.demo.schemas.kinds import DEPLOYMENTS, PODS, REPLICASETS
from tests.demo.conftest import Bench

DONE = {"Available": ("True", "MinimumReplicasAvailable"), "Progressing": ("True", "NewReplicaSetAvailable")}


def sizes(bench: Bench) -> list[int]:
    return [rs["spec"]["replicas"] for rs in bench.replicasets()]


def test_a_deployment_makes_pods_that_get_ready_after_a_while(bench: Bench) -> None:
    bench.deploy("web", "web:v1")
    bench.settle()
    assert bench.conditions("web")["Available"] == ("False", "MinimumReplicasUnavailable")
    assert [pod["status"]["phase"] for pod in bench.pods()] == ["Pending"] * 3
    bench.settle(3)
    deployment = bench.deployment("web")
    assert bench.conditions("web") == DONE
    assert deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"]
    assert [deployment["status"][f] for f in ("replicas", "updatedReplicas", "readyReplicas")] == [3, 3, 3]
    (rs,) = bench.replicasets()
    assert deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"
    assert rs["metadata"]["labels"]["pod-template-hash"] in rs["metadata"]["name"]
    assert f"ScalingReplicaSet: Scaled up replica set {rs['metadata']['name']} from 0 to 3" in bench.events("web")
    for pod in bench.pods():
        assert pod["metadata"]["ownerReferences"][0]["uid"] == rs["metadata"]["uid"]
        assert pod["status"]["podIP"].startswith("10.244.")


def test_a_rolling_update_stays_within_surge_and_unavailable(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 4)
    bench.settle(3)
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}
    bench.change("web", strategy=strategy)
    bench.set_image("web", "web:v2")
    most, least = 0, 99
    for _ in range(60):
        bench.settle(0.25)
        most = max(most, sum(sizes(bench)))
        least = min(least, bench.deployment("web")["status"].get("availableReplicas", 0))
    assert (most, least) == (5, 3)
    assert sizes(bench) == [0, 4]
    assert {pod["spec"]["containers"][0]["image"] for pod in bench.pods()} == {"web:v2"}
    assert bench.conditions("web") == DONE


def test_a_way_back_takes_the_old_replicaset_with_a_higher_revision(bench: Bench) -> None:
    bench.deploy("web", "web:v1")
    bench.settle(3)
    (first,) = bench.replicasets()
    bench.set_image("web", "web:v2")
    bench.settle(15)
    bench.set_image("web", "web:v1")
    bench.settle(15)
    last = bench.replicasets()[-1]
    assert last["metadata"]["uid"] == first["metadata"]["uid"]
    assert last["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    assert last["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"
    assert bench.deployment("web")["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"


def test_a_paused_deployment_does_not_roll_and_goes_on_when_resumed(bench: Bench) -> None:
    bench.deploy("web", "web:v1")
    bench.settle(3)
    bench.change("web", paused=True)
    bench.set_image("web", "web:v2")
    bench.settle(3)
    assert bench.conditions("web")["Progressing"] == ("Unknown", "DeploymentPaused")
    assert sizes(bench) == [3]
    bench.change("web", paused=False)
    bench.settle(15)
    assert sizes(bench) == [0, 3]
    assert bench.conditions("web") == DONE


def test_pods_that_crash_stop_the_update_and_the_deadline_tells(bench: Bench) -> None:
    bench.deploy("web", "web:v1")
    bench.settle(3)
    bench.change("web", progressDeadlineSeconds=20)
    bench.set_image("web", "web:v2-bad")
    bench.settle(10)
    assert sizes(bench) == [3, 1]
    (sick,) = bench.pods("bad")
    assert sick["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert bench.conditions("web")["Progressing"] == ("True", "ReplicaSetUpdated")
    bench.settle(30)
    assert bench.conditions("web")["Progressing"] == ("False", "ProgressDeadlineExceeded")
    assert bench.conditions("web")["Available"][0] == "True"
    bench.set_image("web", "web:v1")
    bench.settle(10)
    assert bench.conditions("web") == DONE


def test_recreate_ends_every_old_pod_before_the_first_new_one(bench: Bench) -> None:
    bench.deploy("web", "web:v1", strategy={"type": "Recreate"})
    bench.settle(3)
    bench.set_image("web", "web:v2")
    for _ in range(40):
        bench.settle(0.25)
        assert len({pod["spec"]["containers"][0]["image"] for pod in bench.pods()}) <= 1
    assert sizes(bench) == [0, 3]
    assert len(bench.pods("v2")) == 3


def test_scaling_while_rolling_is_dealt_out(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 10, annotations={"demo.cockpit/ready-delay": "1s"})
    bench.settle(5)
    bench.set_image("web", "web:v2-bad")
    bench.settle(2)
    old, new = sizes(bench)
    bench.change("web", replicas=20)
    bench.settle(1)
    assert sum(sizes(bench)) == 25  # with the surge of 25%
    assert sizes(bench)[0] > old
    assert sizes(bench)[1] > new


def test_scaling_at_rest_and_to_nothing(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 2)
    bench.settle(3)
    bench.change("web", replicas=5)
    bench.settle(3)
    assert len(bench.pods()) == 5
    bench.change("web", replicas=0)
    bench.settle(3)
    assert bench.pods() == []
    assert bench.conditions("web") == DONE


def test_old_replicasets_beyond_the_limit_go(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 1, revisionHistoryLimit=2)
    for number in range(2, 7):
        bench.settle(6)
        bench.set_image("web", f"web:v{number}")
    bench.settle(8)
    revisions = [rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for rs in bench.replicasets()]
    assert revisions == ["4", "5", "6"]


def test_min_ready_seconds_delay_availability(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 1, annotations={"demo.cockpit/ready-delay": "1s"}, minReadySeconds=10)
    bench.settle(5)
    assert bench.deployment("web")["status"]["readyReplicas"] == 1
    assert "availableReplicas" not in bench.deployment("web")["status"]
    bench.settle(10)
    assert bench.conditions("web") == DONE


def test_a_pod_whose_labels_change_is_let_go_and_replaced(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 2)
    bench.settle(3)
    pod = bench.pods()[0]
    pod["metadata"]["labels"]["app"] = "debug"
    bench.storage.update(PODS, pod)
    bench.settle(3)
    assert len(bench.pods()) == 3
    freed = bench.storage.get(PODS, "default", pod["metadata"]["name"])
    assert not freed["metadata"].get("ownerReferences")
    freed["metadata"]["labels"]["app"] = "web"
    bench.storage.update(PODS, freed)
    bench.settle(3)
    assert len(bench.pods()) == 2
    owners = {pod["metadata"]["ownerReferences"][0]["uid"] for pod in bench.pods()}
    assert owners == {bench.replicasets()[0]["metadata"]["uid"]}


def test_a_replicaset_of_its_own_keeps_its_pods(bench: Bench) -> None:
    template = {"metadata": {"labels": {"app": "demo"}}, "spec": {"containers": [{"name": "a", "image": "a:v1"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "demo"}}, "template": template}
    bench.storage.create(REPLICASETS, {"metadata": {"name": "demo", "namespace": "default"}, "spec": spec})
    bench.settle(3)
    first = bench.pods()[0]["metadata"]["name"]
    bench.storage.delete(PODS, "default", first)
    bench.settle(3)
    assert len(bench.pods()) == 2
    assert first not in [pod["metadata"]["name"] for pod in bench.pods()]
    assert bench.storage.get(REPLICASETS, "default", "demo")["status"]["readyReplicas"] == 2


def test_of_many_pods_the_unready_go_first(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 3)
    bench.settle(3)
    kept = {pod["metadata"]["name"] for pod in bench.pods()}
    bench.change("web", replicas=5)
    bench.settle(0.25)
    bench.change("web", replicas=3)
    bench.settle(3)
    assert {pod["metadata"]["name"] for pod in bench.pods()} == kept


def test_a_deployment_under_deletion_makes_nothing(bench: Bench) -> None:
    created = bench.deploy("web", "web:v1")
    created["metadata"]["finalizers"] = ["example.com/hold"]
    bench.storage.update(DEPLOYMENTS, {**created, "metadata": {**created["metadata"], "resourceVersion": ""}})
    bench.storage.delete(DEPLOYMENTS, "default", "web")
    bench.settle(3)
    assert bench.pods() == []


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (3, None, None, (1, 0)),
        (4, "25%", "25%", (1, 1)),
        (10, "30%", 0, (3, 0)),
        (1, 0, 0, (0, 1)),
        (5, "x", "y", (0, 1)),
    ],
)
def test_bounds_round_surge_up_and_unavailable_down(
    replicas: int, surge: object, unavailable: object, expected: tuple[int, int]
) -> None:
    found = bounds(replicas, surge, unavailable)
    assert (found.surge, found.unavailable) == expected


@given(st.lists(st.integers(1, 50), min_size=1, max_size=5), st.integers(0, 200))
def test_a_proportional_change_gives_out_exactly_what_is_wanted(before: list[int], total: int) -> None:
    result = proportional(before, total, [sum(before)] * len(before))
    assert sum(result) == total
    assert all(size >= 0 for size in result)


@settings(max_examples=50)
@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 60), st.integers(0, 5))
def test_the_new_size_never_passes_what_is_wanted(current: int, size: int, others: int, surge: int) -> None:
    found = new_replicas(current, size, current + others, surge)
    assert found == size if current >= size else current <= found <= size
