"""Two or three sessions on one API server, with everything that a network, a machine and a server do to them.

The server takes writes one after the other, each on the version that it names. Requests and answers take time, get
lost, or arrive minutes later; the server restarts; clocks differ by a minute and run at different speeds; machines are
suspended; processes are killed. What is checked is the order of the API server alone.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import dataclass, field
from typing import Any

import msgspec

from cockpit.kube.errors import Conflict, KubeError, NotFound, UnknownOutcome, Unreachable
from cockpit.model.objects import Lease
from cockpit.model.pairing import ControlsOrder, Person, PilotMode, Wish, controls_of
from cockpit.model.plan import Request, Verb
from cockpit.model.refs import Ref, RolloutKey
from cockpit.pairing.pilot_lease import MAY_ARRIVE_SECONDS
from cockpit.session.pairing.controls import Controls
from cockpit.session.pairing.wishes import carry_out
from tests.objects import merged

KEY = controls_of(RolloutKey("sim", "shop", "web", "service"))
CLIENT_TIMEOUT = 30.0


@dataclass
class Server:
    """Applies writes in one order. `acts` are the writes of acts: the session, and who held the Lease then."""

    rng: random.Random
    lease: dict[str, Any] | None = None
    up: bool = True
    acts: list[tuple[str, str]] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)
    versions: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    watchers: list[asyncio.Event] = field(default_factory=list)

    @property
    def holder(self) -> str:
        return ((self.lease or {}).get("spec") or {}).get("holderIdentity") or ""

    def apply(self, request: Request) -> dict[str, Any]:
        """Carry one write of the Lease out, or refuse it as an API server does."""
        if request.verb is Verb.CREATE:
            if self.lease is not None:
                raise Conflict("it exists", context="sim", what="the Lease", status=409)
            self._store(request.body)
        elif self.lease is None:
            raise NotFound("there is none", context="sim", what="the Lease", status=404)
        elif request.verb is Verb.DELETE:
            wanted = request.body["preconditions"]
            if any(self.lease["metadata"][name] != value for name, value in wanted.items()):
                raise Conflict("preconditions", context="sim", what="the Lease", status=409)
            self.lease = None
        else:
            if request.body["metadata"]["resourceVersion"] != self.lease["metadata"]["resourceVersion"]:
                raise Conflict("it was modified", context="sim", what="the Lease", status=409)
            self._store(merged(self.lease, request.body))
        self.holders.append(self.holder)
        for watcher in self.watchers:
            watcher.set()
        return self.lease or {}

    def _store(self, lease: dict[str, Any]) -> None:
        version = str(next(self.versions))
        uid = self.lease["metadata"]["uid"] if self.lease else f"uid-{version}"
        self.lease = lease | {"metadata": lease["metadata"] | {"resourceVersion": version, "uid": uid}}


@dataclass
class Machine:
    """A person's machine: its clocks and its network. `rate` is how fast its clocks run."""

    rng: random.Random
    skew: float
    rate: float
    cut: bool = False
    asleep: float = 0.0  # seconds for which the monotonic clock stood still
    awake: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> float:
        return 1_700_000_000.0 + self.skew + asyncio.get_running_loop().time() * self.rate

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time() * self.rate - self.asleep

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.0) / self.rate)
        await self.awake.wait()

    async def suspend(self, seconds: float) -> None:
        self.awake.clear()
        await asyncio.sleep(seconds)
        self.asleep += seconds * self.rate
        self.awake.set()


class Way:
    """The way of one machine to the server. Implements LeaseAccess."""

    def __init__(self, server: Server, machine: Machine) -> None:
        self.server, self.machine = server, machine

    async def read(self, ref: Ref) -> Lease | None:
        await self._there()
        found = self.server.lease
        await self._back()
        return msgspec.convert(found, Lease) if found else None

    async def write(self, request: Request) -> Lease | None:
        answer = await self._sent(lambda: self.server.apply(request))
        return msgspec.convert(answer, Lease) if answer and request.verb is not Verb.DELETE else None

    async def act(self, who: str) -> None:
        """One request of an act."""

        def apply() -> dict[str, Any]:
            self.server.acts.append((who, self.server.holder))
            return {}

        await self._sent(apply)

    async def _sent(self, apply: Any) -> dict[str, Any]:
        """A write that arrives at once, late, or never, and whose answer may get lost."""
        await self._there()
        rng, loop = self.machine.rng, asyncio.get_running_loop()
        done: asyncio.Future[dict[str, Any]] = loop.create_future()

        def arrive() -> None:
            if not self.server.up:
                result: Any = Unreachable("refused", context="sim", what="a write", sent=True)
            else:
                try:
                    result = apply()
                except KubeError as error:
                    result = error
            if done.done():
                return
            if isinstance(result, Exception):
                done.set_exception(result)
                done.exception()
            else:
                done.set_result(result)

        fate = rng.random()
        if fate < 0.05:
            loop.call_later(rng.uniform(CLIENT_TIMEOUT, MAY_ARRIVE_SECONDS), arrive)  # held by a proxy
        elif fate >= 0.08:
            loop.call_later(rng.uniform(0.0, 0.5), arrive)
        lost = rng.random() < 0.05
        try:
            async with asyncio.timeout(CLIENT_TIMEOUT):
                answer = await asyncio.shield(done)
        except (TimeoutError, Unreachable):
            answer, lost = {}, True
        if lost or self.machine.cut:
            raise UnknownOutcome("a write", "sim", "no answer")
        await self._back()
        return answer

    async def _there(self) -> None:
        await self.machine.awake.wait()
        if self.machine.cut or not self.server.up:
            raise Unreachable("no route", context="sim", what="the Lease", sent=False)

    async def _back(self) -> None:
        await asyncio.sleep(self.machine.rng.uniform(0.001, 0.3))
        await self.machine.awake.wait()


