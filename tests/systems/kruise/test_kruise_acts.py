"""Acts on a Kruise Rollout: what is sent, what it holds against, and why an act does not apply."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act, Ask, Plan
from cockpit.model.refs import DEPLOYMENTS
from cockpit.model.rollout import Phase, Role
from tests.objects import Cluster, ConflictError, Doc
from tests.systems.kruise.releases import (
    NAME,
    SYSTEM,
    planned,
    read,
    refusal,
    releasing,
    resting,
    rolled_back,
    sets,
    spec,
)

OLD, NEW = "1.10.2", "1.10.3"
APPROVE = Ask(Act.APPROVE)


def inner(cluster: Cluster) -> Doc:
    found: Doc = cluster.doc("KruiseRollout", NAME)["status"]["canaryStatus"]
    return found


def steering(cluster: Cluster) -> Doc:
    found: Doc = cluster.doc("KruiseRollout", NAME)["spec"]["strategy"]
    return found


def test_an_approval_is_a_guarded_write_to_the_status() -> None:
    cluster = releasing()
    plan = planned(cluster, APPROVE)
    (request,) = plan.requests
    assert (request.subresource, request.consumed, plan.raises) == ("status", True, True)
    assert plan.reaches
    assert plan.reaches.left_step == 1
    cluster.send(request)
    assert inner(cluster)["currentStepState"] == "StepReady"
    with pytest.raises(ConflictError):
        cluster.send(request)


@pytest.mark.parametrize(
    "moved",
    [
        {"currentStepIndex": 2},
        {"currentStepState": "StepUpgrade"},
        {"canaryRevision": "another release"},
        {"lastUpdateTime": "2026-01-01T00:00:09Z"},
    ],
)
def test_an_approval_of_another_step_release_or_stay_is_refused(moved: Doc) -> None:
    cluster = releasing()
    (request,) = planned(cluster, APPROVE).requests
    inner(cluster).update(moved)
    with pytest.raises(ConflictError):
        cluster.send(request)


def test_the_last_approval_ends_the_release() -> None:
    plan = planned(releasing(3, new=3, nextStepIndex=-1), APPROVE)
    assert plan.final
    assert [str(change) for change in plan.changes] == ["step 3/3 -> finished"]


@pytest.mark.parametrize("act", [Act.APPROVE, Act.JUMP, Act.SET_WEIGHT])
def test_steps_are_steered_only_while_one_is_under_way(act: Act) -> None:
    ask = Ask(act, step=2, weights=((NEW, 0.5),))
    assert "no release in progress" in refusal(resting(), ask)
    assert "rolled back" in refusal(rolled_back(), ask)
    cluster = releasing()
    steering(cluster)["paused"] = True
    assert "resume it first" in refusal(cluster, ask)
    for word, words in (
        ("Initializing", "just starting"),
        ("Finalising", "finishing"),
        ("Cancelling", "rolling back to"),
    ):
        cluster = releasing()
        reason(cluster, word)
        assert words in refusal(cluster, ask)


def test_a_step_is_approved_once_it_is_done() -> None:
    assert "StepUpgrade" in refusal(releasing(state="StepUpgrade"), APPROVE)


def test_a_jump_names_a_step_of_the_plan() -> None:
    cluster = releasing()
    for step in (0, -1, 4, None):
        assert "say which step: 1 to 3" in refusal(cluster, Ask(Act.JUMP, step=step))
    assert "already at step 1" in refusal(cluster, Ask(Act.JUMP, step=1))
    plan = planned(cluster, Ask(Act.JUMP, step=3))
    assert plan.reaches
    assert (plan.reaches.at_step, plan.raises) == (3, True)
    assert any("skipped with their pauses: 2" in warning for warning in plan.warnings)
    cluster.send_all(plan.requests)
    assert inner(cluster)["nextStepIndex"] == 3


def test_a_jump_to_the_next_step_is_an_approval_because_the_controller_would_not_see_it() -> None:
    plan = planned(releasing(), Ask(Act.JUMP, step=2))
    assert plan.reaches
    assert plan.reaches.left_step == 1
    assert "pods are ready" in refusal(releasing(state="StepUpgrade"), Ask(Act.JUMP, step=2))


def test_a_jump_back_lowers_exposure_and_keeps_the_pods() -> None:
    plan = planned(releasing(3, new=3, nextStepIndex=-1), Ask(Act.JUMP, step=1))
    assert not plan.raises
    assert any("pods of the new version stay" in warning for warning in plan.warnings)


def test_older_controllers_do_not_jump() -> None:
    cluster = releasing()
    del inner(cluster)["nextStepIndex"]
    assert "0.6" in refusal(cluster, Ask(Act.JUMP, step=3))
    assert planned(cluster, APPROVE).changes[0].after == "2/3"


def reason(cluster: Cluster, word: str) -> None:
    """Where the controller says that the release stands."""
    cluster.doc("KruiseRollout", NAME)["status"]["conditions"][0]["reason"] = word


def test_pause_and_resume_undo_each_other() -> None:
    cluster = releasing()
    pause = planned(cluster, Ask(Act.PAUSE))
    cluster.send_all(pause.requests)
    assert read(cluster).phase is Phase.PROGRESSING, "asked for, and not taken up so far"
    reason(cluster, "Paused")
    assert read(cluster).phase is Phase.PAUSED
    resume = planned(cluster, Ask(Act.RESUME))
    cluster.send_all(pause.inverse)
    assert steering(cluster)["paused"] is False
    with pytest.raises(ConflictError):
        cluster.send_all(resume.requests)
    assert "nothing to pause" in refusal(resting(), Ask(Act.PAUSE))


def test_a_weight_is_an_edit_of_the_present_step() -> None:
    cluster = releasing()
    plan = planned(cluster, Ask(Act.SET_WEIGHT, weights=((NEW, 0.3),)))
    assert [(e.version, e.share) for e in plan.expected] == [(NEW, 0.3), (OLD, 0.7)]
    assert any("later releases keep it" in warning for warning in plan.warnings)
    cluster.send_all(plan.requests)
    assert steering(cluster)["canary"]["steps"][0]["traffic"] == "30%"
    with pytest.raises(ConflictError):
        cluster.send_all(plan.requests)
    cluster.send_all(plan.inverse)
    assert steering(cluster)["canary"]["steps"][0]["traffic"] == "20%"


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ((), "say which share"),
        (((NEW, 0.0),), "roll back"),
        (((NEW, 0.125),), "whole percents"),
        (((NEW, 1.5),), "0% to 100%"),
        (((NEW, float("nan")),), "0% to 100%"),
        (((NEW, 0.5), (OLD, 0.6)), "more than 100%: lower one"),
        ((("v9", 0.5),), "is not part of this split"),
        (((NEW, 0.2),), "already"),
    ],
)
def test_a_weight_that_cannot_be(weights: tuple[tuple[str, float], ...], words: str) -> None:
    assert words in refusal(releasing(), Ask(Act.SET_WEIGHT, weights=weights))


def test_where_a_step_has_no_weight_to_set() -> None:
    ask = Ask(Act.SET_WEIGHT, weights=((NEW, 0.3),))
    assert "number of pods" in refusal(releasing(body=spec(routing=None)), ask)
    by_header = [{"matches": [{"headers": [{"name": "a", "value": "b"}]}], "replicas": 1, "pause": {}}]
    assert "by header" in refusal(releasing(body=spec(by_header)), ask)
    assert "above 50%" in refusal(releasing(body=spec([{"replicas": "75%", "pause": {}}]), new=3), ask)
    everything = [{"traffic": "20%", "replicas": 4, "pause": {}}]
    cluster = releasing(body=spec(everything), new=3)
    assert "replaces all pods" in refusal(cluster, ask)
    del inner(cluster)["nextStepIndex"]  # up to 0.5 such a step is routed as any other
    assert planned(cluster, ask)


def test_a_stored_plan_that_admission_refuses_is_warned_about_where_the_object_itself_is_written() -> None:
    body = spec([{"traffic": "20%", "replicas": 1, "pause": {}}, {"traffic": "80%", "replicas": "80%", "pause": {}}])
    cluster = releasing(body=body)
    for act in (Act.PAUSE, Act.DISABLE):
        assert any("admission will refuse" in warning for warning in planned(cluster, Ask(act)).warnings)
    for act in (Act.APPROVE, Act.ROLLBACK):
        assert not any("admission" in warning for warning in planned(cluster, Ask(act)).warnings)


def test_what_ends_a_release_is_not_paused() -> None:
    for word in ("Finalising", "Cancelling"):
        cluster = releasing()
        reason(cluster, word)
        assert "ending" in refusal(cluster, Ask(Act.PAUSE))
        steering(cluster)["paused"] = True
        rollout = read(cluster)
        assert rollout.phase is Phase.PROGRESSING
        assert "paused" not in rollout.message


def test_while_a_release_finishes_no_other_template_is_written() -> None:
    cluster = releasing(3, "Completed", new=3)
    reason(cluster, "Finalising")
    for ask in (Ask(Act.ROLLBACK), Ask(Act.ROLLBACK, version=OLD), Ask(Act.SET_IMAGE, image=("", "openkruise/demo:9"))):
        assert "wait" in refusal(cluster, ask)


def test_a_stable_version_that_is_not_on_record_is_not_guessed() -> None:
    cluster = releasing(stableRevision="5f7d4c")
    why = refusal(cluster, Ask(Act.ROLLBACK))
    assert "5f7d4c" in why
    assert "apply it from your manifests" in why
    assert [v.role for v in read(cluster).versions] == [Role.OLD, Role.CANARY]


def test_before_a_release_begins_the_status_still_names_the_hashes_of_the_one_before() -> None:
    cluster = releasing(3, "Completed", nextStepIndex=-1)
    reason(cluster, "Initializing")
    status = inner(cluster)
    status["stableRevision"], status["podTemplateHash"] = status["podTemplateHash"], status["stableRevision"]
    assert "not recorded" in refusal(cluster, Ask(Act.ROLLBACK))
    assert {v.name: v.role for v in read(cluster).versions} == {OLD: Role.STABLE, NEW: Role.CANARY}


def test_a_step_that_the_plan_does_not_have_any_more() -> None:
    assert "is at step 7" in refusal(releasing(currentStepIndex=7), APPROVE)


@pytest.mark.parametrize("named", [0, -1, 9])
def test_an_index_that_the_plan_does_not_have_is_the_one_after_to_the_controller(named: int) -> None:
    plan = planned(releasing(nextStepIndex=named), APPROVE)
    assert not plan.final
    assert [str(change) for change in plan.changes] == ["step 1/3 -> 2/3"]


def test_disabling_on_the_way_back_goes_on_back() -> None:
    cluster = releasing()
    reason(cluster, "Cancelling")
    cluster.send_all(planned(releasing(), Ask(Act.ROLLBACK)).requests)
    (warning, *_) = planned(cluster, Ask(Act.DISABLE)).warnings
    assert OLD in warning
    assert NEW not in warning


def test_rolling_back_writes_the_stable_template_and_nothing_else() -> None:
    cluster = releasing()
    before = cluster.doc("Deployment", "echoserver")["spec"]
    plan = planned(cluster, Ask(Act.ROLLBACK))
    (request,) = plan.requests
    assert not any(warning.endswith("pods ready") for warning in plan.warnings)
    assert request.ref.resource is DEPLOYMENTS
    assert not plan.raises
    assert plan.reaches
    assert (plan.reaches.stable, plan.pods) == (OLD, ((OLD, 4),))
    cluster.send(request)
    after = cluster.doc("Deployment", "echoserver")["spec"]
    assert after["template"]["spec"]["containers"][0]["image"].endswith(OLD)
    assert "pod-template-hash" not in after["template"]["metadata"]["labels"]
    assert {k: v for k, v in after.items() if k != "template"} == {k: v for k, v in before.items() if k != "template"}
    assert "already rolling back" in refusal(cluster, Ask(Act.ROLLBACK))


def test_rolling_back_to_a_version_without_ready_pods_is_deliberate() -> None:
    cluster = releasing()
    assert not planned(cluster, Ask(Act.ROLLBACK)).risky
    for (kind, _, _), doc in cluster.docs.items():
        if kind == "Pod" and doc["spec"]["containers"][0]["image"].endswith(OLD):
            doc["status"]["conditions"][0]["status"] = "False"
    plan = planned(cluster, Ask(Act.ROLLBACK))
    assert plan.risky
    assert f"{OLD} has no ready pods: requests to it fail until it has some" in plan.warnings


def test_rolling_back_is_refused_once_the_release_has_begun_to_end() -> None:
    cluster = releasing()
    annotations = cluster.doc("Deployment", "echoserver")["metadata"].setdefault("annotations", {})
    annotations["rollouts.kruise.io/in-progressing"] = '{"rolloutName":"web"}'
    (request,) = planned(cluster, Ask(Act.ROLLBACK)).requests
    del annotations["rollouts.kruise.io/in-progressing"]
    with pytest.raises(ConflictError):
        cluster.send(request)
    cluster.send_all(planned(cluster, Ask(Act.ROLLBACK)).requests)


def test_rolling_back_while_paused_resumes_after_the_template_is_written() -> None:
    cluster = releasing()
    steering(cluster)["paused"] = True
    kinds = [request.ref.resource.kind for request in planned(cluster, Ask(Act.ROLLBACK)).requests]
    assert kinds == ["Deployment", "Rollout"]
    steering(cluster)["canary"]["steps"][2]["replicas"] = "80%"
    warnings = planned(cluster, Ask(Act.ROLLBACK)).warnings
    assert any("admission will refuse" in warning for warning in warnings), "to resume writes the object itself"


def test_during_a_release_the_only_way_back_is_the_stable_version() -> None:
    assert "another release" in refusal(releasing(), Ask(Act.ROLLBACK, version=NEW))
    assert "not recorded" in refusal(releasing(stableRevision=""), Ask(Act.ROLLBACK))


def test_a_release_of_an_older_version_is_taken_back_as_any_other() -> None:
    """The stable version came after it: a guard would not go back to what it takes for the way forward."""
    cluster = releasing()
    old_hash = cluster.doc("KruiseRollout", "web")["status"]["canaryStatus"]["stableRevision"]
    stable = next(s for s in sets(cluster) if s["metadata"]["labels"]["pod-template-hash"] == old_hash)
    stable["metadata"]["creationTimestamp"] = "2027-01-01T00:00:00Z"
    plan = planned(cluster, Ask(Act.ROLLBACK))
    assert not plan.raises
    assert not any("came after" in warning for warning in plan.warnings)


def test_after_a_release_the_way_back_is_a_release_of_its_own() -> None:
    assert "only template in the revision history" in refusal(resting(), Ask(Act.ROLLBACK))
    cluster = rolled_back()
    assert "but its release was rolled back; no older version that is known to work" in refusal(
        cluster, Ask(Act.ROLLBACK)
    )
    plan = planned(cluster, Ask(Act.ROLLBACK, version=NEW))
    assert plan.raises
    assert any("through all steps" in warning for warning in plan.warnings)


def test_disabling_finishes_forward_and_says_so() -> None:
    plan = planned(releasing(), Ask(Act.DISABLE))
    assert (plan.raises, plan.final, plan.inverse) == (True, True, ())
    assert any("does not roll back" in warning for warning in plan.warnings)
    cluster = resting()
    quiet = planned(cluster, Ask(Act.DISABLE))
    cluster.send_all(quiet.requests)
    assert cluster.doc("KruiseRollout", NAME)["spec"]["disabled"] is True
    cluster.send_all(planned(cluster, Ask(Act.ENABLE)).requests)
    assert "not disabled" in refusal(cluster, Ask(Act.ENABLE))


def test_an_image_starts_a_release() -> None:
    cluster = resting()
    plan = planned(cluster, Ask(Act.SET_IMAGE, image=("", "openkruise/demo:1.10.3")))
    assert plan.reaches
    assert plan.reaches.not_phases == (Phase.AT_REST,)
    cluster.send_all(plan.requests)
    container = cluster.doc("Deployment", "echoserver")["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "openkruise/demo:1.10.3"
    for image, words in ((("other", "a:1"), "no container"), (("echoserver", "openkruise/demo:1.10.3"), "already")):
        assert words in refusal(cluster, Ask(Act.SET_IMAGE, image=image))
    takes_place = planned(releasing(), Ask(Act.SET_IMAGE, image=("", "openkruise/demo:9")))
    assert any("replaces it" in warning for warning in takes_place.warnings)


def test_a_restart_is_a_release() -> None:
    cluster = resting()
    cluster.send_all(planned(cluster, Ask(Act.RESTART, at="2026-01-02T00:00:00Z")).requests)
    metadata = cluster.doc("Deployment", "echoserver")["spec"]["template"]["metadata"]
    assert metadata["annotations"]["kubectl.kubernetes.io/restartedAt"] == "2026-01-02T00:00:00Z"
    assert "a release is in progress" in refusal(releasing(), Ask(Act.RESTART))


def test_a_blue_green_release_takes_no_third_version() -> None:
    body = spec([{"traffic": "0%", "replicas": "100%", "pause": {}}], style="blueGreen")
    cluster = releasing(body=body, new=2, updatedRevision="abc")
    assert "blue-green" in refusal(cluster, Ask(Act.SET_IMAGE, image=("", "openkruise/demo:9")))
    assert read(cluster).phase is Phase.WAITING
    assert isinstance(SYSTEM.plan(read(cluster), APPROVE, cluster), Plan)


def test_what_there_is_not_names_the_way_instead() -> None:
    assert "disable" in refusal(releasing(), Ask(Act.PROMOTE))
    assert "roll back" in refusal(releasing(), Ask(Act.ABORT))
    for act in Act:
        if act is not Act.UNDO and act not in SYSTEM.cards[0].acts:
            assert refusal(releasing(), Ask(act))


@pytest.mark.parametrize(
    ("last", "style", "final"),
    [
        ({"replicas": "100%"}, "canary", True),
        ({"replicas": "100%"}, "blueGreen", False),
        ({"replicas": "50%", "traffic": "100%"}, "canary", True),
        ({"replicas": "50%", "traffic": "50%"}, "canary", False),
    ],
)
def test_an_act_that_leads_to_a_step_for_everybody_says_so(last: Doc, style: str, final: bool) -> None:
    """Whatever it is called: production asks for the name, and a second person may have to confirm it."""
    first = {"replicas": "20%", "traffic": "20%", "pause": {}}
    approval = planned(releasing(body=spec([first, last], style=style), nextStepIndex=2), APPROVE)
    assert approval.final is final
    steps = [first, {**first, "traffic": "30%"}, last]
    jump = planned(releasing(body=spec(steps, style=style), nextStepIndex=2), Ask(Act.JUMP, step=3))
    assert jump.final is final
