"""One seed: two people at a real API server while it and everything before it fails, and what is true afterwards."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from cockpit.kube.api import KubeApi
from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.credentials import FixedCredentials
from cockpit.kube.transport import Transport
from cockpit.model.journal import Origin
from cockpit.model.plan import Act, Ask
from cockpit.model.refs import RolloutKey
from cockpit.model.view import Prepared, Stage, Sync
from cockpit.pairing.pilot_lease import MAY_ARRIVE_SECONDS
from cockpit.session.acts.journal import Journal
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.cluster import Connection
from cockpit.session.probing.targets import Targets
from cockpit.session.session import Session
from cockpit.session.settings import Settings
from tests.places import Place
from tests.real.control_plane import ControlPlane
from tests.real.seeded_way import KINDS, LOST, READS, WATCHES, WRITES, SeededWay
from tests.session.conftest import ScriptedProbe
from tests.session.faulty_server import Fault

SERVICE = "demo-service"
# How much faster the time of the sessions runs than that of the server.
SPEED = 10.0
# In their seconds: how long things go wrong; within which all is known again (a back-off of 30 s and its spread, the
# 65 s after which a silent watch is found out, and a list); for how long what is not so may be shown as live.
TROUBLE, HEALED, BELIEVED = 60.0, 130.0, 110.0
# Real seconds between two looks at the sessions, and after which a run hangs. A look counts for that long however late
# it comes: a busy machine is not late.
LOOK, PATIENCE = 0.1, 600.0
MADE = {Stage.SENT, Stage.VERIFIED, Stage.UNVERIFIED}
SERVER = ("kill", "hold", "compact", "restore")


class FastClock:
    """Implements `model.clock.Clock`."""

    def __init__(self) -> None:
        self._began, self._wall = time.monotonic(), time.time()

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * SPEED

    def now(self) -> float:
        return self._wall + self.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.0) / SPEED)


def script(rng: random.Random) -> list[Fault]:
    """Some faults of chance on the way, with times between them at which all is well."""
    found = []
    for _ in range(rng.randint(2, 7)):
        on, whats = rng.choice((("read", READS), ("watch", WATCHES), ("write", WRITES), ("write", WRITES)))
        begins = rng.uniform(0, TROUBLE * 0.8)
        ends = min(begins + rng.choice((5.0, 15.0, 40.0)), TROUBLE)
        plural = rng.choice(KINDS) if on != "write" else ""
        found.append(Fault(on, rng.choice(whats), plural, begins, ends, rng.choice(("", "ann", "ben"))))
    return found


@dataclass
class Told:
    """One act: who asked for which version, and how many changes there had been before."""

    who: str
    version: str
    before: int


class Truth:
    """What the API server itself says, past the faulty way. `changes` are the versions that were made active."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.active, self.version = "", ""
        self._restored = False
        self.changes: list[str] = []
        self.put_back = ""  # what was active in a store that was put back

    def take(self, doc: dict[str, Any]) -> None:
        """The Service as the server has it now."""
        active = doc["spec"]["selector"]["version"]
        if self.active and active != self.active:
            self.changes.append(active)
        self.put_back = self.put_back or (active if self._restored and not self.active else "")
        self.active, self.version = active, doc["metadata"]["resourceVersion"]

    def forget(self) -> None:
        """The store was put back: what comes now is no change that somebody made."""
        self.active, self.version, self._restored = "", "", True

    async def follow(self, client: httpx.AsyncClient) -> None:
        path = self._place.path("Service")
        query = {"fieldSelector": f"metadata.name={SERVICE}"}
        while True:
            with suppress(httpx.HTTPError, KeyError):
                version = self.version
                if not version:
                    answer = (await client.get(path, params=query)).raise_for_status().json()
                    self.take(answer["items"][0])
                    version = answer["metadata"]["resourceVersion"]
                watch = query | {"watch": "1", "resourceVersion": version}
                async with client.stream("GET", path, params=watch, timeout=None) as stream:
                    async for line in stream.aiter_lines():
                        event = json.loads(line)
                        if event["type"] == "ERROR":
                            # Its history is gone: an odd number of changes counts as one.
                            self.version = ""
                            break
                        self.take(event["object"])
            await asyncio.sleep(0.1)

    async def shares(self, client: httpx.AsyncClient) -> tuple[str, dict[str, tuple[int, int]]]:
        """The active version, and the ready and desired pods of each."""
        service = (await client.get(self._place.path("Service", SERVICE))).raise_for_status().json()
        pods = (await client.get(self._place.path("Pod"))).raise_for_status().json()["items"]
        ready = Counter(pod["metadata"]["labels"]["version"] for pod in pods if _is_ready(pod))
        found = {}
        for doc in (await client.get(self._place.path("Deployment"))).raise_for_status().json()["items"]:
            name = doc["spec"]["selector"]["matchLabels"]["version"]
            found[name] = (ready[name], doc["spec"]["replicas"])
        return service["spec"]["selector"]["version"], found


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


