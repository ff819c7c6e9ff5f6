"""What is told: why it was aborted, where traffic has no pods, what is left over."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.rollout import Severity
from tests.objects import Cluster, Doc, owner
from tests.systems.argo.releases import (
    ABORTED,
    HASH,
    NEW,
    NGINX,
    OLD,
    PROMOTED,
    basic,
    canary,
    cluster_of,
    ids,
    read,
    replica_set,
    rollout,
    routed,
    said,
    service,
    text_of,
)


def run(cluster: Cluster, name: str, phase: str, created: str, *, of: str = NEW, **status: Any) -> Cluster:
    return cluster.add(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AnalysisRun",
            "metadata": {
                "name": name,
                "labels": {HASH: of, "rollout-type": "Step", "step-index": "2"},
                "creationTimestamp": created,
                "ownerReferences": [owner(cluster.doc("Rollout", "web"))],
            },
            "status": {"phase": phase, **status},
        }
    )


def test_an_abort_is_explained_by_the_newest_run_that_failed() -> None:
    cluster = routed(0, **ABORTED)
    metrics = [
        {"name": "latency", "phase": "Successful", "measurements": [{"value": "12"}]},
        {"name": "errors", "phase": "Failed", "measurements": [{"value": "0.01"}, {"value": "0.4"}]},
    ]
    run(cluster, "early", "Failed", "2026-01-01T00:00:01Z", message="earlier")
    run(
        cluster,
        "late",
        "Failed",
        "2026-01-01T00:00:02Z",
        message='metric "errors" assessed Failed',
        metricResults=metrics,
    )
    run(cluster, "last", "Successful", "2026-01-01T00:00:03Z")
    run(cluster, "other", "Failed", "2026-01-01T00:00:04Z", of=OLD)
    told = text_of(cluster, "judged")
    assert told == (
        "AnalysisRun default/late is Failed; the measurements speak against the new version: roll back, or retry once"
        ' it is right (metric "errors" assessed Failed; errors Failed, last 0.4)'
    )
    assert "retry starts the same version again, rollback abandons it" in text_of(cluster, "aborted")


def test_an_abort_by_hand_has_no_cause() -> None:
    cluster = run(routed(0, **ABORTED), "good", "Successful", "2026-01-01T00:00:01Z")
    assert "judged" not in ids(cluster)


@pytest.mark.parametrize(
    ("aborts", "at", "told"),
    [
        (True, "10:00:12", "Rollout aborted update to revision 2: its new pods were not ready within"),
        (True, "10:00:09", "Rollout aborted update to revision 2; retry"),
        (False, "10:00:12", "Rollout aborted update to revision 2; retry"),
    ],
)
def test_an_abort_by_the_deadline_says_so(aborts: bool, at: str, told: str) -> None:
    """The controller keeps the same message as for an abort by hand, which comes before the deadline."""
    began = {"type": "Completed", "status": "False", "lastTransitionTime": "2026-01-01T10:00:00Z"}
    fields = {"abortedAt": f"2026-01-01T{at}Z", "conditions": [began, *ABORTED["conditions"]]}
    cluster = routed(0, **{**ABORTED, **fields})
    cluster.doc("Rollout", "web")["spec"] |= {"progressDeadlineAbort": aborts, "progressDeadlineSeconds": 10}
    assert told in text_of(cluster, "aborted")
    run(cluster, "late", "Failed", "2026-01-01T00:00:02Z")
    assert "progressDeadline" not in text_of(cluster, "aborted"), "the failed run is the cause"


def test_runs_are_no_cause_while_nothing_stands_still() -> None:
    assert "judged" not in ids(run(routed(), "bad", "Failed", "2026-01-01T00:00:01Z"))


def test_an_experiment_that_failed_is_a_cause_by_its_revision() -> None:
    cluster = routed(0, **ABORTED)
    cluster.add(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Experiment",
            "metadata": {
                "name": "baseline",
                "annotations": {"rollout.argoproj.io/revision": "2"},
                "ownerReferences": [owner(cluster.doc("Rollout", "web"))],
            },
            "status": {"phase": "Error", "message": "no pods"},
        }
    )
    told = text_of(cluster, "judged")
    assert told.startswith("Experiment default/baseline is Error; it could not be measured")
    assert told.endswith("(no pods)")


def test_inconclusive_stops_and_says_what_was_seen() -> None:
    pauses = [{"reason": "InconclusiveAnalysisRun", "startTime": "2026-01-01T10:00:00Z"}]
    cluster = run(routed(pauseConditions=pauses), "unsure", "Inconclusive", "2026-01-01T00:00:01Z")
    assert "AnalysisRun default/unsure is Inconclusive" in text_of(cluster, "judged")


def test_traffic_without_ready_pods_is_critical_and_says_why() -> None:
    cluster = routed()
    for key, doc in cluster.docs.items():
        if key[0] == "Pod" and NEW in key[2]:
            doc["status"] = {
                "phase": "Pending",
                "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}],
            }
    (told,) = [f for f in read(cluster).findings if f.id == "no-ready-pods"]
    assert (told.severity, told.evidence) == (Severity.CRITICAL, "ImagePullBackOff")
    assert "v2 gets 20% of the requests" in told.text


def test_without_a_router_no_pods_at_all_is_critical() -> None:
    assert "no-ready-pods" in ids(basic(old=0, new=0))


def first(*services: Doc, **fields: Any) -> Cluster:
    """A Rollout whose first pods are not ready yet."""
    cluster = cluster_of(rollout(canary(), tag="v1"), **(PROMOTED | {"currentPodHash": OLD, "stableRS": OLD} | fields))
    replica_set(cluster, OLD, "v1", 1, 2, ready=0)
    return cluster.add(*services).balance()


def test_first_pods_that_start_hurt_nobody_and_those_that_fail_do() -> None:
    cluster = first(service("web"))
    (told,) = [f for f in read(cluster).findings if f.id == "no-ready-pods"]
    assert (told.severity, "they start for the first time" in told.text) == (Severity.INFO, True)
    for key, doc in cluster.docs.items():
        if key[0] == "Pod":
            doc["status"]["containerStatuses"] = [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]
    (told,) = [f for f in read(cluster).findings if f.id == "no-ready-pods"]
    assert told.severity is Severity.CRITICAL


def test_pods_that_were_ready_once_are_missed() -> None:
    healthy = {"type": "Healthy", "status": "False", "reason": "RolloutHealthy"}
    cluster = first(service("web"), conditions=[healthy])
    (told,) = [f for f in read(cluster).findings if f.id == "no-ready-pods"]
    assert told.severity is Severity.CRITICAL
    cluster.remove("Service", "web")
    assert "no-ready-pods" not in ids(cluster.balance()), "nobody sends it requests"


def test_behind_a_router_first_pods_and_no_pods_are_calm_and_missing_ones_are_not() -> None:
    cluster = routed(0, **PROMOTED | {"currentPodHash": OLD, "stableRS": OLD})
    cluster.docs.pop(("ReplicaSet", "default", f"web-{NEW}"))
    for key in [key for key in cluster.docs if key[0] == "Pod"]:
        del cluster.docs[key]
    cluster.doc("ReplicaSet", f"web-{OLD}")["status"]["readyReplicas"] = 0
    healthy = {"type": "Healthy", "status": "False", "reason": "RolloutHealthy"}
    said(cluster.balance())["conditions"] = [healthy]
    assert "main-empty" in ids(cluster)
    said(cluster)["conditions"] = []
    assert "main-empty" not in ids(cluster), "its first pods start"
    said(cluster)["conditions"] = [healthy]
    cluster.doc("Rollout", "web")["spec"]["replicas"] = 0
    cluster.doc("ReplicaSet", f"web-{OLD}")["spec"]["replicas"] = 0
    assert "main-empty" not in ids(cluster)
    assert "nobody answers requests to it" in text_of(cluster, "scaled-to-zero")


def test_a_rollout_that_never_ran_loses_no_requests_of_a_service_that_others_serve() -> None:
    condition = {"type": "InvalidSpec", "status": "True", "message": "Service web is managed by another Rollout"}
    cluster = cluster_of(rollout(canary()), conditions=[condition]).add(service("web"))
    assert ids(cluster.balance()) == {"invalid-spec"}


def test_much_traffic_on_few_pods_is_told_beside_its_share_of_the_pods() -> None:
    steps = [{"setCanaryScale": {"replicas": 1}}, {"setWeight": 90}, {"pause": {}}]
    cluster = routed(90, canary(steps, NGINX), currentStepIndex=2)
    assert "v2 gets 90% of the requests with 1 of 6 ready pods (setCanaryScale" in text_of(cluster, "overloaded")
    assert "overloaded" not in ids(routed())


def test_pods_that_are_kept_for_the_way_back_are_told_with_their_end() -> None:
    cluster = routed(0, **PROMOTED)
    found = cluster.doc("ReplicaSet", f"web-{OLD}")["metadata"]["annotations"]
    found["scale-down-deadline"] = "2026-01-01T10:00:30Z"
    assert "v1 keeps its pods until 2026-01-01T10:00:30Z" in text_of(cluster, "kept-for-rollback")
    del found["scale-down-deadline"]
    assert "kept-for-rollback" not in ids(cluster)


@pytest.mark.parametrize(
    ("condition", "kind", "severity"),
    [
        ({"type": "ReplicaFailure", "status": "True", "message": "quota"}, "replica-failure", Severity.WARNING),
        ({"type": "InvalidSpec", "status": "True", "message": "no Service"}, "invalid-spec", Severity.WARNING),
        ({"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}, "stuck", Severity.WARNING),
    ],
)
def test_conditions_are_told(condition: Any, kind: str, severity: Severity) -> None:
    cluster = routed(conditions=[condition])
    assert {f.id: f.severity for f in read(cluster).findings} == {kind: severity}


def test_a_stable_version_that_shrinks_is_a_slow_way_back() -> None:
    strategy = canary(routing=NGINX, dynamicStableScale=True)
    assert "dynamic-stable" in ids(routed(strategy=strategy))


def test_a_template_that_waits_for_a_resume_is_told() -> None:
    cluster = routed(**PROMOTED)
    spec = cluster.doc("Rollout", "web")["spec"]
    spec["paused"] = True
    assert "held-back" not in ids(cluster)
    spec["template"]["spec"]["containers"][0]["image"] = "shop/web:v3"
    assert "shop/web:v3 is rolled out after you resume it" in text_of(cluster, "held-back")
    spec["template"]["spec"]["containers"][0]["image"] = "registry.test/shop/web:v2"
    assert "held-back" not in ids(cluster), "admission gives ReplicaSets another registry"


def test_a_full_promotion_is_told() -> None:
    assert "promoting" in ids(routed(promoteFull=True))


def test_texts_from_the_cluster_are_made_safe() -> None:
    cluster = routed(phase="Degraded", message="\x1b[31mred\x1b[0m\nline")
    assert read(cluster).message == "red line"
    said(cluster)["conditions"] = [{"type": "InvalidSpec", "status": "True", "message": "\x1b]0;title\x07x" * 400}]
    text = text_of(cluster, "invalid-spec")
    assert "\x1b" not in text
    assert len(text) < 700


def test_the_stable_version_may_be_gone() -> None:
    cluster = routed(stableRS="gone")
    assert [v.name for v in read(cluster).versions] == ["v1", "v2"]
    replica_set(cluster, "gone", "v0", 3, 1)
    assert [v.name for v in read(cluster).versions if v.role.value == "stable"] == ["v0"]


def test_with_dynamic_stable_scale_a_way_back_is_as_fast_as_pods() -> None:
    cluster = routed(strategy=canary(routing=NGINX, dynamicStableScale=True))
    cluster.doc("Rollout", "web")["spec"]["replicas"] = 9
    (found,) = [f for f in read(cluster).findings if f.id == "dynamic-stable"]
    assert found.severity is Severity.INFO
    assert "v1 loses pods as the canary gains weight, 5 of 9 are ready" in found.text
    assert "a rollback moves traffic only as fast as 4 more pods get ready" in found.text
    condition = {"type": "Progressing", "status": "False", "reason": "RolloutAborted", "message": "aborted"}
    cluster.doc("Rollout", "web")["status"] |= {"phase": "Degraded", "abort": True, "conditions": [condition]}
    (found,) = [f for f in read(cluster).findings if f.id == "dynamic-stable"]
    assert found.severity is Severity.WARNING
    assert read(cluster).message.endswith("traffic returns to v1 as fast as its pods get ready, 5 of 9 ready")
    cluster.doc("Rollout", "web")["spec"]["replicas"] = 5
    assert "dynamic-stable" not in ids(cluster), "all its pods are back"
