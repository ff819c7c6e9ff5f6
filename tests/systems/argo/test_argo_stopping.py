"""Pause and resume, abort and retry."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act, Expected
from cockpit.model.rollout import Phase
from tests.objects import Cluster, ConflictError, Doc
from tests.systems.argo.releases import (
    ABORTED,
    NEW,
    NGINX,
    OLD,
    PROMOTED,
    RUNNING,
    basic,
    blue_green,
    canary,
    ids,
    only_once,
    planned,
    previewed,
    read,
    refusal,
    replica_set,
    routed,
    said,
    send,
    template,
)

DEADLINE: Doc = {
    "phase": "Degraded",
    "message": 'ProgressDeadlineExceeded: ReplicaSet "web-2" has timed out progressing.',
    "controllerPause": None,
    "pauseConditions": None,
    "conditions": [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"}
    ],
}


def spec(cluster: Cluster) -> Doc:
    found: Doc = cluster.doc("Rollout", "web")["spec"]
    return found


def test_pause_and_resume_touch_nothing_but_the_spec() -> None:
    cluster = routed()
    before = dict(said(cluster))
    only_once(cluster, planned(cluster, Act.PAUSE))
    assert spec(cluster)["paused"] is True
    assert "already paused" in refusal(cluster, Act.PAUSE)
    assert said(cluster) == before
    resume = planned(cluster, Act.RESUME)
    assert (resume.raises, len(resume.requests)) == (True, 1)
    only_once(cluster, resume)
    assert "paused" not in spec(cluster)
    assert said(cluster) == before, "its step and its pause condition are where they were"


def test_the_inverse_of_a_pause_takes_it_away() -> None:
    cluster = routed()
    plan = planned(cluster, Act.PAUSE)
    for request in (*plan.requests, *plan.inverse):
        send(cluster, request)
    assert "paused" not in spec(cluster)


def test_the_inverse_of_a_resume_pauses_what_it_resumed_once() -> None:
    cluster = routed()
    spec(cluster)["paused"] = True
    plan = planned(cluster, Act.RESUME)
    for request in (*plan.requests, *plan.inverse):
        send(cluster, request)
    assert spec(cluster)["paused"] is True
    with pytest.raises(ConflictError):
        send(cluster, plan.inverse[0])


def test_a_pause_at_a_step_is_not_resumed_but_approved() -> None:
    assert "approve the step to continue" in refusal(routed(), Act.RESUME)
    assert "not paused" in refusal(routed(**PROMOTED), Act.RESUME)


def test_paused_by_hand_reads_so_whatever_else_it_waits_for() -> None:
    cluster = routed()
    spec(cluster)["paused"] = True
    said(cluster)["message"] = "manually paused"
    assert (read(cluster).phase, read(cluster).message) == (
        Phase.PAUSED,
        "paused by hand (spec.paused), at CanaryPauseStep",
    )
    waiting = planned(cluster, Act.RESUME).reaches
    assert waiting
    assert waiting.not_phases == ("paused",)
    said(cluster)["currentStepIndex"] = 3  # a timed pause reads as paused too
    assert planned(cluster, Act.RESUME).reaches is None


def test_abort_sends_everything_back_and_keeps_the_spec() -> None:
    cluster = routed()
    plan = planned(cluster, Act.ABORT)
    assert (plan.raises, plan.expected) == (False, (Expected("default", "v2", 0.0),))
    assert plan.reaches
    assert plan.reaches.phases == ("aborted",)
    only_once(cluster, plan)
    assert said(cluster)["abort"] is True
    assert (read(cluster).phase, read(cluster).message) == (Phase.PROGRESSING, "abort requested")
    assert "already aborted" in refusal(cluster, Act.ABORT)
    assert "would keep the pods" in refusal(cluster, Act.PAUSE)


def test_abort_of_a_full_promotion_ends_it_in_the_same_patch() -> None:
    cluster = routed(**RUNNING, promoteFull=True, currentStepIndex=4)
    only_once(cluster, planned(cluster, Act.ABORT))
    assert said(cluster)["abort"] is True
    assert "promoteFull" not in said(cluster)


def test_abort_does_not_hit_a_promotion_that_nobody_was_shown() -> None:
    cluster = routed()
    plan = planned(cluster, Act.ABORT)
    said(cluster)["promoteFull"] = True  # alone the controller would drop the abort
    with pytest.raises(ConflictError):
        send(cluster, plan.requests[0])


def test_abort_is_not_in_the_way_of_the_controllers_own_steps() -> None:
    cluster = routed()
    plan = planned(cluster, Act.ABORT)
    said(cluster)["currentStepIndex"] = 2
    del said(cluster)["pauseConditions"]
    send(cluster, plan.requests[0])
    assert said(cluster)["abort"] is True


def test_abort_of_what_is_paused_by_hand_resumes_it_afterwards() -> None:
    """Else pods of the aborted version stay, and without a router their traffic with them."""
    cluster = basic()
    spec(cluster)["paused"] = True
    plan = planned(cluster, Act.ABORT)
    assert [request.subresource for request in plan.requests] == ["status", None]
    only_once(cluster, plan)
    assert "paused" not in spec(cluster)
    spec(cluster)["paused"] = True
    said(cluster).update({key: value for key, value in ABORTED.items() if value is not None})
    assert "aborted-while-paused" in ids(cluster)


def test_abort_is_refused_where_the_controller_ignores_it() -> None:
    cluster = routed(currentPodHash="older", promoteFull=None)
    spec(cluster).update(rollbackWindow={"revisions": 3}, template=template("v0"))
    replica_set(cluster, "older", "v0", 3, 1)
    cluster.doc("ReplicaSet", "web-older")["metadata"]["creationTimestamp"] = "2025-12-01T00:00:00Z"
    assert "ignores an abort" in refusal(cluster, Act.ABORT)
    assert "fast-rollback" in ids(cluster)
    spec(cluster)["rollbackWindow"] = {"revisions": 0}
    planned(cluster, Act.ABORT)


def test_retry_starts_again() -> None:
    cluster = routed(0, **ABORTED)
    assert read(cluster).phase is Phase.ABORTED
    plan = planned(cluster, Act.RETRY)
    assert plan.raises
    only_once(cluster, plan)
    assert "abort" not in said(cluster)


def test_a_retry_that_is_being_taken_up_is_not_repeated() -> None:
    cluster = routed(0, **ABORTED)
    send(cluster, planned(cluster, Act.RETRY).requests[0])
    assert "the controller has not picked it up yet; if that lasts, any other write" in refusal(cluster, Act.RETRY)


def test_retry_of_a_blue_green_release_whose_pods_still_run_ships_it_and_says_so() -> None:
    cluster = previewed(**{**ABORTED, "currentStepIndex": None})
    assert not planned(cluster, Act.RETRY).final
    aborted = cluster.doc("ReplicaSet", f"web-{NEW}")["metadata"]["annotations"]
    aborted["scale-down-deadline"] = "2026-01-01T10:00:30Z"
    plan = planned(cluster, Act.RETRY)
    assert (plan.final, plan.raises, plan.expected) == (True, True, (Expected("default", "v2", 1.0),))
    assert "the aborted pods run until 2026-01-01T10:00:30Z" in plan.warnings[0]
    assert "retry-switches" in ids(cluster)
    only_once(cluster, plan)


def test_retry_does_nothing_for_pods_that_are_late() -> None:
    cluster = routed(**DEADLINE)
    assert read(cluster).phase is Phase.DEGRADED
    assert "a retry changes nothing" in refusal(cluster, Act.RETRY)
    assert "stuck" in ids(cluster)
    planned(cluster, Act.ABORT)
    assert "nothing to retry" in refusal(routed(), Act.RETRY)


def test_blue_green_is_aborted_too() -> None:
    cluster = previewed()
    only_once(cluster, planned(cluster, Act.ABORT))
    assert said(cluster)["abort"] is True


def test_an_invalid_spec_is_not_steered() -> None:
    invalid = {"type": "InvalidSpec", "status": "True", "reason": "InvalidSpec", "message": "no such Service"}
    cluster = routed(phase="Degraded", message="InvalidSpec: no such Service", conditions=[invalid])
    for act in (Act.APPROVE, Act.ABORT, Act.PROMOTE, Act.RETRY, Act.JUMP):
        assert "so the controller does nothing: no such Service" in refusal(cluster, act)
    assert "invalid-spec" in ids(cluster)
    both = {**blue_green(), "canary": {}}
    cluster.doc("Rollout", "web")["spec"]["strategy"] = both
    assert "no strategy, or both" in refusal(cluster, Act.APPROVE)


def test_git_would_set_it_back() -> None:
    cluster = routed()
    cluster.doc("Rollout", "web")["metadata"]["annotations"] = {
        "argocd.argoproj.io/tracking-id": "shop:argoproj.io/Rollout:default/web"
    }
    assert any("Argo CD Application shop" in warning for warning in planned(cluster, Act.PAUSE).warnings)
    assert not any("Argo CD" in warning for warning in planned(cluster, Act.ABORT).warnings), "the status is not in Git"
    assert any("Argo CD Application shop" in warning for warning in planned(cluster, Act.ROLLBACK).warnings)
    assert [owner.name for owner in read(cluster).owners] == ["shop"]


def test_versions_without_replica_sets_are_waited_for() -> None:
    cluster = routed()
    cluster.remove("ReplicaSet", f"web-{OLD}")
    for act in (Act.ABORT, Act.PROMOTE):
        assert "wait a moment" in refusal(cluster, act)


@pytest.mark.parametrize("act", [Act.ABORT, Act.ROLLBACK])
def test_the_way_back_warns_where_pods_of_the_stable_version_are_not_ready(act: Act) -> None:
    cluster = routed()
    assert not any("pods ready" in warning for warning in planned(cluster, act).warnings)
    assert not any("dynamicStableScale" in warning for warning in planned(cluster, act).warnings)
    for (kind, _, _), doc in cluster.docs.items():
        if kind == "Pod" and doc["spec"]["containers"][0]["image"].endswith("v1"):
            doc["status"]["conditions"][0]["status"] = "False"
    plan = planned(cluster, act)
    assert plan.risky
    assert plan.warnings[0] == "v1: 0 of 5 pods ready", "what a guard says that does not send it"
    assert "v1 has no ready pods: requests to it fail until it has some" in plan.warnings


def test_going_back_from_an_abort_whose_traffic_has_not_returned_does_not_say_that_it_has() -> None:
    cluster = routed(strategy=canary(routing=NGINX, dynamicStableScale=True), **ABORTED)
    home = "so traffic is on the stable version already"
    assert any(home in warning for warning in planned(cluster, Act.ROLLBACK).warnings)
    spec(cluster)["replicas"] = 9
    warnings = planned(cluster, Act.ROLLBACK).warnings
    assert not any(home in warning for warning in warnings)
    assert any("its traffic has not all returned" in warning for warning in warnings)


@pytest.mark.parametrize("act", [Act.ABORT, Act.ROLLBACK])
def test_a_stable_version_that_was_scaled_down_is_a_slow_way_back(act: Act) -> None:
    cluster = routed()
    spec(cluster)["strategy"]["canary"]["dynamicStableScale"] = True
    assert any("only as fast as its pods get ready" in warning for warning in planned(cluster, act).warnings)
