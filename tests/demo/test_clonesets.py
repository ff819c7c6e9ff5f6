"""CloneSets and advanced StatefulSets of OpenKruise by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.demo.errors import Invalid
from cockpit.demo.schemas.customkinds import ADVANCED_STATEFULSETS, CLONESETS
from cockpit.demo.schemas.kinds import CONTROLLERREVISIONS, PODS
from tests.demo.conftest import Bench
from tests.demo.test_kruise import Release, clone_set


@pytest.fixture
def cloned(bench: Bench) -> Release:
    bench.storage.create(CLONESETS, clone_set(5))
    bench.settle(5)
    return Release(bench, CLONESETS)


def test_pods_carry_both_hashes_and_the_status_counts_them(cloned: Release) -> None:
    status = cloned.workload["status"]
    counts = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas", "updatedReadyReplicas")
    assert [status[field] for field in counts] == [5] * 5
    assert status["labelSelector"] == "app=web"
    for pod in cloned.bench.storage.list(PODS):
        labels = pod["metadata"]["labels"]
        assert labels["controller-revision-hash"] == status["updateRevision"]
        assert labels["controller-revision-hash"] == f"web-{labels['pod-template-hash']}"


def test_an_update_keeps_enough_pods_serving(cloned: Release) -> None:
    template = cloned.workload["spec"]["template"]
    template["spec"]["containers"][0]["image"] = "web:v2"
    cloned.edit({"spec": {"template": template}})
    least = 5
    for _ in range(80):
        cloned.bench.settle(0.25)
        least = min(least, cloned.workload["status"]["readyReplicas"])
    # 20% of five pods may be missing.
    assert least == 4
    assert cloned.images() == {"web:v2": 5}
    assert len(cloned.bench.storage.list(CONTROLLERREVISIONS)) == 2


def test_a_surge_brings_new_pods_before_old_ones_go(cloned: Release) -> None:
    cloned.edit({"spec": {"updateStrategy": {"maxSurge": 2, "maxUnavailable": 0}}})
    template = cloned.workload["spec"]["template"]
    template["spec"]["containers"][0]["image"] = "web:v2"
    cloned.edit({"spec": {"template": template}})
    seen = []
    for _ in range(80):
        cloned.bench.settle(0.25)
        status = cloned.workload["status"]
        seen.append((status["replicas"], status["readyReplicas"]))
    assert max(total for total, _ in seen) == 7
    assert min(ready for _, ready in seen) == 5
    assert cloned.images() == {"web:v2": 5}


@pytest.mark.parametrize(("partition", "old"), [(2, 2), ("50%", 3), ("100%", 5), ("0%", 0)])
def test_the_partition_counts_pods_that_stay_old(cloned: Release, partition: Any, old: int) -> None:
    cloned.edit({"spec": {"updateStrategy": {"partition": partition}}})
    cloned.release("v2")
    images = cloned.images()
    assert (images.get("web:v1", 0), images.get("web:v2", 0)) == (old, 5 - old)
    assert cloned.workload["status"]["expectedUpdatedReplicas"] == 5 - old


def test_a_paused_update_scales_all_the_same(cloned: Release) -> None:
    cloned.edit({"spec": {"updateStrategy": {"paused": True}, "replicas": 7}})
    cloned.release("v2")
    assert cloned.images() == {"web:v1": 7}
    cloned.edit({"spec": {"updateStrategy": {"paused": False}, "replicas": 2}})
    cloned.bench.settle(20)
    assert cloned.images() == {"web:v2": 2}


def test_a_clone_set_has_a_selector_of_its_own(bench: Bench) -> None:
    with pytest.raises(Invalid):
        bench.storage.create(CLONESETS, clone_set(selector={"matchLabels": {"app": "other"}}))


def test_an_advanced_stateful_set_numbers_its_pods(bench: Bench) -> None:
    bench.storage.create(ADVANCED_STATEFULSETS, clone_set(3, serviceName="web"))
    bench.settle(15)
    release = Release(bench, ADVANCED_STATEFULSETS)
    assert [pod["metadata"]["name"] for pod in bench.storage.list(PODS)] == ["web-0", "web-1", "web-2"]
    assert release.workload["status"]["updatedReadyReplicas"] == 3
    release.edit({"spec": {"updateStrategy": {"rollingUpdate": {"partition": 2}}}})
    release.release("v2")
    assert [pod["metadata"]["name"] for pod in bench.pods("v2")] == ["web-2"]
