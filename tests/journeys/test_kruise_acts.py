"""Acts on a Kruise Rollout beyond the walk-through, and what happens when two people act at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.view import Stage
from tests.journeys.kruise import (
    DEMO,
    GRACE,
    NEW,
    OLD,
    ROLLOUTS,
    at_rest,
    at_step,
    flying,
    ready,
    standing,
    start,
    written,
)
from tests.places import Place, seed

ROUTES = (*seed("kruise-service"), *seed("kruise-ingress-nginx"))
WEIGHTS = (20, 30, 40, 50)


def weighted(*steps: dict[str, Any], **canary: Any) -> dict[str, Any]:
    """A Rollout of v1beta1 with manual steps over the seed's Ingress."""
    made = list(steps) or [{"traffic": f"{weight}%", "replicas": 1, "pause": {}} for weight in WEIGHTS]
    routing = {"service": "echoserver", "gracePeriodSeconds": GRACE, "ingress": {"name": "echoserver"}}
    return {
        "apiVersion": "rollouts.kruise.io/v1beta1",
        "kind": "Rollout",
        "metadata": {"name": DEMO},
        "spec": {
            "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "echoserver"},
            "strategy": {"canary": {"steps": made, "trafficRoutings": [routing], **canary}},
        },
    }


async def test_pause_jump_weight_and_the_way_back_while_paused(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, *ROUTES, weighted(), pods=2)
        await start(pilot)
        await at_step(pilot, 1)

        await pilot.do(DEMO, Ask(Act.JUMP, step=3))
        shown = await at_step(pilot, 3)
        assert written(shown) == {OLD: 0.6, NEW: 0.4}
        prepared = await pilot.plan(DEMO, Ask(Act.SET_WEIGHT, weights=((NEW, 0.45),)))
        assert "later releases keep it" in " ".join(prepared.plan.warnings)
        outcome = await pilot.cockpit.send(prepared, wait=60)
        assert outcome.stage is Stage.VERIFIED, outcome.why
        shown = await at_step(pilot, 3)
        assert written(shown) == {OLD: 0.55, NEW: 0.45}
        await pilot.do(DEMO, Ask(Act.JUMP, step=2))
        shown = await at_step(pilot, 2)
        assert ready(shown) == {OLD: 1, NEW: 1}

        await pilot.do(DEMO, Ask(Act.PAUSE))
        for act in (Act.APPROVE, Act.JUMP):
            answer = await pilot.cockpit.prepare(pilot.key(DEMO), Ask(act, step=3))
            assert isinstance(answer, Refused)
            assert "resume" in answer.why
        await pilot.do(DEMO, Ask(Act.ROLLBACK))
        await at_rest(pilot, f"rolled back to {OLD}")
        kept = (place.get(ROLLOUTS, DEMO) or {})["spec"]["strategy"]
        assert kept["canary"]["steps"][2]["traffic"] == "45%"
        assert not kept["paused"]


async def test_two_people_approve_at_once_and_only_one_step_is_taken(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path / "one") as one, flying(place, tmp_path / "two") as two:
        await standing(place, one, *ROUTES, weighted(), pods=2)
        await start(one)
        await at_step(one, 1)
        await at_step(two, 1)
        plans = [await pilot.plan(DEMO, Ask(Act.APPROVE)) for pilot in (one, two)]
        first, second = await asyncio.gather(one.cockpit.send(plans[0], wait=60), two.cockpit.send(plans[1], wait=60))
        stages = [outcome.stage for outcome in (first, second)]
        assert sorted(stages) == sorted([Stage.VERIFIED, Stage.REFUSED]), (first.why, second.why)
        await at_step(one, 2)
        # The same plan once more, when the step after waits: it is for a step that is left.
        late = await two.cockpit.send(plans[1], wait=0)
        assert late.stage is Stage.REFUSED
        again = await one.cockpit.send(plans[0], wait=0)
        assert again.stage is Stage.REFUSED
        shown = await at_step(one, 2)
        assert written(shown)[NEW] == 0.3

        # An approval of the present step, made before somebody jumped away and back, is for another stay in it.
        stale = await two.plan(DEMO, Ask(Act.APPROVE))
        await one.do(DEMO, Ask(Act.JUMP, step=4))
        await at_step(one, 4)
        await one.do(DEMO, Ask(Act.JUMP, step=2))
        await at_step(one, 2)
        assert (await two.cockpit.send(stale, wait=0)).stage is Stage.REFUSED
        await at_step(one, 2)

        prepared = await one.plan(DEMO, Ask(Act.DISABLE))
        assert "does not roll back" in " ".join(prepared.plan.warnings)
        outcome = await one.cockpit.send(prepared, wait=60)
        assert outcome.stage is Stage.VERIFIED, outcome.why
        shown = await at_rest(one, "disabled: a new template rolls out without steps")
        assert written(shown)[NEW] == 1.0
        await one.do(DEMO, Ask(Act.ENABLE))
        await at_rest(one, f"{NEW} is released")
