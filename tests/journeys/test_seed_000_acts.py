"""The canary Ingress walk-throughs, flown with the cockpit's own acts instead of kubectl."""

from __future__ import annotations

from pathlib import Path

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Lane, Phase, Verdict
from cockpit.model.view import RolloutView
from tests.journeys.flight import Pilot, flying
from tests.places import Place, seed

ROUTE = "route1"
APIG = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "apig"},
    "spec": {"controller": "k8s.io/ingress-nginx"},
}


def split_of(lane: Lane) -> dict[str, float | None]:
    return {share.version: share.written for share in lane.shares}


def finding_ids(shown: RolloutView) -> set[str]:
    return {finding.id for finding in shown.rollout.findings}


async def standing(place: Place, pilot: Pilot, story: str, ingress2: str) -> None:
    """v1 behind route1, v2 beside it, and the canary route2; the probe is running."""
    if place.real:
        place.apply(APIG)  # the real gateway speaks the nginx dialect; the class has the seed's name
    place.apply(*seed(f"{story}-http-server-v1"), *seed(f"{story}-ingress1"))
    place.ready("http-server-v1")
    place.settle(lambda: place.ask("www.example.com", "/version").status_code == 200)
    place.apply(*seed(f"{story}-http-server-v2"))
    place.ready("http-server-v2")
    place.apply(*seed(ingress2))
    headers = {"foo": "bar"} if story == "header" else {}
    place.settle(lambda: "v2" in place.ask("www.example.com", "/version", headers).text)
    await pilot.until_seen(ROUTE, lambda s: {v.name: v.ready for v in s.rollout.versions} == {"v1": 2, "v2": 1})
    await pilot.probe(ROUTE, host="www.example.com", path="/version")


async def test_by_header_then_promoted_by_the_selector_and_cleaned_up(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, "header", "header-ingress2")
        shown = pilot.see(ROUTE)
        assert shown
        default, by_header = shown.rollout.lanes
        assert split_of(default) == {"v1": 1.0, "v2": 0.0}
        assert split_of(by_header) == {"v1": 0.0, "v2": 1.0}
        assert by_header.headers == (("foo", "bar"),)
        await pilot.observe(ROUTE, {"v1": 1.0}, samples=40)
        lane = await pilot.observe(ROUTE, {"v2": 1.0}, by_header.name, samples=20)
        assert {s.version: s.observed.share for s in lane.shares if s.observed} == {"v1": 0.0, "v2": 1.0}

        await pilot.do(ROUTE, Ask(Act.PROMOTE, by="selector"))
        service = place.get("Service", "http-server-v1")
        assert service
        assert service["spec"]["selector"] == {"app": "http-server-v2"}
        await pilot.observe(ROUTE, {"v2": 1.0}, samples=40)

        await pilot.do(ROUTE, Ask(Act.FINISH))
        assert place.get("Deployment", "http-server-v1") is None
        assert place.get("Service", "http-server-v2") is None
        assert place.get("Ingress", "route2") is None, "the seed leaves it dangling; finish does not"
        assert place.ask("www.example.com", "/version").status_code == 200


async def test_by_weight_then_promoted_by_the_backend_and_cleaned_up(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, "weight", "weight-ingress2")
        lane = await pilot.observe(ROUTE, {"v1": 0.7, "v2": 0.3}, samples=200)
        observed = next(s.observed for s in lane.shares if s.version == "v2")
        assert observed
        assert observed.low < 0.3 < observed.high or lane.verdict is not Verdict.OFF

        await pilot.do(ROUTE, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
        await pilot.observe(ROUTE, {"v1": 0.5, "v2": 0.5}, samples=100)
        await pilot.do(ROUTE, Ask(Act.UNDO))
        await pilot.observe(ROUTE, {"v1": 0.7, "v2": 0.3}, samples=60)

        await pilot.do(ROUTE, Ask(Act.PROMOTE, by="backend"))
        ingress = place.get("Ingress", ROUTE)
        assert ingress
        path = ingress["spec"]["rules"][0]["http"]["paths"][0]
        assert path["backend"]["service"]["name"] == "http-server-v2"
        await pilot.observe(ROUTE, {"v2": 1.0}, samples=40)
        await pilot.do(ROUTE, Ask(Act.FINISH))
        assert place.get("Deployment", "http-server-v1") is None
        assert place.get("Service", "http-server-v1") is None
        assert place.ask("www.example.com", "/version").status_code == 200


async def test_roll_back_takes_weight_and_header_away(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, "weight", "weight-ingress2")
        await pilot.do(ROUTE, Ask(Act.HEADER, version="v2", header=("foo", "bar")))
        shown = pilot.see(ROUTE)
        assert shown
        assert len(shown.rollout.lanes) == 2
        prepared = await pilot.plan(ROUTE, Ask(Act.ROLLBACK))
        assert not prepared.plan.raises
        await pilot.do(ROUTE, Ask(Act.ROLLBACK))
        shown = await pilot.until_seen(ROUTE, lambda s: len(s.rollout.lanes) == 1, "the header's lane gone")
        assert split_of(shown.rollout.lanes[0]) == {"v1": 1.0, "v2": 0.0}
        await pilot.observe(ROUTE, {"v1": 1.0}, samples=40)
        await pilot.do(ROUTE, Ask(Act.UNDO))
        shown = await pilot.until_seen(ROUTE, lambda s: len(s.rollout.lanes) == 2, "the header's lane again")
        assert shown.rollout.phase is Phase.CANARY


async def test_what_the_seed_leaves_behind_is_shown_and_cleaned_up(place: Place, tmp_path: Path) -> None:
    """After the seed's own kubectl clean-up route2 names a Service that is gone."""
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, "header", "header-ingress2")
        place.apply(*seed("header-http-server-v1-to-v2"))
        place.delete("Deployment", "http-server-v1")
        place.delete("Service", "http-server-v2")
        await pilot.until_seen(ROUTE, lambda s: "dangling-canary" in finding_ids(s), "the dangling canary")
        await pilot.do(ROUTE, Ask(Act.FINISH))
        assert place.get("Ingress", "route2") is None
