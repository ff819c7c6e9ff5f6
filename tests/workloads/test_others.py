"""Pods, endpoints and backends of no version, system by system: a row of their own, and shares that sum to 1."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.refs import DEPLOYMENTS, PODS, SERVICES
from cockpit.model.rollout import Role, Rollout
from cockpit.model.shares import not_given
from cockpit.routers.service.adapter import ServiceRouter
from cockpit.systems.deployment.adapter import DeploymentSystem
from tests.objects import Cluster, Doc, seed
from tests.routers.httproutes import backend, route, rule
from tests.systems.argo import releases as argo
from tests.systems.kruise import releases as kruise


def bare_pod(name: str, labels: dict[str, str], image: str = "reg.test/debug:2", **meta: Any) -> Doc:
    """A ready pod that no workload keeps."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels, **meta},
        "spec": {"containers": [{"name": "c", "image": image}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


@pytest.fixture
def alone() -> Cluster:
    """One Deployment of three pods behind one Service."""
    return Cluster(seed("blue-green-v1") + seed("blue-green-service")).run("demo-dp-v1")


def read(cluster: Cluster) -> Rollout:
    deployment = cluster.get(DEPLOYMENTS, "default", "demo-dp-v1")
    assert deployment is not None
    (rollout,) = DeploymentSystem().read(deployment, cluster)
    return rollout


def labels_of(cluster: Cluster) -> dict[str, str]:
    return dict(cluster.doc("Service", "demo-service")["spec"]["selector"])


def written(rollout: Rollout) -> dict[str, float | None]:
    return {s.version: s.written and round(s.written, 4) for s in rollout.lanes[0].shares}


def told(rollout: Rollout) -> str:
    return next((f.text for f in rollout.findings if f.id == "others"), "")


def test_a_ready_pod_that_nobody_owns_counts_and_is_named(alone: Cluster) -> None:
    alone.add(bare_pod("web-debug", labels_of(alone))).balance()
    rollout = read(alone)
    assert written(rollout) == {"v1": 0.75, "others": 0.25}
    row = rollout.version("others")
    assert row is not None
    assert (row.role, row.ready, [p.name for p in row.pods]) == (Role.OTHERS, 1, ["web-debug"])
    assert row.images == ("reg.test/debug:2",)
    assert "routes to Pod web-debug, which no version of this rollout owns: 25% of the requests" in told(rollout)
    assert [v.name for v in rollout.own_versions] == ["v1"]


def test_nobody_declares_a_share_for_them_so_that_it_is_not_as_declared(alone: Cluster) -> None:
    assert not_given(read(alone).lanes[0]) is None
    alone.add(bare_pod("web-debug", labels_of(alone))).balance()
    share = not_given(read(alone).lanes[0])
    assert share is not None
    assert (share.version, share.declared, share.written) == ("others", 0.0, 0.25)


def test_a_pod_of_a_job_counts_and_one_that_is_not_ready_does_not(alone: Cluster) -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "name": "seed", "uid": "uid-job", "controller": True}
    alone.add(bare_pod("seed-x", labels_of(alone), ownerReferences=[job]))
    late = bare_pod("seed-y", labels_of(alone), ownerReferences=[job])
    late["status"]["conditions"][0]["status"] = "False"
    rollout = read(alone.add(late).balance())
    assert written(rollout) == {"v1": 0.75, "others": 0.25}
    assert "Pod seed-x, which" in told(rollout)


def test_an_endpoint_without_a_pod_counts(alone: Cluster) -> None:
    slices = next(d for (kind, _, _), d in alone.docs.items() if kind == "EndpointSlice")
    slices["endpoints"].append({"addresses": ["192.0.2.7"], "conditions": {"ready": True}})
    rollout = read(alone)
    assert written(rollout) == {"v1": 0.75, "others": 0.25}
    assert "endpoint 192.0.2.7" in told(rollout)


def test_who_may_not_read_pods_hears_of_no_others(alone: Cluster) -> None:
    blind = Cluster(list(alone.docs.values()), unknown=[PODS])
    assert "others" not in written(read(blind))


def test_a_service_for_a_whole_namespace_is_not_the_one_that_users_come_by() -> None:
    alone = Cluster(seed("blue-green-v1") + seed("blue-green-service"))
    wide = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "all-pods"},
        "spec": {"selector": {"team": "x"}, "ports": [{"port": 80}]},
    }
    alone.doc("Deployment", "demo-dp-v1")["spec"]["template"]["metadata"]["labels"]["team"] = "x"
    alone.run("demo-dp-v1").add(wide, bare_pod("elsewhere", {"team": "x"})).balance()
    assert written(read(alone)) == {"v1": 1.0}


