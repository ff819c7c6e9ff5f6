"""The Kruise Rollouts walk-through: four ways of releasing one application, flown with the cockpit's acts."""

from __future__ import annotations

from pathlib import Path

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase
from tests.journeys.flight import flying
from tests.journeys.kruise import (
    DEMO,
    NEW,
    OLD,
    at_rest,
    at_step,
    declared,
    fit_for_admission,
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
        assert [step.title for step in shown.rollout.steps][0] == f"A/B {AB}, 1 pod"
        assert ready(shown) == {OLD: 3, NEW: 1}
        assert (declared(shown), written(shown)) == ({OLD: 1.0, NEW: 0.0}, {OLD: 1.0, NEW: 0.0})
        assert (declared(shown, AB), written(shown, AB)) == ({OLD: 0.0, NEW: 1.0}, {OLD: 0.0, NEW: 1.0})
        await pilot.observe(DEMO, {NEW: 1.0}, AB, samples=20)
        await pilot.observe(DEMO, {OLD: 1.0, NEW: 0.0}, samples=40)

        await pilot.do(DEMO, Ask(Act.APPROVE))
        shown = await at_step(pilot, 2, asks=False)
        assert shown.rollout.step
        assert shown.rollout.step.until
        assert ready(shown) == {OLD: 2, NEW: 2}
        assert written(shown) == declared(shown) == {OLD: 0.5, NEW: 0.5}
        await pilot.observe(DEMO, {OLD: 0.5, NEW: 0.5})

        await pilot.do(DEMO, Ask(Act.APPROVE))
        shown = await at_step(pilot, 3)
        assert ready(shown)[NEW] == 4
        assert written(shown)[NEW] == 1.0
        await pilot.do(DEMO, Ask(Act.APPROVE))
        shown = await at_rest(pilot, f"{NEW} is released")
        assert written(shown)[NEW] == declared(shown)[NEW] == 1.0
        assert place.get("Ingress", "echoserver-canary") is None
        await pilot.observe(DEMO, {NEW: 1.0})
