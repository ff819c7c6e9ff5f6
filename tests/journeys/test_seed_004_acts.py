"""The Kruise Rollouts walk-through: four ways of releasing one application, flown with the cockpit's acts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.rollout import Phase
from tests.journeys.kruise import (
    DEMO,
    IMAGE,
    NEW,
    OLD,
    ROLLOUTS,
    V1ALPHA1,
    at_rest,
    at_step,
    behave,
    declared,
    finding_ids,
    fit_for_admission,
    flying,
    lane_is_by_pods,
    ready,
    rollout,
    standing,
    start,
    written,
)
from tests.places import Place, seed

AB = "User-Agent=Andriod"


async def test_example_1_nginx_by_header_then_half_then_all(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        routes = (*seed("kruise-service"), *seed("kruise-ingress-nginx"))
        await standing(place, pilot, *routes, fit_for_admission(rollout("nginx")))
        assert pilot.names() == {DEMO}, "Deployment, Service and Ingress are its parts, no rollouts of their own"
        place.settle(lambda: place.ask("shop.test", "/apis/echo").status_code == 200)
        await pilot.probe(DEMO, host="shop.test", path="/apis/echo")

        await start(pilot)
        shown = await at_step(pilot, 1)
        assert shown.rollout.phase is Phase.WAITING
        assert shown.rollout.steps[0].title == f"A/B {AB}, 1 pod"
        assert ready(shown) == {OLD: 3, NEW: 1}
        assert (declared(shown), written(shown)) == ({OLD: 1.0, NEW: 0.0}, {OLD: 1.0, NEW: 0.0})
        assert (declared(shown, AB), written(shown, AB)) == ({OLD: 0.0, NEW: 1.0}, {OLD: 0.0, NEW: 1.0})
        await pilot.observe(DEMO, {NEW: 1.0}, AB, samples=20)
        await pilot.observe(DEMO, {OLD: 1.0, NEW: 0.0}, samples=40)

        await pilot.do(DEMO, Ask(Act.APPROVE))
        shown = await at_step(pilot, 2, asks=False)
        with place.still():
            assert shown.rollout.step
            assert shown.rollout.step.until
            assert ready(shown) == {OLD: 2, NEW: 2}
            assert written(shown) == declared(shown) == {OLD: 0.5, NEW: 0.5}
            await pilot.observe(DEMO, {OLD: 0.5, NEW: 0.5})

        await pilot.do(DEMO, Ask(Act.APPROVE))
        shown = await at_step(pilot, 3, asks=False)
        assert ready(shown)[NEW] == 4
        assert written(shown)[NEW] == 1.0
        await pilot.do(DEMO, Ask(Act.APPROVE))
        shown = await at_rest(pilot, f"{NEW} is released")
        assert written(shown)[NEW] == declared(shown)[NEW] == 1.0
        assert place.get("Ingress", "echoserver-canary") is None
        await pilot.observe(DEMO, {NEW: 1.0})


@pytest.mark.parametrize(
    ("gateway", "prefix"), [("alb", "alb.ingress.kubernetes.io/"), ("mse", "nginx.ingress.kubernetes.io/")]
)
async def test_examples_2_and_3_the_objects_of_cloud_gateways(
    place: Place, tmp_path: Path, gateway: str, prefix: str
) -> None:
    async with flying(place, tmp_path) as pilot:
        (ingress,) = seed(f"kruise-ingress-{gateway}")
        # The controller's script for MSE takes it for granted that there is an annotation.
        ingress["metadata"]["annotations"] = {"team": "shop"}
        await standing(place, pilot, *seed("kruise-service"), ingress, fit_for_admission(rollout(gateway)))

        await start(pilot)
        shown = await at_step(pilot, 1)
        assert written(shown, AB) == {OLD: 0.0, NEW: 1.0}
        assert written(shown) == {OLD: 1.0, NEW: 0.0}
        made = place.get("Ingress", "echoserver-canary")
        assert made
        assert made["metadata"]["annotations"][f"{prefix}canary-by-header"] == "User-Agent"

        await pilot.do(DEMO, Ask(Act.APPROVE))
        shown = await at_step(pilot, 2, asks=False)
        assert written(shown) == declared(shown) == {OLD: 0.5, NEW: 0.5}


async def test_example_4_batches_without_routing(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        doc = rollout("batches")
        del doc["spec"]["strategy"]["canary"]["steps"][2]["weight"]
        await standing(place, pilot, doc)

        await start(pilot)
        shown = await at_step(pilot, 1)
        assert shown.rollout.router == "pods"
        assert shown.rollout.lanes[0].derived
        assert written(shown) == {OLD: 0.75, NEW: 0.25}
        assert declared(shown) == {OLD: None, NEW: None}

        await pilot.do(DEMO, Ask(Act.APPROVE))
        shown = await at_step(pilot, 2, asks=False)
        assert ready(shown) == {OLD: 2, NEW: 2}
        prepared = await pilot.plan(DEMO, Ask(Act.APPROVE))
        assert any("this is the last approval" in warning for warning in prepared.plan.warnings)
        await pilot.do(DEMO, Ask(Act.APPROVE))
        shown = await at_rest(pilot, f"{NEW} is released")
        assert ready(shown)[NEW] == 4


async def test_a_plan_that_admission_refuses_and_why(place: Place, tmp_path: Path) -> None:
    """All pods at a step with traffic: Kruise 0.6 takes neither the Rollout nor such a weight later on."""
    async with flying(place, tmp_path) as pilot:
        refused = place.client.post(place.path(V1ALPHA1), json=rollout("batches"))
        assert refused.status_code in (400, 403, 422)
        assert "replicasLimitWithTraffic" in refused.json()["message"]

        doc = fit_for_admission(rollout("nginx"))
        first = doc["spec"]["strategy"]["canary"]["steps"][0]
        del first["matches"]
        first["replicas"] = "75%"
        doc["spec"]["strategy"]["canary"]["steps"][1:] = [{"replicas": "100%", "pause": {}}]
        await standing(place, pilot, *seed("kruise-service"), *seed("kruise-ingress-nginx"), doc)
        await start(pilot)
        shown = await at_step(pilot, 1)
        assert lane_is_by_pods(shown)
        answer = await pilot.cockpit.prepare(pilot.key(DEMO), Ask(Act.SET_WEIGHT, weights=((NEW, 0.2),)))
        assert isinstance(answer, Refused)
        assert "refuse traffic at a partition step above 50%" in answer.why


def is_upgrading(rollouts: list[dict[str, Any]]) -> bool:
    return all(r["status"].get("canaryStatus", {}).get("currentStepState") == "StepUpgrade" for r in rollouts)


async def test_rolled_back_in_the_middle_of_a_step(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        routes = (*seed("kruise-service"), *seed("kruise-ingress-nginx"))
        await standing(place, pilot, *routes, fit_for_admission(rollout("nginx")))
        with place.still():
            image = Ask(Act.SET_IMAGE, image=("", f"{IMAGE}:{NEW}"))
            await pilot.cockpit.send(await pilot.plan(DEMO, image), wait=0)
            # While its pods still come, not when it waits.
            place.pass_time(ROLLOUTS, is_upgrading)
            await pilot.until_seen(
                DEMO, lambda s: s.rollout.step and not s.rollout.step.asks and s.rollout.versions[0].ready == 4
            )
            early = await pilot.cockpit.prepare(pilot.key(DEMO), Ask(Act.APPROVE))
            assert isinstance(early, Refused)
            assert "approve it once its pods are ready" in early.why
        await pilot.do(DEMO, Ask(Act.ROLLBACK))
        shown = await at_rest(pilot, f"rolled back to {OLD}")
        assert shown.rollout.step is None
        assert "rolled-back" in finding_ids(shown)
        assert written(shown)[OLD] == 1.0
        assert place.get("Ingress", "echoserver-canary") is None
        for act in (Act.APPROVE, Act.JUMP, Act.SET_WEIGHT):
            answer = await pilot.cockpit.prepare(pilot.key(DEMO), Ask(act, step=2, weights=((OLD, 0.5),)))
            assert isinstance(answer, Refused)
            assert "rolled back" in answer.why


async def test_the_walk_through_as_it_is_written_on_the_controller_of_its_day(place: Place, tmp_path: Path) -> None:
    """Up to 0.5 a last step with all pods and all traffic is taken, and no step can be jumped to."""
    if place.real:
        pytest.skip("the real controller is of a later release")
    behave(place, profile="legacy")
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, *seed("kruise-service"), *seed("kruise-ingress-nginx"), rollout("nginx"))
        await start(pilot)
        shown = await at_step(pilot, 1)
        assert written(shown, AB) == {OLD: 0.0, NEW: 1.0}
        answer = await pilot.cockpit.prepare(pilot.key(DEMO), Ask(Act.JUMP, step=3))
        assert isinstance(answer, Refused)
        assert "older than 0.6 and cannot jump" in answer.why
        await pilot.do(DEMO, Ask(Act.APPROVE))
        shown = await at_step(pilot, 2, asks=False)
        assert written(shown) == declared(shown) == {OLD: 0.5, NEW: 0.5}
        await pilot.do(DEMO, Ask(Act.APPROVE))
        shown = await at_rest(pilot, f"{NEW} is released")
        assert ready(shown)[NEW] == 4