def test_a_service_router_counts_endpoints_that_no_version_has(blue_green: Cluster) -> None:
    slices = next(d for (kind, _, _), d in blue_green.docs.items() if kind == "EndpointSlice")
    slices["endpoints"].append({"addresses": ["192.0.2.7"], "conditions": {"ready": True}})
    service = blue_green.get(SERVICES, "default", "demo-service")
    assert service is not None
    (rollout,) = ServiceRouter().read(service, blue_green)
    assert sum(share or 0.0 for share in written(rollout).values()) == pytest.approx(1)
    assert written(rollout)["others"] == 0.25


@pytest.fixture
def blue_green() -> Cluster:
    cluster = Cluster(seed("blue-green-v1") + seed("blue-green-service"))
    cluster.add(*seed("blue-green-v2"), created="2026-01-01T01:00:00Z")
    return cluster.run("demo-dp-v1").run("demo-dp-v2")


def test_argo_by_pods_counts_them() -> None:
    cluster = argo.basic(old=2, new=1)
    cluster.add(bare_pod("web-debug", {"app": argo.NAME})).balance()
    rollout = argo.read(cluster)
    assert written(rollout) == {"v1": 0.5, "v2": 0.25, "others": 0.25}
    assert "Pod web-debug" in told(rollout)


def referring(cluster: Cluster) -> Cluster:
    """The Rollout takes its template from Deployment feed, which runs four pods of v2 itself."""
    doc = cluster.doc("Rollout", argo.NAME)
    doc["spec"] |= {"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "feed"}}
    del doc["spec"]["template"]
    feed = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "feed"},
        "spec": {"replicas": 4, "selector": {"matchLabels": {"app": argo.NAME}}, "template": argo.template("v2")},
    }
    return cluster.add(feed).run("feed")


def doubled_marks(cluster: Cluster) -> bool:
    """Whether the names of the Deployment's pods tell that they run v2."""
    version = argo.read(cluster).version("v2")
    assert version is not None
    return {n for (kind, _, n) in cluster.docs if kind == "Pod" and n.startswith("feed-")} <= version.marks


def test_pods_of_the_workload_that_the_template_is_taken_from_run_its_version() -> None:
    cluster = referring(argo.basic(old=3, new=1))
    assert written(argo.read(cluster)) == {"v1": 0.375, "v2": 0.625}
    assert doubled_marks(cluster)


def test_so_do_those_behind_a_blue_green_service_that_is_not_pinned() -> None:
    cluster = referring(argo.previewed())
    cluster.doc("Service", "web-stable")["spec"]["selector"] = {"app": argo.NAME}
    cluster.balance()
    assert doubled_marks(cluster)


def test_a_third_backend_in_argos_route_counts() -> None:
    plugin = {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "web", "namespace": "default"}}}
    cluster = argo.routed(20, argo.canary(routing=plugin))
    led = route(rule(backend("web-stable", 60), backend("web-canary", 20), backend("mirror", 20)), name="web")
    rollout = argo.read(cluster.add(led))
    assert written(rollout) == {"v1": 0.6, "v2": 0.2, "others": 0.2}
    assert "HTTPRoute default/web also routes to Service default/mirror" in told(rollout)


def test_an_experiment_that_the_release_asks_for_is_no_finding() -> None:
    plugin = {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "web", "namespace": "default"}}}
    weights = {
        "canary": {"weight": 20, "serviceName": "web-canary", "podTemplateHash": argo.NEW},
        "stable": {"weight": 70, "serviceName": "web-stable", "podTemplateHash": argo.OLD},
        "additional": [{"weight": 10, "serviceName": "trial"}],
    }
    cluster = argo.routed(20, argo.canary(routing=plugin), canary={"weights": weights})
    led = route(rule(backend("web-stable", 70), backend("web-canary", 20), backend("trial", 10)), name="web")
    rollout = argo.read(cluster.add(led))
    assert {s.version: (s.declared, round(s.written or 0, 4)) for s in rollout.lanes[0].shares} == {
        "v1": (pytest.approx(0.7), 0.7),
        "v2": (0.2, 0.2),
        "others": (pytest.approx(0.1), 0.1),
    }
    assert told(rollout) == ""
    assert not_given(rollout.lanes[0]) is None


def test_kruise_counts_them() -> None:
    cluster = kruise.resting()
    selector = cluster.doc("Service", "echoserver")["spec"]["selector"]
    cluster.add(bare_pod("echo-debug", dict(selector))).balance()
    rollout = kruise.read(cluster)
    assert kruise.written(rollout) == {"1.10.2": pytest.approx(0.8), "others": pytest.approx(0.2)}
    assert "Pod echo-debug" in told(rollout)
