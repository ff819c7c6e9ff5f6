"""What StatefulSet and DaemonSet controllers write, on the double and on a real one alike."""

from __future__ import annotations

from typing import Any

import pytest

from tests.places import Place

HASH = "controller-revision-hash"


def workload(kind: str, image: str, **spec: Any) -> dict[str, Any]:
    container = {"name": "main", "image": f"demo/db:{image}", "ports": [{"containerPort": 8080}]}
    template = {
        "metadata": {"labels": {"app": "db"}, "annotations": {"demo.cockpit/ready-delay": "0.5s"}},
        "spec": {"containers": [container]},
    }
    spec = {"selector": {"matchLabels": {"app": "db"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "db"}, "spec": spec}


def listed(place: Place, kind: str) -> list[dict[str, Any]]:
    return list(place.client.get(place.path(kind)).raise_for_status().json()["items"])


def images(pods: list[dict[str, Any]]) -> dict[str, str]:
    return {p["metadata"]["name"]: p["spec"]["containers"][0]["image"].rpartition(":")[2] for p in pods}


def told(**wanted: Any) -> Any:
    """A test of a watch: the only object's status has these fields, and its latest spec was seen."""

    def holds(items: list[dict[str, Any]]) -> bool:
        if not items:
            return False
        status, meta = items[0].get("status") or {}, items[0]["metadata"]
        seen = status.get("observedGeneration") == meta["generation"]
        return seen and all(status.get(field) == value for field, value in wanted.items())

    return holds


def test_a_partition_holds_pods_back_and_the_status_counts_them(place: Place) -> None:
    held = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    place.apply(workload("StatefulSet", "v1", replicas=3, serviceName="db", updateStrategy=held))
    place.until("StatefulSet", told(replicas=3, readyReplicas=3, updatedReplicas=3, currentReplicas=3))
    place.apply(workload("StatefulSet", "v2", replicas=3, serviceName="db", updateStrategy=held))
    place.until("StatefulSet", told(readyReplicas=3, updatedReplicas=1, currentReplicas=2))
    (stored,) = listed(place, "StatefulSet")
    assert stored["status"]["currentRevision"] != stored["status"]["updateRevision"]
    pods = listed(place, "Pod")
    assert images(pods) == {"db-0": "v1", "db-1": "v1", "db-2": "v2"}
    labels = {p["metadata"]["name"]: p["metadata"]["labels"] for p in pods}
    assert labels["db-2"][HASH] == stored["status"]["updateRevision"]
    assert labels["db-0"][HASH] == stored["status"]["currentRevision"]
    assert labels["db-1"]["apps.kubernetes.io/pod-index"] == "1"


def test_a_higher_partition_takes_no_pod_back(place: Place) -> None:
    place.apply(workload("StatefulSet", "v1", replicas=2, serviceName="db"))
    place.until("StatefulSet", told(readyReplicas=2, updatedReplicas=2))
    one = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    place.apply(workload("StatefulSet", "v2", replicas=2, serviceName="db", updateStrategy=one))
    place.until("StatefulSet", told(readyReplicas=2, updatedReplicas=1))
    two = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    place.apply(workload("StatefulSet", "v2", replicas=2, serviceName="db", updateStrategy=two))
    place.until("StatefulSet", told(readyReplicas=2, updatedReplicas=1))
    assert images(listed(place, "Pod")) == {"db-0": "v1", "db-1": "v2"}
    place.delete("Pod", "db-1")
    place.until("StatefulSet", told(readyReplicas=2, currentReplicas=2))
    assert images(listed(place, "Pod")) == {"db-0": "v1", "db-1": "v1"}


@pytest.mark.parametrize("surge", [0, 1])
def test_a_daemonset_replaces_pods_and_counts_nodes(place: Place, surge: int) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": 1 - surge}}
    place.apply(workload("DaemonSet", "v1", updateStrategy=strategy))
    place.until("DaemonSet", lambda items: bool(items) and items[0].get("status", {}).get("numberReady", 0) > 0)
    (stored,) = listed(place, "DaemonSet")
    nodes = stored["status"]["desiredNumberScheduled"]
    place.until("DaemonSet", told(numberReady=nodes, updatedNumberScheduled=nodes))
    place.apply(workload("DaemonSet", "v2", updateStrategy=strategy))
    place.until("DaemonSet", told(numberReady=nodes, updatedNumberScheduled=nodes, currentNumberScheduled=nodes))
    pods = [p for p in listed(place, "Pod") if not p["metadata"].get("deletionTimestamp")]
    assert list(images(pods).values()) == ["v2"] * nodes
    (newest,) = [r for r in listed(place, "controllerrevisions.apps/v1") if r["revision"] == 2]
    mark = newest["metadata"]["labels"][HASH]
    assert newest["metadata"]["name"] == f"db-{mark}"
    assert {(p["metadata"]["labels"][HASH], p["metadata"]["labels"]["pod-template-generation"]) for p in pods} == {
        (mark, "2")
    }
    assert newest["data"]["spec"]["template"]["$patch"] == "replace"
