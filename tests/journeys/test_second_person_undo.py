"""A second pair of eyes for an undo: what it does decides, not what it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.second import ProposalState
from cockpit.model.second_order import SecondOrder, SecondWish
from cockpit.model.view import Stage
from tests.journeys.pairs import Member
from tests.journeys.test_second_person import (
    FLIP,
    ONE,
    TWO,
    active,
    at_work,
    confirm,
    patch,
    planned,
    propose,
    state,
    version,
)
from tests.places import Place, namespace_in, seed

UNDO = Ask(Act.UNDO)


@pytest.fixture
def place(embedded: dict[str, Any]) -> Any:
    with namespace_in("embedded", Path(embedded["kubeconfig"]), embedded["gateway"], "undone") as made:
        for name in ("blue-green-v1", "blue-green-v2", "blue-green-service"):
            made.apply(*seed(name))
        made.ready("demo-dp-v1", "demo-dp-v2")
        yield made


async def back_from_v2(place: Place, anna: Member) -> None:
    """Users had v2, and Anna rolled back to v1, which waits for nobody."""
    await anna.until(lambda me: active(me) == "v2")
    back = await planned(anna, Ask(Act.ROLLBACK))
    assert (back.blocked, back.proposable) == ("", False)
    assert (await anna.cockpit.send(back, wait=0.0)).stage is Stage.SENT
    await anna.until(lambda me: active(me) == "v1")


async def test_the_undo_of_a_way_back_is_a_promotion_and_is_confirmed_as_one(place: Place, tmp_path: Path) -> None:
    patch(place, "Service", "demo-service", {"spec": {"selector": {"version": "v2"}}})
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        await back_from_v2(place, anna)
        undo = await planned(anna, UNDO)
        assert "because everybody gets the new version" in undo.blocked
        assert (await anna.cockpit.send(undo, wait=0.0)).stage is Stage.REFUSED
        await ben.until(lambda me: active(me) == "v1")
        assert (await propose(anna, UNDO)).done
        await ben.until(lambda me: me.cockpit.view().pairing.proposal(me.key))
        seen = ben.cockpit.view().pairing
        proposal = seen.proposal(ben.key)
        assert proposal
        assert proposal.ask
        assert (proposal.ask.act, proposal.ask.version) == (Act.FLIP, "v2"), "what it amounts to, which Ben can plan"
        assert proposal.title.startswith("undo: ")
        assert (await confirm(ben)).done
        await anna.until(lambda me: state(me) is ProposalState.CONFIRMED)
        ready = await planned(anna, UNDO)
        assert ready.blocked == ""
        assert (await anna.cockpit.send(ready, wait=0.0)).stage is Stage.SENT
        assert version(place) == "v2"


async def test_the_undo_of_a_promotion_is_a_way_back_and_waits_for_nobody(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        assert (await propose(anna, FLIP)).done
        assert (await confirm(ben)).done
        assert (await anna.cockpit.send(await planned(anna, FLIP), wait=0.0)).stage is Stage.SENT
        await anna.until(lambda me: active(me) == "v2")
        undo = await planned(anna, UNDO)
        assert (undo.blocked, undo.proposable) == ("", False)


async def test_a_changed_object_makes_the_confirmed_undo_void(place: Place, tmp_path: Path) -> None:
    patch(place, "Service", "demo-service", {"spec": {"selector": {"version": "v2"}}})
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        await back_from_v2(place, anna)
        await ben.until(lambda me: active(me) == "v1")
        assert (await propose(anna, UNDO)).done
        assert (await confirm(ben)).done
        await anna.until(lambda me: state(me) is ProposalState.CONFIRMED)
        ready = await planned(anna, UNDO)
        assert ready.blocked == ""
        patch(place, "Service", "demo-service", {"metadata": {"labels": {"changed": "meanwhile"}}})
        refused = await anna.cockpit.send(ready, wait=0.0)
        assert refused.stage is Stage.REFUSED
        assert version(place) == "v1"


async def test_nobody_confirms_their_own_undo(place: Place, tmp_path: Path) -> None:
    patch(place, "Service", "demo-service", {"spec": {"selector": {"version": "v2"}}})
    async with at_work(place, tmp_path, ONE) as (anna,):
        await back_from_v2(place, anna)
        assert (await propose(anna, UNDO)).done
        assert "nobody confirms their own proposal" in (await confirm(anna)).words


async def test_the_undo_of_what_another_did_is_held_by_the_same_rule(place: Place, tmp_path: Path) -> None:
    patch(place, "Service", "demo-service", {"spec": {"selector": {"version": "v2"}}})
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        ben.cockpit.follow_others()
        await back_from_v2(place, anna)
        await ben.until(lambda me: [e for e in me.cockpit.view().journal if e.act == "rollback"] and active(me) == "v1")
        undo: Any = await planned(ben, UNDO)
        assert "because everybody gets the new version" in undo.blocked
        assert undo.proposable
        answer = await ben.cockpit.second(ben.key, SecondOrder(SecondWish.PROPOSE, undo, why="v1 was worse"))
        assert answer.done
        assert (await confirm(anna)).done
        ready = await planned(ben, UNDO)
        assert ready.blocked == ""
        assert (await ben.cockpit.send(ready, wait=0.0)).stage is Stage.SENT
        assert version(place) == "v2"
