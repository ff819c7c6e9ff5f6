"""What is read while pods are still being listed raises no alarm that the pods would take back."""

from __future__ import annotations

import pytest

from cockpit.model.kinds import LATE
from cockpit.model.rollout import Rollout, Severity
from cockpit.session.facts.assemble import unalarmed
from cockpit.workloads.unread import rests_on
from tests.adapters.situations import SITUATIONS, situation
from tests.objects import Cluster
from tests.routers import conftest, ingresses


def alarms(rollout: Rollout) -> set[str]:
    return {found.id for found in rollout.findings if found.severity is Severity.CRITICAL}


def without_pods(cluster: Cluster) -> Cluster:
    """The same objects, of which the late kinds are not read yet."""
    early = Cluster(context=cluster.context, unknown=LATE)
    early.docs = cluster.docs
    return early


@pytest.mark.parametrize("name", SITUATIONS)
def test_no_alarm_comes_from_pods_that_are_not_read_yet(name: str) -> None:
    cluster, found = situation(name)
    assert found
    early = without_pods(cluster)
    for adapter, rollout in found:
        root = rollout.objects[0]
        obj = early.get(root.resource, root.namespace, root.name)
        assert obj is not None
        read = {each.key: each for each in adapter.read(obj, early)}
        assert rollout.key in read, "the row is there from the beginning"
        assert alarms(unalarmed(read[rollout.key], LATE)) <= alarms(rollout)


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_pods_could_not_take_back_is_told_before_they_are_read(name: str) -> None:
    cluster, found = situation(name)
    early = without_pods(cluster)
    for adapter, rollout in found:
        root = rollout.objects[0]
        obj = early.get(root.resource, root.namespace, root.name)
        assert obj is not None
        (read,) = (each for each in adapter.read(obj, early) if each.key == rollout.key)
        certain = {each for each in rollout.findings if rests_on(each).isdisjoint(LATE)}
        assert {each for each in certain if each.severity is Severity.CRITICAL} <= set(unalarmed(read, LATE).findings)


@pytest.mark.parametrize("lost", ["service", "port"])
def test_a_route_to_nothing_is_told_before_pods_are_read(lost: str) -> None:
    cluster = conftest.steps("weight")
    name = cluster.backend("route1")["name"]
    if lost == "service":
        cluster.remove("Service", name)
    else:
        cluster.doc("Service", name)["spec"]["ports"] = [{"name": "other", "port": 1}]
    told = ingresses.read(without_pods(cluster))
    assert {found.id for found in told.findings if found.severity is Severity.CRITICAL} == {"main-empty"}
    assert alarms(unalarmed(told, LATE)) == {"main-empty"}


def test_a_service_without_ready_pods_is_told_once_they_are_read() -> None:
    cluster = conftest.steps("weight")
    for kind, _, each in list(cluster.docs):
        if kind == "EndpointSlice":
            cluster.remove(kind, each)
    told = ingresses.read(cluster)
    assert "main-empty" in alarms(told)
    assert "main-empty" not in alarms(unalarmed(told, LATE))
    assert "main-empty" in alarms(unalarmed(told, ()))
