"""Approve and promote: one step at a time, never a step skipped, never shipped by accident."""

from __future__ import annotations

import copy

import pytest

from cockpit.model.plan import Act, Expected
from cockpit.model.rollout import Phase
from tests.objects import ConflictError, Doc
from tests.systems.argo.releases import (
    ABORTED,
    NEW,
    OLD,
    PROMOTED,
    RUNNING,
    basic,
    canary,
    cluster_of,
    only_once,
    planned,
    previewed,
    read,
    refusal,
    replica_set,
    rollout,
    routed,
    said,
    send,
    template,
)

JUDGED = [{"setWeight": 20}, {"analysis": {"templates": [{"templateName": "errors"}]}}, {"pause": {}}]
INCONCLUSIVE: Doc = {
    "canary": {"currentStepAnalysisRunStatus": {"name": "web-2-1", "status": "Inconclusive"}},
    "pauseConditions": [{"reason": "InconclusiveAnalysisRun", "startTime": "2026-01-01T10:00:00Z"}],
}


def test_approve_ends_the_pause_and_leaves_the_step_to_the_controller() -> None:
    cluster = routed()
    plan = planned(cluster, Act.APPROVE)
    assert (plan.raises, plan.final, plan.requests[0].consumed) == (True, False, True)
    assert plan.reaches
    assert plan.reaches.left_step == 2
    assert [str(c) for c in plan.changes] == ["step 2 (pause) -> 3 (60%)", "v2 declared 20% -> 60%"]
    only_once(cluster, plan)
    assert said(cluster)["currentStepIndex"] == 1
    assert "pauseConditions" not in said(cluster)


def test_approve_promises_the_share_of_the_next_stop_only_where_nothing_ends_by_itself_before_it() -> None:
    assert planned(routed(), Act.APPROVE).expected == ()  # a pause of ten minutes comes next
    steps = [{"setWeight": 20}, {"pause": {}}, {"setHeaderRoute": {"name": "x"}}, {"setWeight": 60}, {"pause": {}}]
    asking = canary(steps, {"nginx": {"stableIngress": "web"}})
    assert planned(routed(strategy=asking), Act.APPROVE).expected == (Expected("default", "v2", 0.6),)
    assert planned(routed(strategy=asking, currentStepIndex=4), Act.APPROVE).expected == (
        Expected("default", "v2", 1.0),
    )
    assert planned(basic(steps), Act.APPROVE).expected == (), "pods round as they like"


def test_much_traffic_for_few_pods_is_warned_of() -> None:
    few = [{"setCanaryScale": {"replicas": 1}}, {"pause": {}}, {"setWeight": 60}, {"pause": {}}]
    strategy = canary(few, {"nginx": {"stableIngress": "web"}})
    assert (
        "capacity: v2 carries 60% of the traffic on 1 ready pod; it needs 3 to keep the load per pod"
        in planned(routed(strategy=strategy), Act.APPROVE).warnings
    )
    few.insert(2, {"setCanaryScale": {"matchTrafficWeight": True}})
    assert not any("capacity" in w for w in planned(routed(strategy=strategy), Act.APPROVE).warnings)


def test_what_was_approved_twice_from_two_screens_goes_one_step() -> None:
    cluster = routed()
    first, second = planned(cluster, Act.APPROVE), planned(cluster, Act.APPROVE)
    send(cluster, first.requests[0])
    with pytest.raises(ConflictError):
        send(cluster, second.requests[0])


def test_two_pauses_begun_in_one_second_are_told_apart_by_the_step() -> None:
    cluster = basic([{"setWeight": 20}, {"pause": {}}, {"pause": {}}])
    plan = planned(cluster, Act.APPROVE)
    said(cluster)["currentStepIndex"] = 2  # the controller was quick, and its times are whole seconds
    with pytest.raises(ConflictError):
        send(cluster, plan.requests[0])