class Run:
    """`lab` does what is done to the server; without one only the way fails."""

    def __init__(self, seed: int, place: Place, folder: Path, lab: ControlPlane | None) -> None:
        self.rng = random.Random(seed)
        self.place, self.folder, self.lab = place, folder, lab
        self.clock = FastClock()
        self.truth = Truth(place)
        self.server = self.rng.choice(SERVER) if lab and self.rng.random() < 0.6 else ""
        self.told: list[Told] = []
        self.sessions: dict[str, Session] = {}
        self.wrong_for: Counter[str] = Counter()  # looks at which a session showed as live what is not so
        self.known = 0.0  # seconds of the sessions, counted in looks, until all was known again
        self.rolled_back = 0  # changes that a restored store does not have
        self.key: RolloutKey | None = None

    async def play(self, way: SeededWay, address: str, direct: httpx.AsyncClient) -> None:
        self.way, self.direct = way, direct
        way.clock = self.clock
        async with asyncio.timeout(PATIENCE), AsyncExitStack() as stack:
            for who in ("ann", "ben"):
                self.sessions[who] = await stack.enter_async_context(self._session(who, address))
            following = asyncio.ensure_future(self.truth.follow(direct))
            stack.callback(following.cancel)
            await self._until(lambda: self._all_show("") and self.truth.active)
            began = self.clock.monotonic()
            way.faults = [replace(f, begins=f.begins + began, ends=f.ends + began) for f in script(self.rng)]
            looking = asyncio.ensure_future(self._nothing_old_is_live())
            stack.callback(looking.cancel)
            await asyncio.gather(
                *(self._acts(who) for who in self.sessions), self._story(), self._server(), self.clock.sleep(TROUBLE)
            )
            way.heal()
            await self._all_is_known()
            await way.over()
            await self._until(self._nothing_is_open)
            await self._all_is_known()
            if looking.done():
                looking.result()
        self._all_is_true()

    def _session(self, who: str, address: str) -> Session:
        target = ConnectTarget(context="test", server=address, user=who, namespace=self.place.namespace)
        # The server's own limits are not faster: it takes 3 s until it says that it does not know a version yet.
        transport = Transport(target, FixedCredentials((("X-Token", who),)), timeout=10.0, stall=20.0)
        return Session(
            [Connection(KubeApi(target, transport, self.clock), self.place.namespace)],
            adapters=ADAPTERS,
            make_probe=ScriptedProbe,
            settings=Settings(),
            journal=Journal(self.folder / who / "journal.jsonl"),
            clock=self.clock,
            rng=random.Random(f"{who} {self.rng.random()}"),
            targets=Targets(self.folder / who / "targets.json"),
        )

    # What happens meanwhile

    async def _acts(self, who: str) -> None:
        """Flip to the other version now and then, as somebody does who looks at the screen."""
        session = self.sessions[who]
        for _ in range(4):
            await self.clock.sleep(self.rng.uniform(1.0, TROUBLE * 0.3))
            found = session.view().rollouts
            if len(found) != 1:
                continue
            version = self.rng.choice(("v1", "v2"))
            prepared = await session.prepare(found[0].rollout.key, Ask(Act.FLIP, version=version))
            if not isinstance(prepared, Prepared) or prepared.blocked or not prepared.plan.requests:
                continue
            told = Told(who, version, len(self.truth.changes))
            await session.send(prepared, wait=20.0)
            self.told.append(told)

    async def _story(self) -> None:
        """What others do meanwhile: pods are deleted, Deployments scaled and given another image."""
        for number in range(5):
            await self.clock.sleep(self.rng.uniform(1.0, TROUBLE / 5))
            name = self.rng.choice(("demo-dp-v1", "demo-dp-v2"))
            spec: dict[str, Any] = {"replicas": self.rng.randint(1, 4)}
            if self.rng.random() < 0.3:
                container = {"name": "demo", "image": f"bebullish/demo:{number}"}
                spec = {"template": {"spec": {"containers": [container]}}}
            body = json.dumps({"spec": spec})
            headers = {"Content-Type": "application/strategic-merge-patch+json"}
            with suppress(httpx.HTTPError):
                await self.direct.patch(self.place.path("Deployment", name), content=body, headers=headers)
            if self.rng.random() < 0.5:
                with suppress(httpx.HTTPError):
                    pods = (await self.direct.get(self.place.path("Pod"))).json()["items"]
                    if pods:
                        chosen = self.rng.choice(pods)["metadata"]["name"]
                        await self.direct.delete(self.place.path("Pod", chosen))

    async def _server(self) -> None:
        """What is done to the server."""
        if self.lab is None or not self.server:
            return
        if self.server != "restore":
            await self.clock.sleep(self.rng.uniform(1.0, TROUBLE / 2))
            await asyncio.to_thread(getattr(self.lab, self.server), self.rng.uniform(0.1, 3.0))
            return
        await self.clock.sleep(self.rng.uniform(0.0, TROUBLE / 3))
        await asyncio.to_thread(self.lab.keep)
        before = len(self.truth.changes)
        await self.clock.sleep(self.rng.uniform(5.0, TROUBLE / 2))
        # Nobody sees the server before as much was written as chance says: its versions may pass those of before.
        self.way.closed = True
        writes = self.rng.choice((0, 200))
        await asyncio.to_thread(self.lab.put_back, lambda: self._write_much(writes))
        self.rolled_back = len(self.truth.changes) - before
        self.truth.forget()
        self.way.closed = False

    def _write_much(self, count: int) -> None:
        path = f"/api/v1/namespaces/{self.place.namespace}/configmaps"
        for number in range(count):
            self.place.client.post(path, json={"metadata": {"name": f"much-{self.rng.random()}-{number}"}})

    # What has to hold

    def _differs(self, session: Session, active: str, pods: dict[str, tuple[int, int]] | None = None) -> str:
        """What a session shows otherwise than this; "" if it shows the same."""
        rollouts = session.view().rollouts
        if len(rollouts) != 1:
            return f"{len(rollouts)} rollouts"
        rollout = rollouts[0].rollout
        written = {share.version: share.written for share in rollout.lanes[0].shares}
        if written.get(active) != 1.0:
            return f"{active} is active, and shown is {written}"
        shown = {version.name: (version.ready, version.desired) for version in rollout.versions}
        return "" if pods is None or shown == pods else f"pods {pods}, and shown are {shown}"

    def _live(self, session: Session) -> bool:
        cluster = session.view().clusters[0]
        return (cluster.state, cluster.stale_since) == (Sync.LIVE, None)

    def _all_show(self, active: str) -> bool:
        return all(
            self._live(session) and (not active or not self._differs(session, active)) and session.view().rollouts
            for session in self.sessions.values()
        )

    async def _until(self, held: Callable[[], object]) -> None:
        while not held():  # noqa: ASYNC110 - of sessions, and of a server that tells nobody
            await asyncio.sleep(0.02)

    async def _nothing_old_is_live(self) -> None:
        """No session shows for long, as if it were live, that another version is active than is."""
        while True:
            await asyncio.sleep(LOOK)
            for who, session in self.sessions.items():
                active = self.truth.active
                if not active or not self._live(session) or not self._differs(session, active):
                    del self.wrong_for[who]
                    continue
                self.wrong_for[who] += 1
                wrong = self.wrong_for[who] * LOOK * SPEED
                assert wrong <= BELIEVED, (who, self._differs(session, active))

    async def _all_is_known(self) -> None:
        """Within the time of the promise each session is live and shows what the server has."""
        looks, before = 0, None
        while True:
            active, pods = now = await self.truth.shares(self.direct)
            if now != before:  # the server itself has not settled
                looks, before = 0, now
            states = {who: self._live(each) for who, each in self.sessions.items()}
            differs = {who: self._differs(each, active, pods) for who, each in self.sessions.items()}
            took = looks * LOOK * SPEED
            if all(states.values()) and not any(differs.values()):
                break
            assert took <= HEALED, (differs, self._troubles(), self.server)
            await asyncio.sleep(LOOK)
            looks += 1
        self.known = max(self.known, took)

    def _troubles(self) -> list[str]:
        """What the sessions say of the kinds that they cannot read."""
        kinds = {kind for each in self.sessions.values() for kind in each.view().clusters[0].kinds}
        return [f"{kind.kind} {kind.state}: {kind.error}" for kind in kinds if kind.error and kind.retry_at]

    def _last(self, who: str) -> list[Any]:
        entries = self.sessions[who].view().journal
        own = (entry for entry in entries if entry.origin is Origin.HERE and entry.act == Act.FLIP)
        return list({entry.id: entry for entry in own}.values())

    def _nothing_is_open(self) -> bool:
        """No act's outcome is still looked for, as long as that may take."""
        return all(
            entry.stage is not Stage.UNKNOWN
            or self.clock.now() - entry.at > MAY_ARRIVE_SECONDS + 2 * HEALED
            or "was written again since" in entry.why
            for who in self.sessions
            for entry in self._last(who)
        )

    def _all_is_true(self) -> None:
        """What was told of every act is what happened, and nothing was made twice."""
        stood = 0
        for who in self.sessions:
            last, acts = self._last(who), [told for told in self.told if told.who == who]
            assert len(last) == len(acts), (last, acts)
            sent = [each for each in self.way.passed if each.who == who and each.path.endswith(f"/{SERVICE}")]
            assert len(sent) <= len(acts), (sent, acts)
            stood += sum(entry.stage is not Stage.REFUSED for entry in last)
            for entry, told in zip(last, acts, strict=True):
                since = self.truth.changes[told.before :]
                if entry.stage is Stage.UNKNOWN:
                    assert "was written again since" in entry.why, entry
                elif entry.stage is not Stage.REFUSED:
                    # Two people may have asked for the same at the same time, or it came back with an older store.
                    assert entry.stage in MADE, entry
                    assert told.version in (*since, self.truth.put_back), (entry, since, self.server)
        assert len(self.truth.changes) <= stood + self.rolled_back, (self.truth.changes, self.told, self.server)
        made = [each for each in self.way.passed if each.path.endswith(f"/{SERVICE}") and each.status not in (LOST,)]
        assert len({each.version for each in made if each.version}) == len([each for each in made if each.version])
