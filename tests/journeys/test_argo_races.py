"""Acts that race the controller, or each other: never a skipped step, never more than one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase
from cockpit.model.view import Prepared, RolloutView, Stage
from tests.journeys.argo import (
    IMAGE,
    NAME,
    NEW,
    NGINX,
    OLD,
    ROLLOUTS,
    Steps,
    at_rest,
    at_step,
    blue_green,
    findings,
    in_phase,
    ingress,
    release,
    services,
    standing,
    start,
    written,
)
from tests.journeys.flight import PATIENCE, flying
from tests.places import Place

PAUSES: Steps = [{"setWeight": 25}, {"pause": {}}, {"pause": {}}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]


def index(place: Place) -> int:
    """Where the controller is, counted from 0."""
    found = place.get(ROLLOUTS, NAME)
    assert found
    return int(found["status"]["currentStepIndex"])


def slow(place: Place, delay: str) -> None:
    """A new template whose pods take their time, so that a step can be caught in the middle."""
    (container,) = release([])["spec"]["template"]["spec"]["containers"]
    template = {
        "metadata": {"annotations": {"demo.cockpit/ready-delay": delay}},
        "spec": {"containers": [{**container, "image": f"{IMAGE}:{NEW}"}]},
    }
    place.merge(ROLLOUTS, NAME, {"spec": {"template": template}})


async def test_approved_from_two_cockpits_at_once_it_goes_one_step(place: Place, tmp_path: Path) -> None:
    """Each of three steps in turn is approved by both at the same moment, before either sees what the other did."""
    root, _ = services()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    async with flying(place, tmp_path / "a") as one, flying(place, tmp_path / "b") as other:
        await standing(place, one, root, ingress(), release(PAUSES, replicas=1))
        await start(place, one)
        for step in (2, 3, 4):
            for pilot in (one, other):
                await at_step(pilot, step)
            plans = [await pilot.plan(NAME, Ask(Act.APPROVE)) for pilot in (one, other)]
            outcomes = await asyncio.gather(
                *(pilot.cockpit.send(plan, wait=30.0) for pilot, plan in zip((one, other), plans, strict=True))
            )
            stages = sorted(outcome.stage for outcome in outcomes)
            assert stages == sorted([Stage.REFUSED, Stage.VERIFIED]), [outcome.why for outcome in outcomes]
            assert index(place) in ((step,) if step < 4 else (4, 5))


async def test_approved_while_it_reconciles_no_step_is_skipped(place: Place, tmp_path: Path) -> None:
    """Again and again, as fast as plans can be made, until it is refused because nothing waits."""
    steps: Steps = [
        {"setWeight": 25},
        {"pause": {}},
        {"setWeight": 50},
        {"pause": {}},
        {"setWeight": 75},
        {"pause": {}},
    ]
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, *services(), ingress(), release(steps, NGINX, replicas=2))
        await start(place, pilot)
        for step, share in ((2, 0.25), (4, 0.5), (6, 0.75)):
            shown = await at_step(pilot, step)
            assert written(shown)[NEW] == share
            prepared = [await pilot.cockpit.prepare(pilot.key(NAME), Ask(Act.APPROVE)) for _ in range(3)]
            outcomes = [await pilot.cockpit.send(plan, wait=0.0) for plan in prepared if isinstance(plan, Prepared)]
            assert [outcome.stage for outcome in outcomes].count(Stage.SENT) == 1, [o.why for o in outcomes]
        await at_rest(pilot, NEW)


async def test_aborted_in_the_middle_of_a_step(place: Place, tmp_path: Path) -> None:
    steps: Steps = [{"setWeight": 50}, {"pause": {}}]
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, *services(), ingress(), release(steps, NGINX, replicas=1))
        with place.still():
            slow(place, "20s")

            def on_its_way(shown: RolloutView) -> bool:
                return shown.rollout.phase is Phase.PROGRESSING and shown.rollout.step is not None

            shown = await pilot.until_seen(NAME, on_its_way, "pods that take their time")
            assert shown.rollout.step
            assert shown.rollout.step.index == 1
            await pilot.do(NAME, Ask(Act.ABORT))
        shown = await in_phase(pilot, Phase.ABORTED)
        assert written(shown) == {OLD: 1.0}


async def test_a_full_promotion_is_stopped(place: Place, tmp_path: Path) -> None:
    """Alone an abort would be dropped: the promotion ends in the same patch."""
    steps: Steps = [{"setWeight": 50}, {"pause": {}}, {"setWeight": 75}, {"pause": {}}]
    root, _ = services()
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, root, ingress(), release(steps, replicas=2))
        slow(place, "4s")
        await at_step(pilot, 2)
        with place.still():
            sent = await pilot.cockpit.send(await pilot.plan(NAME, Ask(Act.PROMOTE)), wait=0.0)
            assert sent.stage is Stage.SENT
            await pilot.until_seen(NAME, lambda s: "promoting" in findings(s), "a full promotion under way")
            prepared = await pilot.plan(NAME, Ask(Act.ABORT))
            sending = asyncio.create_task(pilot.cockpit.send(prepared, wait=PATIENCE))
            shown = await in_phase(pilot, Phase.ABORTED)
        # Only now the pods of the stable version come back.
        outcome = await sending
        assert outcome.stage is Stage.VERIFIED, outcome.why
        stable = next(v for v in shown.rollout.versions if v.role.value == "stable")
        assert stable.name == OLD
        found = place.get(ROLLOUTS, NAME)
        assert found
        assert "promoteFull" not in found["status"]


async def test_retrying_an_aborted_switch_does_what_its_plan_says(place: Place, tmp_path: Path) -> None:
    """While the aborted pods run the controller switches to them at once, whatever pause is asked for."""
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, *services(), ingress(), blue_green(replicas=1))
        await start(place, pilot)
        await in_phase(pilot, Phase.WAITING)
        with place.still():
            await pilot.do(NAME, Ask(Act.ABORT))
            await pilot.until_seen(NAME, lambda s: "retry-switches" in findings(s), "pods that are kept for a while")
            prepared = await pilot.plan(NAME, Ask(Act.RETRY))
            assert prepared.plan.final, prepared.plan
            await pilot.do(NAME, Ask(Act.RETRY))
        await at_rest(pilot, NEW)


async def test_aborted_while_paused_by_hand_its_pods_do_not_stay(place: Place, tmp_path: Path) -> None:
    root, _ = services()
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, root, ingress(), release([{"setWeight": 50}, {"pause": {}}], replicas=2))
        await start(place, pilot)
        await at_step(pilot, 2)
        await pilot.do(NAME, Ask(Act.PAUSE))
        await pilot.do(NAME, Ask(Act.ABORT))
        shown = await pilot.until_seen(NAME, lambda s: written(s) == {OLD: 1.0}, "all pods of the stable version")
        assert shown.rollout.phase is Phase.ABORTED


async def test_a_template_that_the_controller_refuses_goes_back_to_the_stable_one(place: Place, tmp_path: Path) -> None:
    """Of what is refused no version is made, so the one that the status calls current is where to go back to."""
    root, _ = services()
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, root, ingress(), release([{"setWeight": 50}, {"pause": {}}], replicas=1))
        await start(place, pilot)
        await at_step(pilot, 2)
        await pilot.do(NAME, Ask(Act.PROMOTE))
        await at_rest(pilot, NEW)
        found = place.get(ROLLOUTS, NAME)
        assert found
        odd = dict.fromkeys(found["spec"]["selector"]["matchLabels"], "other")
        place.merge(ROLLOUTS, NAME, {"spec": {"template": {"metadata": {"labels": odd}}}})
        await pilot.until_seen(NAME, lambda s: "invalid-spec" in findings(s), "a spec that is refused")
        prepared = await pilot.plan(NAME, Ask(Act.ROLLBACK))
        assert any("does nothing while the spec is invalid" in warning for warning in prepared.plan.warnings)
        await pilot.do(NAME, Ask(Act.ROLLBACK))
        await at_rest(pilot, NEW)
        place.until("ReplicaSet", lambda sets: len(sets) == 2)


async def test_what_was_written_while_paused_by_hand_goes_back_to_the_stable_one(place: Place, tmp_path: Path) -> None:
    root, _ = services()
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, root, ingress(), release([{"setWeight": 50}, {"pause": {}}], replicas=1))
        await start(place, pilot)
        await at_step(pilot, 2)
        await pilot.do(NAME, Ask(Act.PROMOTE))
        await at_rest(pilot, NEW)
        await pilot.do(NAME, Ask(Act.PAUSE))
        await start(place, pilot, "v3")
        await in_phase(pilot, Phase.PAUSED)
        await pilot.do(NAME, Ask(Act.ROLLBACK))
        shown = await at_rest(pilot, NEW)
        assert written(shown) == {NEW: 1.0}
        found = place.get(ROLLOUTS, NAME)
        assert found
        assert "paused" not in found["spec"]
