"""What a record adds to a session on 10,000 pods in a release: CPU as a ratio in the same run, and bytes of disk.

Events of pods come in batches, and a view is published after each, as a session does at most ten times a second. The
session's part is decoding, storing, reading rollouts and assembling the view; what transport and screen cost is left
out, so that the ratio is rather too large.
"""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest

from cockpit.kube.decode import Decoder, Put
from cockpit.model.objects import Pod
from cockpit.model.refs import DEPLOYMENTS, INGRESSES, PODS, SERVICES, RolloutKey
from cockpit.model.view import FleetView, RolloutView
from cockpit.record.blocks import Part
from cockpit.record.recorder import Recorder
from cockpit.record.writer import Writer
from cockpit.session.clock import ManualClock
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.assemble import IDLE, Circumstances, fleet_view, rollout_view
from cockpit.session.facts.rollouts import Rollouts
from tests.benchmarks.test_event_cost import PER_ROLLOUT, cluster
from tests.record.pods import lifecycle
from tests.record.recording import HEADER, Memory
from tests.tui.fake import START

PODS_COUNT, BATCH, BATCHES = 10_000, 20, 50
# Seconds between two batches: 200 events of pods a second.
PACE = 0.1
# Batches from one write of the record to the next, every two seconds.
FLUSH = 20
CONTEXT = "bench"


class SessionPart:
    """What a session does with a batch of watch events, up to its view."""

    def __init__(self) -> None:
        self._store = cluster(PODS_COUNT)
        self._rollouts = Rollouts(self._store, ADAPTERS)
        for kind in (SERVICES, DEPLOYMENTS, INGRESSES):
            names = (obj.metadata.name for obj in self._store.everywhere(kind))
            self._rollouts.apply(f"object|{kind.plural}.{kind.group}|shop|{name}" for name in names)
        self._decoder = Decoder(Pod)
        self._made: dict[RolloutKey, RolloutView] = {}
        self.view: FleetView | None = None
        self._assemble(self._rollouts.current().keys(), START)

    def take(self, lines: list[bytes], at: float) -> FleetView:
        events = [self._decoder.event(line) for line in lines]
        changes = self._store.apply(PODS, [event.obj for event in events if isinstance(event, Put)])
        self._rollouts.apply(changes.topics)
        self._rollouts.settle()
        return self._assemble(self._rollouts.take_changes().keys, at)

    def _assemble(self, keys: Any, at: float) -> FleetView:
        current = self._rollouts.current()
        for key in keys:
            self._made[key] = rollout_view(current[key], current[key].lanes, IDLE, Circumstances(), at)
        self.view = fleet_view(self.view, at, (), tuple(self._made.values()), (), False)
        return self.view


def pod_lines(rng: random.Random) -> tuple[list[bytes], list[list[bytes]]]:
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
    return [event("ADDED", body) for body in bodies], changes


def changed(body: dict[str, Any], batch: int) -> bytes:
    ready = "True" if batch % 2 else "False"
    conditions = [
        {**each, "status": ready} if each["type"] == "Ready" else each for each in body["status"]["conditions"]
    ]
    metadata = {**body["metadata"], "resourceVersion": str(1_000_000 + batch)}
    return event("MODIFIED", {**body, "metadata": metadata, "status": {**body["status"], "conditions": conditions}})


def event(kind: str, body: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": body}).encode()


@pytest.mark.benchmark
def test_recording_at_10_000_pods(capsys: pytest.CaptureFixture[str]) -> None:
    everything, batches = pod_lines(random.Random(7))
    session, sink, clock = SessionPart(), Memory(), ManualClock(START)
    recorder = Recorder(Writer(sink, HEADER), clock, threaded=False)
    tap = recorder.tap(CONTEXT)
    tap.lines(PODS, everything)
    assert session.view
    recorder.view(session.view)
    recorder.work()
    before = sum(block.size for block in sink.blocks if block.part is Part.OBJECTS)
    alone = added = 0.0
    for number, lines in enumerate(batches):
        began = time.process_time()
        view = session.take(lines, START + number * PACE)
        between = time.process_time()
        tap.lines(PODS, lines)
        recorder.view(view)
        if number % FLUSH == FLUSH - 1:
            recorder.work()
        alone, added = alone + between - began, added + time.process_time() - between
    began = time.process_time()
    recorder.work()
    added += time.process_time() - began
    size = sum(block.size for block in sink.blocks if block.part is Part.OBJECTS) - before
    events = BATCH * BATCHES
    core = added / (BATCHES * PACE)
    with capsys.disabled():
        print(f"\nsession: {alone / events * 1e6:.0f} us for a pod event, record: {added / events * 1e6:.0f} us more")
        print(f"a record adds {added / alone:.0%} to what the session does")
        print(f"at {BATCH / PACE:.0f} events of pods a second it takes {core:.1%} of a core (budget 5%)")
        print(f"{size / events:.0f} bytes of disk for a pod event (budget 100)")
