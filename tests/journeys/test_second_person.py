"""A second pair of eyes: a plan is proposed, seen, confirmed and sent, and everything that gets in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Role
from cockpit.model.second import ProposalState
from cockpit.model.second_order import SecondOrder, SecondWish
from cockpit.model.view import Stage
from cockpit.pairing.proposal_marks import CONFIRMED_BY
from cockpit.session.pairing.settings import PairingSettings
from tests.journeys.flight import cockpit_on
from tests.journeys.pairs import Member
from tests.places import Place, move_clock, namespace_in, seed

ONE, TWO = "demo", "demo-colleague"
FLIP = Ask(Act.FLIP, version="v2")
LEASE = "cockpit-proposal.eyes.demo-service"
SECOND = PairingSettings(second="all")


@pytest.fixture
def place(embedded: dict[str, Any]) -> Any:
    with namespace_in("embedded", Path(embedded["kubeconfig"]), embedded["gateway"], "eyes") as made:
        for name in ("blue-green-v1", "blue-green-v2", "blue-green-service"):
            made.apply(*seed(name))
        made.ready("demo-dp-v1", "demo-dp-v2")
        yield made


@asynccontextmanager
async def at_work(place: Place, folder: Path, *contexts: str) -> AsyncIterator[list[Member]]:
    """A cockpit for each user of these contexts."""
    async with AsyncExitStack() as stack:
        found = []
        for context in contexts:
            cockpit = await stack.enter_async_context(
                cockpit_on(
                    place.kubeconfig, place.namespace, folder / f"{context}.jsonl", contexts=(context,), pairing=SECOND
                )
            )
            found.append(await Member(cockpit, context).ready())
        yield found


def noted(me: Member) -> list[str]:
    """What this person's journal says of proposals."""
    words = ("proposes", "is confirmed", "was withdrawn", "expired", "was sent")
    titles = [entry.title for entry in me.cockpit.view().journal if entry.act == "second"]
    return [next(word for word in words if word in title) for title in titles]


def active(me: Member) -> str:
    """The version that users get, as this person sees it."""
    versions = me.cockpit.view().rollouts[0].rollout.versions
    return next((each.name for each in versions if each.role is Role.ACTIVE), "")


def patch(place: Place, kind: str, name: str, body: dict[str, Any]) -> None:
    """As kubectl would."""
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{place.namespace}/leases/{name}"
    path = leases if kind == "Lease" else place.path(kind, name)
    headers = {"Content-Type": "application/merge-patch+json"}
    place.client.patch(path, json=body, headers=headers).raise_for_status()


def annotate(place: Place, said: dict[str, str]) -> None:
    """As kubectl annotate would."""
    patch(place, "Lease", LEASE, {"metadata": {"annotations": said}})


async def planned(me: Member, ask: Ask = FLIP) -> Any:
    return await me.cockpit.prepare(me.key, ask)


async def propose(me: Member, ask: Ask = FLIP, why: str = "v2 is measured") -> Any:
    prepared = await planned(me, ask)
    assert prepared.proposable, prepared.blocked
    return await me.cockpit.second(me.key, SecondOrder(SecondWish.PROPOSE, prepared, why=why))


async def confirm(me: Member) -> Any:
    await me.until(lambda me: me.cockpit.view().pairing.proposal(me.key))
    proposal = me.cockpit.view().pairing.proposal(me.key)
    assert proposal
    assert proposal.ask
    prepared: Any = await me.cockpit.prepare(proposal.rollout, proposal.ask)
    return await me.cockpit.second(me.key, SecondOrder(SecondWish.CONFIRM, prepared, proposal.id))


def state(me: Member) -> ProposalState:
    found = me.cockpit.view().pairing.second.proposals
    return found[0].state if found else ProposalState.OPEN


def version(place: Place) -> str:
    return str((place.get("Service", "demo-service") or {})["spec"]["selector"]["version"])


