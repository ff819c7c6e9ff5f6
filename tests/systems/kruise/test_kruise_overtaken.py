"""A template that comes in the middle of a release: until it is taken up, the status is of another version."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase, Role
from tests.objects import Cluster, Doc
from tests.systems.kruise.releases import (
    NAME,
    ROUTING,
    STEPS,
    declared,
    ids,
    image,
    planned,
    read,
    refusal,
    releasing,
    rolled_back,
    sets,
    spec,
    written,
)

BLUE_GREEN: Doc = spec(style="blueGreen")


def overtaken(body: Doc | None = None, state: str = "StepPaused") -> Cluster:
    """1.10.3 is being released, and somebody sets the image of 1.10.4: no ReplicaSet has it so far."""
    cluster = releasing(state=state, body=body)
    image(cluster.doc("Deployment", "echoserver"), "1.10.4")
    return cluster


def test_a_newer_template_does_not_wait_for_an_approval_that_is_meant_for_another() -> None:
    rollout = read(overtaken())
    assert rollout.phase is Phase.PROGRESSING
    assert rollout.message == "1.10.4 replaces 1.10.3 at step 1/3: the controller has not started it yet"
    assert rollout.step is not None
    assert not rollout.step.asks
    roles = {version.name: version.role for version in rollout.versions}
    assert roles == {"1.10.2": Role.STABLE, "1.10.3": Role.CANARY, "1.10.4": Role.NEW}
    for act in (Act.APPROVE, Act.JUMP, Act.SET_WEIGHT):
        assert "has not started it yet; wait a moment" in refusal(overtaken(), Ask(act, step=3))


def test_routes_that_the_controller_takes_back_are_nobodys_edit() -> None:
    cluster = overtaken()
    annotations = cluster.doc("Ingress", "echoserver-canary")["metadata"]["annotations"]
    annotations["nginx.ingress.kubernetes.io/canary-weight"] = "0"
    rollout = read(cluster)
    assert written(rollout)["1.10.3"] == 0.0
    assert set(declared(rollout).values()) == {None}
    assert "edited-by-hand" not in ids(rollout)


def test_the_same_weight_is_an_edit_while_no_newer_template_is_asked_for() -> None:
    cluster = releasing()
    annotations = cluster.doc("Ingress", "echoserver-canary")["metadata"]["annotations"]
    annotations["nginx.ingress.kubernetes.io/canary-weight"] = "0"
    assert "edited-by-hand" in ids(read(cluster))


def test_a_blue_green_release_stands_still_because_of_another_template_and_the_way_is_back() -> None:
    rollout = read(overtaken(BLUE_GREEN))
    assert rollout.phase is Phase.DEGRADED
    assert rollout.step is not None
    assert not rollout.step.asks
    assert "1.10.4 is not released: a blue-green release takes no other version" in rollout.message
    (stuck,) = [found for found in rollout.findings if found.id == "stuck-step"]
    assert "roll back to 1.10.2" in stuck.text
    assert declared(rollout) == {"1.10.2": 0.8, "1.10.3": 0.2, "1.10.4": 0.0}
    assert "roll back to 1.10.2 first" in refusal(overtaken(BLUE_GREEN), Ask(Act.APPROVE))
    back = planned(overtaken(BLUE_GREEN), Ask(Act.ROLLBACK))
    assert [(change.before, change.after) for change in back.changes] == [("1.10.4", "1.10.2")]


def test_pods_that_fail_do_not_block_a_release_that_begins_again_without_them() -> None:
    cluster = releasing(state="StepUpgrade", ready=0)
    newest = max(sets(cluster), key=lambda s: s["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    (pod,) = [
        doc
        for (kind, _, name), doc in cluster.docs.items()
        if kind == "Pod" and name.startswith(newest["metadata"]["name"])
    ]
    pod["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    pod["status"]["containerStatuses"] = [
        {"name": "main", "ready": False, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    ]
    assert "stuck-step" in ids(read(cluster))
    image(cluster.doc("Deployment", "echoserver"), "1.10.4")
    assert "stuck-step" not in ids(read(cluster))


def test_a_release_that_starts_is_not_about_what_the_last_one_left_in_the_status() -> None:
    cluster = rolled_back()
    image(cluster.doc("Deployment", "echoserver"), "1.10.4")
    status = cluster.doc("KruiseRollout", NAME)["status"]
    status |= {"phase": "Progressing", "conditions": [{"type": "Progressing", "reason": "Initializing"}]}
    rollout = read(cluster)
    roles = {version.name: version.role for version in rollout.versions}
    assert (roles["1.10.4"], roles["1.10.3"]) == (Role.CANARY, Role.OLD)
    assert rollout.message == "starting"


def test_an_extra_deployment_of_an_older_template_is_not_the_one_that_is_asked_for() -> None:
    body = spec(copy_of_steps(), ROUTING, enableExtraWorkloadForCanary=True)
    cluster = releasing(body=body)
    extra = _moved_to_an_extra_deployment(cluster)
    image(cluster.doc("Deployment", "echoserver"), "1.10.4")
    rollout = read(cluster)
    assert {version.name: version.role for version in rollout.versions} == {
        "1.10.2": Role.STABLE,
        "1.10.3": Role.CANARY,
        "1.10.4": Role.NEW,
    }
    assert extra in {version.workload.name for version in rollout.versions if version.workload}
    assert rollout.phase is Phase.PROGRESSING


def copy_of_steps() -> list[Doc]:
    return [dict(step) for step in STEPS]


def _moved_to_an_extra_deployment(cluster: Cluster) -> str:
    """The pods of the new version run in a Deployment that the BatchRelease owns; its name."""
    main = cluster.doc("Deployment", "echoserver")
    newest = max(sets(cluster), key=lambda s: s["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    extra: Doc = {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {
            "name": "echoserver-x",
            "uid": "extra",
            "ownerReferences": [
                {"apiVersion": "rollouts.kruise.io/v1beta1", "kind": "BatchRelease", "name": NAME, "uid": "batch"}
            ],
        },
        "spec": {**main["spec"], "replicas": 1},
        "status": {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1},
    }
    newest["metadata"]["ownerReferences"] = [
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "echoserver-x", "uid": "extra", "controller": True}
    ]
    release: Doc = {
        "kind": "BatchRelease",
        "apiVersion": "rollouts.kruise.io/v1beta1",
        "metadata": {"name": NAME, "uid": "batch"},
        "status": {},
    }
    cluster.add(extra, release)
    # The template of an object in memory is shared: the extra Deployment keeps the one that it has now.
    main["spec"] = {**main["spec"], "template": _copied(main["spec"]["template"])}
    return "echoserver-x"


def _copied(template: Doc) -> Doc:
    return {**template, "spec": {**template["spec"], "containers": [dict(c) for c in template["spec"]["containers"]]}}


@pytest.mark.parametrize("state", ["StepPaused", "StepUpgrade"])
def test_a_release_that_is_deleted_with_its_rollout_asks_for_nothing(state: str) -> None:
    cluster = releasing(state=state)
    cluster.doc("KruiseRollout", NAME)["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    rollout = read(cluster)
    assert rollout.phase is Phase.PROGRESSING
    assert rollout.message == "being deleted: the release completes without steps"
    assert rollout.step is None or not rollout.step.asks
