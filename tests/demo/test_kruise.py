"""Kruise Rollouts beyond the recorded stories: what begins a release, what is ignored, and what hangs."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.demo.patches.patching import merged
from cockpit.demo.schemas.customkinds import ADVANCED_STATEFULSETS, BATCHRELEASES, CLONESETS, KRUISE_ROLLOUTS
from cockpit.demo.schemas.kinds import CONFIGMAPS, DEPLOYMENTS, INGRESSES, PODS, SERVICES, Kind
from cockpit.demo.schemas.objects import Object
from tests.demo.conftest import Bench, deployment, ingress, service

IN_PROGRESSING = "rollouts.kruise.io/in-progressing"
STEPS = ({"replicas": 1, "traffic": "20%"}, {"replicas": "50%", "traffic": "50%"}, {"replicas": "100%"})
NGINX = {"service": "web", "gracePeriodSeconds": 1, "ingress": {"name": "web", "classType": "nginx"}}


def rollout(
    *steps: Object,
    routing: Object | None = None,
    style: str = "canary",
    reference: str = "apps/v1/Deployment",
    **more: Any,
) -> Object:
    version, _, kind = reference.rpartition("/")
    plan: Object = {"steps": list(steps or STEPS), **more}
    if routing:
        plan["trafficRoutings"] = [routing]
    return {
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"workloadRef": {"apiVersion": version, "kind": kind, "name": "web"}, "strategy": {style: plan}},
    }


class Release:
    """One Rollout named web of one workload named web, under way in an embedded cluster."""

    def __init__(self, bench: Bench, kind: Kind = DEPLOYMENTS) -> None:
        self.bench, self.kind = bench, kind

    @property
    def status(self) -> Object:
        return dict(self.bench.storage.get(KRUISE_ROLLOUTS, "default", "web")["status"])

    @property
    def sub(self) -> Object:
        return dict(self.status.get("canaryStatus") or self.status.get("blueGreenStatus") or {})

    @property
    def place(self) -> tuple[Any, Any, Any]:
        return self.status["phase"], self.sub.get("currentStepIndex"), self.sub.get("currentStepState")

    @property
    def workload(self) -> Object:
        return dict(self.bench.storage.get(self.kind, "default", "web"))

    def edit(self, change: Object, kind: Kind | None = None, subresource: str = "") -> None:
        """Merge a change in, as an operator's patch does."""
        kind = kind or self.kind
        stored = self.bench.storage.get(kind, "default", "web")
        self.bench.storage.update(kind, merged(stored, change), subresource=subresource)

    def release(self, version: str, seconds: float = 40) -> None:
        template = self.workload["spec"]["template"]
        template["spec"]["containers"][0]["image"] = f"web:{version}"
        self.edit({"spec": {"template": template}})
        self.bench.settle(seconds)

    def set_state(self, seconds: float = 40, **fields: Any) -> None:
        name = "canaryStatus" if "canaryStatus" in self.status else "blueGreenStatus"
        self.edit({"status": {name: fields}}, KRUISE_ROLLOUTS, "status")
        self.bench.settle(seconds)

    def approve(self, seconds: float = 40) -> None:
        self.set_state(seconds, currentStepState="StepReady")

    def images(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for pod in self.bench.storage.list(PODS):
            if not pod["metadata"].get("deletionTimestamp"):
                image = pod["spec"]["containers"][0]["image"]
                found[image] = found.get(image, 0) + 1
        return found

    def weight(self) -> str | None:
        canary = self.bench.storage.peek(INGRESSES, "default", "web-canary")
        return canary["metadata"]["annotations"].get("nginx.ingress.kubernetes.io/canary-weight") if canary else None


@pytest.fixture
def routed(bench: Bench) -> Release:
    """A Deployment behind an Ingress, with a Rollout at rest."""
    bench.deploy("web", "web:v1", 4)
    bench.storage.create(SERVICES, service("web", {"app": "web"}))
    bench.storage.create(INGRESSES, ingress("web", "web"))
    bench.settle(5)
    bench.storage.create(KRUISE_ROLLOUTS, rollout(routing=NGINX))
    bench.settle(2)
    return Release(bench)


def clone_set(replicas: int = 5, kind: str = "CloneSet", **spec: Any) -> Object:
    made = deployment("web", "web:v1", replicas)
    return {**made, "spec": {**made["spec"], **spec}}


# What begins a release


def test_a_workload_that_is_new_with_its_rollout_rolls_without_steps(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 4)
    bench.settle(5)
    release = Release(bench)
    template = release.workload["spec"]["template"]
    template["spec"]["containers"][0]["image"] = "web:v2"
    release.edit({"spec": {"template": template}})
    bench.storage.create(KRUISE_ROLLOUTS, rollout())
    bench.settle(20)
    assert release.images() == {"web:v2": 4}
    assert release.place == ("Healthy", 3, "Completed")


def test_nothing_is_released_step_by_step_without_pods(routed: Release) -> None:
    routed.edit({"spec": {"replicas": 0}})
    routed.bench.settle(5)
    routed.release("v2")
    assert IN_PROGRESSING not in routed.workload["metadata"].get("annotations", {})
    assert routed.place == ("Healthy", 3, "Completed")


def test_routing_needs_one_version_to_begin_with(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 4, strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}})
    bench.storage.create(SERVICES, service("web", {"app": "web"}))
    bench.storage.create(INGRESSES, ingress("web", "web"))
    bench.settle(5)
    release = Release(bench)
    release.release("v2-bad", 3)
    bench.storage.create(KRUISE_ROLLOUTS, rollout(routing=NGINX))
    bench.settle(2)
    release.release("v3", 20)
    assert release.status["phase"] == "Healthy"
    assert release.images() == {"web:v3": 4}


