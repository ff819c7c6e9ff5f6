"""What recording adds: CPU of a session with and without a record, as a ratio of the same work in the same run."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cockpit.kube.decode import Decoder, Put
from cockpit.kube.store import Removed, Store
from cockpit.model.objects import Pod
from cockpit.model.refs import PODS
from cockpit.record.recorder import Recorder
from cockpit.record.sinks import Ring
from cockpit.record.writer import Writer
from cockpit.session.clock import ManualClock
from tests.record.pods import lifecycle
from tests.record.recording import HEADER
from tests.tui.fake import CONTEXT, START, fleet, probing

PODS_COUNT = 300
VIEWS = 200


def cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def folded(lines: list[bytes]) -> None:
    """What a session does with the events at least: decode them and put them into its store."""
    store, decoder = Store(CONTEXT), Decoder(Pod)
    for line in lines:
        event = decoder.event(line)
        if isinstance(event, Put):
            store.apply(PODS, [event.obj])
        else:
            store.apply(PODS, [Removed("shop", getattr(event, "name", ""))])


def recorder_of(ring: Ring) -> Recorder:
    return Recorder(Writer(ring, HEADER, forgets=True), ManualClock(START), threaded=False)


@pytest.mark.benchmark
def test_cost_of_recording_watch_events(capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(5)
    stages = zip(*[lifecycle(n, rng, START) for n in range(PODS_COUNT)], strict=True)
    lines = [json.dumps({"type": kind, "object": body}).encode() for stage in stages for kind, body in stage]
    ring = Ring()
    recorder = recorder_of(ring)
    tap = recorder.tap(CONTEXT)
    recorder.view(fleet())

    def record() -> None:
        for begin in range(0, len(lines), 50):
            tap.lines(PODS, lines[begin : begin + 50])
            recorder.work()

    plain, added = cpu(lambda: folded(lines)), cpu(record)
    with capsys.disabled():
        each = 1e6 / len(lines)
        print(f"\npod event: folded {plain * each:.0f} us, recorded {added * each:.0f} us ({added / plain:.1f} times)")
        print(f"{ring.size / len(lines):.0f} bytes an event")
        print(f"at 10 pod events/s recording takes {added / len(lines) * 1000:.2f} % of a core")


@pytest.mark.benchmark
def test_cost_of_recording_views(capsys: pytest.CaptureFixture[str]) -> None:
    """Four rollouts, two of which are sampled: each view has new answers in its strip of a thousand."""
    ring = Ring()
    recorder = recorder_of(ring)
    view, cells = fleet(), probing(cells=1000).strip
    views: list[Any] = []
    for number in range(VIEWS):
        cells = (*cells[1:], replace(cells[0], at=float(number)))
        shown = [replace(v, probe=replace(v.probe, strip=cells, strip_total=number)) for v in view.rollouts[:2]]
        view = replace(view, at=START + number / 10, rollouts=(*shown, *view.rollouts[2:]))
        views.append(view)

    def record() -> None:
        for each in views:
            recorder.view(each)
        recorder.work()

    added = cpu(record)
    with capsys.disabled():
        print(f"\nview: {added / VIEWS * 1e6:.0f} us; at ten a second {added / VIEWS * 1000:.1f} % of a core")
