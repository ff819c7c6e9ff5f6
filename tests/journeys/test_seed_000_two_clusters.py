"""The canary Ingress walk-through over two clusters: v2 is released in the other one, and users are led there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.view import RolloutGroup, Stage, Sync
from tests.journeys.clusters import ONE, TWO, apart, behind_one_gateway, real_pair
from tests.journeys.flight import PATIENCE, Pilot, cockpit_on
from tests.journeys.test_seed_000_acts import APIG, split_of
from tests.places import Place, seed

NAMESPACE = "two-clusters"
ROUTE = "route1"
Pair = tuple[Path, Place, Place]


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Pair]:
    with behind_one_gateway(tmp_path, NAMESPACE) as found:
        yield found


def deploy(one: Place, two: Place, routes_of_v2: Place) -> None:
    """v1 with its route in the first cluster, v2 in the second; the canary's route where it is said."""
    one.apply(*seed("weight-http-server-v1"), *seed("weight-ingress1"))
    two.apply(*seed("weight-http-server-v2"))
    one.ready("http-server-v1")
    two.ready("http-server-v2")
    routes_of_v2.apply(*seed("weight-ingress2"))
    one.settle(lambda: "v2" in one.ask("www.example.com", "/version").text)


def where(pilot: Pilot) -> dict[str, str]:
    shown = pilot.see(ROUTE)
    return {version.name: version.context for version in shown.rollout.versions} if shown else {}


