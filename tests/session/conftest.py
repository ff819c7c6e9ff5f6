"""A session on one or more scripted API servers, with time that stands still."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from cockpit.kube.api import KubeApi
from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.credentials import FixedCredentials
from cockpit.kube.transport import Transport
from cockpit.model.adapter import Adapter
from cockpit.model.health import AnswerHealth
from cockpit.model.probe_answer import Answer
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Lane, Observed, Verdict, Version
from cockpit.model.view import Cell, CellKind, FleetView, ProbeView, Sync
from cockpit.session.acts.journal import Journal
from cockpit.session.acts.undo import UndoStack
from cockpit.session.acts.unknown_file import UnknownFile
from cockpit.session.clock import ManualClock
from cockpit.session.facts.assemble import IDLE
from cockpit.session.facts.cluster import Connection
from cockpit.session.probing.choices import SampleChoices
from cockpit.session.probing.targets import Targets
from cockpit.session.reads import Reads
from cockpit.session.session import Session
from cockpit.session.settings import Settings
from tests.session.apiserver import ApiServer, Doc
from tests.session.flip import Flip

# How long an example takes says nothing about our code where a disk has to sync.
hypothesis.settings.register_profile("session", deadline=None, max_examples=60)
hypothesis.settings.load_profile("session")

SHOP = "/api/v1/namespaces/shop/services/shop"
V1 = "/apis/apps/v1/namespaces/shop/deployments/shop-v1"
V2 = "/apis/apps/v1/namespaces/shop/deployments/shop-v2"
KEY = RolloutKey("test", "shop", "shop", "manual")
# Real seconds that a condition may take to come about on a slow machine.
PATIENCE = 120.0


def deployment(version: str, app: str = "shop") -> Doc:
    labels = {"app": app, "version": version}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}},
    }


def service(version: str, app: str = "shop") -> Doc:
    return {"apiVersion": "v1", "kind": "Service", "spec": {"selector": {"app": app, "version": version}}}


def pod(version: str, app: str = "shop") -> Doc:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"app": app, "version": version}}}


def shop(server: ApiServer) -> ApiServer:
    """One blue-green app with two versions, traffic on v1."""
    server.put(SHOP, service("v1"))
    server.put(V1, deployment("v1"))
    server.put(V2, deployment("v2"))
    server.put("/api/v1/namespaces/shop/pods/shop-v1-0", pod("v1"))
    server.put("/api/v1/namespaces/shop/pods/shop-v2-0", pod("v2"))
    return server


class ScriptedProbe:
    """Sees what a test says; counts afresh with each epoch, as the real one does."""

    def __init__(self, clock: ManualClock | None = None) -> None:
        self.targets: list[tuple[ProbeTarget | None, str]] = []
        self.rates: list[float] = []
        self.taken: list[tuple[Answer, tuple[tuple[str, str], ...], float]] = []
        self.first = False
        self.doubtful = False
        self.verdict = Verdict.NOT_YET
        self.shares: dict[str, float] = {}
        self.samples = 0
        self.missing: int | None = None
        self.failure: Exception | None = None
        self.broken = asyncio.Event()
        self.receiving = self._wanted = False
        self._lanes: tuple[Lane, ...] = ()
        self._view = IDLE
        self._clock, self._hears = clock, False

    def set_target(
        self, probe_target: ProbeTarget | None, lanes: tuple[Lane, ...], versions: tuple[Version, ...], epoch: str
    ) -> None:
        if not self.targets or self.targets[-1][1] != epoch:
            self.verdict, self.shares, self.samples = Verdict.NOT_YET, {}, 0
        self.targets.append((probe_target, epoch))
        self._lanes = lanes
        self._view = replace(self._view, probe_target=probe_target)

    def start(self) -> None:
        self._run(self.receiving, True)

    def stop(self) -> None:
        self._run(self.receiving, False)

    def _run(self, receiving: bool, wanted: bool) -> None:
        self.receiving, self._wanted = receiving, wanted
        self._view = replace(self._view, running=receiving or wanted)

    def set_rate(self, rate: float, *, first: bool = False) -> None:
        self.rates.append(rate)
        self.first = first

    def receive(self, receiving: bool) -> None:
        self._run(receiving, self._wanted)

    def take(self, answer: Answer, headers: tuple[tuple[str, str], ...], ago: float) -> None:
        self.taken.append((answer, headers, ago))

    async def run(self) -> None:
        await self.broken.wait()
        if self.failure:
            raise self.failure

    def see(self, verdict: Verdict, samples: int, *, missing: int | None = None, **shares: float) -> None:
        self.verdict, self.samples, self.shares, self.missing = verdict, samples, shares, missing

    def know(self, *health: AnswerHealth) -> None:
        """So much of the versions' answers."""
        self._view = replace(self._view, health=health)
        self._hears = False

    def hear(self, *health: AnswerHealth) -> None:
        """What is known of each version's answers, of which new ones come in while it runs."""
        self._view = replace(self._view, health=health)
        self._hears = True

    def fail(self, note: str, samples: int) -> None:
        """So many requests that nobody answered."""
        self.samples = samples
        strip = tuple(Cell(CellKind.ERROR, None, "default", note, number / 5) for number in range(samples))
        self._view = replace(self._view, strip=strip, errors=samples)

    def lanes(self) -> tuple[Lane, ...]:
        return tuple(
            replace(
                lane,
                verdict=self.verdict,
                samples=self.samples,
                missing=self.missing,
                shares=tuple(
                    replace(s, observed=Observed(self.shares[s.version], 0.0, 1.0, self.samples))
                    if s.version in self.shares
                    else s
                    for s in lane.shares
                ),
            )
            for lane in self._lanes
        )

    def view(self) -> ProbeView:
        health = self._view.health
        if self._clock and self._hears and self._view.running:
            now = self._clock.now()
            health = tuple(replace(one, at=now, failed_at=now if one.errors else None) for one in health)
        return replace(self._view, total=self.samples, health=health)


