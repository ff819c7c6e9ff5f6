"""What one person did to a template or a header rule, undone by another from what the cluster itself keeps."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.view import RolloutView, Stage
from tests.journeys import argo
from tests.journeys.flight import Pilot, cockpit_on
from tests.places import Place, seed

NAME = "web"


def workload(kind: str, image: str = "web:v1") -> dict[str, Any]:
    labels = {"app": NAME}
    spec: dict[str, Any] = {
        "replicas": 2,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}},
    }
    if kind == "StatefulSet":
        spec["serviceName"] = NAME
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": NAME}, "spec": spec}


SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": NAME},
    "spec": {"selector": {"app": NAME}, "ports": [{"port": 80}]},
}


def ready(shown: RolloutView) -> bool:
    found = shown.rollout.own_versions
    return bool(found) and all(version.ready >= version.desired for version in found)


async def two(stack: AsyncExitStack, place: Place, root: str, folder: Path) -> tuple[Pilot, Pilot]:
    async def pilot(name: str) -> Pilot:
        opened = cockpit_on(place.kubeconfig, place.namespace, folder / name / "journal.jsonl")
        made = Pilot(await stack.enter_async_context(opened), place)
        made.cockpit.follow_others()
        await made.until_seen(root, ready)
        return made

    return await pilot("ann"), await pilot("bob")


def image_of(place: Place, kind: str) -> str:
    found = place.get(kind, NAME)
    assert found is not None
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


async def heard(other: Pilot, act: str) -> None:
    await other.until("the act", lambda: [e for e in other.cockpit.view().journal if e.act == act and "admin" in e.who])


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
async def test_an_image_that_another_person_set(place: Place, tmp_path: Path, kind: str) -> None:
    place.apply(workload(kind), SERVICE)
    async with AsyncExitStack() as stack:
        ann, bob = await two(stack, place, NAME, tmp_path)
        done = await ann.do(NAME, Ask(Act.SET_IMAGE, image=("", "web:v2")))
        assert done.stage is Stage.VERIFIED, done
        await heard(bob, "set-image")
        assert image_of(place, kind) == "web:v2"
        plan = await bob.plan(NAME, Ask(Act.UNDO))
        assert "set-image" not in plan.plan.title
        assert plan.plan.title.startswith("undo ")
        assert [str(change) for change in plan.plan.changes] == ["pod template v2 -> v1"]
        undone = await bob.do(NAME, Ask(Act.UNDO))
        assert undone.stage is Stage.VERIFIED, undone
        assert image_of(place, kind) == "web:v1"


async def test_a_header_rule_that_another_person_set(place: Place, tmp_path: Path) -> None:
    place.apply(*seed("weight-http-server-v1"), *seed("weight-ingress1"), *seed("weight-http-server-v2"))
    place.apply(*seed("weight-ingress2"))
    place.ready("http-server-v1", "http-server-v2")
    async with AsyncExitStack() as stack:
        ann, bob = await two(stack, place, "route1", tmp_path)
        await ann.do("route1", Ask(Act.HEADER, version="v2", header=("x-tester", "yes")))
        await heard(bob, "header")
        undone = await bob.do("route1", Ask(Act.UNDO))
        assert undone.stage is Stage.VERIFIED, undone
        found = place.get("Ingress", "route2")
        assert found is not None
        assert not [key for key in found["metadata"]["annotations"] if key.endswith("canary-by-header")]


async def test_an_image_that_another_person_released_with_argo(place: Place, tmp_path: Path) -> None:
    place.apply(argo.release([{"setWeight": 50}, {"pause": {}}]))
    async with AsyncExitStack() as stack:
        ann, bob = await two(stack, place, argo.NAME, tmp_path)
        await argo.at_rest(ann, argo.OLD)
        await argo.start(place, ann)
        await heard(bob, "set-image")
        await argo.at_step(bob, 2)
        plan = await bob.plan(argo.NAME, Ask(Act.UNDO))
        assert [str(change) for change in plan.plan.changes] == [f"pod template {argo.NEW} -> {argo.OLD}"]
        assert not plan.plan.raises, "the stable version is the way back"
        undone = await bob.do(argo.NAME, Ask(Act.UNDO))
        assert undone.stage is Stage.VERIFIED, undone
        await argo.at_rest(bob, argo.OLD)
