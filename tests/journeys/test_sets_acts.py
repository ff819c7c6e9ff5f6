"""Rolling updates of StatefulSets and DaemonSets, flown with the cockpit's own acts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.rollout import Phase, Role
from cockpit.model.view import RolloutView, Stage
from tests.journeys.flight import Pilot, flying
from tests.places import Place

REVISIONS = "controllerrevisions.apps/v1"


def workload(kind: str, name: str, image: str = "demo/db:v1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            **spec,
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": {"demo.cockpit/ready-delay": "0.5s"}},
                "spec": {"containers": [{"name": "main", "image": image, "ports": [{"containerPort": 8080}]}]},
            },
        },
    }


def service(name: str) -> dict[str, Any]:
    spec = {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def held(number: int) -> dict[str, Any]:
    return {"type": "RollingUpdate", "rollingUpdate": {"partition": number}}


def images(place: Place, name: str) -> dict[str, str]:
    pods = place.client.get(place.path("Pod"), params={"labelSelector": f"app={name}"}).raise_for_status().json()
    return {p["metadata"]["name"]: p["spec"]["containers"][0]["image"].rpartition(":")[2] for p in pods["items"]}


def is_new_and_ready(pod: dict[str, Any]) -> bool:
    conditions = {c["type"]: c["status"] for c in pod.get("status", {}).get("conditions", ())}
    return pod["spec"]["containers"][0]["image"] == "demo/db:v2" and conditions.get("Ready") == "True"


def ready(shown: RolloutView) -> dict[str, int]:
    return {v.name: v.ready for v in shown.rollout.versions if v.pods or v.ready}


async def at_rest(pilot: Pilot, name: str, version: str, count: int) -> RolloutView:
    return await pilot.until_seen(
        name, lambda s: s.rollout.phase is Phase.AT_REST and ready(s) == {version: count}, f"{name} rests at {version}"
    )


async def test_a_statefulset_goes_pod_by_pod_and_back(place: Place, tmp_path: Path) -> None:
    place.apply(workload("StatefulSet", "db", replicas=3, serviceName="db", updateStrategy=held(3)), service("db"))
    async with flying(place, tmp_path) as pilot:
        await at_rest(pilot, "db", "v1", 3)
        assert pilot.names() == {"db"}
        outcome = await pilot.cockpit.send(await pilot.plan("db", Ask(Act.SET_IMAGE, image=("", "demo/db:v2"))), wait=0)
        assert outcome.stage is Stage.SENT, outcome.why
        shown = await pilot.until_seen("db", lambda s: s.rollout.phase is Phase.PAUSED, "the partition holds all pods")
        assert {v.name: v.role for v in shown.rollout.versions} == {"v1": Role.STABLE, "v2": Role.CANARY}

        await pilot.do("db", Ask(Act.APPROVE))
        assert images(place, "db") == {"db-0": "v1", "db-1": "v1", "db-2": "v2"}
        shown = await pilot.until_seen("db", lambda s: s.rollout.step and s.rollout.step.index == 1)
        assert shown.rollout.default_lane
        assert {s.version: s.written for s in shown.rollout.default_lane.shares} == pytest.approx(
            {"v1": 2 / 3, "v2": 1 / 3}
        )
        await pilot.do("db", Ask(Act.JUMP, step=2))
        assert images(place, "db") == {"db-0": "v1", "db-1": "v2", "db-2": "v2"}

        await pilot.do("db", Ask(Act.ROLLBACK))
        assert set(images(place, "db").values()) == {"v1"}
        await at_rest(pilot, "db", "v1", 3)


async def test_a_rolling_update_is_paused_where_it_is_and_goes_on(place: Place, tmp_path: Path) -> None:
    place.apply(workload("StatefulSet", "db", replicas=5, serviceName="db", podManagementPolicy="Parallel"))
    async with flying(place, tmp_path) as pilot:
        await at_rest(pilot, "db", "v1", 5)
        with place.still():
            await pilot.cockpit.send(await pilot.plan("db", Ask(Act.SET_IMAGE, image=("main", "demo/db:v2"))), wait=0)
            place.pass_time("Pod", lambda pods: any(map(is_new_and_ready, pods)))
            await pilot.until_seen("db", lambda s: ready(s).get("v2", 0) >= 1, "a pod of v2")
            await pilot.do("db", Ask(Act.PAUSE))
            shown = await pilot.until_seen("db", lambda s: s.rollout.phase is Phase.PAUSED)
            new = sum(image == "v2" for image in images(place, "db").values())
            assert 1 <= new <= 4
            assert shown.rollout.step
            assert shown.rollout.step.index == new
        await pilot.do("db", Ask(Act.RESUME))
        assert set(images(place, "db").values()) == {"v2"}


async def test_the_way_back_from_pods_that_never_get_ready_deletes_them(place: Place, tmp_path: Path) -> None:
    place.apply(workload("StatefulSet", "db", replicas=2, serviceName="db"))
    async with flying(place, tmp_path) as pilot:
        await at_rest(pilot, "db", "v1", 2)
        image = Ask(Act.SET_IMAGE, image=("", "demo/db:bad"))
        outcome = await pilot.cockpit.send(await pilot.plan("db", image), wait=60)
        assert outcome.stage is Stage.UNVERIFIED
        shown = await pilot.until_seen("db", lambda s: s.rollout.phase is Phase.DEGRADED, "a crashing pod")
        assert any(f.id == "stuck" for f in shown.rollout.findings)
        prepared = await pilot.plan("db", Ask(Act.ROLLBACK))
        assert any("db-1 never got ready" in w for w in prepared.plan.warnings)
        outcome = await pilot.cockpit.send(prepared, wait=60)
        assert outcome.stage is Stage.VERIFIED, outcome.why
        assert set(images(place, "db").values()) == {"v1"}


async def test_on_delete_waits_for_somebody(place: Place, tmp_path: Path) -> None:
    place.apply(workload("StatefulSet", "db", replicas=2, serviceName="db", updateStrategy={"type": "OnDelete"}))
    async with flying(place, tmp_path) as pilot:
        await at_rest(pilot, "db", "v1", 2)
        await pilot.cockpit.send(await pilot.plan("db", Ask(Act.SET_IMAGE, image=("", "demo/db:v2"))), wait=0)
        shown = await pilot.until_seen("db", lambda s: s.rollout.phase is Phase.WAITING)
        assert "OnDelete" in shown.rollout.message
        refused = await pilot.cockpit.prepare(pilot.key("db"), Ask(Act.PAUSE))
        assert isinstance(refused, Refused)
        assert "OnDelete" in refused.why
        place.delete("Pod", "db-0")
        await pilot.until_seen("db", lambda s: ready(s) == {"v1": 1, "v2": 1}, "the deleted pod is of v2")
        place.delete("Pod", "db-1")
        await at_rest(pilot, "db", "v2", 2)


async def test_a_daemonset_rolls_out_and_back_and_restarts(place: Place, tmp_path: Path) -> None:
    place.apply(workload("DaemonSet", "agent"))
    async with flying(place, tmp_path) as pilot:
        shown = await pilot.until_seen(
            "agent", lambda s: s.rollout.phase is Phase.AT_REST and ready(s).get("v1", 0) > 0
        )
        nodes = ready(shown)["v1"]
        await pilot.do("agent", Ask(Act.SET_IMAGE, image=("", "demo/db:v2")))
        assert list(images(place, "agent").values()) == ["v2"] * nodes
        await pilot.do("agent", Ask(Act.SET_IMAGE, image=("", "demo/db:v3")))
        refused = await pilot.cockpit.prepare(pilot.key("agent"), Ask(Act.PAUSE))
        assert isinstance(refused, Refused)
        assert "OnDelete" in refused.why
        await pilot.do("agent", Ask(Act.ROLLBACK, version="1"))
        assert list(images(place, "agent").values()) == ["v1"] * nodes
        before = set(images(place, "agent"))
        await pilot.do("agent", Ask(Act.RESTART))
        after = images(place, "agent")
        assert not before & set(after)
        assert list(after.values()) == ["v1"] * nodes
        template = (place.get("DaemonSet", "agent") or {})["spec"]["template"]["metadata"]["annotations"]
        assert template["kubectl.kubernetes.io/restartedAt"].endswith("Z")


async def test_a_deployment_restarts_takes_an_image_and_goes_to_a_revision(place: Place, tmp_path: Path) -> None:
    place.apply(workload("Deployment", "web", replicas=2))
    async with flying(place, tmp_path) as pilot:
        await at_rest(pilot, "web", "v1", 2)
        await pilot.do("web", Ask(Act.SET_IMAGE, image=("main", "demo/db:v2")))
        await pilot.do("web", Ask(Act.SET_IMAGE, image=("", "demo/db:v3")))
        await pilot.do("web", Ask(Act.ROLLBACK, version="1"))
        assert set(images(place, "web").values()) == {"v1"}
        await pilot.do("web", Ask(Act.RESTART))
        await pilot.do("web", Ask(Act.ROLLBACK))
        await pilot.do("web", Ask(Act.UNDO))