@dataclass
class Stage:
    """A running session and what it runs on."""

    session: Session
    clock: ManualClock
    probes: list[ScriptedProbe]
    journal: Path

    async def until(self, seen: Callable[[FleetView], Any]) -> FleetView:
        """The first view in which `seen` holds; time moves on in steps of the publishing interval meanwhile."""
        async with asyncio.timeout(PATIENCE):
            while not seen(self.session.view()):
                await self._step()
        return self.session.view()

    async def _step(self) -> None:
        """A moment of the clock's time, which does not leave behind what is being written to a disk."""
        await self.clock.advance(0.1)
        await asyncio.to_thread(int)

    async def passing(self, work: Any) -> Any:
        """The result of a coroutine, while time moves on."""
        task = asyncio.ensure_future(work)
        async with asyncio.timeout(PATIENCE):
            while not task.done():
                await self._step()
        return task.result()


def connection(
    server: ApiServer,
    clock: ManualClock,
    context: str = "test",
    token: str = "good",
    *,
    aside: bool = False,
    reads: Reads = Reads.FOLLOWING,
) -> Connection:
    target = ConnectTarget(context=context, server=server.url, user="ann", namespace="shop")
    transport = Transport(target, FixedCredentials((("X-Token", token),)), timeout=5.0)
    return Connection(KubeApi(target, transport, clock), None, aside, reads=reads)


Open = Callable[..., Any]


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    async with ApiServer().serving() as made:
        yield shop(made)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Open]:
    """Opens sessions: `await stage(server, ...)`; with `others` for more contexts."""
    # One thread writes all files, so that whoever comes after them has seen them written.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    async with AsyncExitStack() as stack:

        async def opened(
            *servers: ApiServer,
            contexts: Sequence[str] = ("test", "second"),
            tokens: Sequence[str] = ("good", "good"),
            adapters: Sequence[Adapter] = (Flip(),),
            settings: Settings | None = None,
            live: bool = True,
            undo: UndoStack | None = None,
            choices: SampleChoices | None = None,
            aside: Sequence[str] = (),
            unknown: UnknownFile | None = None,
            machine: str = "state",
            reads: Reads = Reads.FOLLOWING,
        ) -> Stage:
            clock, probes = ManualClock(), list[ScriptedProbe]()

            def make_probe() -> ScriptedProbe:
                probes.append(ScriptedProbe(clock))
                return probes[-1]

            connections = [
                connection(server, clock, context, token, aside=context in aside, reads=reads)
                for server, context, token in zip(servers, contexts, tokens, strict=False)
            ]
            session = Session(
                connections,
                adapters=adapters,
                make_probe=make_probe,
                settings=settings or Settings(),
                journal=Journal(tmp_path / machine / "journal.jsonl"),
                clock=clock,
                rng=random.Random(f"7 {machine}"),
                targets=Targets(tmp_path / machine / "targets.json"),
                undo=undo,
                choices=choices,
                unknown=unknown,
            )
            made = Stage(session, clock, probes, tmp_path / machine / "journal.jsonl")
            await stack.enter_async_context(_held(session))
            if live:
                await made.until(lambda view: all(c.state is Sync.LIVE for c in view.clusters) and view.rollouts)
            return made

        yield opened


@asynccontextmanager
async def _held(session: Session) -> AsyncIterator[Session]:
    async with session as opened:
        yield opened
