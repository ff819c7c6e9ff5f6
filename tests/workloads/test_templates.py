"""The templates of the pods that answer for a version."""

from __future__ import annotations

from tests.objects import Cluster
from tests.routers import ingresses
from tests.routers.conftest import steps

HASH = "pod-template-hash"


def test_a_version_knows_the_templates_of_its_ready_pods() -> None:
    cluster = steps("weight")
    cluster.doc("Deployment", "http-server-v2")["spec"]["replicas"] = 2
    cluster.run("http-server-v2")
    pods = [doc for (kind, _, name), doc in cluster.docs.items() if kind == "Pod" and name.startswith("http-server-v2")]
    new, old = pods[0], pods[1]
    before = templates(cluster)
    new["metadata"]["labels"][HASH] = "repaired"
    assert templates(cluster) == before | {"repaired"}
    old["status"]["conditions"][0]["status"] = "False"
    assert templates(cluster) == {"repaired"}
    old["status"]["conditions"][0]["status"] = "True"
    old["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert templates(cluster) == {"repaired"}, "a pod that leaves answers no new request"


def templates(cluster: Cluster) -> frozenset[str]:
    (new,) = (one for one in ingresses.read(cluster).versions if one.workload and one.workload.name == "http-server-v2")
    return new.templates
