"""The native blue-green walk-through, flown with the cockpit's own acts instead of kubectl."""

from __future__ import annotations

from pathlib import Path

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.rollout import Verdict
from cockpit.model.view import Stage
from tests.journeys.flight import Pilot, flying
from tests.places import Place, seed

SERVICE = "demo-service"


def target_through(place: Place) -> dict[str, object]:
    """Where the Service gets no address from outside, the way in is the proxy to its cluster address."""
    if not place.real:
        return {}
    service = place.get("Service", SERVICE)
    assert service
    address = service["spec"]["clusterIP"]
    return {"address": address, "port": 80, "host": address, "proxy": place.proxy}


async def standing(place: Place, pilot: Pilot) -> None:
    """Both versions and the Service stand, v1 takes the traffic, the probe is running."""
    place.apply(*seed("blue-green-v1"), *seed("blue-green-service"))
    await pilot.until_seen("demo-dp-v1", lambda s: s.rollout.versions[0].ready == 3)
    place.apply(*seed("blue-green-v2"))
    await pilot.until_seen(
        SERVICE, lambda s: {v.name: v.ready for v in s.rollout.versions} == {"v1": 3, "v2": 3}, "two versions ready"
    )
    if not place.real:
        await pilot.until_seen(SERVICE, lambda s: s.rollout.probe_target, "an address for the Service")
    await pilot.probe(SERVICE, **target_through(place))


async def test_flip_and_back(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot)
        assert pilot.names() == {SERVICE}, "the Deployments are its versions, no rollouts of their own"
        lane = await pilot.observe(SERVICE, {"v1": 1.0, "v2": 0.0})
        assert {s.version: s.observed.share for s in lane.shares if s.observed} == {"v1": 1.0, "v2": 0.0}

        prepared = await pilot.plan(SERVICE, Ask(Act.FLIP))
        assert prepared.plan.raises
        assert "v2" in prepared.plan.title
        (command,) = prepared.plan.commands()
        assert command.startswith(f"kubectl --context {prepared.plan.rollout.context} -n {place.namespace} patch")
        outcome = await pilot.cockpit.send(prepared, wait=60)
        assert outcome.stage is Stage.VERIFIED, outcome.why

        lane = await pilot.observe(SERVICE, {"v1": 0.0, "v2": 1.0})
        assert {s.version: s.observed.share for s in lane.shares if s.observed} == {"v1": 0.0, "v2": 1.0}

        await pilot.do(SERVICE, Ask(Act.ROLLBACK))
        lane = await pilot.observe(SERVICE, {"v1": 1.0, "v2": 0.0})
        assert lane.verdict in (Verdict.ON, Verdict.NOT_YET)
        assert (place.get("Service", SERVICE) or {})["spec"]["selector"] == {"app": "demo", "version": "v1"}


async def test_undo_takes_the_flip_back_and_a_plan_is_sent_once(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot)
        prepared = await pilot.plan(SERVICE, Ask(Act.FLIP))
        assert (await pilot.cockpit.send(prepared, wait=60)).stage is Stage.VERIFIED
        assert (await pilot.cockpit.send(prepared, wait=0)).stage is Stage.REFUSED
        await pilot.do(SERVICE, Ask(Act.UNDO))
        await pilot.observe(SERVICE, {"v1": 1.0, "v2": 0.0})

        def verified() -> list[str]:
            return [entry.act for entry in pilot.cockpit.view().journal if entry.stage is Stage.VERIFIED]

        await pilot.until("both acts in the journal", lambda: verified() in (["flip", "undo"], ["undo", "flip"]))


async def test_somebody_else_was_faster(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot)
        prepared = await pilot.plan(SERVICE, Ask(Act.FLIP))
        place.merge("Service", SERVICE, {"spec": {"selector": {"version": "v2"}}})
        outcome = await pilot.cockpit.send(prepared, wait=0)
        assert outcome.stage is Stage.REFUSED
        assert "v1" in outcome.why
        assert "v2" in outcome.why


async def test_a_read_only_cockpit_sees_and_does_not_send(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path, read_only=True) as pilot:
        await standing(place, pilot)
        prepared = await pilot.cockpit.prepare(pilot.key(SERVICE), Ask(Act.FLIP))
        if not isinstance(prepared, Refused):
            assert prepared.blocked
            outcome = await pilot.cockpit.send(prepared, wait=0)
            assert outcome.stage is Stage.REFUSED
        assert (place.get("Service", SERVICE) or {})["spec"]["selector"]["version"] == "v1"


async def test_clean_up_deletes_the_old_version(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot)
        await pilot.do(SERVICE, Ask(Act.FLIP))
        prepared = await pilot.plan(SERVICE, Ask(Act.FINISH))
        assert prepared.plan.final
        outcome = await pilot.cockpit.send(prepared, wait=60)
        assert outcome.stage in (Stage.VERIFIED, Stage.UNVERIFIED), outcome.why
        place.until("Deployment", lambda items: {i["metadata"]["name"] for i in items} == {"demo-dp-v2"})
