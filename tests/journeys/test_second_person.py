"""A second pair of eyes on the embedded cluster: proposed, seen, confirmed and sent, and everything that gets in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.second import ProposalState
from cockpit.model.second_order import SecondOrder, SecondWish
from cockpit.model.view import Stage
from cockpit.session.pairing.settings import PairingSettings
from tests.journeys.flight import cockpit_on
from tests.journeys.pairs import Member
from tests.places import Place, move_clock, namespace_in, seed

ONE, TWO = "demo", "demo-colleague"
FLIP = Ask(Act.FLIP, version="v2")
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
    prepared = await me.cockpit.prepare(proposal.rollout, proposal.ask)
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
        titles = [entry.title for entry in ben.cockpit.view().journal if entry.act == "second"]
        print(titles)
