"""Two people at one API server while everything between them and it fails by a seeded script.

Afterwards each has what the server has, every act was made once or not at all, and what each was told about its acts is
what happened.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from cockpit.kube.api import KubeApi
from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.credentials import FixedCredentials
from cockpit.kube.reflector import OUTAGE_SECONDS
from cockpit.model.journal import Origin
from cockpit.model.plan import Act, Ask
from cockpit.model.view import Prepared, Stage, Sync
from cockpit.pairing.pilot_lease import MAY_ARRIVE_SECONDS
from cockpit.session.acts.journal import Journal
from cockpit.session.clock import ManualClock
from cockpit.session.facts.cluster import Connection
from cockpit.session.probing.targets import Targets
from cockpit.session.session import Session
from cockpit.session.settings import Settings
from tests.session.acting import active
from tests.session.conftest import KEY, ScriptedProbe, shop
from tests.session.faulty_server import CountedTransport, FaultyServer, script
from tests.session.flip import Flip

RUNS = int(os.environ.get("COCKPIT_FAULT_RUNS", "100"))
# Seconds in which things go wrong, and within which all is known again: a back-off of 30 s and its spread, the 65 s
# after which a silent watch is found out, and a list.
TROUBLE, HEALED = 150.0, 130.0
MADE = {Stage.SENT, Stage.VERIFIED, Stage.UNVERIFIED}
# Seconds for which something else than the server has may be shown as live: 65 s until a watch that is silent is found
# out, a back-off of 30 s with its spread, and a list.
BELIEVED = 110.0
# Real seconds after which a run hangs.
PATIENCE = 240.0


@dataclass
class Told:
    """One act: who asked for which version, and how many writes there had been before."""

    who: str
    version: str
    before: int


class Run:
    """One seed. The clock moves by steps in which the loop and the network get their turns."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.rng = random.Random(seed)
        self.clock = ManualClock()
        self.server = FaultyServer(self.clock, script(self.rng, TROUBLE))
        shop(self.server)
        self.folder = folder
        self.told: list[Told] = []
        self.sessions: dict[str, Session] = {}
        self.transports: list[CountedTransport] = []
        self.wrong_since: dict[str, float] = {}

    async def play(self) -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.server.serving())
            for who, token in (("ann", "good"), ("ben", "ben")):
                self.sessions[who] = await stack.enter_async_context(self._session(who, token))
            people = [asyncio.ensure_future(self._acts(who)) for who in self.sessions]
            others = [asyncio.ensure_future(each) for each in (self._pods_come_and_go(), self._restore())]
            await self._pass(TROUBLE)
            self.server.heal()
            await self._until(lambda: all(task.done() for task in [*people, *others]))
            for task in (*people, *others):
                task.result()
            await self._pass(HEALED)
            self._all_is_known()
            await self._pass(MAY_ARRIVE_SECONDS)
            self._all_is_true()

    def _session(self, who: str, token: str) -> Session:
        target = ConnectTarget(context="test", server=self.server.url, user=who, namespace="shop")
        transport = CountedTransport(target, FixedCredentials((("X-Token", token),)))
        self.transports.append(transport)
        return Session(
            [Connection(KubeApi(target, transport, self.clock), None, False)],
            adapters=(Flip(),),
            make_probe=lambda: ScriptedProbe(self.clock),
            settings=Settings(),
            journal=Journal(self.folder / who / "journal.jsonl"),
            clock=self.clock,
            rng=random.Random(f"{who} {self.rng.random()}"),
            targets=Targets(self.folder / who / "targets.json"),
        )

    async def _acts(self, who: str) -> None:
        """Flip to the other version now and then, as somebody does who looks at the screen."""
        session = self.sessions[who]
        for _ in range(2):
            await self.clock.sleep(self.rng.uniform(1.0, TROUBLE * 0.45))
            version = self.rng.choice(("v1", "v2"))
            prepared = await session.prepare(KEY, Ask(Act.FLIP, version=version))
            if not isinstance(prepared, Prepared) or prepared.blocked or not prepared.plan.requests:
                continue
            before = len(self.server.applied)
            await session.send(prepared, wait=20.0)
            self.told.append(Told(who, version, before))

    async def _pods_come_and_go(self) -> None:
        """What a controller does meanwhile."""
        for number in range(6):
            await self.clock.sleep(self.rng.uniform(1.0, TROUBLE / 6))
            path = f"/api/v1/namespaces/shop/pods/shop-v1-{self.rng.randint(1, 3)}"
            if path in self.server.docs and self.rng.random() < 0.4:
                self.server.remove(path)
            else:
                labels = {"app": "shop", "version": "v1", "try": str(number)}
                self.server.put(path, {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": labels}})

    async def _restore(self) -> None:
        """Now and then the server's store is put back to an older one, whose versions may pass those of before."""
        chance = random.Random(f"restore {self.rng.random()}")
        if chance.random() < 0.3:
            await self.clock.sleep(chance.uniform(1.0, TROUBLE * 0.4))
            kept, away = chance.uniform(5.0, 40.0), chance.uniform(OUTAGE_SECONDS + 5.0, 30.0)
            await self.server.restore(kept, away, chance.choice((0, 3, 1000)))

    async def _pass(self, seconds: float) -> None:
        end = self.clock.monotonic() + seconds
        await self._until(lambda: self.clock.monotonic() >= end)

    async def _until(self, held: object) -> None:
        assert callable(held)
        async with asyncio.timeout(PATIENCE):
            while not held():
                await self.clock.advance(0.25)
                self.server.look()
                await self._network()
                self._nothing_old_is_live()

    async def _network(self) -> None:
        """Let every request come to its answer, or to where it is held, before the clock moves on."""
        await asyncio.to_thread(int)
        while sum(each.waiting for each in self.transports) > self.server.held:
            await asyncio.to_thread(int)

    def _nothing_old_is_live(self) -> None:
        """No session shows for long, as if it were live, what the server has no more."""
        for who, session in self.sessions.items():
            cluster = session.view().clusters[0]
            live = cluster.state is Sync.LIVE and cluster.stale_since is None
            if not live or self._differs(session) == "":
                self.wrong_since.pop(who, None)
                continue
            since = self.wrong_since.setdefault(who, self.clock.monotonic())
            assert self.clock.monotonic() - since <= BELIEVED, (who, self._differs(session))

    def _all_is_known(self) -> None:
        """Each session has what the server has, and says that it is live."""
        for who, session in self.sessions.items():
            cluster = session.view().clusters[0]
            assert (cluster.state, cluster.stale_since) == (Sync.LIVE, None), who
            assert self._differs(session) == "", who

    def _differs(self, session: Session) -> str:
        """What a session shows otherwise than the server has it; "" if it shows the same."""
        rollouts = session.view().rollouts
        if len(rollouts) != 1:
            return f"{len(rollouts)} rollouts"
        rollout = rollouts[0].rollout
        written = {share.version: share.written for share in rollout.lanes[0].shares}
        if written.get(active(self.server)) != 1.0:
            return f"{active(self.server)} is active, and shown is {written}"
        pods = [doc["metadata"]["labels"]["version"] for path, doc in self.server.docs.items() if "/pods/" in path]
        ready = {version.name: version.ready for version in rollout.versions}
        return "" if ready == {name: pods.count(name) for name in ready} else f"pods {pods}, and shown are {ready}"

    def _all_is_true(self) -> None:
        """What was told of every act is what happened, and nothing was made twice."""
        for who, session in self.sessions.items():
            last = {entry.id: entry for entry in session.view().journal if entry.origin is Origin.HERE}
            acts = [told for told in self.told if told.who == who]
            assert len(last) == len(acts), last
            applied = [
                version
                for number, (user, version) in enumerate(self.server.applied)
                if user == who and number not in self.server.undone
            ]
            stood = [entry for entry in last.values() if entry.stage is not Stage.REFUSED]
            assert len(applied) <= len(stood), (last, applied)
            for entry, told in zip(last.values(), acts, strict=True):
                since = self.server.applied[told.before :]
                if entry.stage is Stage.UNKNOWN:
                    assert "was written again since" in entry.why
                    assert since or self.server.put_back
                elif entry.stage is not Stage.REFUSED:
                    # Two people may have asked for the same at the same time, or it came back with an older store.
                    back = [version for at, version in self.server.put_back if at >= told.before]
                    assert entry.stage in MADE, entry
                    assert told.version in [*back, *(version for _, version in since)], (entry, since)


@pytest.mark.simulation
@pytest.mark.parametrize("seed", range(RUNS))
async def test_what_is_told_is_what_happened(seed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    run = Run(seed, tmp_path)
    with caplog.at_level(logging.ERROR):
        await run.play()
    assert not [record for record in caplog.records if record.exc_info], caplog.text
