"""A person and the scripted colleague on one embedded cluster, on a clock that moves only step by step."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cockpit.colleague.machine import SleepyMachine
from cockpit.launch.colleague import PLACE, SCENARIO, take_part
from cockpit.model.ages import seconds_since_epoch
from cockpit.model.pairing import ControlsAnswer, ControlsOrder, PilotMode, Wish
from cockpit.model.refs import RolloutKey
from cockpit.model.view import RolloutView
from cockpit.session.clock import ManualClock
from cockpit.session.pairing.settings import PairingSettings
from cockpit.session.session import Session
from cockpit.session.settings import Settings
from tests.journeys.flight import cockpit_on
from tests.places import demo_process, move_clock, open_client

STEP, MOST_SECONDS = 1.0, 400
INGRESS = "/apis/networking.k8s.io/v1/namespaces/orders/ingresses/orders-canary"
LEASES = "/apis/coordination.k8s.io/v1/leases"
USER = "rollouts.cockpit/user"
# Seconds after which a pilot has renewed its Lease, and answers of the API server to wait for that at most.
DUE, MOST_ANSWERS = 10.0, 200
ADVISORY = PairingSettings(PilotMode.ADVISORY)


@dataclass
class Company:
    """The person at the screen, who sees what the other one does."""

    cockpit: Session
    clock: ManualClock
    client: httpx.Client
    machine: SleepyMachine
    playing: asyncio.Task[None]

    async def passing(self, what: str, test: Callable[[], object]) -> None:
        """Let no more time pass than until the test holds, and no faster than the two can renew their Leases."""
        for _ in range(round(MOST_SECONDS / STEP)):
            if test():
                return
            assert not self.playing.done(), self.playing
            await self.clock.advance(STEP)
            for _ in range(MOST_ANSWERS):
                if self._fresh((await asyncio.to_thread(self.get, LEASES))["items"]):
                    break
        raise AssertionError(f"never seen: {what}; {self.cockpit.view().pairing}; {self.notes}")

    def _fresh(self, leases: list[Any]) -> bool:
        """Whether everybody who is awake has renewed what is due."""
        return all(
            self.clock.now() - (seconds_since_epoch(lease["spec"]["renewTime"]) or 0.0) <= DUE
            for lease in leases
            if lease["metadata"]["name"].startswith("cockpit-pilot-")
            and not (self.machine.asleep and lease["metadata"]["annotations"][USER] == "demo-colleague")
        )

    def get(self, path: str) -> Any:
        return self.client.get(path).raise_for_status().json()

    @property
    def shown(self) -> RolloutView | None:
        views = self.cockpit.view().rollouts
        return next((v for v in views if (v.rollout.key.namespace, v.rollout.key.name) == PLACE), None)

    @property
    def key(self) -> RolloutKey:
        assert self.shown
        return self.shown.rollout.key

    @property
    def pilot(self) -> Any:
        """Who has the controls, as the person sees it; None for nobody."""
        return self.cockpit.view().pairing.pilot(self.key)

    @property
    def others(self) -> list[str]:
        return [str(each.person) for each in self.cockpit.view().pairing.others]

    @property
    def notes(self) -> list[str]:
        """What somebody else noted, the oldest first."""
        entries = sorted(self.cockpit.view().journal, key=lambda entry: entry.at)
        return [entry.title for entry in entries if entry.who == "demo-colleague@demo" and entry.act == "note"]

    @property
    def weight(self) -> str:
        found = self.get(INGRESS)["metadata"]["annotations"]
        return str(found["nginx.ingress.kubernetes.io/canary-weight"])

    async def wish(self, wish: Wish, **more: Any) -> ControlsAnswer:
        return await self.cockpit.controls(self.key, ControlsOrder(wish, **more))


def begin_the_canary(client: httpx.Client) -> None:
    """Let the cluster's own time pass until its story has come to its end."""
    for _ in range(MOST_SECONDS):
        if client.get(INGRESS).status_code == 200:
            return
        move_clock(client, advance=STEP)
    raise AssertionError("the canary Ingress never came")


@asynccontextmanager
async def company(folder: Path, seed: int = 3) -> AsyncIterator[Company]:
    """Both are there, and the canary has its first 10%."""
    clock = ManualClock(time.time())
    with demo_process(SCENARIO, "--seed", "5") as ready, open_client(Path(ready["kubeconfig"])) as client:
        kubeconfig = Path(ready["kubeconfig"])
        await asyncio.to_thread(begin_the_canary, client)
        async with cockpit_on(kubeconfig, None, folder / "j.jsonl", pairing=ADVISORY, clock=clock) as cockpit:
            machine, rng = SleepyMachine(clock), random.Random(seed)
            playing = asyncio.create_task(take_part(kubeconfig, "demo", Settings(pairing=ADVISORY), machine, rng))
            made = Company(cockpit, clock, client, machine, playing)
            try:
                await made.passing("the rollout", lambda: made.shown)
                cockpit.follow_others()
                cockpit.select([made.key])
                await made.passing("the colleague", lambda: made.others)
                yield made
            finally:
                playing.cancel()
                await asyncio.gather(playing, return_exceptions=True)
