"""A second pair of eyes for an armed guard that somebody takes away: two sessions on the embedded cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cockpit.model.guard import GuardOrder, parse_conditions
from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.second import ProposalState
from cockpit.model.second_order import SecondOrder, SecondWish
from cockpit.model.view import Prepared, RolloutView, Stage
from cockpit.pairing.proposal_marks import lock_ref
from tests.journeys.pairs import Member
from tests.journeys.test_second_person import ONE, TWO, at_work, state
from tests.places import Place, namespace_in, seed

HURT = parse_conditions(["hurt for 30s"])
ARMED = GuardOrder(HURT, armed=True, seconds=1800.0)


@pytest.fixture
def place(embedded: dict[str, Any]) -> Any:
    with namespace_in("embedded", Path(embedded["kubeconfig"]), embedded["gateway"], "armed") as made:
        for name in ("weight-http-server-v1", "weight-ingress1", "weight-http-server-v2", "weight-ingress2"):
            made.apply(*seed(name))
        made.ready("http-server-v1", "http-server-v2")
        yield made


def shown(me: Member) -> RolloutView:
    return next(view for view in me.cockpit.view().rollouts if view.rollout.router == "ingress")


async def at(me: Member) -> Member:
    await me.until(lambda me: any(view.rollout.router == "ingress" for view in me.cockpit.view().rollouts))
    return me


async def armed(me: Member) -> str:
    """Arm a guard, and wait until others can know of it; returns its id."""
    await at(me)
    assert await me.cockpit.guard(shown(me).rollout.key, ARMED) == ""
    guard = shown(me).guard
    assert guard
    return guard.id


def elsewhere(me: Member) -> list[str]:
    return [each.text for each in shown(me).rollout.findings if each.id == "guard-armed"]


async def seen_by(me: Member) -> None:
    await at(me)
    await me.until(elsewhere)


async def disarm(me: Member, id: str) -> Prepared:
    prepared = await me.cockpit.prepare(shown(me).rollout.key, Ask(Act.DISARM, by=id))
    assert isinstance(prepared, Prepared), prepared
    return prepared


async def proposed(me: Member, id: str) -> None:
    prepared = await disarm(me, id)
    assert prepared.proposable, prepared.blocked
    order = SecondOrder(SecondWish.PROPOSE, prepared, why="it rings for nothing")
    answer = await me.cockpit.second(shown(me).rollout.key, order)
    assert answer.done, answer.words


async def confirmed(me: Member) -> str:
    """Confirm what is proposed, as the dialog does; returns what came of it."""
    key = shown(me).rollout.key
    await me.until(lambda me: me.cockpit.view().pairing.proposal(key))
    proposal = me.cockpit.view().pairing.proposal(key)
    assert proposal
    assert proposal.ask
    prepared = await me.cockpit.prepare(proposal.rollout, proposal.ask)
    assert isinstance(prepared, Prepared), prepared
    return (await me.cockpit.second(key, SecondOrder(SecondWish.CONFIRM, prepared, proposal.id))).words


def is_armed(me: Member) -> bool:
    guard = shown(me).guard
    return guard is not None and guard.armed


async def test_a_guard_is_seen_proposed_confirmed_and_disarmed(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        id = await armed(anna)
        await seen_by(ben)
        [text] = elsewhere(ben)
        assert text.startswith("demo-admin on laptop has armed a guard until ")
        assert text.endswith(": it goes back by itself when hurt for 30s")
        refused = await anna.cockpit.guard(shown(anna).rollout.key, None)
        assert "because an armed guard is taken away" in refused
        assert "quit: a guard ends with its session" in refused
        plan = await disarm(anna, id)
        assert "because an armed guard is taken away" in plan.blocked
        await proposed(anna, id)
        assert "only there can it be disarmed" in (await disarm(ben, id)).blocked
        lock = lock_ref(shown(anna).rollout.key)
        maps = f"/api/v1/namespaces/{place.namespace}/configmaps"
        place.client.post(maps, json={"metadata": {"name": lock.name}}).raise_for_status()
        assert await confirmed(ben) == "confirmed: demo-admin can send it now"
        there = place.client.get(f"{maps}/{lock.name}").json()["metadata"]
        assert "annotations" not in there, "a lock of the rollout stays closed"
        await anna.until(lambda me: state(me) is ProposalState.CONFIRMED)
        ready = await disarm(anna, id)
        assert ready.blocked == ""
        done = await anna.cockpit.send(ready)
        assert done.stage is Stage.VERIFIED, done
        await anna.until(lambda me: not is_armed(me))
        await ben.until(lambda me: not elsewhere(me) and state(me) is ProposalState.SENT)


async def test_nobody_confirms_that_their_own_guard_is_taken_away(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        id = await armed(anna)
        await seen_by(ben)
        await proposed(anna, id)
        assert "nobody confirms their own proposal" in await confirmed(anna)
        again = await anna.cockpit.send(await disarm(anna, id))
        assert again.stage is Stage.REFUSED
        assert is_armed(anna)


async def test_another_guard_by_then_is_not_the_one_that_was_confirmed(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        id = await armed(anna)
        await seen_by(ben)
        await proposed(anna, id)
        await confirmed(ben)
        more = GuardOrder(parse_conditions(["hurt for 30s", "split off"]), armed=True)
        assert await anna.cockpit.guard(shown(anna).rollout.key, more) == "", "one that acts on more is no disarming"
        await ben.until(lambda me: any("split off" in text for text in elsewhere(me)))
        gone = await anna.cockpit.prepare(shown(anna).rollout.key, Ask(Act.DISARM, by=id))
        assert isinstance(gone, Refused)
        guard = shown(anna).guard
        assert guard
        other = await disarm(anna, guard.id)
        assert "is not what this cockpit would send now" in other.blocked
        assert (await anna.cockpit.send(other)).stage is Stage.REFUSED
        assert is_armed(anna)


@pytest.mark.parametrize(
    "weaker",
    [
        GuardOrder(HURT),
        GuardOrder(parse_conditions(["split off"]), armed=True, seconds=3600.0),
        GuardOrder(HURT, armed=True, seconds=60.0),
    ],
    ids=["proposing", "other conditions", "for less long"],
)
async def test_a_guard_that_acts_less_takes_the_place_of_none(place: Place, tmp_path: Path, weaker: GuardOrder) -> None:
    async with at_work(place, tmp_path, ONE) as (anna,):
        id = await armed(anna)
        refused = await anna.cockpit.guard(shown(anna).rollout.key, weaker)
        assert "because an armed guard is taken away" in refused
        guard = shown(anna).guard
        assert guard
        assert (guard.id, guard.armed) == (id, True)


async def test_an_act_by_hand_disarms_it_only_where_it_goes_back(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE, TWO) as (anna, _):
        await armed(anna)
        key = shown(anna).rollout.key
        newest = shown(anna).rollout.own_versions[-1].name
        less = await anna.cockpit.prepare(key, Ask(Act.SET_WEIGHT, weights=((newest, 0.1),)))
        assert isinstance(less, Prepared)
        assert less.blocked == "", "fewer users get the new version"
        assert (await anna.cockpit.send(less, wait=0.0)).stage is Stage.SENT
        assert is_armed(anna), "or a percent less would take every guard away"
        back = await anna.cockpit.prepare(key, Ask(Act.ROLLBACK))
        assert isinstance(back, Prepared)
        assert (await anna.cockpit.send(back, wait=0.0)).stage is Stage.SENT
        await anna.until(lambda me: not is_armed(me))


async def test_a_lease_that_somebody_else_wrote_is_set_right_and_deleting_it_disarms_nothing(
    place: Place, tmp_path: Path
) -> None:
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        id = await armed(anna)
        await seen_by(ben)
        path = f"/apis/coordination.k8s.io/v1/namespaces/{place.namespace}/leases/cockpit-guard-{id}"
        body = {"metadata": {"annotations": {"rollouts.cockpit/guard": "does nothing"}}}
        headers = {"Content-Type": "application/merge-patch+json"}
        place.client.patch(path, json=body, headers=headers).raise_for_status()
        await ben.until(lambda me: any("when hurt" in text for text in elsewhere(me)))
        place.client.delete(path).raise_for_status()
        await ben.until(lambda me: not elsewhere(me))
        assert is_armed(anna)