def test_an_unchanged_rollout_id_begins_no_release(routed: Release) -> None:
    for disabled in (True, False):
        routed.edit({"spec": {"disabled": disabled}}, KRUISE_ROLLOUTS)
        routed.bench.settle(2)
        # A new id begins a release even with the old template, so it is given while the Rollout does not count.
        routed.edit({"metadata": {"annotations": {"rollouts.kruise.io/rollout-id": "7"}}})
    routed.release("v2")
    assert routed.images() == {"web:v2": 4}
    assert routed.status["phase"] == "Healthy"


def test_a_disabled_rollout_lets_the_workload_roll(routed: Release) -> None:
    routed.edit({"spec": {"disabled": True}}, KRUISE_ROLLOUTS)
    routed.bench.settle(2)
    assert routed.status["phase"] == "Disabled"
    routed.release("v2", 20)
    assert routed.images() == {"web:v2": 4}


def test_pods_carry_the_release_and_their_batch(routed: Release) -> None:
    routed.release("v2")
    routed.approve()
    labels = [p["metadata"]["labels"] for p in routed.bench.pods("v2")]
    assert sorted(found["rollouts.kruise.io/rollout-batch-id"] for found in labels) == ["1", "2"]
    assert {found["rollouts.kruise.io/rollout-id"] for found in labels} == {routed.sub["canaryRevision"]}


# What an operator sends


def test_approval_on_the_object_itself_is_ignored(routed: Release) -> None:
    routed.release("v2")
    routed.edit({"status": {"canaryStatus": {"currentStepState": "StepReady"}}}, KRUISE_ROLLOUTS)
    routed.bench.settle(20)
    assert routed.place == ("Progressing", 1, "StepPaused")


@pytest.mark.parametrize("index", [0, -3, 9, 2])
def test_a_jump_to_nowhere_or_to_the_next_step_is_none(routed: Release, index: int) -> None:
    routed.release("v2")
    routed.set_state(nextStepIndex=index)
    assert routed.place == ("Progressing", 1, "StepPaused")
    routed.approve()
    assert routed.place == ("Progressing", 2, "StepPaused")


def test_ready_in_another_state_skips_the_rest_of_the_step(routed: Release) -> None:
    routed.release("v2", 6)
    assert routed.place == ("Progressing", 1, "StepUpgrade")
    routed.approve(0)
    assert routed.sub["currentStepIndex"] == 2


def test_a_rollback_leaves_the_step_where_it_was_and_approval_does_nothing(routed: Release) -> None:
    routed.release("v2")
    routed.release("v1")
    assert routed.place == ("Healthy", 1, "StepPaused")
    conditions = {c["type"]: (c["status"], c["reason"]) for c in routed.status["conditions"]}
    assert conditions == {"Progressing": ("False", "Completed"), "Succeeded": ("False", "")}
    routed.approve()
    assert routed.status["phase"] == "Healthy"
    assert routed.images() == {"web:v1": 4}
    assert routed.weight() is None


