"""The ReplicaSets of an Experiment: versions of their own, by weight in a router or by pods behind a Service."""

from __future__ import annotations

from typing import Any

from cockpit.model.refs import ANALYSISRUNS, EXPERIMENTS
from cockpit.model.rollout import Role, Version
from tests.objects import Cluster, Doc, owner, pod
from tests.systems.argo.releases import (
    HASH,
    NEW,
    OLD,
    RUNNING,
    basic,
    canary,
    cluster_of,
    ids,
    read,
    replica_set,
    rollout,
    said,
    service,
    shares,
    template,
    text_of,
)

TRIAL, EXPERIMENT = "6666dd859d", f"web-{NEW}-2-1"
STEPS = [{"setWeight": 10}, {"experiment": {"templates": [{"name": "baseline", "specRef": "stable", "weight": 20}]}}]


def experiment(cluster: Cluster, name: str = "baseline", pods: int = 1, tag: str = "v1") -> Cluster:
    """The current Experiment with one ReplicaSet, as its controller makes it."""
    cluster.add(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Experiment",
            "metadata": {
                "name": EXPERIMENT,
                "namespace": "default",
                "labels": {HASH: NEW},
                "ownerReferences": [owner(cluster.doc("Rollout", "web"))],
            },
            "spec": {},
            "status": {
                "phase": "Running",
                "templateStatuses": [
                    {"name": name, "podTemplateHash": TRIAL, "serviceName": f"{EXPERIMENT}-{name}"},
                ],
            },
        }
    )
    said(cluster)["canary"]["currentExperiment"] = EXPERIMENT
    kept = template(tag)
    kept["metadata"]["labels"][HASH] = TRIAL
    made: Doc = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{EXPERIMENT}-{name}",
            "namespace": "default",
            "labels": {HASH: TRIAL},
            "annotations": {"experiment.argoproj.io/name": EXPERIMENT, "experiment.argoproj.io/template-name": name},
            "ownerReferences": [owner(cluster.doc("Experiment", EXPERIMENT))],
        },
        "spec": {"replicas": pods, "selector": {"matchLabels": kept["metadata"]["labels"]}, "template": kept},
        "status": {"replicas": pods, "readyReplicas": pods},
    }
    cluster.add(made)
    for number in range(pods):
        cluster.add(pod(cluster.doc("ReplicaSet", made["metadata"]["name"]), number, ready=True))
    return cluster


def by_istio(**fields: Any) -> Cluster:
    """10% to the canary and 20% to the Experiment's Service, as the controller writes it."""
    strategy = canary(STEPS, {"istio": {"virtualService": {"name": "web"}}})
    weights: Doc = {
        "canary": {"weight": 10, "podTemplateHash": NEW},
        "stable": {"weight": 70, "podTemplateHash": OLD},
        "additional": [{"weight": 20, "serviceName": f"{EXPERIMENT}-baseline", "podTemplateHash": TRIAL}],
    }
    cluster = cluster_of(rollout(strategy), **(RUNNING | {"canary": {"weights": weights}} | fields))
    replica_set(cluster, OLD, "v1", 1, 5)
    replica_set(cluster, NEW, "v2", 2, 1)
    cluster.add(service("web-stable", OLD), service("web-canary", NEW))
    hosts = (("web-stable", 70), ("web-canary", 10), (f"{EXPERIMENT}-baseline", 20))
    route = [{"destination": {"host": host}, "weight": weight} for host, weight in hosts]
    meta = {"name": "web", "namespace": "default"}
    spec = {"hosts": ["web.test"], "gateways": ["edge"], "http": [{"route": route}]}
    doc = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": meta, "spec": spec}
    return experiment(cluster.add(doc)).balance()


def trial(cluster: Cluster) -> Version:
    (found,) = [version for version in read(cluster).versions if version.role is Role.TRIAL]
    return found


def test_an_experiment_is_a_version_with_its_weight_and_not_others() -> None:
    cluster = by_istio()
    assert shares(cluster) == {"v1": (0.7, 0.7), "v2": (0.1, 0.1), "baseline": (0.2, 0.2)}
    assert (trial(cluster).ready, trial(cluster).desired) == (1, 1)
    assert "others" not in {version.name for version in read(cluster).versions}
    told = text_of(cluster, "experiment")
    assert f"Experiment {EXPERIMENT} runs beside these versions and gets baseline 20% of the requests" in told


def test_no_act_is_about_an_experiment() -> None:
    assert [version.name for version in read(by_istio()).own_versions] == ["v1", "v2"]


