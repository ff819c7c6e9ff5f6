"""Two people on one cluster, each in a cockpit of their own, with their own user."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cockpit.model.pairing import ControlsAnswer, ControlsOrder, Pilot, PilotMode, Wish
from cockpit.model.plan import Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.view import Outcome
from cockpit.session.pairing.settings import PairingSettings
from cockpit.session.session import Session
from tests.journeys.flight import PATIENCE, cockpit_on
from tests.places import Place


@dataclass
class Member:
    """One of two people."""

    cockpit: Session
    name: str

    def __post_init__(self) -> None:
        self._news = asyncio.Event()
        self.cockpit.subscribe(lambda _: self._news.set())

    async def until(self, test: Callable[[Member], object]) -> None:
        """Wait for views until the test holds."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not test(self):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{self.name} never saw it: {self.cockpit.view().pairing}") from None

    @property
    def key(self) -> RolloutKey:
        """The one rollout of the test."""
        return self.cockpit.view().rollouts[0].rollout.key

    @property
    def pilot(self) -> Pilot | None:
        """Who has the controls, as this person sees it."""
        return self.cockpit.view().pairing.pilot(self.key)

    @property
    def others(self) -> list[str]:
        """The users that this person sees besides themselves."""
        return [each.person.user for each in self.cockpit.view().pairing.others]

    async def ready(self) -> Member:
        """Read, and with the rollout under the cursor."""
        await self.until(lambda me: me.cockpit.view().rollouts)
        self.cockpit.select([self.key])
        return self

    async def wish(self, wish: Wish, **more: object) -> ControlsAnswer:
        return await self.cockpit.controls(self.key, ControlsOrder(wish, **more))  # type: ignore[arg-type]

    async def act(self, ask: Ask) -> Outcome | str:
        """How an act ended, or why it was not planned or is blocked."""
        prepared = await self.cockpit.prepare(self.key, ask)
        if isinstance(prepared, Refused):
            return prepared.why
        if prepared.blocked:
            return prepared.blocked
        return await self.cockpit.send(prepared, wait=0.0)


class Pair:
    """Opens cockpits of people on one place; `leave` ends one of them."""

    def __init__(self, place: Place, folder: Path, mode: PilotMode) -> None:
        self._place, self._folder, self._settings = place, folder, PairingSettings(mode)
        self._open: dict[str, AsyncExitStack] = {}

    async def joins(self, context: str = "", as_user: str | None = None) -> Member:
        """Somebody opens a cockpit: the user of a context, or one whom that user impersonates."""
        name = as_user or context
        stack = self._open[name] = AsyncExitStack()
        opened = cockpit_on(
            self._place.kubeconfig,
            self._place.namespace,
            self._folder / f"{name}.jsonl",
            contexts=(context,) if context else (),
            pairing=self._settings,
            as_user=as_user,
        )
        return await Member(await stack.enter_async_context(opened), name).ready()

    async def leaves(self, name: str) -> None:
        """Somebody quits."""
        await self._open.pop(name).aclose()

    async def close(self) -> None:
        for name in list(self._open):
            await self.leaves(name)


@asynccontextmanager
async def pair_on(place: Place, folder: Path, mode: PilotMode) -> AsyncIterator[Pair]:
    pair = Pair(place, folder, mode)
    try:
        yield pair
    finally:
        await pair.close()
