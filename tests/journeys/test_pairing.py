"""Two people on one release: who is here, who has the controls, and what the other may do."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cockpit.model.pairing import PilotMode, Wish
from cockpit.model.plan import Act, Ask
from cockpit.model.view import Outcome, Stage
from tests.journeys.pairs import pair_on
from tests.places import Place, namespace_in, seed

ONE, TWO = "demo", "demo-colleague"
FLIP, BACK = Ask(Act.FLIP, version="v2"), Ask(Act.FLIP, version="v1")


@pytest.fixture
def place(embedded: dict[str, Any]) -> Any:
    with namespace_in("embedded", Path(embedded["kubeconfig"]), embedded["gateway"], "pairing") as made:
        for name in ("blue-green-v1", "blue-green-v2", "blue-green-service"):
            made.apply(*seed(name))
        made.ready("demo-dp-v1", "demo-dp-v2")  # a version without ready pods is rightly refused
        yield made


def leases(place: Place) -> list[str]:
    found = place.client.get(f"/apis/coordination.k8s.io/v1/namespaces/{place.namespace}/leases").json()
    return [item["metadata"]["name"] for item in found["items"]]


async def test_each_sees_the_other_come_and_go(place: Place, tmp_path: Path) -> None:
    async with pair_on(place, tmp_path, PilotMode.ADVISORY) as pair:
        first, second = await pair.joins(ONE), await pair.joins(TWO)
        await first.until(lambda me: me.others == ["demo-colleague"])
        await second.until(lambda me: me.others == ["demo-admin"])
        looked_at = first.cockpit.view().pairing.others[0].rollout
        assert looked_at == first.key, "the rollout has the name of the context in which it is read"
        await pair.leaves(TWO)
        await first.until(lambda me: me.others == [])
    assert leases(place) == [], "who quits leaves nothing behind"


async def test_the_first_act_takes_the_controls_and_strict_refuses_the_other(place: Place, tmp_path: Path) -> None:
    async with pair_on(place, tmp_path, PilotMode.STRICT) as pair:
        first, second = await pair.joins(ONE), await pair.joins(TWO)
        done = await first.act(FLIP)
        assert isinstance(done, Outcome)
        assert done.stage is Stage.SENT, done.why
        await second.until(lambda me: me.pilot and not me.pilot.acting)
        assert second.pilot
        assert second.pilot.person.user == "demo-admin"
        refused = await second.act(BACK)
        assert isinstance(refused, str)
        assert "demo-admin on laptop has the controls of pairing/demo-service" in refused
        assert "--take-over" in refused
        assert (await second.wish(Wish.TAKE)).words.endswith("say why you ask for them")


async def test_the_controls_stay_when_another_system_drives_the_rollout(place: Place, tmp_path: Path) -> None:
    place.delete("Deployment", "demo-dp-v2")
    async with pair_on(place, tmp_path, PilotMode.STRICT) as pair:
        first, second = await pair.joins(ONE), await pair.joins(TWO)
        await second.until(lambda me: me.key.system == "deployment")
        assert (await first.wish(Wish.TAKE)).done
        place.apply(*seed("blue-green-v2"))
        place.ready("demo-dp-v1", "demo-dp-v2")
        await second.until(lambda me: me.key.system == "service")
        refused = await second.act(FLIP)
        assert isinstance(refused, str)
        assert "demo-admin on laptop has the controls of pairing/demo-service" in refused
        assert (await first.wish(Wish.RELEASE)).done, "the holder still knows them as their own"


async def test_a_plan_from_before_is_not_sent_by_who_lost_the_controls(place: Place, tmp_path: Path) -> None:
    async with pair_on(place, tmp_path, PilotMode.STRICT) as pair:
        first, second = await pair.joins(ONE), await pair.joins(TWO)
        prepared: Any = await second.cockpit.prepare(second.key, FLIP)
        assert (await first.wish(Wish.TAKE)).done
        outcome = await second.cockpit.send(prepared, wait=0.0)
        assert outcome.stage is Stage.REFUSED
        assert "nothing was sent: demo-admin on laptop has the controls" in outcome.why
        selector = (place.get("Service", "demo-service") or {})["spec"]["selector"]
        assert selector["version"] == "v1"


async def test_handing_over(place: Place, tmp_path: Path) -> None:
    async with pair_on(place, tmp_path, PilotMode.STRICT) as pair:
        first, second = await pair.joins(ONE), await pair.joins(TWO)
        await first.until(lambda me: me.others)
        assert (await first.wish(Wish.TAKE)).done
        to = first.cockpit.view().pairing.others[0].person.session
        assert (await first.wish(Wish.OFFER, to=to)).done
        await second.until(lambda me: me.pilot and me.pilot.offered == to)
        assert (await second.wish(Wish.ACCEPT)).done
        await first.until(lambda me: me.pilot and not me.pilot.mine)
        assert isinstance(await first.act(FLIP), str)
        done = await second.act(FLIP)
        assert isinstance(done, Outcome)
        assert done.stage is Stage.SENT, done.why


async def test_who_asks_is_answered(place: Place, tmp_path: Path) -> None:
    async with pair_on(place, tmp_path, PilotMode.STRICT) as pair:
        first, second = await pair.joins(ONE), await pair.joins(TWO)
        assert (await first.wish(Wish.TAKE)).done
        asking = asyncio.create_task(second.wish(Wish.TAKE, reason="users are hurt", wait=60.0))
        await first.until(lambda me: me.pilot and me.pilot.asked)
        assert first.pilot
        assert first.pilot.asked
        assert first.pilot.asked.reason == "users are hurt"
        assert (await first.wish(Wish.DECLINE)).done
        assert (await asking).words == "demo-admin on laptop keeps the controls of pairing/demo-service"
        assert (await first.wish(Wish.RELEASE)).done
        assert (await second.wish(Wish.TAKE)).done


async def test_advisory_warns_and_sends(place: Place, tmp_path: Path) -> None:
    async with pair_on(place, tmp_path, PilotMode.ADVISORY) as pair:
        first, second = await pair.joins(ONE), await pair.joins(TWO)
        assert (await first.wish(Wish.TAKE)).done
        await second.until(lambda me: me.pilot)
        prepared: Any = await second.cockpit.prepare(second.key, FLIP)
        assert "demo-admin on laptop has the controls" in prepared.concerns[0]
        assert (await second.cockpit.send(prepared, wait=0.0)).stage is Stage.SENT


async def test_who_may_only_read_sees_and_is_told_once(place: Place, tmp_path: Path) -> None:
    async with pair_on(place, tmp_path, PilotMode.ADVISORY) as pair:
        first, viewer = await pair.joins(ONE), await pair.joins("demo-viewer")
        assert (await first.wish(Wish.TAKE)).done
        await viewer.until(lambda me: me.pilot)
        assert viewer.others == ["demo-admin"]
        await viewer.until(lambda me: me.cockpit.view().pairing.contexts[0].unseen)
        assert "leases" in viewer.cockpit.view().pairing.contexts[0].unseen
        assert first.others == []


async def test_off_asks_for_nothing(place: Place, tmp_path: Path) -> None:
    async with pair_on(place, tmp_path, PilotMode.OFF) as pair:
        first = await pair.joins(ONE)
        done = await first.act(FLIP)
        assert isinstance(done, Outcome)
        assert done.stage is Stage.SENT
        assert "pairing is off" in (await first.wish(Wish.TAKE)).words
    assert leases(place) == []
