"""The scenarios of Argo Rollouts tell what they promise."""

from __future__ import annotations

from typing import Any

from cockpit.demo.schemas.customkinds import ANALYSISRUNS, ARGO_ROLLOUTS, HTTPROUTES
from cockpit.demo.schemas.kinds import SERVICES
from tests.demo.conftest import Bench
from tests.demo.test_scenarios import pass_time, telling


def rollout(bench: Bench, namespace: str, name: str) -> dict[str, Any]:
    return bench.storage.get(ARGO_ROLLOUTS, namespace, name)


async def test_a_canary_climbs_by_itself_and_another_waits(bench: Bench) -> None:
    seen: list[int] = []
    async with telling(bench, "argo-canary") as story:
        for _ in range(150):
            await pass_time(bench, 1)
            route = bench.storage.get(HTTPROUTES, "argo-canary", "argo-rollouts-http-route")
            weight = route["spec"]["rules"][0]["backendRefs"][1]["weight"]
            if not seen or seen[-1] != weight:
                seen.append(weight)
        assert story.taken_over == ""
    assert seen == [0, 30, 60, 100, 0]
    assert rollout(bench, "argo-canary", "rollouts-demo")["status"]["phase"] == "Healthy"
    cart = rollout(bench, "argo-canary", "cart")["status"]
    assert (cart["phase"], cart["currentStepIndex"]) == ("Paused", 1)
    assert cart["canary"]["weights"]["canary"]["weight"] == 20


async def test_somebody_who_approves_is_let_do_so(bench: Bench) -> None:
    async with telling(bench, "argo-canary") as story:
        await pass_time(bench, 30)
        stored = rollout(bench, "argo-canary", "cart")
        stored["status"]["pauseConditions"] = None
        bench.storage.update(ARGO_ROLLOUTS, stored, subresource="status", manager="cockpit")
        await pass_time(bench, 10)
        assert rollout(bench, "argo-canary", "cart")["status"]["currentStepIndex"] == 3
        assert story.taken_over == ""
        stored = rollout(bench, "argo-canary", "cart")
        stored["spec"]["paused"] = True
        bench.storage.update(ARGO_ROLLOUTS, stored, manager="cockpit")
        await pass_time(bench, 1)
        assert story.taken_over == "Rollout argo-canary/cart"


async def test_a_blue_green_switch_waits_for_somebody(bench: Bench) -> None:
    async with telling(bench, "argo-blue-green"):
        await pass_time(bench, 40)
    status = rollout(bench, "argo-blue-green", "shop")["status"]
    assert status["message"] == "BlueGreenPause"
    hashes = [
        bench.storage.get(SERVICES, "argo-blue-green", f"shop-{role}")["spec"]["selector"]["rollouts-pod-template-hash"]
        for role in ("active", "preview")
    ]
    assert hashes == [status["stableRS"], status["currentPodHash"]]
    assert hashes[0] != hashes[1]
    told = status["blueGreen"]["prePromotionAnalysisRunStatus"]
    assert told["status"] == "Successful"
    run = bench.storage.get(ANALYSISRUNS, "argo-blue-green", told["name"])
    (result,) = run["status"]["metricResults"]
    assert [(each["phase"], each["value"]) for each in result["measurements"]] == [("Successful", "0.001")] * 4