def test_an_approval_that_is_being_taken_up_is_not_repeated() -> None:
    cluster = routed()
    send(cluster, planned(cluster, Act.APPROVE).requests[0])
    assert (read(cluster).phase, read(cluster).message) == (Phase.PROGRESSING, "waiting for rollout to unpause")
    for act in (Act.APPROVE, Act.JUMP):
        assert "is processing the last approval; if that lasts, any other write to the Rollout" in refusal(cluster, act)


def test_a_step_that_ends_by_itself_is_not_approved() -> None:
    assert "step 3 (60%) ends by itself" in refusal(routed(**RUNNING, currentStepIndex=2), Act.APPROVE)
    assert "all steps are done" in refusal(routed(**RUNNING, currentStepIndex=4), Act.APPROVE)


def test_paused_by_hand_at_a_step_the_spec_goes_first() -> None:
    cluster = routed()
    cluster.doc("Rollout", "web")["spec"]["paused"] = True
    plan = planned(cluster, Act.APPROVE)
    assert [request.subresource for request in plan.requests] == [None, "status"]
    assert any("removes the manual pause" in warning for warning in plan.warnings)
    only_once(cluster, plan)
    assert "paused" not in cluster.doc("Rollout", "web")["spec"]
    assert said(cluster)["currentStepIndex"] == 1


def test_paused_by_hand_between_steps_approve_would_skip_one() -> None:
    cluster = routed(**RUNNING, currentStepIndex=2)
    cluster.doc("Rollout", "web")["spec"]["paused"] = True
    assert "resume it" in refusal(cluster, Act.APPROVE)


def test_a_running_analysis_is_overruled_by_its_step() -> None:
    cluster = basic(JUDGED, **RUNNING, currentStepIndex=1)
    plan = planned(cluster, Act.APPROVE)
    assert "analysis errors is skipped without its result" in plan.warnings
    only_once(cluster, plan)
    assert said(cluster)["currentStepIndex"] == 2


def test_an_inconclusive_analysis_is_passed_with_its_mark() -> None:
    cluster = basic(JUDGED, **INCONCLUSIVE)
    assert read(cluster).phase is Phase.WAITING
    only_once(cluster, planned(cluster, Act.APPROVE))
    assert said(cluster)["currentStepIndex"] == 2
    assert not {"controllerPause", "pauseConditions"} & set(said(cluster))


def test_an_inconclusive_experiment_is_passed_as_the_controller_would_pause_for_it_again() -> None:
    steps = [{"setWeight": 20}, {"experiment": {"templates": [{"name": "trial", "specRef": "canary"}]}}, {"pause": {}}]
    pause = [{"reason": "InconclusiveExperiment", "startTime": "2026-01-01T10:00:00Z"}]
    cluster = basic(steps, message="InconclusiveExperiment", pauseConditions=pause)
    plan = planned(cluster, Act.APPROVE)
    assert "experiment trial is skipped without its result" in plan.warnings
    only_once(cluster, plan)
    assert said(cluster)["currentStepIndex"] == 2
    assert not {"controllerPause", "pauseConditions"} & set(said(cluster))


@pytest.mark.parametrize(
    "act", [Act.APPROVE, Act.PROMOTE, Act.JUMP, Act.SET_WEIGHT, Act.ABORT, Act.RETRY, Act.ROLLBACK]
)
def test_hashes_of_an_older_spec_decide_nothing(act: Act) -> None:
    cluster = routed(observedGeneration="6")
    assert "has not seen the last change" in refusal(cluster, act)
    assert "waiting for rollout spec update" in read(cluster).message


@pytest.mark.parametrize("act", [Act.APPROVE, Act.PROMOTE, Act.JUMP, Act.SET_WEIGHT, Act.ABORT, Act.RETRY])
@pytest.mark.parametrize("made", [False, True])
def test_hashes_of_an_older_template_decide_nothing_though_its_generation_counts_as_seen(act: Act, made: bool) -> None:
    cluster = routed(**ABORTED) if act is Act.RETRY else routed()
    if made:
        replica_set(cluster, "h3", "v2", 3, 0)  # other environment, same image
    else:
        cluster.doc("Rollout", "web")["spec"]["template"] = template("v3")
    assert "has not seen the last change" in refusal(cluster, act)