def test_an_experiment_with_the_image_of_a_version_does_not_take_its_marks() -> None:
    cluster = by_istio()
    by_name = {version.name: version.marks for version in read(cluster).versions}
    assert "v1" in by_name["v1"]
    assert "v1" not in by_name["baseline"]
    assert by_name["baseline"] >= {TRIAL, f"{EXPERIMENT}-baseline"}


def test_a_weight_that_is_declared_and_not_written_is_seen() -> None:
    cluster = by_istio()
    del cluster.doc("VirtualService", "web")["spec"]["http"][0]["route"][2]
    assert shares(cluster)["baseline"] == (0.2, 0.0)


def test_without_a_router_its_pods_behind_the_service_give_its_share() -> None:
    cluster = experiment(basic(canary(STEPS)["canary"]["steps"], old=6, new=1, **RUNNING)).balance()
    assert shares(cluster) == {"v1": (0.9, 0.75), "v2": (0.1, 0.125), "baseline": (None, 0.125)}
    assert "others" not in ids(cluster)


def test_a_template_named_like_a_version_gets_another_name() -> None:
    cluster = experiment(basic(old=4, new=1, **RUNNING), name="v2").balance()
    assert trial(cluster).name == "v2 (experiment)"


def test_an_experiment_that_is_over_is_no_version() -> None:
    cluster = by_istio()
    del said(cluster)["canary"]["currentExperiment"]
    assert all(version.role is not Role.TRIAL for version in read(cluster).versions)


def test_an_experiment_of_somebody_else_is_no_version() -> None:
    cluster = by_istio()
    cluster.doc("Experiment", EXPERIMENT)["metadata"]["ownerReferences"][0]["uid"] = "another"
    assert all(version.role is not Role.TRIAL for version in read(cluster).versions)


def test_without_the_right_to_read_them_the_rest_goes_on() -> None:
    cluster = by_istio()
    shown = read(Cluster(cluster.docs.values(), unknown=[EXPERIMENTS, ANALYSISRUNS]))
    assert shown.checks == ()
    assert [(s.version, s.written) for s in shown.lanes[0].shares][:2] == [("v1", 0.7), ("v2", 0.1)]


def test_its_pods_behind_the_canary_service_take_a_part_of_the_canary_share() -> None:
    cluster = by_istio()
    del cluster.doc("VirtualService", "web")["spec"]["http"][0]["route"][2]
    del cluster.doc("Service", "web-canary")["spec"]["selector"][HASH]
    found = shares(cluster.balance())
    # Without the hash the Service takes all seven pods alike.
    assert found["baseline"] == (0.2, round(10 / 80 / 7, 3))
    assert sum(written or 0.0 for _, written in found.values()) == 1.0


def by_smi() -> Cluster:
    """The same split in a TrafficSplit, of which no server says that a backend is empty."""
    cluster = by_istio()
    del cluster.docs[next(key for key in cluster.docs if key[0] == "VirtualService")]
    cluster.doc("Rollout", "web")["spec"]["strategy"]["canary"]["trafficRouting"] = {"smi": {}}
    backends = (("web-stable", 70), ("web-canary", 10), (f"{EXPERIMENT}-baseline", 20))
    meta = {"name": "web", "namespace": "default"}
    spec = {"service": "web-stable", "backends": [{"service": name, "weight": weight} for name, weight in backends]}
    split = {"apiVersion": "split.smi-spec.io/v1alpha2", "kind": "TrafficSplit", "metadata": meta, "spec": spec}
    return cluster.add(split)


def test_an_experiment_without_ready_pods_loses_its_share() -> None:
    cluster = by_smi()
    assert shares(cluster)["baseline"] == (0.2, 0.2)
    assert "no-ready-pods" not in ids(cluster)
    cluster.doc("ReplicaSet", f"{EXPERIMENT}-baseline")["status"]["readyReplicas"] = 0
    cluster.doc("Pod", f"{EXPERIMENT}-baseline-0")["status"]["conditions"] = []
    told = text_of(cluster.balance(), "no-ready-pods")
    assert "baseline gets 20% of the requests and has no ready pods: those requests fail" in told


def test_without_a_service_its_share_is_not_known() -> None:
    cluster = cluster_of(rollout(canary(STEPS)), **RUNNING)
    replica_set(cluster, OLD, "v1", 1, 5)
    replica_set(cluster, NEW, "v2", 2, 1)
    experiment(cluster).balance()
    assert shares(cluster)["baseline"] == (None, None)
    assert "gets a share that is not known" in text_of(cluster, "experiment")
