"""What no controller does any more is told after a minute, whichever controller that is; before that it is no alarm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cockpit.model.refs import PODS
from cockpit.model.rollout import Rollout, Severity
from cockpit.planning.awaited import with_awaited
from cockpit.session.clock import ManualClock
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.assemble import IDLE, Circumstances, rollout_view
from cockpit.session.facts.overdue import Overdue
from cockpit.tui.standing import Cause, Standing, cause_of, standing_of
from tests.adapters.situations import HERE, SITUATIONS
from tests.objects import Cluster
from tests.systems import test_flagger
from tests.systems import test_service_in_front as in_front
from tests.systems.argo import releases as argo
from tests.systems.kruise import releases as kruise
from tests.systems.sets import Set

KCM, ARGO, KRUISE = "kube-controller-manager", "the Argo Rollouts controller", "the Kruise Rollouts controller"
NOW = 1_767_225_600.0  # when the objects of the situations were made


def changed(situation: str, kind: str) -> Callable[[], Cluster]:
    """A change to each object of a kind that its controller has not seen."""

    def build() -> Cluster:
        cluster = SITUATIONS[situation]()
        for (of_kind, _, _), doc in cluster.docs.items():
            if of_kind == kind:
                doc["metadata"]["generation"] = int((doc.get("status") or {}).get("observedGeneration", 0)) + 1
        return cluster

    return build


def kruise_at(state: str, **more: Any) -> Callable[[], Cluster]:
    return lambda: kruise.releasing(state=state, **more)


def flagger_new() -> Cluster:
    doc = test_flagger.canary("", 0)
    doc["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    return test_flagger.cluster(doc, test_flagger.route(0))


# What nobody does, by system: the objects, and whose work it is.
UNDONE: dict[str, tuple[str, Callable[[], Cluster], str, str]] = {
    "deployment: a change": ("deployment", changed("deployment: at rest", "Deployment"), KCM, "last change"),
    "statefulset: a change": ("statefulset", changed("statefulset: at rest", "StatefulSet"), KCM, "last change"),
    "daemonset: a change": ("daemonset", changed("daemonset: at rest", "DaemonSet"), KCM, "last change"),
    "cloneset: a change": ("cloneset", changed("cloneset: held", "CloneSet"), "the Kruise controller", "last change"),
    "ingress: a version": ("ingress", changed("ingress: by weight", "Deployment"), KCM, "last change"),
    "service: a version": ("service", changed("service: v1 active", "Deployment"), KCM, "last change"),
    "mesh: a version": ("istio", changed("mesh: split", "Deployment"), KCM, "last change"),
    "route: a version": ("gateway-api", changed("route: split", "Deployment"), KCM, "last change"),
    "traefik: a version": ("traefik", changed("traefik: split", "Deployment"), KCM, "last change"),
    "red-black: a version": ("red-black", changed("red-black: both", "ReplicaSet"), KCM, "last change"),
    "argo: a change": ("argo", lambda: argo.routed(observedGeneration="6"), ARGO, "last change"),
    "argo: an approval": ("argo", lambda: argo.routed(pauseConditions=None), ARGO, "last approval"),
    "argo: an abort": ("argo", lambda: argo.routed(abort=True), ARGO, "carried out the abort"),
    "argo: its pods": ("argo", lambda: argo.routed(readyReplicas=1), ARGO, "counted its ready pods"),
    "kruise: an approval": ("kruise", kruise_at("StepReady"), KRUISE, "last approval"),
    "kruise: the traffic": ("kruise", kruise_at("StepTrafficRouting"), KRUISE, "routed the traffic"),
    "kruise: the pods": ("kruise", kruise_at("StepUpgrade"), KRUISE, "gone on with the pods of step 1"),
    "flagger: a Canary": ("flagger", flagger_new, "Flagger", "seen it"),
}


def read(system: str, cluster: Cluster) -> Rollout:
    (adapter,) = (each for each in ADAPTERS if system in (each.id, *_SHARED.get(each.id, ())))
    roots = [root for kind in adapter.roots for root in cluster.every(kind, HERE)]
    found = [rollout for root in roots for rollout in adapter.read(root, cluster) if rollout.key.system == system]
    return with_awaited(found[0], cluster)


_SHARED = {"sets": ("statefulset", "daemonset", "cloneset", "advanced-statefulset")}


def cause(rollout: Rollout) -> Cause:
    return cause_of(rollout_view(rollout, rollout.lanes, IDLE, Circumstances(), NOW))


@pytest.mark.parametrize("name", UNDONE)
async def test_it_needs_somebody_after_a_minute_and_not_before(name: str) -> None:
    system, build, controller, undone = UNDONE[name]
    clock = ManualClock(NOW)
    overdue, rollout = Overdue(clock, lambda key: None), read(system, build())
    assert any(each.controller == controller and undone in each.undone for each in rollout.awaited), rollout.awaited
    # Half a minute is what the election of a new leader takes.
    for seconds in (0.0, 35.0, 20.0):
        await clock.advance(seconds)
        told = overdue.told(rollout, "")
        assert not [found for found in told.findings if found.id == "not-observed" and found.severity != Severity.INFO]
        assert cause(told) is cause(rollout)
    await clock.advance(5.0)
    told = overdue.told(rollout, "")
    (found, *_) = (each for each in told.findings if each.id == "not-observed" and controller in each.text)
    assert found.severity is Severity.WARNING
    assert undone in found.text
    assert "since 00:00:00 UTC: check that it runs and what its log says" in found.text
    assert standing_of(cause(told)) is Standing.NEEDS_YOU


@pytest.mark.parametrize("name", SITUATIONS)
def test_nothing_is_awaited_of_pods_that_are_not_read(name: str) -> None:
    cluster = SITUATIONS[name]()
    unread = Cluster(context=cluster.context, unknown={PODS})
    unread.docs = cluster.docs
    for adapter in ADAPTERS:
        for root in (root for kind in adapter.roots for root in unread.every(kind, HERE)):
            for rollout in adapter.read(root, unread):
                own = {each.subject for each in rollout.awaited}
                more = [each for each in with_awaited(rollout, unread).awaited if each.subject not in own]
                assert not [each for each in more if "pods" in each.undone]


def test_the_pods_of_a_preview_need_not_be_counted() -> None:
    assert not read("argo", argo.previewed()).awaited


def test_a_daemon_set_does_not_count_pods_on_nodes_that_were_tainted_later_nor_those_that_surge() -> None:
    agent = Set("DaemonSet", ["v1", "v1", "v1"], newest="v1")
    agent.doc["status"] |= {"desiredNumberScheduled": 2, "numberReady": 2, "numberMisscheduled": 1}
    assert not with_awaited(agent.read(), agent.cluster).awaited
    agent.doc["status"]["numberReady"] = 4
    assert [each.undone for each in with_awaited(agent.read(), agent.cluster).awaited] == [
        "counted its ready pods anew (4 in its status, 3 there)"
    ]


def test_a_version_with_pods_of_two_workloads_says_nothing_of_what_either_counts() -> None:
    cluster = in_front.cluster_of(in_front.deployment(), in_front.service())
    before = with_awaited(in_front.read(cluster), cluster)
    assert not before.awaited
    (version, *_) = before.versions
    others = tuple(replace(pod, uid=f"{pod.uid}-extra") for pod in version.pods)
    joined = replace(version, pods=(*version.pods, *others))
    assert not with_awaited(replace(before, versions=(joined,)), cluster).awaited