@pytest.mark.parametrize("put", ["registry.test/shop/web:v2", "shop/web:v2@sha256:0123456789abcdef"])
def test_what_admission_makes_of_an_image_is_no_other_template(put: str) -> None:
    cluster = routed()
    made = cluster.doc("ReplicaSet", f"web-{NEW}")["spec"]["template"]["spec"]["containers"]
    made[0]["image"] = put
    made.append({"name": "proxy", "image": "mesh/proxy:1"})
    cluster.docs = copy.deepcopy(cluster.docs)
    assert planned(cluster, Act.APPROVE)


def test_a_template_that_waits_for_a_resume_is_told_apart() -> None:
    cluster = routed()
    cluster.doc("Rollout", "web")["spec"].update(paused=True, template=template("v3"))
    assert "its template changed since: resume it" in refusal(cluster, Act.APPROVE)


@pytest.mark.parametrize("act", [Act.APPROVE, Act.PROMOTE, Act.JUMP, Act.ABORT])
def test_at_rest_there_is_nothing_to_steer(act: Act) -> None:
    assert "no update in progress" in refusal(routed(**PROMOTED), act)


def test_a_change_of_the_spec_meanwhile_refuses_the_plan() -> None:
    cluster = routed()
    plan = planned(cluster, Act.APPROVE)
    cluster.doc("Rollout", "web")["metadata"]["generation"] = 8
    with pytest.raises(ConflictError):
        send(cluster, plan.requests[0])


def test_blue_green_is_approved_once() -> None:
    cluster = previewed()
    plan = planned(cluster, Act.APPROVE)
    assert plan.expected == (Expected("default", "v2", 1.0),)
    only_once(cluster, plan)
    assert "is processing the last approval" in refusal(cluster, Act.APPROVE)
    early = previewed(pauseConditions=None, controllerPause=None, phase="Progressing", message="more replicas")
    assert "nothing waits for approval" in refusal(early, Act.APPROVE)


def test_promote_fully_once() -> None:
    cluster = routed()
    plan = planned(cluster, Act.PROMOTE)
    assert (plan.final, plan.raises) == (True, True)
    assert plan.warnings == ("skips pause, 60%, pause 10m",)
    assert plan.reaches
    assert plan.reaches.identity == read(cluster).versions[1].identity[0]
    only_once(cluster, plan)
    assert said(cluster)["promoteFull"] is True
    assert "already in progress" in refusal(cluster, Act.PROMOTE)
    assert "already in progress" in refusal(cluster, Act.APPROVE)


def test_a_full_promotion_of_what_is_paused_by_hand_is_written_before_it_is_resumed() -> None:
    cluster = routed()
    cluster.doc("Rollout", "web")["spec"]["paused"] = True
    assert [request.subresource for request in planned(cluster, Act.PROMOTE).requests] == ["status", None]


def test_what_was_aborted_is_not_shipped() -> None:
    assert "retry it first" in refusal(routed(0, **ABORTED), Act.PROMOTE)
    assert "retry starts the same version again" in refusal(routed(0, **ABORTED), Act.APPROVE)


def test_the_first_release_has_nothing_to_approve() -> None:
    cluster = cluster_of(rollout(canary()), **RUNNING, stableRS="", currentStepIndex=4)
    assert "first version" in refusal(cluster, Act.APPROVE)


def test_a_plan_names_what_it_would_do_on_the_command_line() -> None:
    (command,) = planned(basic(), Act.APPROVE).commands()
    assert "patch rollouts.argoproj.io/web --subresource=status --type=json" in command
    assert NEW in command
    assert OLD in command


def test_a_switch_names_the_mesh_clients_that_do_not_follow() -> None:
    to = [{"route": [{"destination": {"host": "elsewhere"}}]}]
    spec = {"hosts": ["web-stable"], "http": to}
    cluster = previewed().add(
        {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "v"}, "spec": spec}
    )
    assert (
        "clients inside the mesh are not affected: VirtualService default/v sends their requests for Service"
        " web-stable to elsewhere" in planned(cluster, Act.PROMOTE).warnings
    )
