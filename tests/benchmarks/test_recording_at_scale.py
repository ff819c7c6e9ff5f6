"""What a record adds to a session on 10,000 pods in a release: CPU as a ratio in the same run, and bytes of disk.

Events of pods come in batches, and a view is published after each, as a session does at most ten times a second, for
as long as it takes from one whole view to the next. The session is a whole one on a cluster in memory, so that what
the network costs is left out, and it has no probes, guards or screen: the ratio is rather too large. The record's part
is all that `cockpit record` adds: what follows the session, since when rollouts are as they are, the order of
versions, redaction, and a file.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from cockpit.kube.api import KubeApi
from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.errors import NotFound
from cockpit.kube.transport import Call
from cockpit.launch.recording import as_a_screen
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import PODS, RolloutKey
from cockpit.model.view import FleetView, Sync
from cockpit.record.blocks import Block, Part
from cockpit.record.following import Following
from cockpit.record.recorder import Recorder
from cockpit.record.sinks import FileSink
from cockpit.record.writer import Writer
from cockpit.session.acts.journal import Journal
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.cluster import Connection
from cockpit.session.session import Session
from cockpit.session.settings import Settings
from tests.benchmarks.test_event_cost import PER_ROLLOUT, meta
from tests.benchmarks.test_sync import no_probe
from tests.record.pods import lifecycle
from tests.record.recording import HEADER
from tests.tui.fake import START, FakeCockpit

PODS_COUNT, BATCH, BATCHES = 10_000, 20, 300
# Seconds between two batches: 200 events of pods a second.
PACE = 0.1
# Turns of the loop in which a session takes what came, or publishes a view.
TURNS = 8
# Batches from one write of the record to the next, every two seconds.
FLUSH = 20
CONTEXT = "bench"
# What a record may add, as a multiple of the floor.
BUDGET = 1.0


class Cluster:
    """An API server in memory, without a network: lists of objects, and a watch of pods. Stands in for a Transport."""

    def __init__(self, objects: dict[str, list[dict[str, Any]]]) -> None:
        self._objects = objects
        self.events: asyncio.Queue[list[bytes]] = asyncio.Queue()

    async def fetch(self, call: Call, *, limit: int) -> bytes:
        if call.path == "/apis":
            return json.dumps({"groups": [{"versions": [{"groupVersion": "apps/v1"}]}]}).encode()
        if kinds := SERVED.get(call.path):
            return json.dumps({"resources": [{"name": kind} for kind in kinds]}).encode()
        # Every cluster serves the kinds of Kubernetes itself; there may be none of them.
        items = self._objects.get(call.path.rpartition("/")[2], [])
        if call.method != "GET":
            raise NotFound("not served", context=CONTEXT, what=call.path, status=404)
        return json.dumps({"metadata": {"resourceVersion": "1"}, "items": items}).encode()

    async def pieces(self, call: Call, *, limit: int) -> AsyncGenerator[bytes]:
        yield await self.fetch(call, limit=limit)

    async def lines(self, call: Call, silence: float | None = None) -> AsyncGenerator[list[bytes]]:
        yield []
        while call.path.endswith("/pods"):
            yield await self.events.get()
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


def objects() -> dict[str, list[dict[str, Any]]]:
    """Blue-green Services, each with two Deployments of ten pods, by the plural of their kind."""
    made: dict[str, list[dict[str, Any]]] = {"ingresses": [], "ingressclasses": []}
    for number in range(PODS_COUNT // PER_ROLLOUT):
        app = f"app-{number}"
        spec = {"selector": {"app": app, "version": "v1"}, "ports": [{"port": 80}]}
        made.setdefault("services", []).append({"metadata": meta(app, {}), "spec": spec})
        labels = {"kubernetes.io/service-name": app}
        made.setdefault("endpointslices", []).append({"metadata": meta(f"{app}-slice", labels)})
        for version in ("v1", "v2"):
            template = {"metadata": {"labels": {"app": app, "version": version}}}
            workload, name = {"replicas": PER_ROLLOUT // 2, "template": template}, f"{app}-{version}"
            made.setdefault("deployments", []).append({"metadata": meta(name, {}), "spec": workload})
            owned = meta(f"{name}-rs", {}, ("Deployment", name))
            made.setdefault("replicasets", []).append({"metadata": owned, "spec": workload})
    return made


class Published(FakeCockpit):
    """The port of a session that shows the views that it is given; ways back are refused."""

    def publish(self, view: FleetView) -> None:
        self.current = view
        for listener in list(self.listeners):
            listener(view)

    async def outline(self, key: RolloutKey, ask: Ask) -> Plan | Refused:
        return Refused(ask.act, key, "it is a measurement")


class Moving:
    """A clock that is set. Implements Clock."""

    def __init__(self, at: float) -> None:
        self.at = at
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        awake = asyncio.Event()
        self._sleepers.append((self.at + seconds, awake))
        await awake.wait()

    def set(self, at: float) -> None:
        self.at = at
        for due, awake in self._sleepers:
            if due <= at:
                awake.set()
        self._sleepers = [each for each in self._sleepers if each[0] > at]


def session_on(cluster: Cluster, clock: Moving) -> Session:
    target = ConnectTarget(CONTEXT, "https://10.0.0.1", "ann", "")
    api = KubeApi(target, cluster, clock)  # type: ignore[arg-type]
    return Session(
        [Connection(api, None)], adapters=ADAPTERS, make_probe=no_probe, settings=Settings(), journal=Journal(None),
        clock=clock, rng=random.Random(1),
    )  # fmt: skip


def pods_and_changes(rng: random.Random) -> tuple[list[dict[str, Any]], list[list[bytes]]]:
    """Every pod as it is, and batches of changes of some of them."""
    bodies = []
    for number in range(PODS_COUNT):
        app, place = divmod(number, PER_ROLLOUT)
        version, n = ("v1", place) if place < PER_ROLLOUT // 2 else ("v2", place - PER_ROLLOUT // 2)
        _, body = list(lifecycle(number, rng, START))[4]
        name = f"app-{app}-{version}-rs-{n}"
        owner = {"kind": "ReplicaSet", "name": f"app-{app}-{version}-rs", "uid": f"uid-app-{app}-{version}-rs"}
        labels = {"app": f"app-{app}", "version": version}
        own = {"name": name, "uid": f"uid-{name}", "labels": labels, "ownerReferences": [{**owner, "controller": True}]}
        bodies.append({**body, "metadata": {**body["metadata"], **own}})
    changes = []
    for batch in range(BATCHES):
        # A release is of few rollouts at a time.
        chosen = rng.sample(range((batch % 10) * 200, (batch % 10) * 200 + 200), BATCH)
        changes.append([changed(bodies[number], batch) for number in chosen])
    return bodies, changes


def changed(body: dict[str, Any], batch: int) -> bytes:
    ready = "True" if batch % 2 else "False"
    conditions = [
        {**each, "status": ready} if each["type"] == "Ready" else each for each in body["status"]["conditions"]
    ]
    metadata = {**body["metadata"], "resourceVersion": str(1_000_000 + batch)}
    return event("MODIFIED", {**body, "metadata": metadata, "status": {**body["status"], "conditions": conditions}})


def event(kind: str, body: dict[str, Any]) -> bytes:
    return compact({"type": kind, "object": body})


def compact(document: dict[str, Any]) -> bytes:
    """As an API server writes it."""
    return json.dumps(document, separators=(",", ":")).encode()


# Which kinds the cluster serves.
SERVED = {
    "/api/v1": ("services", "pods"),
    "/apis/apps/v1": ("deployments", "replicasets"),
    "/apis/discovery.k8s.io/v1": ("endpointslices",),
    "/apis/networking.k8s.io/v1": ("ingresses", "ingressclasses"),
}


class Counted(FileSink):
    """A file; `of` counts the bytes of each part."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.of = dict.fromkeys(Part, 0)

    def add(self, block: Block) -> None:
        super().add(block)
        self.of[block.part] += block.size