def test_a_deployment_under_release_stays_as_the_release_needs_it(routed: Release) -> None:
    routed.release("v2")
    rolling = {"maxSurge": 1, "maxUnavailable": 0}
    routed.edit({"spec": {"paused": False, "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}})
    spec, annotations = routed.workload["spec"], routed.workload["metadata"]["annotations"]
    assert (spec["paused"], spec["strategy"]) == (True, {"type": "Recreate"})
    assert '"maxSurge":1' in annotations["rollouts.kruise.io/deployment-strategy"]
    routed.bench.settle(10)
    assert routed.images() == {"web:v1": 3, "web:v2": 1}


def test_more_pods_are_dealt_out_by_the_plan(routed: Release) -> None:
    routed.release("v2")
    routed.approve()
    routed.edit({"spec": {"replicas": 8}})
    routed.bench.settle(20)
    assert routed.images() == {"web:v1": 4, "web:v2": 4}


def test_a_deleted_rollout_finishes_its_release_and_goes(routed: Release) -> None:
    routed.release("v2")
    routed.bench.storage.delete(KRUISE_ROLLOUTS, "default", "web")
    routed.bench.settle(60)
    assert routed.bench.storage.peek(KRUISE_ROLLOUTS, "default", "web") is None
    assert routed.bench.storage.peek(BATCHRELEASES, "default", "web") is None
    assert routed.images() == {"web:v2": 4}
    assert routed.bench.storage.get(SERVICES, "default", "web")["spec"]["selector"] == {"app": "web"}


def test_an_approval_can_be_overwritten_by_the_controller_once(routed: Release) -> None:
    routed.release("v2")
    meta = {"name": "demo-kruise-rollouts", "namespace": "default"}
    routed.bench.storage.create(CONFIGMAPS, {"metadata": meta, "data": {"clobber": "once"}})
    routed.approve()
    assert routed.place == ("Progressing", 1, "StepPaused")
    routed.approve()
    assert routed.place == ("Progressing", 2, "StepPaused")


# What hangs


def test_pods_that_never_get_ready_hold_the_step_for_ever(routed: Release) -> None:
    routed.release("v2-bad", 120)
    assert routed.place == ("Progressing", 1, "StepUpgrade")
    assert routed.sub["canaryReadyReplicas"] == 0


def test_a_missing_ingress_holds_the_release_before_its_first_step(routed: Release) -> None:
    routed.bench.storage.delete(INGRESSES, "default", "web")
    routed.release("v2", 60)
    conditions = routed.status["conditions"]
    assert [(c["type"], c["reason"]) for c in conditions] == [("Progressing", "Initializing")]
    assert routed.images() == {"web:v1": 4}
    routed.bench.storage.create(INGRESSES, ingress("web", "web"))
    routed.bench.settle(60)
    assert routed.place == ("Progressing", 1, "StepPaused")


def test_a_number_after_a_percentage_is_never_reached_by_a_deployment(bench: Bench) -> None:
    # The controller compares the two as shares of ten million pods, so that 4 is less than 50%.
    bench.deploy("web", "web:v1", 4)
    bench.settle(5)
    bench.storage.create(KRUISE_ROLLOUTS, rollout({"replicas": "50%"}, {"replicas": 4}))
    bench.settle(2)
    release = Release(bench)
    release.release("v2")
    release.approve(120)
    assert release.place == ("Progressing", 2, "StepUpgrade")
    assert release.images() == {"web:v1": 2, "web:v2": 2}


def test_a_workload_that_is_gone_resets_the_status(routed: Release) -> None:
    routed.release("v2")
    routed.bench.storage.delete(DEPLOYMENTS, "default", "web")
    routed.bench.settle(3)
    assert (routed.status["phase"], routed.status["message"], routed.sub) == ("Initial", "Workload Not Found", {})


def test_a_third_version_in_a_blue_green_release_waits_for_the_way_back(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 2)
    bench.settle(5)
    bench.storage.create(KRUISE_ROLLOUTS, rollout({"replicas": "100%"}, {"replicas": "100%"}, style="blueGreen"))
    bench.settle(2)
    release = Release(bench)
    release.release("v2")
    assert release.images() == {"web:v1": 2, "web:v2": 2}
    release.release("v3", 60)
    assert release.place == ("Progressing", 1, "StepPaused")
    assert release.images() == {"web:v1": 2, "web:v2": 2}
    assert release.workload["spec"]["paused"]
    release.release("v1", 60)
    assert release.status["phase"] == "Healthy"
    assert release.images() == {"web:v1": 2}


# Other workloads


@pytest.fixture
def cloned(bench: Bench) -> Release:
    """A CloneSet with a Rollout in batches, at rest."""
    bench.storage.create(CLONESETS, clone_set())
    bench.settle(5)
    made = rollout(
        {"replicas": 1}, {"replicas": "60%"}, {"replicas": "100%"}, reference="apps.kruise.io/v1alpha1/CloneSet"
    )
    bench.storage.create(KRUISE_ROLLOUTS, made)
    bench.settle(2)
    return Release(bench, CLONESETS)


def test_a_clone_set_is_released_by_the_share_that_stays_old(cloned: Release) -> None:
    cloned.release("v2")
    seen = []
    for _ in range(2):
        seen.append((cloned.images(), cloned.workload["spec"]["updateStrategy"].get("partition")))
        assert cloned.place[2] == "StepPaused"
        cloned.approve()
    # A number of new pods is written as the number of old ones, a percentage as the percentage that stays old.
    assert seen == [({"web:v1": 4, "web:v2": 1}, 4), ({"web:v1": 2, "web:v2": 3}, "40%")]
    assert cloned.place == ("Healthy", 3, "Completed")
    assert cloned.images() == {"web:v2": 5}
    status = cloned.workload["status"]
    assert status["currentRevision"] == status["updateRevision"]


def test_a_clone_set_goes_back_at_once(cloned: Release) -> None:
    cloned.release("v2")
    cloned.approve()
    cloned.release("v1", 60)
    assert cloned.images() == {"web:v1": 5}
    assert cloned.place == ("Healthy", 2, "StepPaused")
    assert {c["type"]: c["status"] for c in cloned.status["conditions"]}["Succeeded"] == "False"


def test_a_clone_set_goes_back_in_batches_when_it_is_told_to(cloned: Release) -> None:
    cloned.edit({"metadata": {"annotations": {"rollouts.kruise.io/rollback-in-batch": "true"}}}, KRUISE_ROLLOUTS)
    cloned.release("v2")
    cloned.approve()
    cloned.release("v1", 60)
    assert cloned.place == ("Progressing", 1, "StepPaused")
    assert cloned.sub["observedRolloutID"].startswith("rollback-")
    assert cloned.images() == {"web:v1": 3, "web:v2": 2}
    cloned.approve()
    cloned.approve()
    assert cloned.images() == {"web:v1": 5}
    assert cloned.status["phase"] == "Healthy"


def test_both_versions_of_a_clone_set_stand_side_by_side(bench: Bench) -> None:
    bench.storage.create(CLONESETS, clone_set(3))
    bench.settle(5)
    steps = ({"replicas": "100%"}, {"replicas": "100%"})
    bench.storage.create(
        KRUISE_ROLLOUTS, rollout(*steps, style="blueGreen", reference="apps.kruise.io/v1alpha1/CloneSet")
    )
    bench.settle(2)
    release = Release(bench, CLONESETS)
    release.release("v2")
    assert release.images() == {"web:v1": 3, "web:v2": 3}
    assert release.workload["spec"]["minReadySeconds"] == 2147483646
    release.approve()
    release.approve()
    assert release.images() == {"web:v2": 3}
    assert release.workload["spec"].get("minReadySeconds", 0) == 0


def test_an_advanced_stateful_set_is_released_from_its_highest_number(bench: Bench) -> None:
    bench.storage.create(ADVANCED_STATEFULSETS, clone_set(3, serviceName="web"))
    bench.settle(12)
    made = rollout({"replicas": 1}, {"replicas": "100%"}, reference="apps.kruise.io/v1beta1/StatefulSet")
    bench.storage.create(KRUISE_ROLLOUTS, made)
    bench.settle(2)
    release = Release(bench, ADVANCED_STATEFULSETS)
    release.release("v2")
    assert release.workload["spec"]["updateStrategy"]["rollingUpdate"]["partition"] == 2
    new = [pod["metadata"]["name"] for pod in bench.pods("v2")]
    assert (release.place, new) == (("Progressing", 1, "StepPaused"), ["web-2"])
    release.approve(60)
    assert release.place == ("Healthy", 2, "Completed")
    assert release.images() == {"web:v2": 3}
