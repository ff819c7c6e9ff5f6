"""The Argo Rollouts walk-through, flown with the cockpit's own acts instead of kubectl and the dashboard."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.rollout import Phase, Role
from tests.journeys.argo import (
    NAME,
    NEW,
    NGINX,
    OLD,
    ROLLOUTS,
    ROUTE,
    Steps,
    at_rest,
    at_step,
    blue_green,
    declared,
    findings,
    gateway_and_route,
    in_phase,
    ingress,
    probe_at,
    ready,
    release,
    services,
    standing,
    start,
    written,
)
from tests.journeys.flight import Pilot, flying
from tests.places import Place

STEP_BY_STEP: Steps = [{"setWeight": 50}, {"pause": {}}, {"setWeight": 75}, {"pause": {}}]


async def refusal(pilot: Pilot, ask: Ask) -> str:
    answer = await pilot.cockpit.prepare(pilot.key(NAME), ask)
    assert isinstance(answer, Refused), answer
    return answer.why


async def test_by_weight_through_timed_pauses_to_the_end(place: Place, tmp_path: Path) -> None:
    """The walk-through's six steps; its pauses end by themselves or by a person, whichever is first."""
    steps: Steps = [
        {"setWeight": 30},
        {"pause": {"duration": "30s"}},
        {"setWeight": 60},
        {"pause": {"duration": 2}},
        {"setWeight": 100},
        {"pause": {"duration": "30s"}},
    ]
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, *services(), ingress(), release(steps, NGINX, replicas=2))
        assert pilot.names() == {NAME}, "Services and Ingresses are its parts, no rollouts of their own"
        await probe_at(pilot)
        await pilot.observe(NAME, {OLD: 1.0}, samples=20)
        await start(place, pilot)
        shown = await at_step(pilot, 2, Phase.PAUSED)
        assert shown.rollout.step
        assert shown.rollout.step.until
        assert [step.title for step in shown.rollout.steps] == [
            "30%",
            "pause 30s",
            "60%",
            "pause 2s",
            "100%",
            "pause 30s",
        ]
        assert declared(shown) == written(shown) == {OLD: 0.7, NEW: 0.3}
        with place.still():
            await pilot.observe(NAME, {OLD: 0.7, NEW: 0.3}, samples=100)
            prepared = await pilot.plan(NAME, Ask(Act.APPROVE))
            assert any("by itself at" in warning for warning in prepared.plan.warnings)
            await pilot.do(NAME, Ask(Act.APPROVE))
            place.pass_time(ROLLOUTS, lambda found: found[0]["status"]["currentStepIndex"] == 5)
            shown = await at_step(pilot, 6, Phase.PAUSED)
            assert written(shown) == {NEW: 1.0}
            await pilot.do(NAME, Ask(Act.APPROVE))
        shown = await at_rest(pilot, NEW)
        assert written(shown) == {NEW: 1.0}
        await pilot.observe(NAME, {NEW: 1.0}, samples=20)


