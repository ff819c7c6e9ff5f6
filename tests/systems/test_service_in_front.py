"""The Service in front of a plain workload: found by what remains where its selector does not match, and why told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from cockpit.kube.kind_index import KindIndex
from cockpit.kube.questions import sync_topic
from cockpit.kube.store import Store
from cockpit.model.objects import Obj
from cockpit.model.refs import DEPLOYMENTS, PODS, REPLICASETS, SERVICES, STATEFULSETS
from cockpit.model.rollout import Finding, Rollout, Severity
from cockpit.session.facts.rollouts import Rollouts
from cockpit.systems.deployment.adapter import DeploymentSystem
from cockpit.systems.sets.adapter import StatefulSetSystem
from tests.objects import Cluster, Doc, decode

LABELS = {"app": "web", "tier": "front"}
NAME = "app.kubernetes.io/name"


def metadata(name: str, **more: Any) -> Doc:
    return {
        "name": name,
        "namespace": "default",
        "uid": f"uid-{name}",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        **more,
    }


def deployment(name: str = "web", labels: dict[str, str] | None = None, kind: str = "Deployment") -> Doc:
    labels = dict(labels or LABELS)
    container = {
        "name": "web",
        "image": f"registry.example/{name}:v1",
        "ports": [{"name": "http", "containerPort": 8080}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": metadata(name, generation=1),
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": dict(labels)}, "spec": {"containers": [container]}},
        },
        "status": {"observedGeneration": 1},
    }


def service(name: str = "web", selector: dict[str, str] | None = None, **spec: Any) -> Doc:
    port = {"name": "http", "port": 80, "targetPort": "http"}
    chosen = dict(LABELS if selector is None else selector)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(name),
        "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.9", "selector": chosen, "ports": [port], **spec},
    }


def ingress(name: str = "web", backend: str = "web", **annotations: str) -> Doc:
    leads = {"service": {"name": backend, "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": leads}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata(name, annotations=annotations),
        "spec": {"ingressClassName": "nginx", "rules": [{"host": "web.test", "http": {"paths": [path]}}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}},
    }


def cluster_of(*docs: Doc) -> Cluster:
    cluster = Cluster(docs)
    for doc in docs:
        if doc["kind"] == "Deployment":
            cluster.run(doc["metadata"]["name"])
    return cluster.balance()


def read(cluster: Cluster, name: str = "web") -> Rollout:
    root = cluster.get(DEPLOYMENTS, "default", name)
    assert root is not None
    (rollout,) = DeploymentSystem().read(root, cluster)
    return rollout


def told(rollout: Rollout, kind: str = "selector-misses") -> Finding:
    (found,) = [each for each in rollout.findings if each.id == kind]
    return found


def test_a_selector_with_a_typo_is_named_with_what_the_pods_have() -> None:
    cluster = cluster_of(deployment(), service(selector={"app": "wbe"}), ingress())
    rollout = read(cluster)
    found = told(rollout)
    assert found.severity is Severity.CRITICAL
    assert found.text == (
        "Service default/web selects no pods, so its requests fail: it asks for app=wbe, the pods of Deployment web"
        " have app=web"
    )
    assert found.evidence == "requests come from Ingress web"
    # It is still the same rollout, and the probe goes on where users go.
    assert (rollout.key.name, rollout.probe_target and rollout.probe_target.host) == ("web", "web.test")
    assert [share.written for share in rollout.lanes[0].shares] == [0.0]


def test_nothing_is_told_where_the_selector_matches() -> None:
    cluster = cluster_of(deployment(), service(), ingress())
    assert not read(cluster).findings


@pytest.mark.parametrize("name", ["web-svc", "web-service"])
def test_a_service_with_a_usual_ending_is_its_own(name: str) -> None:
    cluster = cluster_of(deployment(), service(name, {"app": "wbe"}), ingress(backend=name))
    assert told(read(cluster)).severity is Severity.CRITICAL


def test_a_service_is_found_by_the_route_with_the_name_of_the_workload() -> None:
    cluster = cluster_of(deployment(), service("front-door", {"app": "wbe"}), ingress(backend="front-door"))
    assert "Service default/front-door selects no pods" in told(read(cluster)).text


def test_a_service_is_found_by_the_application_that_the_template_names() -> None:
    cluster = cluster_of(deployment("web-main"), service("web", {"run": "web"}), ingress("door"))
    found = told(read(cluster, "web-main"))
    assert found.text.endswith("it asks for run=web, the pods of Deployment web-main have no label run")


def test_a_name_that_several_workloads_carry_as_a_label_speaks_for_none() -> None:
    both = (deployment("web-main"), deployment("web-worker"))
    cluster = cluster_of(*both, service("web", {"run": "web"}), ingress("door"))
    assert not read(cluster, "web-main").findings


def test_labels_that_match_in_part_are_a_guess_until_somebody_is_sent_there() -> None:
    docs = (deployment(), service("door", {"app": "web", "tier": "frnt"}))
    found = told(read(cluster_of(*docs)))
    assert (found.severity, "may be meant for Deployment web" in found.text) == (Severity.WARNING, True)
    led = told(read(cluster_of(*docs, ingress("entry", "door"))))
    assert led.severity is Severity.CRITICAL


@pytest.mark.parametrize("wrong", ["app", "tier"])
def test_labels_match_in_part_whichever_of_them_has_the_typo(wrong: str) -> None:
    door = service("door", {**LABELS, wrong: "typo"}, type="LoadBalancer")
    found = told(read(cluster_of(deployment(), door)))
    assert found.severity is Severity.CRITICAL
    assert f"it asks for {wrong}=typo, the pods of Deployment web have {wrong}={LABELS[wrong]}" in found.text


def test_a_service_without_pods_by_the_name_hurts_whoever_calls_it() -> None:
    found = told(read(cluster_of(deployment(), service(selector={"app": "wbe"}))))
    assert found.severity is Severity.CRITICAL


def test_a_worker_without_a_service_is_no_fault() -> None:
    others = (deployment("api", {"app": "api"}), service("api", {"app": "api"}), ingress("api", "api"))
    rollout = read(cluster_of(deployment(), *others))
    assert not rollout.findings
    assert rollout.probe_target_missing == "no Service selects its pods"


def test_a_worker_beside_an_argo_rollout_that_is_scaled_to_nothing_is_no_fault() -> None:
    shared = {"app.kubernetes.io/name": "shop"}
    web = {**shared, "app.kubernetes.io/component": "web"}
    owner = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "name": "shop-web",
        "uid": "r",
        "controller": True,
    }
    kept = deployment("shop-web-6c5", web, "ReplicaSet")
    kept["metadata"]["ownerReferences"] = [owner]
    kept["spec"]["replicas"] = 0
    worker = deployment("shop-jobs", {**shared, "app.kubernetes.io/component": "jobs"})
    cluster = cluster_of(worker, kept, service("shop", web), ingress(backend="shop"))
    assert not read(cluster, "shop-jobs").findings
    # Without the ReplicaSet nobody else can be meant.
    assert told(read(cluster.remove("ReplicaSet", "shop-web-6c5"), "shop-jobs")).severity is Severity.CRITICAL


def labels_in_release(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/instance": "shop", NAME: name}


def release(count: int) -> tuple[Store, Rollouts]:
    """So many Deployments of one Helm release, each with its Service; their selectors share a label."""
    labels = [labels_in_release(f"web-{n}") for n in range(count)]
    store = Store("test")
    rollouts = Rollouts(store, (DeploymentSystem(),))
    store.replace(DEPLOYMENTS, [decode(deployment(own[NAME], own)) for own in labels])
    topics = store.replace(SERVICES, [decode(service(f"to-{own[NAME]}", own)) for own in labels]).topics
    for resource in (PODS, REPLICASETS):
        store.replace(resource, [])
    rollouts.apply({*topics, sync_topic(DEPLOYMENTS)})
    return store, rollouts


def test_a_reading_does_not_hear_of_the_state_of_the_other_workloads_of_its_release() -> None:
    store, rollouts = release(6)
    before = rollouts.read
    changed = deployment("web-0", labels_in_release("web-0"))
    changed["metadata"]["resourceVersion"] = "2"
    changed["status"]["readyReplicas"] = 1
    rollouts.apply(store.apply(DEPLOYMENTS, [decode(changed)]).topics)
    assert rollouts.read - before == 1


def test_the_cost_of_a_reading_is_in_proportion_to_the_services_of_its_release(monkeypatch: pytest.MonkeyPatch) -> None:
    given, keyed = Counter[int](), KindIndex.keyed

    def counted(index: KindIndex, namespace: str, keys: Sequence[str]) -> Sequence[Obj]:
        found = keyed(index, namespace, keys)
        given[count] += len(found)
        return found

    monkeypatch.setattr(KindIndex, "keyed", counted)
    for count in (10, 40):
        release(count)
    assert given[40] / 40 < 5 * given[10] / 10, "objects that were looked at for each of four times as many"


def test_a_workload_that_is_scaled_to_nothing_misses_no_requests() -> None:
    idle = deployment()
    idle["spec"]["replicas"] = 0
    assert not read(cluster_of(idle, service(selector={"app": "wbe"}), ingress())).findings


def test_a_name_that_leads_elsewhere_on_purpose_is_no_fault() -> None:
    alias = service(selector={}, type="ExternalName", externalName="web.example.com")
    assert not read(cluster_of(deployment(), alias)).findings
    by_hand = service(selector={})
    assert not [each for each in read(cluster_of(deployment(), by_hand)).findings if each.id == "selector-misses"]


def test_pods_of_another_workload_behind_its_service() -> None:
    other = deployment("other", {"app": "other"})
    rollout = read(cluster_of(deployment(), other, service(selector={"app": "other"}), ingress()))
    found = told(rollout)
    assert found.severity is Severity.WARNING
    assert found.text.startswith(
        "Service default/web sends its requests to pods of Deployment other, not to Deployment web"
    )
    assert {share.version: share.written for share in rollout.lanes[0].shares} == {"v1": 0.0, "others": 1.0}


def test_a_service_that_is_gone_while_a_route_leads_to_it() -> None:
    rollout = read(cluster_of(deployment(), ingress()))
    found = told(rollout, "invalid-backend")
    assert (found.severity, found.text) == (
        Severity.CRITICAL,
        "Service default/web does not exist, so requests from Ingress web fail",
    )
    assert rollout.probe_target
    assert rollout.probe_target.host == "web.test"


def test_a_route_that_names_no_service_beside_one_that_selects_the_pods() -> None:
    rollout = read(cluster_of(deployment(), service("web-main"), ingress(backend="web-mian")))
    assert "does not exist, so requests from Ingress web fail; Service web-main selects the pods" in (
        told(rollout, "invalid-backend").text
    )


def test_a_second_service_that_users_are_sent_to_and_that_is_empty() -> None:
    docs = (deployment(), service("metrics"), service(selector={"app": "wbe"}))
    assert not read(cluster_of(*docs)).findings
    assert told(read(cluster_of(*docs, ingress()))).severity is Severity.CRITICAL


def test_a_template_that_lost_a_label_of_the_selector() -> None:
    cluster = cluster_of(deployment(), service(), ingress())
    old = cluster.doc("Deployment", "web")
    old["spec"]["selector"]["matchLabels"] = {"app": "web"}
    del old["spec"]["template"]["metadata"]["labels"]["tier"]
    old["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/web:v2"
    before = {key for key in cluster.docs if key[0] == "ReplicaSet"}
    cluster.run("web")
    for key in [key for key in cluster.docs if key[0] == "ReplicaSet" and key not in before]:
        for doc in (cluster.docs[key], old):
            doc["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "2"}
    rollout = read(cluster)
    assert told(rollout).severity is Severity.WARNING
    assert told(rollout).text.endswith("it asks for tier=front, these have no label tier")
    assert {share.version: share.written for share in rollout.lanes[0].shares} == {"v1": 1.0, "v2": 0.0}
    for key in [k for k, doc in cluster.docs.items() if k[0] == "Pod" and "tier" in doc["metadata"]["labels"]]:
        del cluster.docs[key]
    assert told(read(cluster.balance())).severity is Severity.CRITICAL


def test_labels_that_somebody_puts_on_the_pod_that_leads() -> None:
    """As Patroni does: the selector asks for a label that no template has."""
    chosen = {**LABELS, "role": "primary"}
    cluster = cluster_of(deployment(), service(selector=chosen), ingress())
    pod = next(doc for key, doc in cluster.docs.items() if key[0] == "Pod")
    pod["metadata"]["labels"] |= {"role": "primary"}
    rollout = read(cluster.balance())
    assert not rollout.findings
    assert [share.written for share in rollout.lanes[0].shares] == [1.0]


def test_the_service_that_a_statefulset_names() -> None:
    sts = deployment("db", {"app": "db"}, kind="StatefulSet")
    sts["spec"]["serviceName"] = "db-peers"
    root = (cluster := Cluster([sts, service("db-peers", {"app": "bd"})])).get(STATEFULSETS, "default", "db")
    assert root is not None
    (rollout,) = StatefulSetSystem().read(root, cluster)
    assert told(rollout).text.endswith("it asks for app=bd, the pods of StatefulSet db have app=db")


def test_pods_that_are_not_ready_and_get_requests_all_the_same() -> None:
    cluster = cluster_of(deployment(), service(publishNotReadyAddresses=True), ingress())
    cluster.run("web", ready=0)
    for key in [key for key in cluster.docs if key[0] == "EndpointSlice"]:
        for endpoint in cluster.docs[key]["endpoints"]:
            endpoint["conditions"] = {"ready": True, "serving": False}
    rollout = read(cluster)
    found = told(rollout, "no-ready-pods")
    assert found.severity is Severity.WARNING
    assert found.text.endswith("sends them requests all the same (publishNotReadyAddresses)")
    assert [share.written for share in rollout.lanes[0].shares] == [1.0]


@pytest.mark.parametrize(
    ("spec", "evidence"),
    [
        ({"trafficDistribution": "PreferClose"}, "trafficDistribution PreferClose"),
        ({"internalTrafficPolicy": "Local"}, "internalTrafficPolicy Local"),
        ({"type": "LoadBalancer", "externalTrafficPolicy": "Local"}, "externalTrafficPolicy Local"),
    ],
)
def test_a_service_that_sends_to_near_pods_first(spec: dict[str, Any], evidence: str) -> None:
    found = told(read(cluster_of(deployment(), service(**spec))), "near-first")
    assert (found.severity, found.evidence) == (Severity.INFO, evidence)


def test_a_policy_for_requests_from_outside_is_none_where_there_are_none() -> None:
    assert not read(cluster_of(deployment(), service(externalTrafficPolicy="Local"))).findings


def test_a_workload_is_named_by_the_service_that_users_are_sent_to_though_only_another_selects_it() -> None:
    docs = (deployment(), service("web-metrics"), service(selector={"app": "wbe"}), ingress())
    assert read(cluster_of(*docs)).key.name == "web"
