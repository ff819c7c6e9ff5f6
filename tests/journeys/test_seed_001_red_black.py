"""The red/black walk-through over ReplicaSets: labels of the Service on and off, flown with the cockpit's acts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.rollout import Phase, Role
from cockpit.model.view import Stage
from tests.journeys.flight import Pilot, flying
from tests.journeys.test_seed_001_acts import target_through
from tests.places import Place

SERVICE = "demo-service"
LABEL = {"createBy": SERVICE}


def service() -> dict[str, Any]:
    spec = {"type": "LoadBalancer", "selector": LABEL, "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": SERVICE}, "spec": spec}


def replica_set(number: int, *, enabled: bool = True) -> dict[str, Any]:
    """As the pipeline deploys it: numbered, with the image bound, the Service's label on the template."""
    container = {
        "name": "demo",
        "image": f"docker.io/bebullish/demo:v{number + 1}",
        "ports": [{"containerPort": 8080}],
    }
    labels = {"app": "demo", **(LABEL if enabled else {})}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"demo-rs-v{number:03}",
            "annotations": {"traffic.spinnaker.io/load-balancers": f'["service {SERVICE}"]'},
        },
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "demo", "moniker": f"v{number:03}"}},
            "template": {
                "metadata": {"labels": {**labels, "moniker": f"v{number:03}"}},
                "spec": {"containers": [container]},
            },
        },
    }


def labelled(place: Place) -> dict[str, int]:
    """Pods that carry the Service's label, by ReplicaSet."""
    found = place.client.get(place.path("Pod")).raise_for_status().json()["items"]
    owners = [p["metadata"]["ownerReferences"][0]["name"] for p in found if p["metadata"]["labels"].get("createBy")]
    return {name: owners.count(name) for name in sorted(set(owners))}


async def first_version(place: Place, pilot: Pilot) -> None:
    """v1 was deployed by the pipeline and takes all traffic; the probe is running."""
    place.apply(service(), replica_set(0))
    shown = await pilot.until_seen(SERVICE, lambda s: [v.ready for v in s.rollout.versions] == [3], "v1 is ready")
    assert shown.rollout.key.system == "red-black"
    if not place.real:
        await pilot.until_seen(SERVICE, lambda s: s.rollout.probe_target, "an address for the Service")
    await pilot.probe(SERVICE, **target_through(place))
    await pilot.observe(SERVICE, {"v1": 1.0})


async def both_take_traffic(place: Place, pilot: Pilot) -> None:
    """v2 is deployed: each of its pods takes traffic as soon as it is ready."""
    place.apply(replica_set(1))
    shown = await pilot.until_seen(
        SERVICE,
        lambda s: (
            s.rollout.phase is Phase.CANARY and {v.name: v.ready for v in s.rollout.versions} == {"v1": 3, "v2": 3}
        ),
        "both versions take traffic",
    )
    assert {v.name: v.role for v in shown.rollout.versions} == {"v1": Role.STABLE, "v2": Role.CANARY}
    assert any(f.id == "not-pinned" for f in shown.rollout.findings)