async def test_proposed_seen_confirmed_and_sent(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        prepared = await planned(anna)
        assert "this needs a second person" in prepared.blocked
        refused = await anna.cockpit.send(prepared, wait=0.0)
        assert refused.stage is Stage.REFUSED
        assert (await propose(anna)).done
        await ben.until(lambda me: me.cockpit.view().pairing.proposal(me.key))
        seen = ben.cockpit.view().pairing.proposal(ben.key)
        assert seen
        assert (seen.proposer, seen.why, seen.state, seen.mine) == (
            "demo-admin", "v2 is measured", ProposalState.OPEN, False,
        )  # fmt: skip
        waiting = await planned(anna)
        assert "nobody confirmed it yet" in waiting.blocked
        assert (await confirm(ben)).words == "confirmed: demo-admin can send it now"
        await anna.until(lambda me: state(me) is ProposalState.CONFIRMED)
        ready = await planned(anna)
        assert ready.blocked == ""
        sent = await anna.cockpit.send(ready, wait=0.0)
        assert sent.stage is Stage.SENT, sent.why
        assert version(place) == "v2"
        await ben.until(lambda me: state(me) is ProposalState.SENT)
        for member in (anna, ben):
            await member.until(lambda me: noted(me) == ["proposes", "is confirmed", "was sent"])


async def test_nobody_confirms_their_own(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE) as (anna,):
        assert (await propose(anna)).done
        assert "nobody confirms their own proposal" in (await confirm(anna)).words
        assert state(anna) is ProposalState.OPEN


async def test_kubectl_can_cheat_without_the_policy_but_not_in_ones_own_name(place: Place, tmp_path: Path) -> None:
    """Without the policy it is a courtesy, and the plan says so."""
    async with at_work(place, tmp_path, ONE) as (anna,):
        prepared = await planned(anna)
        assert "a courtesy, not a lock" in prepared.blocked
        assert (await propose(anna)).done
        annotate(place, {CONFIRMED_BY: "demo-admin"})
        own = await planned(anna)
        assert own.blocked, "one's own name confirms nothing, whoever wrote it"
        annotate(place, {CONFIRMED_BY: "ben"})
        forged = await planned(anna)
        assert forged.blocked == "", "this is what only the policy prevents"


async def test_what_changed_in_between_is_not_sent(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        assert (await propose(anna)).done
        assert (await confirm(ben)).done
        ready = await planned(anna)
        assert ready.blocked == ""
        patch(place, "Service", "demo-service", {"metadata": {"labels": {"changed": "meanwhile"}}})
        refused = await anna.cockpit.send(ready, wait=0.0)
        assert refused.stage is Stage.REFUSED
        assert "is not what this cockpit would send now" in refused.why
        assert version(place) == "v1"


async def test_what_changed_before_the_confirmation_is_not_confirmed(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        assert (await propose(anna)).done
        patch(place, "Service", "demo-service", {"metadata": {"labels": {"changed": "meanwhile"}}})
        assert "is not what this cockpit would send now" in (await confirm(ben)).words


async def test_a_confirmation_is_for_one_plan_and_used_up(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        assert (await propose(anna)).done
        assert (await confirm(ben)).done
        assert (await anna.cockpit.send(await planned(anna), wait=0.0)).stage is Stage.SENT
        patch(place, "Service", "demo-service", {"spec": {"selector": {"version": "v1"}}})
        await anna.until(lambda me: state(me) is ProposalState.SENT and active(me) == "v1")
        assert "this needs a second person" in (await planned(anna)).blocked


async def test_withdrawn_and_declined(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        for who, words in ((anna, "withdrawn"), (ben, "declined")):
            assert (await propose(anna)).done
            await ben.until(lambda me: me.cockpit.view().pairing.proposal(me.key))
            done = await who.cockpit.second(who.key, SecondOrder(SecondWish.WITHDRAW))
            assert (done.done, done.words.partition(":")[0]) == (True, words)
            assert "this needs a second person" in (await planned(anna)).blocked
            assert "nothing is proposed" in (await who.cockpit.second(who.key, SecondOrder(SecondWish.WITHDRAW))).words
            await ben.until(lambda me: me.cockpit.view().pairing.proposal(me.key) is None)


async def test_it_expires_by_the_clock_of_the_api_server(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        assert (await propose(anna)).done
        assert (await confirm(ben)).done
        (first,) = ben.cockpit.view().pairing.second.proposals
        ready = await planned(anna)
        move_clock(place.client, advance=15 * 60)
        refused = await anna.cockpit.send(ready, wait=0.0)
        assert "expired after 15 minutes" in refused.why
        assert version(place) == "v1"
        assert "expired" in (await planned(anna)).blocked
        assert (await propose(anna)).done, "and can be proposed again"
        await ben.until(lambda me: first.id not in [each.id for each in me.cockpit.view().pairing.second.proposals])
        await ben.until(lambda me: me.cockpit.view().pairing.proposal(me.key))
        move_clock(place.client, advance=15 * 60)
        assert "expired after 15 minutes" in (await confirm(ben)).words


async def test_it_survives_that_both_quit(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE) as (anna,):
        assert (await propose(anna)).done
    async with at_work(place, tmp_path, TWO) as (ben,):
        assert (await confirm(ben)).done
    async with at_work(place, tmp_path, ONE) as (anna,):
        ready = await planned(anna)
        assert ready.blocked == ""
        assert (await anna.cockpit.send(ready, wait=0.0)).stage is Stage.SENT
        assert version(place) == "v2"


async def test_the_way_back_waits_for_nobody(place: Place, tmp_path: Path) -> None:
    patch(place, "Service", "demo-service", {"spec": {"selector": {"version": "v2"}}})
    async with at_work(place, tmp_path, ONE) as (anna,):
        await anna.until(lambda me: active(me) == "v2")
        back = await planned(anna, Ask(Act.ROLLBACK))
        assert (back.blocked, back.proposable) == ("", False)


async def test_somebody_elses_is_in_the_way_until_they_or_i_end_it(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE, TWO) as (anna, ben):
        assert (await propose(anna)).done
        await ben.until(lambda me: me.cockpit.view().pairing.proposal(me.key))
        same = await planned(ben)
        assert "demo-admin proposed this" in same.blocked
        refused = await ben.cockpit.second(ben.key, SecondOrder(SecondWish.PROPOSE, same, why="mine"))
        assert "demo-admin proposed something for eyes/demo-service already" in refused.words


async def test_who_may_only_read_sees_it_and_cannot_confirm(place: Place, tmp_path: Path) -> None:
    async with at_work(place, tmp_path, ONE, "demo-viewer") as (anna, viewer):
        assert (await propose(anna)).done
        refused = await confirm(viewer)
        assert not refused.done
        assert "leases" in refused.words.lower()
