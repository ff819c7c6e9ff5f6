"""What a record costs on a disk."""

from __future__ import annotations

import json
import random

from cockpit.model.refs import PODS
from cockpit.record.blocks import Part
from cockpit.record.recorder import Recorder
from cockpit.record.writer import Writer
from cockpit.session.clock import ManualClock
from tests.record.pods import lifecycle
from tests.record.recording import HEADER, Memory
from tests.tui.fake import CONTEXT, START, fleet

PODS_AT_ONCE, ROUNDS = 100, 2
# Bytes of disk for a watch event of a pod.
BUDGET = 100


async def test_a_watch_event_of_a_pod_takes_less_than_100_bytes_of_disk() -> None:
    sink, clock, rng = Memory(), ManualClock(START), random.Random(3)
    events, received = 0, 0
    with Recorder(Writer(sink, HEADER), clock, threaded=False) as recorder:
        recorder.view(fleet())
        tap = recorder.tap(CONTEXT)
        for turn in range(ROUNDS):
            pods = [lifecycle(turn * PODS_AT_ONCE + n, rng, START + turn * 60) for n in range(PODS_AT_ONCE)]
            # As in a release: all pods move through their states side by side.
            for states in zip(*pods, strict=True):
                lines = [json.dumps({"type": type, "object": body}).encode() for type, body in states]
                tap.lines(PODS, lines)
                events += len(lines)
                received += sum(map(len, lines))
                await clock.advance(1)
                recorder.work()
    size = sum(block.size for block in sink.blocks if block.part is Part.OBJECTS)
    print(f"{size / events:.0f} bytes an event of {received / events:.0f}")
    assert size / events <= BUDGET
