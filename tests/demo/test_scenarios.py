"""Scenarios load, stories go on by themselves and let go when somebody takes over."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cockpit.demo.api.versions import stored
from cockpit.demo.controllers.podstate import is_ready
from cockpit.demo.gateway.dialects import compile_routes
from cockpit.demo.gateway.match import Request
from cockpit.demo.scenarios import ScenarioError, Story, load, names
from cockpit.demo.scenarios.many import PODS_EACH, ROLLOUTS
from cockpit.demo.scenarios.scenario import kind_of
from cockpit.demo.schemas.customkinds import FLAGGER_CANARIES, KRUISE_ROLLOUTS
from cockpit.demo.schemas.kinds import DEPLOYMENTS, INGRESSES, PODS, SERVICES
from tests.demo.conftest import Bench

WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"


@asynccontextmanager
async def telling(bench: Bench, name: str) -> AsyncIterator[Story]:
    scenario = load(name)
    scenario.install(bench.storage)
    story = Story(scenario, bench.storage, bench.clock, random.Random(1))
    task = asyncio.ensure_future(story.run())
    await asyncio.sleep(0)
    try:
        yield story
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def pass_time(bench: Bench, seconds: float) -> None:
    for _ in range(round(seconds / 0.5)):
        bench.settle(0.5)
        for _ in range(8):
            await asyncio.sleep(0)
    bench.settle()


def weight(bench: Bench, namespace: str, name: str) -> str | None:
    found = bench.storage.peek(INGRESSES, namespace, name)
    return found["metadata"]["annotations"][WEIGHT] if found else None


def test_every_scenario_has_a_name_a_line_about_it_and_namespaces_of_its_own() -> None:
    known = [name for name, _ in names()]
    assert known == sorted(known)
    assert {"empty", "blue-green", "canary-ingress", "broken-canary", "big", "hostile"} <= set(known)
    assert {"kruise-canary", "kruise-batches", "kruise-blue-green", "kruise-mse", "kruise-alb"} <= set(known)
    spaces = [space for name in known for space in load(name).namespaces]
    assert len(spaces) == len(set(spaces))
    assert all(about and "\n" not in about for _, about in names())


@pytest.mark.parametrize("name", ["", "none", "../big", "big.yaml"])
def test_a_scenario_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(ScenarioError, match="no scenario"):
        load(name)


@pytest.mark.parametrize("name", [name for name, _ in names() if name != "big"])
async def test_every_scenario_runs_beside_the_others(bench: Bench, name: str) -> None:
    async with telling(bench, name):
        await pass_time(bench, 5)
    for obj in load(name).objects:
        assert bench.storage.peek(stored(kind_of(obj)), obj["metadata"]["namespace"], obj["metadata"]["name"])


async def test_blue_green_flips_and_flips_back_by_itself(bench: Bench) -> None:
    seen: list[str] = []
    async with telling(bench, "blue-green"):
        for _ in range(140):
            await pass_time(bench, 1)
            version = bench.storage.get(SERVICES, "shop", "demo-service")["spec"]["selector"]["version"]
            if not seen or seen[-1] != version:
                seen.append(version)
            if version == "v2":
                assert bench.storage.get(DEPLOYMENTS, "shop", "demo-dp-v2")["status"]["availableReplicas"] == 3
    assert seen[:3] == ["v1", "v2", "v1"]
    assert any("flips to v2" in text for text in bench.events("demo-service"))


async def test_a_canary_climbs_becomes_main_and_the_next_version_follows(bench: Bench) -> None:
    steps: list[Any] = []
    async with telling(bench, "canary-ingress"):
        for _ in range(330):
            await pass_time(bench, 1)
            main = bench.storage.get(INGRESSES, "web", "route1")
            backend = main["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"]
            step = (backend, weight(bench, "web", "route2"))
            if not steps or steps[-1] != step:
                steps.append(step)
    v1 = [("http-server-v1", share) for share in (None, "5", "10", "30", "60", "100")]
    v2 = [("http-server-v2", share) for share in ("100", None, "5", "10")]
    assert steps[: len(v1) + len(v2)] == v1 + v2
    left = [obj["metadata"]["name"] for obj in bench.storage.list(DEPLOYMENTS, "web")]
    assert left == ["http-server-v2", "http-server-v3"]


async def test_nobody_rolls_the_broken_canary_back(bench: Bench) -> None:
    async with telling(bench, "broken-canary"):
        seen: list[Any] = []
        for _ in range(20):
            await pass_time(bench, 1)
            if weight(bench, "payments", "pay-canary") not in [*seen, None]:
                seen.append(weight(bench, "payments", "pay-canary"))
        assert seen == ["10", "25"], "whoever starts the demo sees it within seconds"
        await pass_time(bench, 100)
        assert weight(bench, "payments", "pay-canary") == "25"
    (template,) = {
        str(pod["metadata"]["annotations"])
        for pod in bench.storage.list(PODS, "payments")
        if pod["metadata"]["labels"]["version"] == "v2"
    }
    assert "'demo.cockpit/error-rate': '0.2'" in template


async def test_a_story_lets_go_when_somebody_writes_to_one_of_its_objects(bench: Bench) -> None:
    async with telling(bench, "canary-ingress") as story:
        await pass_time(bench, 30)
        assert weight(bench, "web", "route2") == "5"
        taken = bench.storage.get(INGRESSES, "web", "route2")
        taken["metadata"]["annotations"][WEIGHT] = "0"
        bench.storage.update(INGRESSES, taken)
        await pass_time(bench, 120)
        assert story.taken_over == "Ingress web/route2"
        assert weight(bench, "web", "route2") == "0"
    assert any(text.startswith("StoryEnds") for text in bench.events("route2"))


async def test_deleting_or_making_one_of_its_objects_is_taking_over(bench: Bench) -> None:
    async with telling(bench, "canary-ingress") as story:
        await pass_time(bench, 30)
        bench.storage.delete(INGRESSES, "web", "route2")
        await pass_time(bench, 1)
        assert story.taken_over == "Ingress web/route2"
    other = Bench()
    async with telling(other, "blue-green") as story:
        mine = {**load("blue-green").objects[0], "metadata": {"name": "demo-dp-v2", "namespace": "shop"}}
        other.storage.create(DEPLOYMENTS, mine)
        await pass_time(other, 1)
        assert story.taken_over == "Deployment shop/demo-dp-v2"


async def test_what_controllers_and_status_writers_do_is_not_taking_over(bench: Bench) -> None:
    async with telling(bench, "blue-green") as story:
        shown = bench.storage.get(SERVICES, "shop", "demo-service")
        shown["status"] = {"loadBalancer": {"ingress": [{"ip": "127.1.2.3"}]}}
        bench.storage.update(SERVICES, shown, subresource="status")
        pod = bench.storage.list(PODS, "shop")
        await pass_time(bench, 12)
        assert not pod
        bench.storage.delete(PODS, "shop", bench.storage.list(PODS, "shop")[0]["metadata"]["name"])
        await pass_time(bench, 30)
        assert story.taken_over == ""


def test_the_big_one_is_five_hundred_rollouts_and_ten_thousand_pods() -> None:
    objects = load("big").objects
    deployments = [obj for obj in objects if obj["kind"] == "Deployment"]
    services = [obj for obj in objects if obj["kind"] == "Service"]
    mains = [obj for obj in objects if obj["kind"] == "Ingress" and not obj["metadata"]["annotations"]]
    blue_green = [obj for obj in services if not obj["metadata"]["name"].endswith(("-v1", "-v2"))]
    assert len(mains) + len(blue_green) == ROLLOUTS == 500
    assert sum(obj["spec"]["replicas"] for obj in deployments) == ROLLOUTS * PODS_EACH == 10_000


def test_pods_of_the_big_one_are_ready_at_once(bench: Bench) -> None:
    template = load("big").objects[0]
    bench.storage.create(DEPLOYMENTS, {**template, "metadata": {"name": "one", "namespace": "default"}})
    bench.settle()
    assert bench.conditions("one")["Progressing"] == ("True", "NewReplicaSetAvailable")


async def test_the_hostile_one_is_served_all_the_same(bench: Bench) -> None:
    async with telling(bench, "hostile"):
        await pass_time(bench, 4)
    routes = compile_routes(bench.storage.list(INGRESSES), [])
    rng, alive = random.Random(1), (lambda upstream: upstream.service in ("markup", "second"))
    found = {str(routes.decide(Request("hostile.example.com", "/"), rng, alive)) for _ in range(100)}
    assert len(found) == 1
    assert "markup" in found.pop()
    assert routes.decide(Request("nowhere.example.com", "/"), rng, alive) == 404


def test_a_step_that_means_nothing_is_refused() -> None:
    scenario = load("broken-canary")
    broken = type(scenario)("x", "y", ("z",), (), ({"afterwards": 3},))
    with pytest.raises(ScenarioError, match="afterwards"):
        broken.round(0)


def approve(bench: Bench, namespace: str, name: str, sub: str = "canaryStatus") -> None:
    rollout = bench.storage.get(KRUISE_ROLLOUTS, namespace, name)
    assert rollout["status"][sub]["currentStepState"] == "StepPaused"
    rollout["status"][sub]["currentStepState"] = "StepReady"
    bench.storage.update(KRUISE_ROLLOUTS, rollout, subresource="status")


def step_of(bench: Bench, namespace: str, name: str) -> tuple[Any, Any, Any]:
    status = bench.storage.get(KRUISE_ROLLOUTS, namespace, name)["status"]
    sub = status.get("canaryStatus") or status.get("blueGreenStatus") or {}
    return status["phase"], sub.get("currentStepIndex"), sub.get("currentStepState")


async def test_kruise_holds_a_new_version_back_until_somebody_approves(bench: Bench) -> None:
    async with telling(bench, "kruise-canary") as story:
        await pass_time(bench, 60)
        assert step_of(bench, "kruise-canary", "rollouts-demo") == ("Progressing", 1, "StepPaused")
        approve(bench, "kruise-canary", "rollouts-demo")
        await pass_time(bench, 40)
        assert weight(bench, "kruise-canary", "echoserver-canary") == "50"
        await pass_time(bench, 120)
        assert step_of(bench, "kruise-canary", "rollouts-demo") == ("Healthy", 3, "Completed")
        # What Kruise writes into the Deployment and its Service is nobody's taking over.
        assert story.taken_over == ""


async def test_half_of_the_traffic_waits_for_a_minute_and_all_of_it_goes_over_behind_mse(bench: Bench) -> None:
    async with telling(bench, "kruise-mse"):
        await pass_time(bench, 50)
        approve(bench, "kruise-mse", "rollouts-demo")
        seen: list[str] = []
        for _ in range(240):
            await pass_time(bench, 0.5)
            canary = bench.storage.peek(INGRESSES, "kruise-mse", "echoserver-canary")
            if canary and (share := canary["metadata"]["annotations"].get(WEIGHT)) and share not in seen[-1:]:
                assert canary["metadata"]["annotations"]["mse.ingress.kubernetes.io/service-subset"] == "gray"
                seen.append(share)
        assert seen == ["50", "100", "0"]
        assert step_of(bench, "kruise-mse", "rollouts-demo") == ("Healthy", 3, "Completed")


async def test_a_step_whose_pods_crash_never_ends(bench: Bench) -> None:
    async with telling(bench, "kruise-alb"):
        await pass_time(bench, 120)
    assert step_of(bench, "kruise-alb", "rollouts-demo") == ("Progressing", 1, "StepUpgrade")
    assert bench.storage.peek(INGRESSES, "kruise-alb", "echoserver-canary") is None


async def test_batches_wait_one_pod_in(bench: Bench) -> None:
    async with telling(bench, "kruise-batches"):
        await pass_time(bench, 60)
    for name in ("orders", "stock"):
        assert step_of(bench, "kruise-batches", name) == ("Progressing", 1, "StepPaused")
    images = [
        pod["spec"]["containers"][0]["image"]
        for pod in bench.storage.list(PODS, "kruise-batches")
        if not pod["metadata"].get("deletionTimestamp")
    ]
    new = sorted(image for image in images if image.endswith("v2"))
    assert new == ["registry.example/orders:v2", "registry.example/stock:v2"]
    assert len(images) == 11


async def test_blue_and_green_stand_side_by_side(bench: Bench) -> None:
    async with telling(bench, "kruise-blue-green"):
        await pass_time(bench, 60)
        assert step_of(bench, "kruise-blue-green", "tickets") == ("Progressing", 1, "StepPaused")
        assert len(bench.storage.list(PODS, "kruise-blue-green")) == 6
        approve(bench, "kruise-blue-green", "tickets", "blueGreenStatus")
        await pass_time(bench, 30)
        assert weight(bench, "kruise-blue-green", "tickets-canary") == "10"


async def test_an_object_without_a_controller_here_has_the_status_that_the_story_tells(bench: Bench) -> None:
    phases: list[tuple[str, int]] = []
    async with telling(bench, "flagger"):
        for _ in range(100):
            await pass_time(bench, 1)
            status = bench.storage.get(FLAGGER_CANARIES, "flagger", "podinfo")["status"]
            step = (status["phase"], status["canaryWeight"])
            if not phases or phases[-1] != step:
                phases.append(step)
    assert phases == [("Progressing", 10), ("Progressing", 20), ("Progressing", 30), ("WaitingPromotion", 30)]


async def test_a_split_that_is_not_given_is_given_once_v2_starts(bench: Bench) -> None:
    def ready() -> list[str]:
        pods = bench.storage.scan(PODS, "checkout")
        return [p["metadata"]["labels"]["version"] for p in pods if is_ready(p)]

    async with telling(bench, "split-not-given"):
        await pass_time(bench, 30)
        assert weight(bench, "checkout", "checkout-canary") == "40"
        assert set(ready()) == {"v1"}
        await pass_time(bench, 90)
        assert set(ready()) == {"v1", "v2"}
