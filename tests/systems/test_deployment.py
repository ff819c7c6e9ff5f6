"""Plain Deployments: versions by ReplicaSet, phases, and the way back."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import DEPLOYMENTS
from cockpit.model.rollout import Phase, Role, Rollout, Severity
from cockpit.systems.deployment.adapter import DeploymentSystem
from tests.objects import Cluster, ConflictError, seed

SYSTEM = DeploymentSystem()
NAME = "demo-dp-v1"


@pytest.fixture
def cluster() -> Cluster:
    return cluster_at_rest()


def cluster_at_rest() -> Cluster:
    return revise(Cluster(seed("blue-green-v1") + seed("blue-green-service")), 1, "bebullish/demo:v1")


def revise(cluster: Cluster, revision: int, image: str, ready: int = 3, old: int = 0) -> Cluster:
    """Roll a template out, as the controller would: a ReplicaSet more, `old` pods of the ones before stay."""
    deployment = cluster.doc("Deployment", NAME)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["image"], container["env"] = image, [{"name": "REVISION", "value": str(revision)}]
    for key in [k for k in cluster.docs if k[0] == "ReplicaSet"]:
        cluster.docs[key]["spec"]["replicas"] = old
        cluster.docs[key]["status"]["replicas"] = old
        for pod in [k for k, d in cluster.docs.items() if k[0] == "Pod"][old:]:
            del cluster.docs[pod]
    cluster.run(NAME, ready=ready)
    (newest,) = [
        d
        for k, d in cluster.docs.items()
        if k[0] == "ReplicaSet" and d["spec"]["template"]["spec"]["containers"][0]["env"] == container["env"]
    ]
    for doc in (newest, deployment):
        doc["metadata"].setdefault("annotations", {})["deployment.kubernetes.io/revision"] = str(revision)
    if old:
        deployment["status"] |= {"replicas": 3 + old, "updatedReplicas": 3, "availableReplicas": ready + old}
    return cluster


def read(cluster: Cluster) -> Rollout:
    deployment = cluster.get(DEPLOYMENTS, "default", NAME)
    assert deployment is not None
    (rollout,) = SYSTEM.read(deployment, cluster)
    return rollout


def test_a_change_that_nobody_picks_up_is_told_with_who_should(cluster: Cluster) -> None:
    assert not [found for found in read(cluster).findings if found.id == "not-observed"]
    deployment = cluster.doc("Deployment", NAME)
    deployment["metadata"]["generation"] = deployment["status"].get("observedGeneration", 0) + 1
    (told,) = [found for found in read(cluster).findings if found.id == "not-observed"]
    assert "kube-controller-manager has not picked up the last change yet" in told.text
    assert told.severity is Severity.INFO


def planned(cluster: Cluster, ask: Ask) -> Plan:
    plan = SYSTEM.plan(read(cluster), ask, cluster)
    assert isinstance(plan, Plan), plan
    return plan


def refusal(cluster: Cluster, ask: Ask) -> str:
    answer = SYSTEM.plan(read(cluster), ask, cluster)
    assert isinstance(answer, Refused), answer
    return answer.why


def status(cluster: Cluster) -> dict[str, Any]:
    found: dict[str, Any] = cluster.doc("Deployment", NAME)["status"]
    return found


def test_at_rest_one_version_takes_all(cluster: Cluster) -> None:
    rollout = read(cluster)
    assert (rollout.phase, rollout.key.system) == (Phase.AT_REST, "deployment")
    assert [(v.name, v.role, v.ready, v.desired) for v in rollout.versions] == [("v1", Role.STABLE, 3, 3)]
    assert [(s.version, s.declared, s.written) for s in rollout.lanes[0].shares] == [("v1", None, 1.0)]
    assert "only template in the revision history" in refusal(cluster, Ask(Act.ROLLBACK))


def test_a_rolling_update_splits_by_ready_pods(cluster: Cluster) -> None:
    revise(cluster, 2, "bebullish/demo:v2", ready=1, old=2)
    rollout = read(cluster)
    assert rollout.phase is Phase.PROGRESSING
    assert [(v.name, v.role) for v in rollout.versions] == [("v1", Role.OLD), ("v2", Role.NEW)]
    assert {s.version: s.written for s in rollout.lanes[0].shares} == {
        "v1": pytest.approx(2 / 3),
        "v2": pytest.approx(1 / 3),
    }
    assert rollout.lanes[0].derived
    assert rollout.message == "3 of 3 updated, 3 available, 2 old"


def test_roll_back_restores_the_template_to_the_letter(cluster: Cluster) -> None:
    first = dict(cluster.doc("Deployment", NAME)["spec"]["template"])
    revise(cluster, 2, "bebullish/demo:v2")
    before = cluster.plain()
    plan = planned(cluster, Ask(Act.ROLLBACK))
    assert "v1 has no pods: they are created during the rollout" in plan.warnings
    cluster.send_all(plan.requests)
    template = cluster.doc("Deployment", NAME)["spec"]["template"]
    assert template["spec"]["containers"][0]["env"] == [{"name": "REVISION", "value": "1"}]
    assert template["metadata"] == first["metadata"]
    cluster.send_all(plan.inverse)
    assert cluster.plain() == before


def test_roll_back_goes_to_a_named_version(cluster: Cluster) -> None:
    revise(revise(cluster, 2, "bebullish/demo:v2"), 3, "bebullish/demo:v3")
    assert [v.name for v in read(cluster).versions] == ["v2", "v3"]
    assert "back to v2 (revision 2)" in planned(cluster, Ask(Act.ROLLBACK)).title
    assert "already the current template" in refusal(cluster, Ask(Act.ROLLBACK, version="v3"))
    assert "no version v9" in refusal(cluster, Ask(Act.ROLLBACK, version="v9"))


@pytest.mark.parametrize("name", ["v1", "1", "revision 1"])
def test_a_template_that_is_kept_and_not_shown_is_named_by_its_tag_too(cluster: Cluster, name: str) -> None:
    revise(revise(cluster, 2, "bebullish/demo:v2"), 3, "bebullish/demo:v3")
    assert "revision 1" in planned(cluster, Ask(Act.ROLLBACK, version=name)).title
    assert "revisions: 3 (v3), 2 (v2), 1 (v1)" in refusal(cluster, Ask(Act.ROLLBACK, version="v9"))
    revise(cluster, 4, "bebullish/demo:v1")
    revise(cluster, 5, "bebullish/demo:v5")
    revise(cluster, 6, "bebullish/demo:v6")
    why = "v1 matches revisions 1, 4: choose one by its number"
    assert name != "v1" or why in refusal(cluster, Ask(Act.ROLLBACK, version=name))


def test_a_replica_set_that_is_made_anew_has_the_same_template(cluster: Cluster) -> None:
    """As a Deployment makes one that keeps no old ReplicaSets, once its last change is undone."""
    before = read(cluster).versions[0].identity
    for key in [key for key in cluster.docs if key[0] == "ReplicaSet"]:
        cluster.docs[key]["metadata"]["uid"] = "another"
    after = read(cluster).versions[0].identity
    assert before[0] != after[0] == "another"
    assert before[1:] == after[1:]
    assert after[1].startswith("pod-template-hash=")


def test_roll_back_of_a_paused_update_ends_the_pause_with_it(cluster: Cluster) -> None:
    revise(cluster, 2, "bebullish/demo:v2", ready=1, old=2)
    cluster.send_all(planned(cluster, Ask(Act.PAUSE)).requests)
    before = cluster.plain()
    plan = planned(cluster, Ask(Act.ROLLBACK))
    assert len(plan.requests) == 1
    cluster.send_all(plan.requests)
    spec = cluster.doc("Deployment", NAME)["spec"]
    assert "paused" not in spec
    assert spec["template"]["spec"]["containers"][0]["image"] == "bebullish/demo:v1"
    with pytest.raises(ConflictError):
        cluster.send_all(plan.requests)
    cluster.send_all(plan.inverse)
    assert cluster.plain() == before


def test_a_template_that_waits_behind_a_pause_is_nothing_to_go_back_from(cluster: Cluster) -> None:
    revise(cluster, 2, "bebullish/demo:v2")
    cluster.send_all(planned(cluster, Ask(Act.PAUSE)).requests)
    cluster.doc("Deployment", NAME)["spec"]["template"]["spec"]["containers"][0]["image"] = "bebullish/demo:v3"
    for version in (None, "v1"):
        assert "v2 still runs" in refusal(cluster, Ask(Act.ROLLBACK, version=version))


def test_going_back_from_a_roll_back_is_told_as_going_forward(cluster: Cluster) -> None:
    revise(cluster, 2, "bebullish/demo:v2")
    assert not planned(cluster, Ask(Act.ROLLBACK)).raises
    for (kind, _, _), doc in cluster.docs.items():
        image = doc["spec"]["template"]["spec"]["containers"][0]["image"] if kind == "ReplicaSet" else ""
        if image == "bebullish/demo:v1":
            doc["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "3"
        elif image:
            doc["metadata"]["creationTimestamp"] = "2026-01-02T00:00:00Z"
    cluster.doc("Deployment", NAME)["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "3"
    assert "already rolling back to v1, and pods of v2 are" in refusal(cluster, Ask(Act.ROLLBACK))
    plan = planned(cluster, Ask(Act.ROLLBACK, version="v2"))
    assert plan.raises
    assert "v2 came after v1" in plan.warnings[0]


def test_pause_and_resume(cluster: Cluster) -> None:
    before = cluster.plain()
    plan = planned(cluster, Ask(Act.PAUSE))
    cluster.send_all(plan.requests)
    assert read(cluster).phase is Phase.PAUSED
    assert "already paused" in refusal(cluster, Ask(Act.PAUSE))
    resume = planned(cluster, Ask(Act.RESUME))
    cluster.send_all(resume.requests)
    assert cluster.plain() == before
    cluster.send_all(resume.inverse)
    cluster.send_all(plan.inverse)
    assert cluster.plain() == before


def test_scale(cluster: Cluster) -> None:
    before = cluster.plain()
    plan = planned(cluster, Ask(Act.SCALE, counts=(("v1", 5),)))
    cluster.send_all(plan.requests)
    assert cluster.doc("Deployment", NAME)["spec"]["replicas"] == 5
    cluster.send_all(plan.inverse)
    assert cluster.plain() == before
    assert "every request fails" in refusal(cluster, Ask(Act.SCALE, counts=(("v1", 0),)))


def test_versions_of_one_deployment_are_scaled_once(cluster: Cluster) -> None:
    revise(cluster, 2, "bebullish/demo:v2", ready=1, old=2)
    plan = planned(cluster, Ask(Act.SCALE, counts=(("v1", 5), ("v2", 5))))
    cluster.send_all(plan.requests)
    assert len(plan.requests) == 1
    assert cluster.doc("Deployment", NAME)["spec"]["replicas"] == 5


def test_a_stuck_rollout_is_degraded_and_says_why(cluster: Cluster) -> None:
    revise(cluster, 2, "bebullish/demo:v2", ready=0, old=3)
    status(cluster)["conditions"] = [
        {
            "type": "Progressing",
            "status": "False",
            "reason": "ProgressDeadlineExceeded",
            "message": "ReplicaSet has timed out progressing.",
        }
    ]
    rollout = read(cluster)
    assert rollout.phase is Phase.DEGRADED
    assert any("timed out progressing" in f.text for f in rollout.findings)


@pytest.mark.parametrize(("ready", "severity"), [(3, Severity.WARNING), (0, Severity.CRITICAL)])
def test_a_quota_hurts_users_only_where_no_pod_is_ready(cluster: Cluster, ready: int, severity: Severity) -> None:
    status(cluster)["readyReplicas"] = ready
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: cpu"}
    status(cluster)["conditions"] = [failure]
    rollout = read(cluster)
    assert rollout.phase is Phase.DEGRADED
    assert {f.severity for f in rollout.findings if f.id == "replica-failure"} == {severity}


def test_a_quota_is_told_before_what_it_stops_and_without_the_name_of_a_pod(cluster: Cluster) -> None:
    message = 'pods "web-585d887885-7b4wc" is forbidden: exceeded quota: few, requested: pods=1, limited: pods=4'
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    status(cluster)["conditions"] = [failure]
    (found,) = [each for each in read(cluster).findings if each.id == "replica-failure"]
    assert found.text.startswith("exceeded quota: few, requested: pods=1, limited: pods=4; Deployment")
    assert "7b4wc" not in found.text + found.about


def test_a_change_that_the_controller_has_not_seen_is_progressing(cluster: Cluster) -> None:
    cluster.doc("Deployment", NAME)["metadata"]["generation"] = 7
    status(cluster)["observedGeneration"] = 6
    rollout = read(cluster)
    assert rollout.phase is Phase.PROGRESSING
    assert "not seen the last change" in rollout.message
    assert "wait a moment" in refusal(cluster, Ask(Act.ROLLBACK))


def test_no_ready_pods_is_critical_and_says_why(cluster: Cluster) -> None:
    cluster.run(NAME, ready=0)
    for key, doc in cluster.docs.items():
        if key[0] == "Pod":
            doc["status"]["containerStatuses"] = [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]
    found = {f.id: f for f in read(cluster).findings}
    assert found["no-ready-pods"].evidence == "ImagePullBackOff"
    assert {c.state for c in read(cluster).versions[0].pods} == {"failing"}


def test_without_a_service_there_is_no_lane_and_no_door(cluster: Cluster) -> None:
    cluster.remove("Service", "demo-service")
    rollout = read(cluster)
    assert rollout.lanes == ()
    assert "no Service selects its pods" in rollout.probe_target_missing
    assert rollout.incomplete_target is None


def test_the_door_is_an_ingress_that_leads_to_its_service(cluster: Cluster) -> None:
    (ingress,) = seed("weight-ingress1")
    ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = "demo-service"
    ingress["spec"]["rules"][0]["host"] = "*.example.com"
    ingress["spec"]["tls"] = [{"hosts": ["*.example.com"]}]
    ingress["status"] = {"loadBalancer": {"ingress": [{"hostname": "gateway.local"}]}}
    cluster.add(ingress)
    probe_target = read(cluster).probe_target
    assert probe_target is not None
    assert (probe_target.address, probe_target.url) == ("gateway.local", "https://example.example.com/version")
    del ingress["status"]
    cluster.add(ingress)
    assert read(cluster).probe_target is None
    assert read(cluster).incomplete_target == ProbeTarget("", 443, "example.example.com", "/version", tls=True)


def test_a_controllers_deployment_is_not_touched(cluster: Cluster) -> None:
    cluster.doc("Deployment", NAME)["metadata"]["ownerReferences"] = [
        {"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "demo", "uid": "u"}
    ]
    assert "Flagger Canary demo manages" in refusal(cluster, Ask(Act.ROLLBACK))
    assert not any(a.enabled for a in read(cluster).acts)


def test_acts_that_do_not_apply_say_why(cluster: Cluster) -> None:
    assert "without weights or steps" in refusal(cluster, Ask(Act.SET_WEIGHT))
    assert "Deployment default/demo-dp-v1 in test" in refusal(cluster, Ask(Act.FLIP))
