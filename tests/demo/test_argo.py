"""Argo Rollouts in the embedded cluster, beyond the stories that the real controller told."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.demo.controllers.argo.counts import basic, nearest
from cockpit.demo.controllers.argo.durations import seconds_of
from cockpit.demo.controllers.argo.plan import plan_of
from cockpit.demo.schemas.customkinds import ARGO_ROLLOUTS
from cockpit.demo.schemas.kinds import DEPLOYMENTS, PODS, REPLICASETS, SERVICES
from tests.demo.argobench import PAUSE, ArgoBench, rollout, routed, services, weight
from tests.demo.conftest import Bench


@pytest.fixture
def argo(bench: Bench) -> ArgoBench:
    return ArgoBench(bench)


def test_no_pod_of_the_old_version_goes_before_the_deadline_after_an_update(argo: ArgoBench) -> None:
    argo.begin(*routed(weight(50), scaleDownDelaySeconds=60))
    argo.set_image("v2")
    argo.until(lambda status: status.get("phase") == "Healthy")
    assert argo.sizes() == {"v1": 4, "v2": 4}
    assert argo.status["stableRS"] == argo.status["currentPodHash"]
    argo.bench.settle(58)
    assert argo.sizes() == {"v1": 4, "v2": 4}
    argo.bench.settle(5)
    assert argo.sizes() == {"v1": 0, "v2": 4}


def test_an_abandoned_version_in_the_middle_of_an_update_goes_at_once(argo: ArgoBench) -> None:
    argo.begin(*routed(weight(50), PAUSE))
    argo.set_image("v2")
    argo.until_paused(1)
    argo.set_image("v3")
    argo.until_paused(1)
    assert argo.sizes() == {"v1": 4, "v2": 0, "v3": 2}
    assert argo.revisions() == {"v1": 1, "v2": 2, "v3": 3}
    argo.set_image("v2")
    argo.until_paused(1)
    assert argo.revisions() == {"v1": 1, "v2": 4, "v3": 3}
    assert argo.annotation("v2", "rollout.argoproj.io/revision-history") == "2"


def test_set_canary_scale_holds_until_it_is_told_to_follow_the_weight(argo: ArgoBench) -> None:
    steps = [{"setCanaryScale": {"replicas": 3}}, weight(25), PAUSE, {"setCanaryScale": {"matchTrafficWeight": True}}]
    argo.begin(*routed(*steps, PAUSE))
    argo.set_image("v2")
    argo.until_paused(2)
    assert argo.sizes() == {"v1": 4, "v2": 3}
    assert argo.written() == "25"
    argo.approve()
    argo.until_paused(4)
    assert argo.sizes() == {"v1": 4, "v2": 1}


def test_a_dynamic_stable_version_shrinks_with_its_weight_and_an_abort_is_gradual(argo: ArgoBench) -> None:
    begin = routed(weight(75), PAUSE, dynamicStableScale=True)
    for key in ("scaleDownDelaySeconds", "abortScaleDownDelaySeconds"):
        begin[-1]["spec"]["strategy"]["canary"].pop(key)
    argo.begin(*begin)
    argo.set_image("v2")
    argo.until_paused(1)
    argo.bench.settle(5)
    assert argo.sizes() == {"v1": 1, "v2": 3}
    argo.patch({"status": {"abort": True}})
    seen = []
    for _ in range(200):
        argo.bench.clock.advance(0.05)
        argo.bench.settle()
        seen.append(int(argo.written()))
    assert seen == sorted(seen, reverse=True)
    assert set(seen) - {75, 0}, "the weight goes down as the stable version's pods come"
    assert argo.sizes() == {"v1": 4, "v2": 0}


def test_the_weight_waits_until_the_stable_version_can_take_the_rest(argo: ArgoBench) -> None:
    argo.begin(*routed(weight(50), PAUSE))
    argo.set_image("v2")
    argo.until_paused(1)
    argo.patch({"status": {"promoteFull": True}})
    argo.until(lambda status: status.get("phase") == "Healthy")
    assert argo.written() == "0"
    assert argo.sizes()["v2"] == 4


def test_two_promotes_are_one_step_when_the_second_names_what_it_saw(argo: ArgoBench) -> None:
    argo.begin(*routed(weight(25), PAUSE, weight(50), PAUSE, weight(75), PAUSE))
    argo.set_image("v2")
    argo.until_paused(1)
    argo.approve()
    assert argo.status["currentStepIndex"] in (1, 2, 3)
    argo.until_paused(3)
    assert argo.written() == "50"


def test_a_step_index_that_is_written_jumps(argo: ArgoBench) -> None:
    argo.begin(*routed(weight(25), PAUSE, weight(50), PAUSE, weight(75), PAUSE))
    argo.set_image("v2")
    argo.until_paused(1)
    argo.patch({"status": {"pauseConditions": None, "controllerPause": False, "currentStepIndex": 4}})
    argo.until_paused(5)
    assert argo.written() == "75"
    argo.patch({"status": {"pauseConditions": None, "controllerPause": False, "currentStepIndex": 0}})
    argo.until_paused(1)
    assert argo.written() == "25"


def test_an_edit_of_the_steps_begins_anew_and_clears_an_abort(argo: ArgoBench) -> None:
    argo.begin(*routed(weight(50), PAUSE))
    argo.set_image("v2")
    argo.until_paused(1)
    argo.patch({"status": {"abort": True}})
    argo.until(lambda status: status.get("phase") == "Degraded")
    argo.change(lambda spec: spec["strategy"]["canary"].update(steps=[weight(25), PAUSE]))
    argo.until_paused(1)
    assert "abort" not in argo.status
    assert argo.written() == "25"


def test_a_paused_spec_holds_pods_and_steps_but_not_what_is_scaled(argo: ArgoBench) -> None:
    argo.begin(rollout(canary={"steps": [weight(50), PAUSE]}))
    argo.change(lambda spec: spec.update(paused=True))
    argo.set_image("v2")
    argo.bench.settle(5)
    assert argo.status["message"] == "manually paused"
    assert argo.sizes() == {"v1": 4, "v2": 0}
    argo.change(lambda spec: spec.update(paused=False))
    argo.until_paused(1)
    assert argo.sizes() == {"v1": 2, "v2": 2}


def test_scaling_follows_the_ratio_of_the_step(argo: ArgoBench) -> None:
    argo.begin(rollout(canary={"steps": [weight(50), PAUSE]}))
    argo.set_image("v2")
    argo.until_paused(1)
    argo.change(lambda spec: spec.update(replicas=8))
    argo.bench.settle(10)
    assert argo.sizes() == {"v1": 4, "v2": 4}
    argo.change(lambda spec: spec.update(replicas=0))
    argo.bench.settle(10)
    assert argo.sizes() == {"v1": 0, "v2": 0}


def test_a_deadline_that_passes_degrades_and_progress_mends_it(argo: ArgoBench) -> None:
    argo.begin(rollout(canary={"steps": [weight(50), PAUSE]}, progressDeadlineSeconds=20))
    argo.set_image("v2-bad")
    argo.bench.settle(60)
    assert argo.status["phase"] == "Degraded"
    assert argo.status["message"].startswith("ProgressDeadlineExceeded: ReplicaSet")
    argo.set_image("v3")
    argo.until_paused(1)


def test_a_deadline_may_abort(argo: ArgoBench) -> None:
    argo.begin(rollout(canary={"steps": [weight(50)]}, progressDeadlineSeconds=20, progressDeadlineAbort=True))
    argo.set_image("v2-bad")
    argo.bench.settle(60)
    assert argo.status["abort"] is True
    assert argo.status["phase"] == "Degraded"
    assert argo.sizes() == {"v1": 4, "v2-bad": 0}


def test_a_way_back_within_the_window_takes_no_steps(argo: ArgoBench) -> None:
    argo.begin(rollout(canary={"steps": [weight(50), PAUSE]}, rollbackWindow={"revisions": 1}))
    for version in ("v2", "v3"):
        argo.bench.settle(2)
        argo.set_image(version)
        argo.until_paused(1)
        argo.approve()
        argo.until(lambda status: status.get("phase") == "Healthy")
    argo.set_image("v2")
    # Nobody approves the pause.
    argo.until(lambda status: status.get("phase") == "Healthy" and argo.sizes()["v2"] == 4)
    assert argo.revisions() == {"v1": 1, "v2": 4, "v3": 3}


def test_old_replicasets_beyond_the_limit_go(argo: ArgoBench) -> None:
    argo.begin(rollout(canary={}, revisionHistoryLimit=1))
    for version in ("v2", "v3", "v4"):
        argo.set_image(version)
        argo.until(lambda status: status.get("phase") == "Healthy")
        argo.bench.settle(3)
    assert set(argo.sizes()) == {"v3", "v4"}


def test_a_restart_replaces_pods_a_few_at_a_time(argo: ArgoBench) -> None:
    argo.begin(rollout(canary={"maxUnavailable": 1}))
    before = {pod["metadata"]["name"] for pod in argo.bench.pods()}
    argo.bench.settle(5)
    argo.change(lambda spec: spec.update(restartAt=argo.bench.clock.timestamp()))
    least = 4
    assert argo.status["message"] == "rollout is restarting"
    for _ in range(800):
        argo.bench.settle(0.25)
        least = min(least, argo.status.get("availableReplicas", 0))
    assert not before & {pod["metadata"]["name"] for pod in argo.bench.pods()}
    assert argo.status["restartedAt"] == argo.spec["restartAt"]
    assert argo.status["phase"] == "Healthy"
    assert least >= 3


def test_a_rollout_may_take_its_template_from_a_deployment(argo: ArgoBench) -> None:
    argo.bench.deploy("web", "example/web:v1", 2)
    argo.bench.settle(3)
    made = rollout(canary={"steps": [weight(50), PAUSE]})
    made["spec"] |= {
        "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "scaleDown": "onsuccess"}
    }
    made["spec"].pop("template")
    made["spec"].pop("selector")
    argo.begin(made)
    argo.bench.settle(5)
    assert argo.bench.deployment("web")["spec"]["replicas"] == 0
    assert "template" not in argo.spec
    argo.bench.set_image("web", "example/web:v2")
    argo.until_paused(1)
    assert argo.sizes() == {"v1": 2, "v2": 2}
    generation = str(argo.bench.deployment("web")["metadata"]["generation"])
    assert argo.status["workloadObservedGeneration"] == generation


def test_pods_carry_the_metadata_of_their_role(argo: ArgoBench) -> None:
    roles = {"canaryMetadata": {"labels": {"role": "canary"}}, "stableMetadata": {"labels": {"role": "stable"}}}
    argo.begin(rollout(canary={"steps": [weight(50), PAUSE], **roles}))
    argo.set_image("v2")
    argo.until_paused(1)

    def labelled(version: str) -> set[str]:
        return {pod["metadata"]["labels"].get("role", "") for pod in argo.bench.pods(version)}

    assert (labelled("v1"), labelled("v2")) == ({"stable"}, {"canary"})
    argo.approve()
    argo.until(lambda status: status.get("phase") == "Healthy")
    argo.bench.settle(2)
    assert labelled("v2") == {"stable"}
    argo.set_image("v1")
    argo.until_paused(1)
    assert len(argo.sizes()) == 2, "the way back takes the ReplicaSet that was there"


def test_the_undo_of_the_written_template_finds_the_old_replicaset(argo: ArgoBench) -> None:
    argo.begin(rollout(canary={"steps": [weight(50), PAUSE]}))
    argo.set_image("v2")
    argo.until_paused(1)
    (old,) = [rs for rs in argo.sets() if argo.version(rs) == "v1"]
    template = old["spec"]["template"]
    template["metadata"]["labels"].pop("rollouts-pod-template-hash")
    argo.change(lambda spec: spec.update(template=template))
    argo.until(lambda status: status.get("phase") == "Healthy")
    assert argo.revisions() == {"v1": 3, "v2": 2}
    assert "SkipSteps: Rollback to stable ReplicaSets" in argo.told()


def test_a_service_belongs_to_one_rollout(argo: ArgoBench) -> None:
    argo.begin(*routed(weight(50), PAUSE))
    (second,) = [doc for doc in routed(PAUSE) if doc["kind"] == "Rollout"]
    argo.create({**second, "metadata": {"name": "other"}})
    argo.bench.settle(3)
    other = argo.bench.storage.get(ARGO_ROLLOUTS, "default", "other")
    assert "is managed by another Rollout" in other["status"]["message"]


def test_a_selector_that_somebody_takes_away_comes_back(argo: ArgoBench) -> None:
    argo.begin(*routed(weight(50), PAUSE))
    argo.set_image("v2")
    argo.until_paused(1)
    service = argo.bench.storage.get(SERVICES, "default", "web-canary")
    before = dict(service["spec"]["selector"])
    service["spec"]["selector"] = {"app": "web"}
    argo.bench.storage.update(SERVICES, service)
    argo.bench.settle()
    assert argo.bench.storage.get(SERVICES, "default", "web-canary")["spec"]["selector"] == before


def test_a_deleted_rollout_takes_its_replicasets_with_it_and_leaves_deployments_alone(argo: ArgoBench) -> None:
    argo.begin(rollout(canary={}))
    argo.bench.deploy("other", "example/other:v1")
    argo.bench.settle(3)
    assert {rs["metadata"]["ownerReferences"][0]["kind"] for rs in argo.bench.storage.list(REPLICASETS)} == {
        "Rollout",
        "Deployment",
    }
    argo.bench.storage.delete(ARGO_ROLLOUTS, "default", "web")
    argo.bench.settle(3)
    assert argo.bench.storage.list(DEPLOYMENTS)


@given(st.integers(1, 30), st.integers(0, 100), st.integers(0, 3))
def test_the_nearest_ratio_leaves_pods_on_both_sides(replicas: int, share: int, surge: int) -> None:
    canary, stable = nearest(replicas, share, 100, surge)
    assert replicas <= canary + stable <= replicas + (surge > 0)
    assert abs(canary * 100 / (canary + stable) - share) <= 100 / min(replicas, 2)
    if share in (0, 100):
        assert 0 in (canary, stable)
    elif replicas > 1:
        assert canary >= 1
        assert stable >= 1


@given(st.integers(1, 12), st.integers(0, 100), st.integers(0, 3), st.integers(0, 3))
def test_a_basic_canary_gets_to_its_ratio_within_surge_and_unavailable(
    replicas: int, share: int, surge: int, unavailable: int
) -> None:
    strategy = {"steps": [weight(share), PAUSE], "maxSurge": surge, "maxUnavailable": unavailable}
    plan = plan_of(rollout(replicas=replicas, canary=strategy))
    status = {"stableRS": "old", "currentPodHash": "new", "currentStepIndex": 0}

    def sized(name: str, size: int) -> dict[str, Any]:
        return {"metadata": {"name": name}, "spec": {"replicas": size}, "status": {"availableReplicas": size}}

    seen = [(0, replicas)]
    for _ in range(60):
        new, stable = seen[-1]
        following = basic(plan, status, sized("new", new), sized("old", stable), [])
        # The controller scales one of the two at a time, the stable version first.
        seen.append((new, following[1]) if following[1] != stable else following)
        assert replicas - plan.unavailable <= sum(seen[-1]) <= replicas + plan.surge
        if seen[-1] == seen[-2]:
            break
    assert seen[-1] == nearest(replicas, share, 100, plan.surge)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(30, 30), ("30", 30), ("10m", 600), ("1h30m", 5400), ("1.5s", 1), ("3q", -1), ("", -1), (True, -1), (None, -1)],
)
def test_durations_are_read_as_go_reads_them(text: object, seconds: int) -> None:
    assert seconds_of(text) == seconds


def test_pods_of_several_rollouts_do_not_mix(argo: ArgoBench) -> None:
    argo.begin(rollout(canary={}))
    second = rollout(canary={}, image="example/other:v1")
    second["metadata"]["name"] = "other"
    second["spec"]["selector"]["matchLabels"] = second["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    argo.create(second)
    argo.bench.settle(5)
    owners = itertools.groupby(
        sorted(pod["metadata"]["name"].split("-")[0] for pod in argo.bench.storage.list(PODS)), key=str
    )
    assert {name: len(list(found)) for name, found in owners} == {"web": 4, "other": 4}


def test_services_are_needed_only_where_a_router_needs_them(argo: ArgoBench) -> None:
    argo.begin(
        *services("web-stable", "web-canary"),
        rollout(canary={"canaryService": "web-canary", "stableService": "web-stable", "steps": [weight(50), PAUSE]}),
    )
    argo.set_image("v2")
    argo.until_paused(1)
    assert argo.selected("web-stable") == "v1"
    assert argo.selected("web-canary") == "v2"
