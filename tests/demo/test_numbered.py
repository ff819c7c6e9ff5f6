"""StatefulSets and DaemonSets on a clock that the test moves."""

from __future__ import annotations

from typing import Any

from cockpit.demo.schemas.kinds import CONTROLLERREVISIONS, DAEMONSETS, NODES, PODS, STATEFULSETS, Kind
from tests.demo.conftest import Bench, deployment

DELAY = {"demo.cockpit/ready-delay": "1s"}


def make(bench: Bench, kind: Kind, image: str, **more: Any) -> None:
    made = deployment("db", image, annotations=DELAY, **more)
    if kind is DAEMONSETS:
        del made["spec"]["replicas"]
    bench.storage.create(kind, made)


def change(bench: Bench, kind: Kind, image: str | None = None, **spec: Any) -> None:
    stored = bench.storage.get(kind, "default", "db")
    if image:
        stored["spec"]["template"]["spec"]["containers"][0]["image"] = image
    stored["spec"].update(spec)
    bench.storage.update(kind, stored)


def images(bench: Bench) -> dict[str, str]:
    return {pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"] for pod in bench.storage.list(PODS)}


def status(bench: Bench, kind: Kind) -> dict[str, Any]:
    return dict(bench.storage.get(kind, "default", "db")["status"])


def test_pods_of_a_statefulset_come_one_after_the_other_and_go_from_above(bench: Bench) -> None:
    make(bench, STATEFULSETS, "db:v1", serviceName="db")
    bench.settle(0.5)
    assert list(images(bench)) == ["db-0"]
    bench.settle(5)
    assert list(images(bench)) == ["db-0", "db-1", "db-2"]
    assert status(bench, STATEFULSETS)["readyReplicas"] == 3
    change(bench, STATEFULSETS, replicas=1)
    bench.settle()
    ending = [pod["metadata"]["name"] for pod in bench.pods() if pod["metadata"].get("deletionTimestamp")]
    assert ending == ["db-2"]
    bench.settle(6)
    assert list(images(bench)) == ["db-0"]


def test_a_statefulset_updates_from_above_down_to_its_partition(bench: Bench) -> None:
    make(bench, STATEFULSETS, "db:v1", updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})
    bench.settle(8)
    first = status(bench, STATEFULSETS)["currentRevision"]
    change(bench, STATEFULSETS, "db:v2")
    bench.settle(8)
    assert images(bench) == {"db-0": "db:v1", "db-1": "db:v1", "db-2": "db:v2"}
    found = status(bench, STATEFULSETS)
    assert (found["currentReplicas"], found["updatedReplicas"]) == (2, 1)
    assert found["currentRevision"] == first != found["updateRevision"]
    bench.storage.delete(PODS, "default", "db-0")
    bench.settle(5)
    assert images(bench)["db-0"] == "db:v1", "below the partition the old template comes back"
    change(bench, STATEFULSETS, updateStrategy={"type": "RollingUpdate"})
    bench.settle(12)
    assert set(images(bench).values()) == {"db:v2"}
    assert status(bench, STATEFULSETS)["currentRevision"] == found["updateRevision"]
    numbers = sorted(revision["revision"] for revision in bench.storage.list(CONTROLLERREVISIONS))
    assert numbers == [1, 2]


def test_a_broken_update_of_a_statefulset_stops_at_its_first_pod_and_can_go_back(bench: Bench) -> None:
    make(bench, STATEFULSETS, "db:v1")
    bench.settle(8)
    change(bench, STATEFULSETS, "db:bad")
    bench.settle(8)
    assert images(bench) == {"db-0": "db:v1", "db-1": "db:v1", "db-2": "db:bad"}
    assert status(bench, STATEFULSETS)["readyReplicas"] == 2
    change(bench, STATEFULSETS, "db:v1")
    bench.storage.delete(PODS, "default", "db-2")
    bench.settle(8)
    assert set(images(bench).values()) == {"db:v1"}
    assert status(bench, STATEFULSETS)["readyReplicas"] == 3