async def turns(count: int) -> None:
    """Let whoever is awake do their part."""
    for _ in range(count):
        await asyncio.sleep(0)


async def watched(
    session: Session, cluster: Cluster, clock: Moving, batches: list[list[bytes]]
) -> list[list[FleetView]]:
    """The views that the session publishes after each batch of events."""
    published: list[list[FleetView]] = []

    def note(view: FleetView) -> None:
        published[-1].append(view)

    leave = session.subscribe(note)
    for number, lines in enumerate(batches, 1):
        published.append([])
        cluster.events.put_nowait(lines)
        await turns(TURNS)
        clock.set(START + number * PACE)
        await turns(TURNS)
    leave()
    return published


async def live(session: Session, clock: Moving) -> FleetView:
    """The first view of everything."""
    for _ in range(200):
        clock.set(clock.at + PACE)
        await turns(20)
        view = session.view()
        if view.clusters[0].state is Sync.LIVE and not any(each.stale for each in view.rollouts):
            return view
    raise AssertionError(view.clusters[0])


async def recorded(
    first: FleetView, pods: list[dict[str, Any]], steps: list[tuple[list[bytes], list[FleetView]]], sink: Counted
) -> tuple[float, int]:
    """CPU seconds and bytes of objects that these events and views take."""
    clock = Moving(START)
    since, order = as_a_screen(START)
    recorder = Recorder(Writer(sink, HEADER, since=since, order=order), clock, threaded=False)
    tap = recorder.tap(CONTEXT)
    cockpit = Published(first)
    following = asyncio.create_task(Following(cockpit, recorder, clock).run())
    tap.page(PODS, compact({"items": pods}), first=True, last=True)
    await turns(3)
    recorder.work()
    before = sink.of[Part.OBJECTS]
    began = time.process_time()
    for number, (lines, views) in enumerate(steps, 1):
        clock.set(START + number * PACE)
        tap.lines(PODS, lines)
        for view in views:
            cockpit.publish(view)
            await turns(2)
        if number % FLUSH == 0:
            recorder.work()
    took = time.process_time() - began
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    sink.close()
    assert not recorder.problem
    return took, sink.of[Part.OBJECTS] - before