async def test_a_canary_in_another_cluster_from_thirty_percent_to_all(shared: Pair, tmp_path: Path) -> None:
    kubeconfig, one, two = shared
    deploy(one, two, one)
    async with cockpit_on(kubeconfig, NAMESPACE, contexts=(ONE, TWO), one_gateway=True) as cockpit:
        pilot = Pilot(cockpit, one)
        await pilot.until("v2 ready", lambda: where(pilot) == {"v1": "", "v2": TWO})
        assert pilot.names() == {ROUTE}, "what runs in the other cluster is a version, no rollout of its own"
        await pilot.probe(ROUTE, host="www.example.com", path="/version")
        await pilot.observe(ROUTE, {"v1": 0.7, "v2": 0.3}, samples=150)

        scaled = await pilot.do(ROUTE, Ask(Act.SCALE, counts=(("v2", 2),)))
        assert scaled.plan
        assert f"--context {TWO} " in scaled.plan.commands()[0]
        deployment = two.get("Deployment", "http-server-v2")
        assert deployment
        assert deployment["spec"]["replicas"] == 2
        weighed = await pilot.do(ROUTE, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
        assert weighed.plan
        assert f"--context {ONE} " in weighed.plan.commands()[0]
        await pilot.observe(ROUTE, {"v1": 0.5, "v2": 0.5}, samples=100)

        await pilot.do(ROUTE, Ask(Act.PROMOTE, by="backend"))
        await pilot.observe(ROUTE, {"v2": 1.0}, samples=40)
        await pilot.do(ROUTE, Ask(Act.FINISH))
        assert one.get("Deployment", "http-server-v1") is None
        assert one.get("Ingress", "route2") is None
        assert set(one.ask("www.example.com", "/version").text) & {"2"}
        assert two.get("Deployment", "http-server-v2") is not None


async def test_the_canary_route_may_stand_in_the_other_cluster_too(shared: Pair) -> None:
    kubeconfig, one, two = shared
    deploy(one, two, two)
    async with cockpit_on(kubeconfig, NAMESPACE, contexts=(ONE, TWO), one_gateway=True) as cockpit:
        pilot = Pilot(cockpit, one)
        await pilot.until_seen(ROUTE, lambda s: split_of(s.rollout.lanes[0]) == {"v1": 0.7, "v2": 0.3})
        await pilot.probe(ROUTE, host="www.example.com", path="/version")
        back = await pilot.do(ROUTE, Ask(Act.ROLLBACK))
        assert back.plan
        assert f"--context {TWO} " in back.plan.commands()[0]
        await pilot.observe(ROUTE, {"v1": 1.0}, samples=40)
        await pilot.do(ROUTE, Ask(Act.UNDO))
        await pilot.do(ROUTE, Ask(Act.PROMOTE, by="backend"))
        both = await cockpit.prepare(pilot.key(ROUTE), Ask(Act.FINISH))
        assert isinstance(both, Refused), "an act goes to one cluster"
        assert f"Ingress {NAMESPACE}/route2 in {TWO}" in both.why
        assert f"kubectl --context {ONE} " in both.why


def group_of(pilot: Pilot) -> RolloutGroup | None:
    return next(iter(pilot.cockpit.view().groups), None)


def written(pilot: Pilot, context: str) -> dict[str, float | None]:
    shown = next((v for v in pilot.cockpit.view().rollouts if v.rollout.key.context == context), None)
    return split_of(shown.rollout.lanes[0]) if shown and shown.rollout.lanes else {}


def release(place: Place) -> None:
    """v1 and v2 with 30% of the traffic, in one cluster alone."""
    if place.real:
        place.apply(APIG)
    place.apply(*seed("weight-http-server-v1"), *seed("weight-ingress1"), *seed("weight-http-server-v2"))
    place.ready("http-server-v1", "http-server-v2")
    place.apply(*seed("weight-ingress2"))


async def same_release(pilot: Pilot, one: Place, two: Place) -> None:
    """One group while the clusters agree; an act goes to one of them, and then they differ."""
    await pilot.until("one group of two parts", lambda: (g := group_of(pilot)) is not None and len(g.parts) == 2)
    agreed = {"v1": 0.7, "v2": 0.3}
    await pilot.until("both at 30%", lambda: written(pilot, ONE) == written(pilot, TWO) == agreed)
    group = group_of(pilot)
    assert group
    assert split_of(group.view.rollout.lanes[0]) == agreed
    key = RolloutKey(TWO, NAMESPACE, ROUTE, "ingress")
    prepared = await pilot.cockpit.prepare(key, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    assert not isinstance(prepared, Refused), prepared.why
    outcome = await pilot.cockpit.send(prepared, wait=PATIENCE)
    assert outcome.stage is Stage.VERIFIED, outcome.why
    await pilot.until("50% in the second", lambda: written(pilot, TWO) == {"v1": 0.5, "v2": 0.5})
    assert written(pilot, ONE) == agreed, "the first cluster is as it was"
    assert weight_of(one) == "30"
    assert weight_of(two) == "50"
    group = group_of(pilot)
    assert group
    assert split_of(group.view.rollout.lanes[0]) == {"v1": None, "v2": None}, "they differ"


def weight_of(place: Place) -> str:
    ingress = place.get("Ingress", "route2")
    assert ingress
    return str(ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"])


async def test_the_same_release_in_two_clusters_and_one_of_them_goes_away(tmp_path: Path) -> None:
    with apart(tmp_path, NAMESPACE) as (kubeconfig, one, two, second_ends):
        release(one)
        release(two)
        async with cockpit_on(kubeconfig, NAMESPACE, contexts=(ONE, TWO)) as cockpit:
            pilot = Pilot(cockpit, one)
            await same_release(pilot, one, two)
            await asyncio.to_thread(second_ends.close)
            await pilot.until("the second cluster lost", lambda: states(pilot) == {ONE: Sync.LIVE, TWO: Sync.RETRYING})
            assert written(pilot, TWO) == {"v1": 0.5, "v2": 0.5}, "what was read of it stays"
            lost = await cockpit.prepare(RolloutKey(TWO, NAMESPACE, ROUTE, "ingress"), Ask(Act.ROLLBACK))
            assert not isinstance(lost, Refused)
            assert f"{TWO} is not up to date" in lost.blocked
            here = await cockpit.prepare(RolloutKey(ONE, NAMESPACE, ROUTE, "ingress"), Ask(Act.ROLLBACK))
            assert not isinstance(here, Refused)
            outcome = await cockpit.send(here, wait=PATIENCE)
            assert outcome.stage is Stage.VERIFIED, outcome.why
            assert weight_of(one) == "0"


def states(pilot: Pilot) -> dict[str, Sync]:
    return {cluster.context: cluster.state for cluster in pilot.cockpit.view().clusters}


@pytest.mark.real
@pytest.mark.skipif("COCKPIT_TEST_KUBECONFIG_2" not in os.environ, reason="needs COCKPIT_TEST_KUBECONFIG_2")
async def test_the_same_release_in_two_real_clusters(tmp_path: Path) -> None:
    with real_pair(tmp_path, NAMESPACE) as (kubeconfig, one, two):
        release(one)
        release(two)
        async with cockpit_on(kubeconfig, NAMESPACE, contexts=(ONE, TWO)) as cockpit:
            await same_release(Pilot(cockpit, one), one, two)
        two.settle(lambda: "v2" in two.ask("www.example.com", "/version").text)
