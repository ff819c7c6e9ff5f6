"""What is read of a Kruise Rollout: phase, step, shares, and what an on-call is told."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.checks import Said
from cockpit.model.plan import Act, Ask, Plan
from cockpit.model.refs import (
    BATCHRELEASES,
    BATCHRELEASES_V1ALPHA1,
    DEPLOYMENTS,
    INGRESSES,
    KRUISE_ROLLOUTS,
    KRUISE_ROLLOUTS_V1ALPHA1,
    SERVICES,
)
from cockpit.model.rollout import Phase, Role
from tests.objects import Cluster, Doc
from tests.systems.kruise.releases import (
    NAME,
    ROUTING,
    SYSTEM,
    declared,
    ids,
    read,
    releasing,
    resting,
    rolled_back,
    spec,
    written,
)

OLD, NEW = "1.10.2", "1.10.3"
AB: list[Doc] = [
    {"matches": [{"headers": [{"name": "user", "value": "bob"}]}], "replicas": 1, "pause": {}},
    {"replicas": "100%"},
]


def test_at_rest_the_present_template_takes_all_and_no_step_is_shown() -> None:
    rollout = read(resting())
    assert (rollout.phase, rollout.message, rollout.step) == (Phase.AT_REST, f"{OLD} is released", None)
    assert [(v.name, v.role, v.ready) for v in rollout.versions] == [(OLD, Role.STABLE, 4)]
    assert written(rollout) == declared(rollout) == {OLD: 1.0}
    assert [step.title for step in rollout.steps] == ["20%, 1 pod", "50%, 2 pods, wait 60s", "80%, 3 pods"]
    assert not rollout.findings


def test_a_step_that_waits_for_a_person() -> None:
    rollout = read(releasing())
    assert rollout.phase is Phase.WAITING
    assert rollout.step
    assert (rollout.step.index, rollout.step.count, rollout.step.weight, rollout.step.asks) == (1, 3, 0.2, True)
    assert {v.name: (v.role, v.ready) for v in rollout.versions} == {OLD: (Role.STABLE, 3), NEW: (Role.CANARY, 1)}
    assert written(rollout) == declared(rollout) == {OLD: 0.8, NEW: 0.2}
    assert not rollout.findings


def test_everything_that_it_drives_is_its_own() -> None:
    refs = {(ref.resource, ref.name) for ref in read(releasing()).objects}
    assert {(KRUISE_ROLLOUTS, NAME), (DEPLOYMENTS, "echoserver")} <= refs
    assert {(SERVICES, "echoserver"), (SERVICES, "echoserver-canary")} <= refs
    assert {(INGRESSES, "echoserver"), (INGRESSES, "echoserver-canary")} <= refs


def test_a_timed_pause_says_when_it_ends() -> None:
    rollout = read(releasing(2, new=2))
    assert rollout.phase is Phase.PROGRESSING
    assert rollout.step
    assert (rollout.step.until, rollout.step.asks) == ("2026-01-01T00:01:00Z", False)


def test_requests_by_header_are_a_lane_of_their_own() -> None:
    rollout = read(releasing(body=spec(AB)))
    assert rollout.step
    assert (rollout.step.title, rollout.step.weight) == ("A/B user=bob, 1 pod", None)
    assert declared(rollout) == written(rollout) == {OLD: 1.0, NEW: 0.0}
    assert declared(rollout, "user=bob") == written(rollout, "user=bob") == {OLD: 0.0, NEW: 1.0}
    assert rollout.lanes[1].headers == (("user", "bob"),)


def test_an_unpinned_service_mixes_by_number_of_pods_whatever_the_router_says() -> None:
    cluster = releasing()
    del cluster.doc("Service", "echoserver")["spec"]["selector"]["pod-template-hash"]
    rollout = read(cluster)
    assert written(rollout) == pytest.approx({OLD: 0.6, NEW: 0.2 + 0.8 * 0.25})
    assert "not-pinned" in ids(rollout)


def test_without_routing_traffic_follows_the_pods() -> None:
    rollout = read(releasing(body=spec(routing=None)))
    assert rollout.router == "pods"
    assert rollout.lanes[0].derived
    assert written(rollout) == {OLD: 0.75, NEW: 0.25}
    assert declared(rollout) == {OLD: None, NEW: None}
    assert "weights-unused" in ids(rollout)


def test_a_weight_edited_by_hand_is_told_only_once_the_step_is_done() -> None:
    for state, told in (("StepPaused", True), ("StepTrafficRouting", False)):
        cluster = releasing(state=state)
        annotations = cluster.doc("Ingress", "echoserver-canary")["metadata"]["annotations"]
        annotations["nginx.ingress.kubernetes.io/canary-weight"] = "35"
        assert ("edited-by-hand" in ids(read(cluster))) is told


def test_a_rule_that_an_earlier_step_left_is_told_and_is_nobodys_wish() -> None:
    cluster = releasing()
    annotations = cluster.doc("Ingress", "echoserver-canary")["metadata"]["annotations"]
    annotations |= {"nginx.ingress.kubernetes.io/canary-by-header": "user"}
    annotations |= {"nginx.ingress.kubernetes.io/canary-by-header-value": "bob"}
    rollout = read(cluster)
    assert "rule-left" in ids(rollout)
    assert (declared(rollout, "user=bob")[NEW], written(rollout, "user=bob")[NEW]) == (None, 1.0)
    assert "rule-left" not in ids(read(releasing(body=spec(AB))))


def test_a_paused_step_that_a_rollback_left_behind_is_no_step() -> None:
    rollout = read(rolled_back())
    assert rollout.step is None
    assert (rollout.phase, rollout.message) == (Phase.AT_REST, f"rolled back to {OLD}")
    assert "rolled-back" in ids(rollout)
    assert written(rollout)[OLD] == 1.0


def test_new_pods_that_fail_hold_a_step_for_ever() -> None:
    cluster = releasing(state="StepUpgrade", ready=0)
    for (kind, _, _), doc in cluster.docs.items():
        if kind == "Pod" and doc["status"]["phase"] == "Pending":
            waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 3, "ready": False}
            doc["status"]["containerStatuses"] = [waiting]
    rollout = read(cluster)
    assert rollout.phase is Phase.DEGRADED
    (stuck,) = [finding for finding in rollout.findings if finding.id == "stuck-step"]
    assert "CrashLoopBackOff" in stuck.text


def test_a_count_after_a_percentage_is_never_reached() -> None:
    steps: list[Doc] = [{"replicas": "25%", "pause": {}}, {"replicas": 3, "pause": {}}]
    assert "unreachable-step" in ids(read(resting(spec(steps))))
    cluster = releasing(2, "StepUpgrade", body=spec(steps))
    assert read(cluster).phase is Phase.DEGRADED
    counts: list[Doc] = [{"replicas": 1, "pause": {}}, {"replicas": "75%", "pause": {}}]
    assert "unreachable-step" not in ids(read(resting(spec(counts))))


def test_routing_that_cannot_go_on_says_why() -> None:
    cluster = releasing(state="StepTrafficRouting", stableRevision="")
    assert "stuck-routing" in ids(read(cluster))
    cluster = releasing()
    cluster.remove("Service", "echoserver")
    assert "stuck-routing" in ids(read(cluster))


def test_a_template_that_rolls_out_without_steps_is_told() -> None:
    cluster = releasing()
    rollout, application = cluster.doc("KruiseRollout", NAME), cluster.doc("Deployment", "echoserver")
    rollout["status"] = {"phase": "Healthy", "canaryStatus": {"currentStepIndex": 3, "currentStepState": "Completed"}}
    application["spec"]["paused"] = False
    del application["metadata"]["labels"]["rollouts.kruise.io/workload-type"]
    found = read(cluster)
    assert found.phase is Phase.PROGRESSING
    (told,) = [finding for finding in found.findings if finding.id == "natively-rolled"]
    assert "workload-type is missing" in told.evidence


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (spec([{"traffic": "60%", "replicas": "60%"}]), "strict-admission"),
        (spec([]), "no-steps"),
    ],
)
def test_what_of_a_plan_does_not_mean_what_it_seems_to(body: Doc, expected: str) -> None:
    assert expected in ids(read(resting(body)))


def test_of_several_routings_the_first_counts() -> None:
    body = spec()
    body["strategy"]["canary"]["trafficRoutings"].append({"service": "other"})
    assert "several-routings" in ids(read(resting(body)))


def test_pausing_while_the_way_back_is_asked_for_is_told() -> None:
    cluster = releasing()
    cluster.doc("KruiseRollout", NAME)["spec"]["strategy"]["paused"] = True
    cluster.doc("KruiseRollout", NAME)["status"]["conditions"][0]["reason"] = "Paused"
    assert read(cluster).phase is Phase.PAUSED
    application = cluster.doc("Deployment", "echoserver")
    application["spec"]["template"]["spec"]["containers"][0]["image"] = f"openkruise/demo:{OLD}"
    assert "paused-way-back" in ids(read(cluster))


def test_the_older_version_of_the_api_reads_the_same() -> None:
    body = {
        "objectRef": {"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "echoserver"}},
        "strategy": {
            "canary": {
                "steps": [{"weight": 20, "pause": {}}, {"weight": 50, "replicas": 2, "pause": {"duration": 60}}],
                "trafficRoutings": [ROUTING],
            }
        },
    }
    cluster = releasing(body=body)
    cluster.add({"apiVersion": "rollouts.kruise.io/v1beta1", "kind": "BatchRelease", "metadata": {"name": NAME}})
    cluster = Cluster(cluster.docs.values(), unknown={KRUISE_ROLLOUTS, BATCHRELEASES})
    found = cluster.get(KRUISE_ROLLOUTS_V1ALPHA1, "default", NAME)
    assert found
    (rollout,) = SYSTEM.read(found, cluster)
    assert rollout.objects[0].resource is KRUISE_ROLLOUTS_V1ALPHA1
    assert rollout.objects[-1].resource is BATCHRELEASES_V1ALPHA1
    assert [step.title for step in rollout.steps] == ["20%, 20% of pods", "50%, 2 pods, wait 60s"]
    assert rollout.step
    assert rollout.step.weight == 0.2
    plan = SYSTEM.plan(rollout, Ask(Act.SET_WEIGHT, weights=((NEW, 0.3),)), cluster)
    assert isinstance(plan, Plan)
    assert any("the pods follow the weight" in warning for warning in plan.warnings)


def test_a_workload_that_is_missing_or_of_an_unknown_kind() -> None:
    cluster = resting()
    cluster.remove("Deployment", "echoserver")
    rollout = read(cluster)
    assert rollout.phase is Phase.DEGRADED
    assert "workload-missing" in ids(rollout)
    body: Any = spec()
    body["workloadRef"]["kind"] = "Game"
    rollout = read(resting(body))
    assert "workload-unread" in ids(rollout)
    assert rollout.message == "the stable version is released"


def test_a_workload_that_may_not_be_read_is_not_missing() -> None:
    allowed = resting()
    allowed.remove("Deployment", "echoserver")
    cluster = Cluster(allowed.docs.values(), unknown=[DEPLOYMENTS])
    rollout = read(cluster)
    assert rollout.phase is Phase.AT_REST
    assert rollout.message == "its workload Deployment echoserver could not be read"
    assert "workload-unread" in ids(rollout)
    assert "workload-missing" not in ids(rollout)


def test_it_says_what_it_steers() -> None:
    found = resting().get(KRUISE_ROLLOUTS, "default", NAME)
    assert found
    assert set(found.index_keys()) == {
        "steers=Deployment/echoserver",
        "steers=Service/echoserver",
        "steers=Service/echoserver-canary",
        "steers=Ingress/echoserver",
        "steers=Ingress/echoserver-canary",
    }


def test_what_the_controllers_say_is_told_once_each_in_their_own_words() -> None:
    cluster = releasing()
    waits = "Rollout is in step(1/3), and you need manually confirm to enter the next step"
    status = cluster.docs["KruiseRollout", "default", NAME]["status"]
    status["message"] = waits
    status["canaryStatus"]["message"] = "BatchRelease is at state Progressing,\x1b[2J rollout-id , step 1"
    status["conditions"] = [
        {"type": "Progressing", "status": "True", "reason": "InRolling", "message": waits},
        {"type": "Terminating", "status": "False", "reason": "Odd", "message": "x" * 1000},
    ]
    first, second, third = read(cluster).said
    assert first == Said("status", waits)
    assert second == Said("canaryStatus", "BatchRelease is at state Progressing, rollout-id , step 1")
    assert (third.where, len(third.text)) == ("Terminating Odd", 300)


def test_the_batch_release_speaks_too() -> None:
    cluster = releasing()
    meta, status = {"name": NAME}, {"message": "pods of batch 1 are not ready"}
    api = "rollouts.kruise.io/v1beta1"
    cluster.add({"apiVersion": api, "kind": "BatchRelease", "metadata": meta, "status": status})
    assert Said("BatchRelease", "pods of batch 1 are not ready") in read(cluster).said


def test_no_pods_are_an_alarm_only_where_some_are_wanted_and_some_were_there() -> None:
    cluster = resting().run("echoserver", ready=0)
    assert "main-empty" in ids(read(cluster))
    deployment = cluster.doc("Deployment", "echoserver")
    deployment["metadata"].setdefault("annotations", {})["deployment.kubernetes.io/revision"] = "1"
    begun = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetCreated"}
    deployment["status"]["conditions"] = [begun]
    assert "main-empty" not in ids(read(cluster)), "its first pods start"
    begun["reason"] = "NewReplicaSetAvailable"
    assert "main-empty" in ids(read(cluster))
    deployment["spec"]["replicas"] = 0
    assert "main-empty" not in ids(read(cluster))
