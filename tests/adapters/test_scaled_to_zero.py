"""What is scaled to 0 pods says so, whatever drives it: it explains why nobody answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cockpit.model.finding_order import worst_first
from cockpit.model.rollout import Finding, Rollout, Severity
from tests.adapters.situations import HERE
from tests.objects import Cluster
from tests.systems import test_deployment
from tests.systems.argo.releases import PROMOTED, basic
from tests.systems.argo.releases import read as read_argo
from tests.systems.kruise.releases import read as read_kruise
from tests.systems.kruise.releases import resting
from tests.systems.kruise.releases import spec as kruise_spec
from tests.systems.sets import Set


def without_pods(cluster: Cluster, kind: str, name: str) -> Cluster:
    """As its controllers leave it."""
    cluster.doc(kind, name)["spec"]["replicas"] = 0
    for key in [key for key in cluster.docs if key[0] == "Pod"]:
        del cluster.docs[key]
    for key, doc in cluster.docs.items():
        if key[0] == "ReplicaSet":
            doc["spec"]["replicas"] = 0
            doc["status"] = {"replicas": 0}
    return cluster.balance(HERE)


def a_deployment() -> Rollout:
    return test_deployment.read(without_pods(test_deployment.cluster_at_rest(), "Deployment", test_deployment.NAME))


def a_stateful_set() -> Rollout:
    found = Set("StatefulSet", ["v1", "v1"], newest="v1")
    without_pods(found.cluster, "StatefulSet", "db")
    return found.read()


def a_clone_set() -> Rollout:
    found = Set("CloneSet", ["v1", "v1"], newest="v1")
    without_pods(found.cluster, "CloneSet", "db")
    return found.read()


def argo() -> Rollout:
    return read_argo(without_pods(basic(**PROMOTED), "Rollout", "web"))


def kruise() -> Rollout:
    return read_kruise(without_pods(resting(), "Deployment", "echoserver"))


def kruise_by_pods() -> Rollout:
    return read_kruise(without_pods(resting(kruise_spec(routing=None)), "Deployment", "echoserver"))


EVERY = (a_deployment, a_stateful_set, a_clone_set, argo, kruise, kruise_by_pods)


@pytest.mark.parametrize("read", EVERY)
def test_it_is_a_note_and_no_alarm(read: Callable[[], Rollout]) -> None:
    findings = read().findings
    [found] = [each for each in findings if each.id == "scaled-to-zero"]
    assert found.severity is Severity.INFO
    assert "is scaled to 0 pods: nobody answers requests to it" in found.text
    assert not [each for each in findings if each.id == "no-ready-pods"]


def test_requests_that_fail_are_told_by_it() -> None:
    fails = Finding("nobody-answers", Severity.CRITICAL, "100% of requests fail, and no version answers them")
    first, second = worst_first((fails, *[f for f in a_deployment().findings if f.id == "scaled-to-zero"]))
    assert (first.id, second.because) == ("scaled-to-zero", "scaled-to-zero")


def test_where_others_answer_behind_its_service_it_is_not_told() -> None:
    found = Set("StatefulSet", ["v1"], newest="v1")
    without_pods(found.cluster, "StatefulSet", "db")
    other = {"labels": {"app": "db"}, "name": "debug", "namespace": HERE}
    ready = {"phase": "Running", "podIP": "10.0.0.9", "conditions": [{"type": "Ready", "status": "True"}]}
    found.cluster.add(
        {"apiVersion": "v1", "kind": "Pod", "metadata": other, "spec": {"containers": []}, "status": ready}
    )
    found.cluster.balance(HERE)
    assert not [each for each in found.read().findings if each.id == "scaled-to-zero"]
