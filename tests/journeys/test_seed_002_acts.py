"""The walk-through of Bookinfo's reviews on Istio: a plan of shares, approved step by step, then v1 goes."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Lane, Phase, Role
from cockpit.model.view import RolloutView, Stage
from tests.journeys.flight import Pilot, cockpit_on, flying
from tests.places import Place

ROLLOUT = "reviews"
API = "networking.istio.io/v1"
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "reviews", "labels": {"app": "reviews"}},
    "spec": {"selector": {"app": "reviews"}, "ports": [{"name": "http", "port": 9080, "targetPort": 9080}]},
}


def deployment(version: str, replicas: int = 2) -> dict[str, Any]:
    labels = {"app": "reviews", "version": version}
    image = f"docker.io/istio/examples-bookinfo-reviews-{version}:1.20.2"
    container = {"name": "reviews", "image": image, "ports": [{"containerPort": 9080}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"reviews-{version}"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def destination_rule(*versions: str) -> dict[str, Any]:
    subsets = [{"name": version, "labels": {"version": version}} for version in versions]
    return {
        "apiVersion": API,
        "kind": "DestinationRule",
        "metadata": {"name": "reviews"},
        "spec": {"host": "reviews", "subsets": subsets},
    }


def virtual_service(*more_hosts: str, **spec: Any) -> dict[str, Any]:
    route = [{"destination": {"host": "reviews", "subset": "v1"}}]
    return {
        "apiVersion": API,
        "kind": "VirtualService",
        "metadata": {"name": "reviews"},
        "spec": {"hosts": ["reviews", *more_hosts], "http": [{"route": route}], **spec},
    }


def gateway(host: str) -> dict[str, Any]:
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": [host]}
    return {
        "apiVersion": API,
        "kind": "Gateway",
        "metadata": {"name": "bookinfo"},
        "spec": {"selector": {"istio": "ingressgateway"}, "servers": [server]},
    }


def split_of(lane: Lane) -> dict[str, float | None]:
    return {share.version: share.written for share in lane.shares}


def shares(shown: RolloutView) -> dict[str, float | None]:
    lane = shown.rollout.default_lane
    assert lane
    return split_of(lane)


def through_the_mesh(place: Place) -> dict[str, Any]:
    """The probe target of a client with a sidecar."""
    if not place.mesh:
        pytest.skip("COCKPIT_TEST_MESH names no way into the mesh")
    host = f"reviews.{place.namespace}.svc.cluster.local"
    return {"address": host, "host": host, "port": 9080, "proxy": place.mesh}


async def base(place: Place, pilot: Pilot, *docs: dict[str, Any]) -> None:
    """Version v1 behind its subset, as the base of the release; then v2 is deployed and gets its subset."""
    place.apply(SERVICE, deployment("v1"), destination_rule("v1"), *docs)
    place.ready("reviews-v1")
    await pilot.until_seen(ROLLOUT, lambda s: shares(s) == {"v1": 1.0} and s.rollout.phase is Phase.AT_REST)
    place.apply(deployment("v2"))
    place.ready("reviews-v2")
    await pilot.until_seen(ROLLOUT, lambda s: "no-subset" in {f.id for f in s.rollout.findings}, "v2 without subset")
    place.apply(destination_rule("v1", "v2"))
    await pilot.until_seen(ROLLOUT, lambda s: ready(s) == {"v1": 2, "v2": 2} and not s.rollout.findings)


def ready(shown: RolloutView) -> dict[str, int]:
    return {version.name: version.ready for version in shown.rollout.versions}


def stands_at(number: int, shown: RolloutView) -> bool:
    return shown.rollout.step is not None and shown.rollout.step.index == number


async def test_a_plan_is_approved_step_by_step_until_the_old_version_is_gone(place: Place, tmp_path: Path) -> None:
    probe_target = through_the_mesh(place)
    async with flying(place, tmp_path) as pilot:
        await base(place, pilot, virtual_service())
        await pilot.probe(ROLLOUT, **probe_target)
        await pilot.observe(ROLLOUT, {"v1": 1.0}, samples=40)

        await pilot.do(ROLLOUT, Ask(Act.STEPS, version="v2", steps=(0.2, 0.5, 1.0)))
        shown = await pilot.until_seen(ROLLOUT, lambda s: s.rollout.phase is Phase.WAITING)
        assert shown.rollout.step
        assert (shown.rollout.step.index, shown.rollout.step.asks) == (0, True)
        assert [step.weight for step in shown.rollout.steps] == [0.2, 0.5, 1.0]
        assert {v.name: v.role for v in shown.rollout.versions} == {"v1": Role.STABLE, "v2": Role.CANARY}

        for number, share in ((1, 0.2), (2, 0.5)):
            await pilot.do(ROLLOUT, Ask(Act.APPROVE))
            shown = await pilot.until_seen(ROLLOUT, partial(stands_at, number))
            assert shown.rollout.phase is Phase.WAITING
            await pilot.observe(ROLLOUT, {"v1": 1 - share, "v2": share}, samples=120)

        prepared = await pilot.plan(ROLLOUT, Ask(Act.APPROVE))
        assert prepared.plan.final
        await pilot.do(ROLLOUT, Ask(Act.APPROVE))
        await pilot.observe(ROLLOUT, {"v2": 1.0}, samples=60)
        shown = await pilot.until_seen(ROLLOUT, lambda s: s.rollout.phase is Phase.AT_REST)
        assert shown.rollout.step is None

        await pilot.do(ROLLOUT, Ask(Act.FINISH))
        assert place.get("Deployment", "reviews-v1") is None
        rule = place.get(f"destinationrules.{API}", "reviews")
        assert rule
        assert [subset["name"] for subset in rule["spec"]["subsets"]] == ["v2"]
        shown = await pilot.until_seen(ROLLOUT, lambda s: [v.name for v in s.rollout.versions] == ["v2"])
        assert not [f.id for f in shown.rollout.findings]
        await pilot.observe(ROLLOUT, {"v2": 1.0}, samples=40)


async def test_through_the_gateway_half_and_half_then_back(place: Place, tmp_path: Path) -> None:
    if not place.istio_gateway:
        pytest.skip("COCKPIT_TEST_ISTIO_GATEWAY names no gateway")
    host = f"reviews.{place.namespace}.example.com"
    way = urlsplit(place.istio_gateway)
    async with flying(place, tmp_path) as pilot:
        routed = virtual_service(host, gateways=["bookinfo", "mesh"])
        await base(place, pilot, gateway(host), routed)
        await pilot.probe(ROLLOUT, host=host, address=way.hostname, port=way.port)
        await pilot.observe(ROLLOUT, {"v1": 1.0}, samples=40)

        await pilot.do(ROLLOUT, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
        await pilot.observe(ROLLOUT, {"v1": 0.5, "v2": 0.5}, samples=120)
        await pilot.do(ROLLOUT, Ask(Act.HEADER, version="v2", header=("end-user", "jason")))
        lane = await pilot.observe(ROLLOUT, {"v2": 1.0}, "end-user=jason", samples=20)
        assert {s.version: s.observed.share for s in lane.shares if s.observed} == {"v1": 0.0, "v2": 1.0}

        prepared = await pilot.plan(ROLLOUT, Ask(Act.ROLLBACK))
        assert not prepared.plan.raises
        await pilot.do(ROLLOUT, Ask(Act.ROLLBACK))
        shown = await pilot.until_seen(ROLLOUT, lambda s: len(s.rollout.lanes) == 1, "the header's lane gone")
        assert shares(shown) == {"v1": 1.0, "v2": 0.0}
        await pilot.observe(ROLLOUT, {"v1": 1.0}, samples=40)
        await pilot.do(ROLLOUT, Ask(Act.UNDO))
        shown = await pilot.until_seen(ROLLOUT, lambda s: len(s.rollout.lanes) == 2, "the header's lane again")
        assert shares(shown) == {"v1": 0.5, "v2": 0.5}


async def test_two_people_who_approve_at_once_take_one_step(place: Place, tmp_path: Path) -> None:
    probe_target = through_the_mesh(place)
    async with contextlib.AsyncExitStack() as stack:
        one = await stack.enter_async_context(flying(place, tmp_path))
        other = Pilot(await stack.enter_async_context(cockpit_on(place.kubeconfig, place.namespace)), place)
        await base(place, one, virtual_service())
        await one.do(ROLLOUT, Ask(Act.STEPS, version="v2", steps=(0.2, 0.5, 1.0)))
        await other.until_seen(ROLLOUT, lambda s: s.rollout.step is not None, "the same plan")
        plans = [await pilot.plan(ROLLOUT, Ask(Act.APPROVE)) for pilot in (one, other)]
        outcomes = await asyncio.gather(
            *(pilot.cockpit.send(plan, wait=60) for pilot, plan in zip((one, other), plans, strict=True))
        )
        assert sorted(outcome.stage is Stage.VERIFIED for outcome in outcomes) == [False, True], outcomes
        for pilot in (one, other):
            shown = await pilot.until_seen(ROLLOUT, lambda s: s.rollout.step and s.rollout.step.index == 1)
            assert shares(shown) == {"v1": 0.8, "v2": 0.2}

        await one.do(ROLLOUT, Ask(Act.SET_WEIGHT, weights=(("v2", 0.35),)))
        await other.until_seen(ROLLOUT, lambda s: "off-plan" in {f.id for f in s.rollout.findings}, "35% by hand")
        await other.do(ROLLOUT, Ask(Act.APPROVE))
        shown = await one.until_seen(ROLLOUT, lambda s: s.rollout.step and s.rollout.step.index == 2)
        assert shares(shown) == {"v1": 0.5, "v2": 0.5}
        await one.until_seen(ROLLOUT, lambda s: shares(s) == {"v1": 0.5, "v2": 0.5})
        await one.probe(ROLLOUT, **probe_target)
        await one.observe(ROLLOUT, {"v1": 0.5, "v2": 0.5}, samples=60)
        await one.do(ROLLOUT, Ask(Act.ROLLBACK))
        shown = await other.until_seen(ROLLOUT, lambda s: s.rollout.step is None, "the plan ended")
        assert shares(shown) == {"v1": 1.0, "v2": 0.0}


async def test_nothing_is_deleted_where_traffic_went_back_meanwhile(place: Place, tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        one = await stack.enter_async_context(flying(place, tmp_path))
        other = Pilot(await stack.enter_async_context(cockpit_on(place.kubeconfig, place.namespace)), place)
        await base(place, one, virtual_service())
        await one.do(ROLLOUT, Ask(Act.PROMOTE))
        await other.until_seen(ROLLOUT, lambda s: shares(s) == {"v1": 0.0, "v2": 1.0})
        finish = await one.plan(ROLLOUT, Ask(Act.FINISH))
        assert [str(request.ref) for request in finish.plan.requests] == [
            f"VirtualService {place.namespace}/reviews",
            f"DestinationRule {place.namespace}/reviews",
            f"Deployment {place.namespace}/reviews-v1",
        ]
        await other.do(ROLLOUT, Ask(Act.ROLLBACK))
        outcome = await one.cockpit.send(finish, wait=60)
        assert outcome.stage is Stage.REFUSED, outcome
        assert place.get("Deployment", "reviews-v1")
        shown = await one.until_seen(ROLLOUT, lambda s: shares(s) == {"v1": 1.0, "v2": 0.0})
        assert {v.name for v in shown.rollout.versions} == {"v1", "v2"}


async def test_an_undone_cleanup_brings_back_pods_subset_and_route(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await base(place, pilot, virtual_service())
        await pilot.do(ROLLOUT, Ask(Act.PROMOTE))
        await pilot.do(ROLLOUT, Ask(Act.FINISH))
        await pilot.until_seen(ROLLOUT, lambda s: [v.name for v in s.rollout.versions] == ["v2"])
        await pilot.do(ROLLOUT, Ask(Act.UNDO))
        place.ready("reviews-v1")
        shown = await pilot.until_seen(ROLLOUT, lambda s: ready(s) == {"v1": 2, "v2": 2})
        assert shares(shown) == {"v1": 0.0, "v2": 1.0}
        rule = place.get(f"destinationrules.{API}", "reviews")
        assert rule
        assert [subset["name"] for subset in rule["spec"]["subsets"]] == ["v1", "v2"]