@pytest.mark.parametrize("place", ["embedded"], indirect=True)
async def test_by_the_gateway_api_plug_in(place: Place, tmp_path: Path) -> None:
    """The walk-through's own router; no real controller here has the plug-in."""
    steps: Steps = [
        {"setWeight": 30},
        {"pause": {}},
        {"setWeight": 60},
        {"pause": {}},
        {"setWeight": 100},
        {"pause": {}},
    ]
    plugin = {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": ROUTE, "namespace": place.namespace}}}
    async with flying(place, tmp_path) as pilot:
        shown = await standing(place, pilot, *services(), *gateway_and_route(), release(steps, plugin))
        assert pilot.names() == {NAME}, "the route is a part of it, no rollout of its own"
        assert shown.rollout.router == "gateway-api"
        await probe_at(pilot)
        await start(place, pilot)
        for step, share in ((2, 0.3), (4, 0.6), (6, 1.0)):
            shown = await at_step(pilot, step)
            assert declared(shown).get(NEW) == written(shown).get(NEW) == share
            await pilot.observe(NAME, {NEW: share}, samples=60)
            await pilot.do(NAME, Ask(Act.APPROVE))
        shown = await at_rest(pilot, NEW)
        assert written(shown) == {NEW: 1.0}

        await start(place, pilot, "v3")
        await at_step(pilot, 2)
        await pilot.do(NAME, Ask(Act.ABORT))
        assert written(await in_phase(pilot, Phase.ABORTED)) == {NEW: 1.0}
        await pilot.do(NAME, Ask(Act.ROLLBACK))
        await at_rest(pilot, NEW)


async def test_approved_step_by_step_aborted_retried_and_rolled_back(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, *services(), ingress(), release(STEP_BY_STEP, NGINX, replicas=2))
        await probe_at(pilot)
        await start(place, pilot)
        shown = await at_step(pilot, 2)
        assert written(shown) == {OLD: 0.5, NEW: 0.5}
        await pilot.do(NAME, Ask(Act.APPROVE))
        shown = await at_step(pilot, 4)
        assert written(shown) == {OLD: 0.25, NEW: 0.75}
        await pilot.observe(NAME, {OLD: 0.25, NEW: 0.75}, samples=60)

        await pilot.do(NAME, Ask(Act.ABORT))
        shown = await in_phase(pilot, Phase.ABORTED)
        assert written(shown) == {OLD: 1.0}
        assert "aborted" in findings(shown)
        await pilot.observe(NAME, {OLD: 1.0, NEW: 0.0}, samples=40)
        assert "already aborted" in await refusal(pilot, Ask(Act.ABORT))
        assert "retry" in await refusal(pilot, Ask(Act.PROMOTE))

        await pilot.do(NAME, Ask(Act.RETRY))
        await at_step(pilot, 2)
        prepared = await pilot.plan(NAME, Ask(Act.ROLLBACK))
        assert not prepared.plan.raises
        await pilot.do(NAME, Ask(Act.ROLLBACK))
        shown = await at_rest(pilot, OLD)
        assert written(shown) == {OLD: 1.0}
        await pilot.observe(NAME, {OLD: 1.0, NEW: 0.0}, samples=20)


async def test_blue_green_previewed_switched_and_back(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, *services(), ingress(), blue_green())
        await probe_at(pilot)
        assert "no update in progress" in await refusal(pilot, Ask(Act.APPROVE))
        await start(place, pilot)
        shown = await in_phase(pilot, Phase.WAITING)
        assert {v.name: v.role for v in shown.rollout.versions} == {OLD: Role.ACTIVE, NEW: Role.PREVIEW}
        assert written(shown) == declared(shown) == {OLD: 1.0}
        assert "no steps" in await refusal(pilot, Ask(Act.JUMP, step=1))
        await pilot.observe(NAME, {OLD: 1.0}, samples=20)

        with place.still():
            await pilot.do(NAME, Ask(Act.APPROVE))
            shown = await at_rest(pilot, NEW)
            assert written(shown) == {NEW: 1.0}
            await pilot.observe(NAME, {NEW: 1.0}, samples=20)
            assert "kept-for-rollback" in findings(shown)

            prepared = await pilot.plan(NAME, Ask(Act.ROLLBACK))
            assert any("its pods still run" in warning for warning in prepared.plan.warnings), prepared.plan.warnings
            await pilot.do(NAME, Ask(Act.ROLLBACK))
        await at_rest(pilot, OLD)
        await pilot.observe(NAME, {OLD: 1.0}, samples=20)


async def test_without_a_router_by_pods_paused_resumed_sent_to_a_step_and_promoted(
    place: Place, tmp_path: Path
) -> None:
    """Shares follow from pods; pausing by hand ends no step, and resuming skips none."""
    steps: Steps = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 75}, {"pause": {}}, {"pause": {}}]
    root, _ = services()
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, root, ingress(), release(steps, replicas=3))
        await start(place, pilot)
        shown = await at_step(pilot, 2)
        assert ready(shown) == {OLD: 3, NEW: 1}, "one pod above the count comes nearest"
        assert (declared(shown), written(shown)) == ({OLD: 0.8, NEW: 0.2}, {OLD: 0.75, NEW: 0.25})
        assert "rounded" in findings(shown)

        await pilot.do(NAME, Ask(Act.PAUSE))
        assert "ignores scaling while paused" in await refusal(pilot, Ask(Act.SCALE, counts=((NEW, 4),)))
        await pilot.do(NAME, Ask(Act.RESUME))
        shown = await at_step(pilot, 2)

        assert "20%" in await refusal(pilot, Ask(Act.SET_WEIGHT, weights=((NEW, 0.5),)))
        await pilot.do(NAME, Ask(Act.SET_WEIGHT, weights=((NEW, 0.75),)))
        await at_step(pilot, 4)
        await pilot.do(NAME, Ask(Act.JUMP, step=5))
        await at_step(pilot, 5)
        await pilot.do(NAME, Ask(Act.JUMP, step=1))
        shown = await at_step(pilot, 2)

        await pilot.do(NAME, Ask(Act.PROMOTE))
        shown = await at_rest(pilot, NEW)
        assert ready(shown) == {NEW: 3}


async def test_after_promotion_an_older_revision_is_a_new_release_and_pods_are_restarted(
    place: Place, tmp_path: Path
) -> None:
    """Ephemeral metadata and anti-affinity that the controller puts into its copies do not come back."""
    root, _ = services()
    doc = release([{"setWeight": 50}, {"pause": {}}], replicas=2)
    doc["spec"]["strategy"]["canary"] |= {
        "canaryMetadata": {"labels": {"stage": "canary"}, "annotations": {"note": "a && b"}},
        "stableMetadata": {"labels": {"stage": "stable"}},
        "antiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": {"weight": 1}},
        "maxUnavailable": 2,  # a restart looks at what is left every 30 s
    }
    doc["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "RULE", "value": "a && b < é"}]
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, root, ingress(), doc)
        await start(place, pilot)
        await at_step(pilot, 2)
        await pilot.do(NAME, Ask(Act.ROLLBACK))
        await at_rest(pilot, OLD)
        place.until("ReplicaSet", lambda found: len(found) == 2)

        await start(place, pilot)
        await at_step(pilot, 2)
        await pilot.do(NAME, Ask(Act.PROMOTE))
        await at_rest(pilot, NEW)
        prepared = await pilot.plan(NAME, Ask(Act.ROLLBACK, version=OLD))
        assert any("new release" in warning for warning in prepared.plan.warnings)
        await pilot.do(NAME, Ask(Act.ROLLBACK, version=OLD))
        shown = await at_step(pilot, 2)
        assert {v.name: v.role for v in shown.rollout.versions if v.desired} == {NEW: Role.STABLE, OLD: Role.CANARY}
        place.until("ReplicaSet", lambda found: len(found) == 2)
        await pilot.do(NAME, Ask(Act.PROMOTE))
        shown = await at_rest(pilot, OLD)

        before = {pod.uid for version in shown.rollout.versions for pod in version.pods}
        await pilot.do(NAME, Ask(Act.RESTART))
        shown = await pilot.until_seen(
            NAME,
            lambda s: (
                s.rollout.phase is Phase.AT_REST
                and sum(v.ready for v in s.rollout.versions) == 2
                and not before & {pod.uid for v in s.rollout.versions for pod in v.pods}
            ),
            "other pods",
        )
        await pilot.do(NAME, Ask(Act.SCALE, counts=((OLD, 3),)))
