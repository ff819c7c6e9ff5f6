"""Kruise Rollouts over StatefulSets and CloneSets, and a controller that overwrites an approval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.view import Stage
from tests.journeys.kruise import at_rest, at_step, behave, flying, ready, start, written
from tests.journeys.test_kruise_acts import weighted
from tests.places import Place

NAME = "web"
KINDS = {
    "StatefulSet": ("apps/v1", {"serviceName": NAME}),
    "CloneSet": ("apps.kruise.io/v1alpha1", {}),
}


def workload(kind: str, replicas: int = 2) -> dict[str, Any]:
    api_version, more = KINDS[kind]
    container = {"name": NAME, "image": "example/web:v1", "ports": [{"containerPort": 8080}]}
    template = {"metadata": {"labels": {"app": NAME}}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": NAME}}, "template": template, **more}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": NAME}, "spec": spec}


def batches(kind: str) -> dict[str, Any]:
    doc = weighted({"replicas": 1, "pause": {}}, {"replicas": 2, "pause": {}})
    doc["metadata"]["name"] = NAME
    doc["spec"]["workloadRef"] = {"apiVersion": KINDS[kind][0], "kind": kind, "name": NAME}
    del doc["spec"]["strategy"]["canary"]["trafficRoutings"]
    return doc


@pytest.mark.parametrize("kind", KINDS)
async def test_batches_of_a_set_and_the_way_back(place: Place, tmp_path: Path, kind: str) -> None:
    if place.real and kind == "CloneSet":
        pytest.skip("the real cluster has the CRD of CloneSets and no controller for them")
    async with flying(place, tmp_path) as pilot:
        place.apply(workload(kind), batches(kind))
        await pilot.until_seen(
            NAME,
            lambda s: (
                s.rollout.key.system == "kruise"
                and s.rollout.message == "v1 is released"
                and ready(s) == {"v1": 2}
                and "not-watched" not in {f.id for f in s.rollout.findings}
            ),
            "the set at rest",
        )
        assert len(pilot.cockpit.view().rollouts) == 1, "the set is part of the Rollout"
        await start(pilot, NAME, "example/web:v2")
        shown = await at_step(pilot, 1, name=NAME)
        assert ready(shown) == {"v1": 1, "v2": 1}
        assert written(shown) == {"v1": 0.5, "v2": 0.5}
        await pilot.do(NAME, Ask(Act.ROLLBACK))
        shown = await at_rest(pilot, "rolled back to v1", NAME)
        assert ready(shown)["v1"] == 2

        await start(pilot, NAME, "example/web:v3")
        await at_step(pilot, 1, name=NAME)
        await pilot.do(NAME, Ask(Act.APPROVE))
        await at_step(pilot, 2, name=NAME)
        await pilot.do(NAME, Ask(Act.APPROVE))
        shown = await at_rest(pilot, "v3 is released", NAME)
        assert ready(shown)["v3"] == 2


async def test_an_approval_that_the_controller_overwrites_is_not_told_as_done(place: Place, tmp_path: Path) -> None:
    if place.real:
        pytest.skip("no real controller overwrites a status on request")
    async with flying(place, tmp_path) as pilot:
        place.apply(workload("StatefulSet"), batches("StatefulSet"))
        await pilot.until_seen(NAME, lambda s: s.rollout.message == "v1 is released" and ready(s) == {"v1": 2})
        await start(pilot, NAME, "example/web:v2")
        await at_step(pilot, 1, name=NAME)
        behave(place, clobber="once")
        outcome = await pilot.cockpit.send(await pilot.plan(NAME, Ask(Act.APPROVE)), wait=6)
        assert outcome.stage is Stage.UNVERIFIED
        assert "expected: step 1 done" in outcome.why
        await at_step(pilot, 1, name=NAME)
        await pilot.do(NAME, Ask(Act.APPROVE))