class Pilot:
    """A cockpit with a person in it who wants to act, take, hand over and give back, at any moment."""

    def __init__(self, server: Server, rng: random.Random, name: str) -> None:
        self.server, self.rng = server, rng
        self.machine = Machine(rng, rng.uniform(-60, 60), rng.uniform(0.97, 1.03))
        self.machine.awake.set()
        self.way = Way(server, self.machine)
        self.controls = Controls(self.way, Person(name, "host", name), self.machine, "sim", PilotMode.STRICT)
        self.sent = 0
        self.tasks: list[asyncio.Task[Any]] = []

    def start(self) -> None:
        for work in (self.controls.run(), self.watch(), self.live(), self.misfortune()):
            self.tasks.append(asyncio.ensure_future(work))

    async def watch(self) -> None:
        """Events come late, and not at all while the network is cut."""
        event = asyncio.Event()
        self.server.watchers.append(event)
        while True:
            await event.wait()
            event.clear()
            await asyncio.sleep(self.rng.uniform(0.01, 2.0))
            await self.machine.awake.wait()
            if not self.machine.cut and self.server.up:
                found = [msgspec.convert(self.server.lease, Lease)] if self.server.lease else []
                self.controls.note(found)

    async def live(self) -> None:
        while True:
            await self.machine.sleep(self.rng.uniform(1.0, 30.0))
            wish = self.rng.random()
            if wish < 0.6:
                await self.act()
            elif wish < 0.8:
                order = ControlsOrder(Wish.TAKE, reason="it is urgent", wait=self.rng.choice([0.0, 60.0, 300.0]))
                await carry_out(self.controls, KEY, order)
            else:
                other = self.rng.choice(["a", "b", "c"])
                choice = self.rng.choice([Wish.RELEASE, Wish.OFFER, Wish.ACCEPT, Wish.DECLINE])
                await carry_out(self.controls, KEY, ControlsOrder(choice, to=other))

    async def act(self) -> None:
        """As the conductor does it: begin, each request confirmed, stop at the first that fails, end."""
        if await self.controls.begin(KEY, "an act"):
            return
        unknown = False
        try:
            for _ in range(self.rng.randint(1, 4)):
                if await self.controls.confirm(KEY):
                    return
                self.sent += 1
                try:
                    await self.way.act(self.controls.me.session)
                except UnknownOutcome:
                    unknown = True
                    return
                except KubeError:
                    return
                if self.rng.random() < 0.05:
                    await self.machine.suspend(300.0)  # a lid that is closed in the middle of an act
                await self.machine.sleep(self.rng.choice([0.0, 1.0, 20.0]))
        finally:
            self.controls.end(KEY, unknown)

    async def misfortune(self) -> None:
        while True:
            await asyncio.sleep(self.rng.uniform(10.0, 100.0))
            what = self.rng.random()
            if what < 0.5:
                self.machine.cut = True
                await asyncio.sleep(self.rng.choice([5.0, 40.0, 200.0]))
                self.machine.cut = False
            elif what < 0.8:
                await self.machine.suspend(self.rng.choice([10.0, 100.0, 400.0]))
            else:
                await self.killed()

    async def killed(self) -> None:
        """SIGKILL, and a new cockpit of the same person some time later."""
        for task in self.tasks:
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(self.rng.uniform(1.0, 300.0))
        name = f"{self.controls.me.user}{self.rng.randint(0, 9999)}"
        self.controls = Controls(self.way, Person(name, "host", name), self.machine, "sim", PilotMode.STRICT)
        self.tasks = [asyncio.ensure_future(w) for w in (self.controls.run(), self.watch(), self.live())]


@dataclass
class Story:
    """What happened: acts with the holder at that moment, moments with two pilots, and how much was going on."""

    acts: list[tuple[str, str]]
    holders: list[str]
    doubled: list[tuple[float, list[str]]]

    @property
    def stray(self) -> list[tuple[str, str]]:
        """Acts of somebody who was not the pilot when the API server took them."""
        return [act for act in self.acts if act[0] != act[1]]


async def story(seed: int) -> Story:
    """One run: two minutes, or long enough to see a marked Lease of a silent holder taken over."""
    rng = random.Random(seed)
    seconds = rng.choice([120.0, 120.0, 120.0, 450.0])
    server = Server(rng)
    pilots = [Pilot(server, random.Random(rng.random()), name) for name in "abc"[: rng.choice([2, 2, 3])]]
    for pilot in pilots:
        pilot.start()
    doubled: list[tuple[float, list[str]]] = []
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        await asyncio.sleep(rng.uniform(0.5, 8.0))
        if server.up and rng.random() < 0.005:
            server.up = False
            loop.call_later(rng.uniform(1.0, 60.0), setattr, server, "up", True)
        sure = [p.controls.me.session for p in pilots if p.machine.awake.is_set() and _sure(p)]
        if len(sure) > 1:
            doubled.append((loop.time(), sure))
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return Story(server.acts, server.holders, doubled)


def _sure(pilot: Pilot) -> bool:
    """Whether a session is the pilot for sure: who offered the controls may have lost them to who accepts."""
    hold = pilot.controls.holds(KEY)
    return hold is not None and hold.sure(pilot.machine) and not hold.lease.offered