async def test_the_old_version_is_disabled_and_the_way_back_overlaps(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await first_version(place, pilot)
        await both_take_traffic(place, pilot)
        await pilot.observe(SERVICE, {"v1": 0.5, "v2": 0.5})

        await pilot.do(SERVICE, Ask(Act.DISABLE, version="v1"))
        assert labelled(place) == {"demo-rs-v001": 3}
        lane = await pilot.observe(SERVICE, {"v1": 0.0, "v2": 1.0})
        assert {s.version: s.observed.share for s in lane.shares if s.observed} == {"v1": 0.0, "v2": 1.0}
        shown = await pilot.until_seen(SERVICE, lambda s: s.rollout.phase is Phase.AT_REST)
        assert [(v.name, v.ready) for v in shown.rollout.versions] == [("v1", 3), ("v2", 3)], "v1 stays as hot standby"

        before = await pilot.until_seen(SERVICE, lambda s: s.probe.total)
        prepared = await pilot.plan(SERVICE, Ask(Act.ROLLBACK))
        requests = [str(r.ref).split("/")[-1].rpartition("-")[0] for r in prepared.plan.requests]
        assert requests == ["demo-rs"] + ["demo-rs-v000"] * 3 + ["demo-rs"] + ["demo-rs-v001"] * 3
        outcome = await pilot.cockpit.send(prepared, wait=60)
        assert outcome.stage is Stage.VERIFIED, outcome.why
        assert labelled(place) == {"demo-rs-v000": 3}
        await pilot.observe(SERVICE, {"v1": 1.0, "v2": 0.0})
        after = await pilot.until_seen(SERVICE, lambda s: s.probe.total > before.probe.total)
        assert after.probe.errors == 0, "one version was let in before the other was taken out"


async def test_undo_and_the_same_plan_twice(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await first_version(place, pilot)
        place.apply(replica_set(1, enabled=False))
        await pilot.until_seen(SERVICE, lambda s: [v.ready for v in s.rollout.versions] == [3, 3], "v2 stands dark")
        await pilot.observe(SERVICE, {"v1": 1.0, "v2": 0.0})
        prepared = await pilot.plan(SERVICE, Ask(Act.FLIP))
        assert prepared.plan.raises
        outcome = await pilot.cockpit.send(prepared, wait=60)
        assert outcome.stage is Stage.VERIFIED, outcome.why
        assert (await pilot.cockpit.send(prepared, wait=0)).stage is Stage.REFUSED
        assert labelled(place) == {"demo-rs-v001": 3}
        await pilot.do(SERVICE, Ask(Act.UNDO))
        assert labelled(place) == {"demo-rs-v000": 3}
        await pilot.observe(SERVICE, {"v1": 1.0, "v2": 0.0})


async def test_what_somebody_left_half_way_is_told_and_finished(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await first_version(place, pilot)
        await both_take_traffic(place, pilot)
        template = {"spec": {"template": {"metadata": {"labels": {"createBy": None}}}}}
        place.merge("ReplicaSet", "demo-rs-v000", template)
        shown = await pilot.until_seen(SERVICE, lambda s: s.rollout.phase is Phase.PROGRESSING, "v1 is half enabled")
        (found,) = [f for f in shown.rollout.findings if f.id == "mixed-labels"]
        assert "template lacks the labels, 3 of 3 pods carry them" in found.evidence
        await pilot.do(SERVICE, Ask(Act.DISABLE, version="v1"))
        assert labelled(place) == {"demo-rs-v001": 3}

        refused = await pilot.cockpit.prepare(pilot.key(SERVICE), Ask(Act.DISABLE, version="v2"))
        assert isinstance(refused, Refused)
        assert "every request fails" in refused.why


async def test_a_pod_that_is_replaced_meanwhile_stops_nothing_and_is_taken_out_by_the_same_act(
    place: Place, tmp_path: Path
) -> None:
    async with flying(place, tmp_path) as pilot:
        await first_version(place, pilot)
        await both_take_traffic(place, pilot)
        disable = Ask(Act.DISABLE, version="v1")
        prepared = await pilot.plan(SERVICE, disable)
        pods = [r.ref.name for r in prepared.plan.requests if r.ref.resource.kind == "Pod"]
        place.delete("Pod", pods[0])
        outcome = await pilot.cockpit.send(prepared, wait=0)
        assert outcome.stage in (Stage.SENT, Stage.REFUSED), outcome.why
        # A pod that was made before the template was changed carries the label: then v1 is shown half way.
        await pilot.until_seen(SERVICE, lambda s: [v.ready for v in s.rollout.versions] == [3, 3], "a new pod")
        again = await pilot.cockpit.prepare(pilot.key(SERVICE), disable)
        if not isinstance(again, Refused):
            outcome = await pilot.cockpit.send(again, wait=60)
            assert outcome.stage is Stage.VERIFIED, outcome.why
        await pilot.observe(SERVICE, {"v1": 0.0, "v2": 1.0})
        assert labelled(place) == {"demo-rs-v001": 3}


async def test_the_old_version_is_cleaned_up(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await first_version(place, pilot)
        await both_take_traffic(place, pilot)
        await pilot.do(SERVICE, Ask(Act.PROMOTE))
        await pilot.do(SERVICE, Ask(Act.FINISH))
        place.until("ReplicaSet", lambda items: {i["metadata"]["name"] for i in items} == {"demo-rs-v001"})