def floor(batches: list[list[bytes]]) -> float:
    """CPU seconds in which the standard library reads all these events and writes them anew."""
    began = time.process_time()
    for lines in batches:
        for line in lines:
            compact(json.loads(line))
    return time.process_time() - began


@pytest.mark.benchmark
async def test_recording_at_10_000_pods(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pods, batches = pods_and_changes(random.Random(7))
    clock, cluster = Moving(START - 60), Cluster(objects() | {"pods": pods})
    async with session_on(cluster, clock) as session:
        first = await live(session, clock)
        assert len(first.rollouts) == PODS_COUNT // PER_ROLLOUT
        clock.set(START)
        await turns(20)
        began = time.process_time()
        published = await watched(session, cluster, clock, batches)
        alone = time.process_time() - began
    sink = Counted(tmp_path / "record")
    added, size = await recorded(first, pods, list(zip(batches, published, strict=True)), sink)
    least = floor(batches)
    events, count = BATCH * BATCHES, sum(map(len, published))
    with capsys.disabled():
        print(f"\nsession: {alone / events * 1e6:.0f} us for a pod event, record: {added / events * 1e6:.0f} us more")
        print(f"a record adds {added / alone:.1%} to what the session does")
        print(f"it takes {added / least:.2f} of what the standard library reads and writes them in (budget {BUDGET:g})")
        print(f"at {BATCH / PACE:.0f} events of pods a second it takes {added / (BATCHES * PACE):.1%} of a core")
        print(
            f"{size / events:.0f} bytes of disk for a pod event (budget 100), {sink.size >> 10} kB with {count} views"
        )
    assert added / least <= BUDGET
