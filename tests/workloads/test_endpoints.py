"""From a Service to ready endpoints and the workloads that keep them."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.refs import ENDPOINTSLICES, PODS
from cockpit.workloads.endpoints import Backing, backing_of
from cockpit.workloads.lookups import find_deployment, find_service
from cockpit.workloads.owners import pods_of, workload_of
from cockpit.workloads.siblings import siblings_of
from cockpit.workloads.versions import candidate_of, pod_cell
from tests.objects import Cluster, Doc, decode, seed


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(seed("blue-green-v1") + seed("blue-green-v2") + seed("blue-green-service")).run("demo-dp-v1")


def backing(cluster: Cluster) -> Backing:
    service = find_service(cluster, "default", "demo-service")
    assert service is not None
    return backing_of(service, cluster)


def endpoints(cluster: Cluster) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cluster.doc("EndpointSlice", "demo-service-slice")["endpoints"]
    return found


UID = "uid-deployment-demo-dp-v1"


def test_ready_endpoints_count_for_their_deployment(cluster: Cluster) -> None:
    assert backing(cluster).counts == ((UID, 3),)


@pytest.mark.parametrize(
    ("conditions", "count"),
    [({}, 3), ({"ready": None}, 3), ({"ready": False}, 2), ({"ready": True, "serving": False}, 3)],
)
def test_an_absent_ready_means_ready(cluster: Cluster, conditions: dict[str, Any], count: int) -> None:
    endpoints(cluster)[0]["conditions"] = conditions
    assert backing(cluster).total == count


def test_an_endpoint_in_two_slices_counts_once(cluster: Cluster) -> None:
    second = cluster.doc("EndpointSlice", "demo-service-slice")
    cluster.add({**second, "metadata": {"name": "second", "labels": second["metadata"]["labels"]}})
    assert backing(cluster).total == 3


def test_an_endpoint_whose_pod_is_not_known_belongs_to_nobody(cluster: Cluster) -> None:
    endpoints(cluster)[0]["targetRef"] = {"kind": "Pod", "name": "gone", "uid": "gone"}
    assert backing(cluster).counts == (("", 1), (UID, 2))


@pytest.mark.parametrize("unknown", [(ENDPOINTSLICES,), (PODS,), (ENDPOINTSLICES, PODS)])
def test_without_slices_pods_tell_and_without_pods_the_workloads(cluster: Cluster, unknown: tuple[Any, ...]) -> None:
    blind = Cluster(unknown=unknown)
    blind.docs = cluster.docs
    assert backing(blind).counts == ((UID, 3),)
    deployment = find_deployment(blind, "default", "demo-dp-v1")
    assert deployment is not None
    assert candidate_of(deployment, blind).ready == 3


def test_pods_are_joined_by_owner_reference_and_never_by_name(cluster: Cluster) -> None:
    deployment = find_deployment(cluster, "default", "demo-dp-v1")
    assert deployment is not None
    pods = pods_of(deployment, cluster)
    assert len(pods) == 3
    assert {workload_of(p, cluster).metadata.name for p in pods} == {"demo-dp-v1"}  # type: ignore[union-attr]
    # A ReplicaSet of the same name that was made anew is another one.
    for key, doc in cluster.docs.items():
        if key[0] == "ReplicaSet":
            doc["metadata"]["uid"] = "another"
    assert workload_of(pods[0], cluster) is None


@pytest.mark.parametrize(
    ("change", "state", "reason"),
    [
        ({}, "ready", ""),
        ({"deletionTimestamp": "2026-01-01T00:00:00Z"}, "leaving", ""),
    ],
)
def test_the_state_of_a_pod(cluster: Cluster, change: dict[str, Any], state: str, reason: str) -> None:
    doc = next(d for k, d in cluster.docs.items() if k[0] == "Pod")
    doc["metadata"] |= change
    cell = pod_cell(decode(doc))  # type: ignore[arg-type]
    assert (cell.state, cell.reason) == (state, reason)


@pytest.mark.parametrize(("reason", "state"), [("CrashLoopBackOff", "failing"), ("ContainerCreating", "starting")])
def test_why_a_pod_is_not_ready(cluster: Cluster, reason: str, state: str) -> None:
    cluster.run("demo-dp-v1", ready=0)
    doc = next(d for k, d in cluster.docs.items() if k[0] == "Pod")
    doc["status"]["containerStatuses"] = [{"restartCount": 4, "state": {"waiting": {"reason": reason}}}]
    cell = pod_cell(decode(doc))  # type: ignore[arg-type]
    assert (cell.state, cell.reason, cell.restarts) == (state, reason, 4)


def siblings(cluster: Cluster) -> list[str]:
    deployment = find_deployment(cluster, "default", "demo-dp-v1")
    assert deployment is not None
    return [d.metadata.name for d in siblings_of(deployment, cluster)]


def test_siblings_are_the_same_but_for_the_version(cluster: Cluster) -> None:
    assert siblings(cluster) == ["demo-dp-v2"]


@pytest.mark.parametrize("change", ["image", "name", "labels"])
def test_a_worker_of_the_same_image_is_no_sibling(cluster: Cluster, change: str) -> None:
    other = cluster.doc("Deployment", "demo-dp-v2")
    template = other["spec"]["template"]
    if change == "image":
        template["spec"]["containers"][0]["image"] = "bebullish/worker:v2"
    elif change == "labels":
        template["metadata"]["labels"] = {"app": "worker", "version": "v2"}
    else:
        cluster.remove("Deployment", "demo-dp-v2")
        other["metadata"] = {"name": "demo-worker-v2"}
        cluster.add(other)
    assert siblings(cluster) == []


def waits(reason: str, restarts: int = 0) -> Doc:
    return {"ready": False, "restartCount": restarts, "state": {"waiting": {"reason": reason}}}


@pytest.mark.parametrize(
    ("init", "main", "told", "restarts"),
    [
        ([waits("CrashLoopBackOff", 7)], [waits("PodInitializing")], ("failing", "Init:CrashLoopBackOff"), 7),
        ([waits("ImagePullBackOff")], [waits("PodInitializing")], ("failing", "Init:ImagePullBackOff"), 0),
        ([waits("PodInitializing")], [waits("PodInitializing")], ("starting", "PodInitializing"), 0),
        ([], [waits("CrashLoopBackOff", 3)], ("failing", "CrashLoopBackOff"), 3),
    ],
)
def test_a_pod_that_an_init_container_holds_up_fails(
    cluster: Cluster, init: list[Doc], main: list[Doc], told: tuple[str, str], restarts: int
) -> None:
    """A sidecar is an init container too (restartPolicy Always), and keeps the pod from being ready."""
    doc = next(d for key, d in cluster.docs.items() if key[0] == "Pod")
    doc["status"] = {"conditions": [], "containerStatuses": main, "initContainerStatuses": init}
    cell = pod_cell(decode(doc))  # type: ignore[arg-type]
    assert (cell.state, cell.reason, cell.restarts) == (*told, restarts)


def test_a_pod_that_no_node_takes_says_so(cluster: Cluster) -> None:
    doc = next(d for key, d in cluster.docs.items() if key[0] == "Pod")
    said = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."
    placing = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": said}
    doc["status"] = {"conditions": [placing]}
    cell = pod_cell(decode(doc))  # type: ignore[arg-type]
    assert (cell.state, cell.reason, cell.held_up) == ("starting", "Unschedulable", said)


def test_a_pod_that_only_a_readiness_gate_holds_up_names_it(cluster: Cluster) -> None:
    doc = next(d for key, d in cluster.docs.items() if key[0] == "Pod")
    said = 'corresponding condition of pod readiness gate "target-health.elbv2.k8s.aws/web" does not exist.'
    gated = {"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady", "message": said}
    placed = {"type": "PodScheduled", "status": "True"}
    doc["status"] = {"conditions": [placed, gated], "containerStatuses": [{"ready": True}]}
    cell = pod_cell(decode(doc))  # type: ignore[arg-type]
    assert (cell.state, cell.reason, cell.held_up) == ("starting", "ReadinessGatesNotReady", said)


def test_a_pod_whose_containers_start_is_held_up_by_nothing(cluster: Cluster) -> None:
    doc = next(d for key, d in cluster.docs.items() if key[0] == "Pod")
    doc["status"] = {"conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}]}
    assert pod_cell(decode(doc)).held_up == ""  # type: ignore[arg-type]
