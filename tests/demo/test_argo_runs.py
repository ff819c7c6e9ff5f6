"""Analyses, experiments, plug-in steps and blue-green switches of the embedded Argo Rollouts."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.demo.schemas.customkinds import ANALYSISRUNS, EXPERIMENTS
from tests.demo.argobench import PAUSE, ArgoBench, rollout, routed, services, weight
from tests.demo.conftest import Bench


@pytest.fixture
def argo(bench: Bench) -> ArgoBench:
    return ArgoBench(bench)


def template(result: str = "", **metric: Any) -> dict[str, Any]:
    annotations = {"demo.cockpit/result": result} if result else {}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": "success-rate", "annotations": annotations},
        "spec": {"metrics": [{"name": "success-rate", "provider": {"prometheus": {}}, **metric}]},
    }


ANALYSIS = {"templates": [{"templateName": "success-rate"}]}


def runs(argo: ArgoBench) -> dict[str, str]:
    return {run["metadata"]["name"]: run["status"]["phase"] for run in argo.bench.storage.list(ANALYSISRUNS)}


def test_a_step_waits_for_its_analysis(argo: ArgoBench) -> None:
    argo.create(template(count=3, interval="2s"))
    argo.begin(rollout(canary={"steps": [weight(50), {"analysis": ANALYSIS}, PAUSE]}))
    argo.set_image("v2")
    argo.until(lambda status: (status["canary"].get("currentStepAnalysisRunStatus") or {}).get("status") == "Running")
    assert argo.status["currentStepIndex"] == 1
    argo.until_paused(2)
    name = f"web-{argo.status['currentPodHash']}-2-1"
    assert runs(argo) == {name: "Successful"}
    (run,) = argo.bench.storage.list(ANALYSISRUNS)
    assert run["metadata"]["labels"]["step-index"] == "1"
    assert run["status"]["metricResults"][0]["successful"] == 3
    assert any(told.startswith("AnalysisRunSuccessful: Step Analysis Run") for told in argo.told())


@pytest.mark.parametrize("result", ["Failed", "Error"])
def test_a_failed_analysis_aborts_and_a_retry_takes_a_new_run(argo: ArgoBench, result: str) -> None:
    argo.create(template(result))
    argo.begin(rollout(canary={"steps": [weight(50), {"analysis": ANALYSIS}]}))
    argo.set_image("v2")
    argo.until(lambda status: status.get("phase") == "Degraded")
    assert argo.status["message"].startswith(
        'RolloutAborted: Rollout aborted update to revision 2: Metric "success-rate"'
    )
    argo.patch({"status": {"abort": False}})
    argo.until(lambda status: len(runs(argo)) == 2 and status.get("phase") == "Degraded")
    assert set(runs(argo)) == {f"web-{argo.status['currentPodHash']}-2-1{suffix}" for suffix in ("", ".1")}


def test_an_inconclusive_analysis_pauses_until_somebody_goes_on(argo: ArgoBench) -> None:
    argo.create(template("Inconclusive"))
    argo.begin(rollout(canary={"steps": [weight(50), {"analysis": ANALYSIS}, PAUSE]}))
    argo.set_image("v2")
    argo.until(lambda status: status.get("message") == "InconclusiveAnalysisRun")
    argo.patch({"status": {"pauseConditions": None, "controllerPause": False, "currentStepIndex": 2}})
    argo.until_paused(2)
    assert argo.status["pauseConditions"][0]["reason"] == "CanaryPauseStep"


def test_a_background_analysis_runs_along_and_is_ended(argo: ArgoBench) -> None:
    argo.create(template(interval="5s"))
    argo.begin(
        rollout(canary={"steps": [weight(25), PAUSE, weight(50), PAUSE], "analysis": {**ANALYSIS, "startingStep": 2}})
    )
    argo.set_image("v2")
    argo.until_paused(1)
    assert runs(argo) == {}
    argo.approve()
    argo.until_paused(3)
    assert argo.status["canary"]["currentBackgroundAnalysisRunStatus"]["status"] == "Running"
    argo.approve()
    argo.until(lambda status: status.get("phase") == "Healthy")
    argo.bench.settle(8)
    assert list(runs(argo).values()) == ["Successful"]
    assert "currentBackgroundAnalysisRunStatus" not in argo.status["canary"]


def test_an_experiment_brings_versions_up_side_by_side(argo: ArgoBench) -> None:
    step = {
        "templates": [{"name": "old", "specRef": "stable"}, {"name": "new", "specRef": "canary"}],
        "duration": "10s",
    }
    argo.begin(rollout(canary={"steps": [{"experiment": step}, PAUSE]}))
    argo.set_image("v2")
    argo.until(lambda status: status["canary"].get("currentExperiment"))
    argo.bench.settle(4)
    (experiment,) = argo.bench.storage.list(EXPERIMENTS)
    assert experiment["metadata"]["name"] == f"web-{argo.status['currentPodHash']}-2-0"
    assert [told["availableReplicas"] for told in experiment["status"]["templateStatuses"]] == [1, 1]
    assert experiment["status"]["phase"] == "Running"
    argo.until_paused(1)
    argo.bench.settle(2)
    (experiment,) = argo.bench.storage.list(EXPERIMENTS)
    assert experiment["status"]["phase"] == "Successful"
    assert "currentExperiment" not in argo.status["canary"]
    sets = [rs for rs in argo.sets() if rs["metadata"]["ownerReferences"][0]["kind"] == "Experiment"]
    assert [rs["spec"]["replicas"] for rs in sets] == [0, 0]


def test_an_experiment_with_weights_takes_them_from_the_stable_version(argo: ArgoBench) -> None:
    from tests.demo.test_argo_routers import PLUGIN, http_route

    step = {"templates": [{"name": "new", "specRef": "canary", "weight": 10}], "duration": "10s"}
    argo.create(http_route())
    argo.begin(*routed({"experiment": step}, PAUSE, router=PLUGIN))
    argo.set_image("v2")
    argo.until(lambda status: "additional" in status["canary"].get("weights", {}))
    found = argo.status["canary"]["weights"]
    assert [found[role]["weight"] for role in ("canary", "stable")] == [0, 90]
    assert found["additional"][0]["weight"] == 10


def test_a_plugin_step_runs_and_may_fail(argo: ArgoBench) -> None:
    steps = [weight(50), {"plugin": {"name": "example/step", "config": {"takes": 3}}}, PAUSE]
    argo.begin(rollout(canary={"steps": steps}))
    argo.set_image("v2")
    argo.until(lambda status: status["canary"].get("stepPluginStatuses"))
    assert argo.status["canary"]["stepPluginStatuses"][0]["phase"] == "Running"
    argo.until_paused(2)
    (told,) = argo.status["canary"]["stepPluginStatuses"]
    assert (told["index"], told["name"], told["operation"], told["phase"]) == (1, "example/step", "Run", "Successful")
    argo.change(
        lambda spec: spec["strategy"]["canary"]["steps"][1]["plugin"]["config"].update(result="Failed", message="no")
    )
    argo.until(lambda status: status.get("phase") == "Degraded")
    assert argo.status["message"].endswith("Step Plugin 2 (example/step) failed: no")


def blue_green(**rules: Any) -> list[dict[str, Any]]:
    strategy = {"activeService": "web", "previewService": "web-preview", "scaleDownDelaySeconds": 5, **rules}
    return [*services("web", "web-preview"), rollout(blueGreen=strategy)]


def waiting(status: dict[str, Any]) -> bool:
    return [entry["reason"] for entry in status.get("pauseConditions") or []] == ["BlueGreenPause"]


def test_a_blue_green_switch_happens_by_itself(argo: ArgoBench) -> None:
    argo.begin(*blue_green())
    argo.set_image("v2")
    argo.bench.settle()
    assert (argo.selected("web"), argo.selected("web-preview")) == ("v1", "v2")
    argo.until(lambda status: status.get("phase") == "Healthy")
    assert (argo.selected("web"), argo.selected("web-preview")) == ("v2", "v2")
    assert argo.sizes() == {"v1": 4, "v2": 4}
    argo.bench.settle(8)
    assert argo.sizes() == {"v1": 0, "v2": 4}


def test_a_blue_green_switch_may_wait_a_while(argo: ArgoBench) -> None:
    argo.begin(*blue_green(autoPromotionSeconds=20))
    argo.set_image("v2")
    argo.until(waiting)
    argo.bench.settle(15)
    assert argo.selected("web") == "v1"
    argo.bench.settle(8)
    assert argo.selected("web") == "v2"


def test_few_pods_of_a_preview_until_it_is_approved(argo: ArgoBench) -> None:
    argo.begin(*blue_green(autoPromotionEnabled=False, previewReplicaCount=1))
    argo.set_image("v2")
    argo.until(waiting)
    assert argo.sizes() == {"v1": 4, "v2": 1}
    argo.approve()
    argo.until(lambda status: status.get("phase") == "Healthy")
    assert argo.sizes()["v2"] == 4


def test_a_blue_green_abort_keeps_the_active_version_and_drains_the_preview_later(argo: ArgoBench) -> None:
    argo.begin(*blue_green(autoPromotionEnabled=False, abortScaleDownDelaySeconds=5))
    argo.set_image("v2")
    argo.until(waiting)
    argo.patch({"status": {"abort": True}})
    argo.until(lambda status: status.get("phase") == "Degraded")
    assert argo.selected("web") == "v1"
    assert argo.sizes() == {"v1": 4, "v2": 4}
    argo.bench.settle(8)
    assert argo.sizes() == {"v1": 4, "v2": 0}
    argo.set_image("v1")
    argo.until(lambda status: status.get("phase") == "Healthy")


def test_the_way_back_to_pods_that_are_still_up_needs_no_approval(argo: ArgoBench) -> None:
    argo.begin(*blue_green(autoPromotionEnabled=False, scaleDownDelaySeconds=60))
    argo.set_image("v2")
    argo.until(waiting)
    argo.approve()
    argo.until(lambda status: status.get("phase") == "Healthy")
    argo.bench.settle(2)
    argo.set_image("v1")
    argo.until(lambda status: status.get("phase") == "Healthy")
    assert argo.selected("web") == "v1"


def test_a_full_promotion_of_blue_green_needs_no_approval(argo: ArgoBench) -> None:
    argo.begin(*blue_green(autoPromotionEnabled=False))
    argo.set_image("v2")
    argo.until(waiting)
    argo.patch({"status": {"promoteFull": True}})
    argo.until(lambda status: status.get("phase") == "Healthy")
    assert "promoteFull" not in argo.status


@pytest.mark.parametrize(("field", "switched"), [("prePromotionAnalysis", "v1"), ("postPromotionAnalysis", "v2")])
def test_an_analysis_before_or_after_the_switch_may_stop_it(argo: ArgoBench, field: str, switched: str) -> None:
    argo.create(template("Failed", count=4, interval="1s", failureLimit=2))
    argo.begin(*blue_green(**{field: ANALYSIS}))
    argo.set_image("v2")
    seen = set()
    for _ in range(400):
        argo.bench.settle(0.25)
        seen.add(argo.selected("web"))
    assert seen == {"v1", switched}
    assert argo.status["phase"] == "Degraded"
    assert argo.selected("web") == "v1", "the switch is taken back"
    (run,) = runs(argo)
    assert run.endswith("-pre" if field == "prePromotionAnalysis" else "-post")
