"""What a review of rights makes of kinds that are watched: a doubt, and less of it where it proves to be none."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from cockpit.kube.api import KubeApi
from cockpit.kube.pulse import Pulse
from cockpit.kube.read_rights import ReadRights
from cockpit.kube.reflector import Reflector
from cockpit.kube.store import Store
from cockpit.model.refs import PODS
from cockpit.model.view import Sync
from cockpit.session.clock import ManualClock
from tests.kube.conftest import Scripted


class Doubted(Reflector):
    """Counts how often it is asked to list anew."""

    times = 0

    def list_anew(self) -> None:
        self.times += 1


class Reviewing:
    """Reviews of the rights to one kind, each at its time. What a reflector shows is set by hand."""

    def __init__(self, server: Scripted, api: KubeApi, clock: ManualClock) -> None:
        self.server, self.clock = server, clock
        rng = random.Random(0)
        self.pods = Doubted(
            api,
            PODS,
            None,
            Store("test"),
            clock=clock,
            rng=rng,
            pulse=Pulse(api, clock),
            on_change=lambda changes: None,
        )
        self.pods.progress.become(Sync.LIVE)
        self.rights = ReadRights(api, {PODS: self.pods}, None, clock=clock, rng=rng)

    async def rounds(self, *allowed: bool) -> list[int]:
        """How often pods were listed anew after each review that says this of them, and no of everything."""
        task, seen = asyncio.create_task(self.rights.run()), []
        for yes in allowed:
            live = self.pods.progress.state is Sync.LIVE
            answers = (False, yes) if live else (False,)
            self.server.then(*(self.server.says({"status": {"allowed": one}}) for one in answers))
            await self.clock.sleeping()
            await self.clock.advance(self.clock.deadlines[0])
            # It sleeps again once both answers are read.
            await self.clock.sleeping()
            assert not self.server.script
            seen.append(self.pods.times)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return seen


async def test_a_kind_of_which_a_review_says_no_is_listed_anew(
    server: Scripted, api: KubeApi, clock: ManualClock
) -> None:
    assert await Reviewing(server, api, clock).rounds(True, False) == [0, 1]


async def test_where_lists_prove_reviews_wrong_they_become_rare(
    server: Scripted, api: KubeApi, clock: ManualClock
) -> None:
    """A proxy that shows each user a part of a kind lists it, and its reviews say no as long as anybody asks."""
    seen = await Reviewing(server, api, clock).rounds(*[False] * 32)
    assert [seen[at - 1] for at in (1, 2, 3, 4, 7, 8, 15, 16, 31, 32)] == [1, 2, 2, 3, 3, 4, 4, 5, 5, 6]


async def test_after_a_yes_and_after_a_real_loss_the_next_no_counts_at_once(
    server: Scripted, api: KubeApi, clock: ManualClock
) -> None:
    reviewing = Reviewing(server, api, clock)
    assert await reviewing.rounds(False, False, False, True, False) == [1, 2, 2, 2, 3]
    reviewing.pods.progress.become(Sync.FORBIDDEN)
    assert await reviewing.rounds(False) == [3]
    reviewing.pods.progress.become(Sync.LIVE)
    assert await reviewing.rounds(False) == [4]