def test_a_daemonset_has_a_pod_on_each_node_and_updates_one_at_a_time(bench: Bench) -> None:
    make(bench, DAEMONSETS, "db:v1")
    bench.settle(3)
    nodes = {node["metadata"]["name"] for node in bench.storage.list(NODES)}
    assert {pod["spec"]["nodeName"] for pod in bench.pods()} == nodes
    assert status(bench, DAEMONSETS)["numberAvailable"] == status(bench, DAEMONSETS)["desiredNumberScheduled"] == 2
    change(bench, DAEMONSETS, "db:v2")
    least = 2
    for _ in range(40):
        bench.settle(0.25)
        least = min(least, status(bench, DAEMONSETS).get("numberAvailable", 0))
    assert least == 1
    assert set(images(bench).values()) == {"db:v2"}
    assert status(bench, DAEMONSETS)["updatedNumberScheduled"] == 2


def test_a_daemonset_with_ondelete_waits_for_hands(bench: Bench) -> None:
    make(bench, DAEMONSETS, "db:v1", updateStrategy={"type": "OnDelete"})
    bench.settle(3)
    change(bench, DAEMONSETS, "db:v2")
    bench.settle(5)
    assert set(images(bench).values()) == {"db:v1"}
    bench.storage.delete(PODS, "default", next(iter(images(bench))))
    bench.settle(5)
    assert sorted(images(bench).values()) == ["db:v1", "db:v2"]


def test_pods_carry_their_revision_as_each_controller_spells_it(bench: Bench) -> None:
    make(bench, STATEFULSETS, "db:v1")
    bench.settle(8)
    revision = status(bench, STATEFULSETS)["updateRevision"]
    assert {pod["metadata"]["labels"]["controller-revision-hash"] for pod in bench.pods()} == {revision}
    (kept,) = bench.storage.list(CONTROLLERREVISIONS)
    assert kept["metadata"]["labels"]["controller.kubernetes.io/hash"] == revision.removeprefix("db-")


def test_a_daemonset_counts_its_templates(bench: Bench) -> None:
    make(bench, DAEMONSETS, "db:v1")
    bench.settle(3)
    change(bench, DAEMONSETS, "db:v2")
    bench.settle(10)
    hashes = {r["metadata"]["labels"]["controller-revision-hash"]: r for r in bench.storage.list(CONTROLLERREVISIONS)}
    labels = [pod["metadata"]["labels"] for pod in bench.pods()]
    assert {found["pod-template-generation"] for found in labels} == {"2"}
    assert {hashes[found["controller-revision-hash"]]["revision"] for found in labels} == {2}


def test_with_max_surge_a_new_pod_is_there_before_the_old_one_goes(bench: Bench) -> None:
    surge = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    make(bench, DAEMONSETS, "db:v1", updateStrategy=surge)
    bench.settle(3)
    nodes = len(bench.storage.list(NODES))
    change(bench, DAEMONSETS, "db:v2")
    bench.settle(0.2)
    assert sorted(images(bench).values()) == ["db:v1"] * nodes + ["db:v2"]
    assert status(bench, DAEMONSETS)["numberAvailable"] == nodes
    bench.settle(30)
    assert list(images(bench).values()) == ["db:v2"] * nodes


def test_pods_that_never_get_ready_hold_up_the_way_back_until_they_are_deleted(bench: Bench) -> None:
    make(bench, STATEFULSETS, "db:v1")
    bench.settle(8)
    change(bench, STATEFULSETS, "db:bad")
    bench.settle(5)
    change(bench, STATEFULSETS, "db:v1")
    bench.settle(20)
    assert images(bench)["db-2"] == "db:bad"
    bench.storage.delete(PODS, "default", "db-2")
    bench.settle(10)
    assert set(images(bench).values()) == {"db:v1"}
