"""A cockpit on a cluster of the tests, as the command line composes it, and a person's way of using it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from cockpit.kube.connect import ConnectOptions, connect, resolve
from cockpit.model.clock import Clock
from cockpit.model.plan import Ask, Refused
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Lane, Verdict
from cockpit.model.view import Outcome, Prepared, RolloutView, Stage
from cockpit.probe.engine import Probe
from cockpit.probe.pacer import Budget
from cockpit.probe.sender import HttpxTransport
from cockpit.session.acts.journal import Journal
from cockpit.session.clock import SystemClock
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.cluster import Connection
from cockpit.session.pairing.settings import PairingSettings
from cockpit.session.probing.choices import SampleChoices
from cockpit.session.session import Session
from cockpit.session.settings import ProbeSettings, Settings
from tests.places import Place

PATIENCE = 60.0
RATE = 80.0
BUDGET = 200.0


class Pilot:
    """Somebody who flies one rollout: sees, asks, sends, waits."""

    def __init__(self, cockpit: Session, place: Place) -> None:
        self.cockpit = cockpit
        self.place = place
        self._news = asyncio.Event()
        cockpit.subscribe(lambda _: self._news.set())

    def names(self) -> set[str]:
        return {shown.rollout.key.name for shown in self.cockpit.view().rollouts}

    def see(self, name: str) -> RolloutView | None:
        """The rollout of that name, or of an object of that name, as the command line understands it."""
        rollouts = self.cockpit.view().rollouts
        exact = next((shown for shown in rollouts if shown.rollout.key.name == name), None)
        return exact or next((shown for shown in rollouts if shown.rollout.is_called(name)), None)

    async def until(self, what: str, test: Callable[[], object]) -> None:
        """Wait for views until the test holds."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not test():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            shown = "\n".join(str(view) for view in self.cockpit.view().rollouts)
            raise AssertionError(f"never seen: {what}; what is shown:\n{shown[:6000]}") from None

    async def until_seen(self, name: str, test: Callable[[RolloutView], object], what: str = "") -> RolloutView:
        await self.until(what or name, lambda: (shown := self.see(name)) is not None and test(shown))
        shown = self.see(name)
        assert shown
        return shown

    def key(self, name: str) -> RolloutKey:
        shown = self.see(name)
        assert shown, f"{name} is not shown; {self.names()} are"
        return shown.rollout.key

    async def probe(self, name: str, **probe_target: object) -> None:
        """Start the probe; where the objects name no address from outside, point it through what the tests know."""
        shown = self.see(name)
        assert shown
        derived = shown.rollout.probe_target
        if derived and derived.service:
            derived = None  # this cockpit has no way through the API server
        if self.place.real or derived is None:
            await self.cockpit.set_target(shown.rollout.key, self.way_in(derived, **probe_target))
        await self.cockpit.probe(shown.rollout.key, True)

    def way_in(self, derived: ProbeTarget | None, **probe_target: object) -> ProbeTarget:
        gateway = urlsplit(self.place.gateway)
        start = derived or ProbeTarget(gateway.hostname or "", gateway.port or 80, "", version_from="auto")
        changed: dict[str, object] = {"address": gateway.hostname, "port": gateway.port, **probe_target}
        if "address" not in probe_target and isinstance(host := probe_target.get("host"), str):
            changed["host"] = self.place.own_host(host)
        return replace(start, **changed)  # type: ignore[arg-type]

    async def plan(self, name: str, ask: Ask) -> Prepared:
        """What would be sent. Who is told to wait a moment asks again at each news, as a person would."""
        async with asyncio.timeout(PATIENCE):
            while True:
                self._news.clear()
                prepared = await self.cockpit.prepare(self.key(name), ask)
                if not isinstance(prepared, Refused) or "wait a moment" not in prepared.why:
                    break
                await self._news.wait()
        assert not isinstance(prepared, Refused), prepared.why
        assert not prepared.blocked, prepared.blocked
        return prepared

    async def do(self, name: str, ask: Ask) -> Outcome:
        """Plan, send, and see it take effect in the objects and in the traffic."""
        outcome = await self.cockpit.send(await self.plan(name, ask), wait=PATIENCE)
        assert outcome.stage is Stage.VERIFIED, outcome.why
        return outcome

    async def observe(self, name: str, share: dict[str, float], lane: str = "default", samples: int = 60) -> Lane:
        """Wait until the probe has that many answers of the split as it stands, all where they should be."""

        def enough(shown: RolloutView) -> bool:
            found = lane_of(shown, lane)
            written = {s.version: s.written for s in found.shares} if found else {}
            return bool(
                found
                and found.samples >= samples
                # A real gateway begins each new table with the same version, and makes several in a row.
                and not (self.place.real and found.verdict is Verdict.OFF)
                and all(abs((written.get(v) or 0.0) - s) < 1e-9 for v, s in share.items())
            )

        shown = await self.until_seen(name, enough, f"{samples} answers in {lane} with {share} written")
        found = lane_of(shown, lane)
        assert found
        assert found.verdict is not Verdict.OFF, found
        return found


def lane_of(shown: RolloutView, name: str) -> Lane | None:
    return next((lane for lane in shown.rollout.lanes if lane.name == name), None)


@asynccontextmanager
async def cockpit_on(
    kubeconfig: Path,
    namespace: str | None,
    journal: Path | None = None,
    *,
    read_only: bool = False,
    contexts: tuple[str, ...] = (),
    one_gateway: bool = False,
    probe: ProbeSettings | None = None,
    choices: SampleChoices | None = None,
    pairing: PairingSettings | None = None,
    as_user: str | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Session]:
    """A session put together as the program does it, with quick probes and nothing remembered."""
    clock = clock or SystemClock()
    options = ConnectOptions(kubeconfig=kubeconfig, contexts=contexts, as_user=as_user)
    connections = [Connection(await connect(target, options, clock), namespace) for target in resolve(options, {})]
    probe = probe or ProbeSettings(rate=RATE, budget=BUDGET)
    budget, transport = Budget(clock, probe.budget), HttpxTransport(clock)
    session = Session(
        connections,
        adapters=ADAPTERS,
        make_probe=lambda: Probe(transport, clock, budget, rate=RATE, settle=0.5),
        settings=Settings(
            read_only=read_only,
            probe=probe,
            one_gateway=(contexts,) if one_gateway else (),
            pairing=pairing or PairingSettings(),
        ),
        journal=Journal(journal),
        clock=clock,
        rng=random.Random(f"{contexts} {as_user} {journal}"),  # two cockpits are two sessions
        choices=choices,
        announces=pairing is not None,
        host="laptop",
    )
    try:
        async with session as cockpit:
            yield cockpit
    finally:
        await transport.close()


@asynccontextmanager
async def flying(place: Place, folder: Path, *, read_only: bool = False) -> AsyncIterator[Pilot]:
    """A pilot in a cockpit on the test's namespace, with the pilot's rights if there is a user who has them."""
    journal, user = folder / "journal.jsonl", place.pilot
    async with cockpit_on(place.kubeconfig, place.namespace, journal, read_only=read_only, as_user=user) as cockpit:
        yield Pilot(cockpit, place)
