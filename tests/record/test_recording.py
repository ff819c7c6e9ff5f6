"""Objects come back as they were, in every pane that looks closer at one, and a failing disk ends only the record."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.refs import DEPLOYMENTS, EVENTS, PODS, REPLICASETS, Ref, Resource
from cockpit.model.view import FleetView
from cockpit.record.blocks import Block, Header
from cockpit.record.player import Player
from cockpit.record.reader import Record
from cockpit.record.recorder import MOST_WAITING, Recorder
from cockpit.record.sinks import FileSink, Ring
from cockpit.record.writer import Writer
from cockpit.session.clock import ManualClock
from tests.record.recording import HEADER, Memory
from tests.tui.fake import CONTEXT, START, fleet
from tests.tui.plans import NAMESPACE

POD = Ref(PODS, NAMESPACE, "web-1")


def body_of(name: str, phase: str, **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, "uid": f"uid-{name}", **more}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": {"phase": phase}}


def line(type: str, body: dict[str, Any]) -> bytes:
    return json.dumps({"type": type, "object": body}).encode()


class Taping:
    """A recorder without a thread, and a player of what it wrote."""

    def __init__(self, sink: Any = None, most_waiting: int = MOST_WAITING, **more: Any) -> None:
        self.sink = sink or Memory()
        self.clock = ManualClock(START)
        writer = Writer(self.sink, HEADER, **more)
        self.recorder = Recorder(writer, self.clock, threaded=False, most_waiting=most_waiting)
        self.tap = self.recorder.tap(CONTEXT)
        self.recorder.view(fleet())

    async def at(self, seconds: float) -> None:
        await self.clock.advance(START + seconds - self.clock.now())

    def lists(self, kind: Resource, *bodies: dict[str, Any]) -> None:
        self.tap.page(kind, json.dumps({"items": bodies}).encode(), first=True, last=True)

    def player(self) -> Player:
        with self.recorder:
            self.recorder.view(fleet())
            # Something is seen at the end, so that every moment until then is in the record.
            self.recorder.view(fleet_at(self.clock.now()))
        return Player(Record(self.sink.data), self.clock, paused=True)


def fleet_at(at: float) -> FleetView:
    return replace(fleet(), at=at, user="bob")


async def phase_at(player: Player, seconds: float) -> str:
    player.seek(START + seconds)
    text = await player.yaml(CONTEXT, POD)
    return str(yaml.safe_load(text)["status"]["phase"]) if text.startswith("apiVersion") else text


async def test_yaml_is_that_of_the_moment() -> None:
    taping = Taping()
    taping.lists(PODS, body_of("web-1", "Pending"), body_of("web-2", "Running"))
    await taping.at(10)
    taping.tap.lines(PODS, [line("MODIFIED", body_of("web-1", "Running"))])
    await taping.at(20)
    taping.tap.lines(PODS, [line("DELETED", body_of("web-1", "Running")), line("BOOKMARK", {"metadata": {}})])
    await taping.at(30)
    taping.tap.lines(PODS, [line("ADDED", body_of("web-1", "Failed")), b"not JSON"])
    await taping.at(40)
    taping.lists(PODS, body_of("web-2", "Running"))
    player = taping.player()
    seen = [await phase_at(player, seconds) for seconds in (0, 10, 15, 20, 30, 40)]
    gone = "Pod shop/web-1 in prod-eu: not in the recording at 00:00:{} UTC"
    assert seen == ["Pending", "Running", "Running", gone.format(20), "Failed", gone.format(40)]


async def test_a_list_of_which_a_page_was_lost_does_not_say_what_is_gone() -> None:
    bodies = {name: json.dumps({"items": [body_of(name, "Running")]}).encode() for name in ("web-1", "web-2", "web-3")}
    # Two pages wait at most, until they are written.
    taping = Taping(most_waiting=2 * len(bodies["web-1"]))
    taping.tap.page(PODS, bodies["web-3"], first=True, last=True)
    taping.recorder.work()
    await taping.at(10)
    for name in ("web-1", "web-2", "web-3"):
        taping.tap.page(PODS, bodies[name], first=name == "web-1", last=False)
    taping.recorder.work()
    taping.tap.page(PODS, b'{"items": []}', first=False, last=True)
    await taping.at(20)
    player = taping.player()
    assert await phase_at(player, 15) == "Running"
    player.seek(START + 15)
    assert "Running" in await player.yaml(CONTEXT, replace(POD, name="web-3")), "it was in the page that was lost"


async def test_the_order_of_the_fields_is_that_of_the_server() -> None:
    taping = Taping()
    taping.tap.lines(PODS, [line("ADDED", body_of("web-1", "Running", labels={"b": "1", "a": "2"}))])
    leaving = body_of("web-1", "Running", deletionTimestamp="2026-01-01T00:00:00Z", labels={"b": "1", "a": "2"})
    taping.tap.lines(PODS, [line("MODIFIED", leaving)])
    player = taping.player()
    assert yaml.safe_load(await player.yaml(CONTEXT, POD)) == leaving
    assert list(yaml.safe_load(await player.yaml(CONTEXT, POD))["metadata"]) == list(leaving["metadata"])


async def test_events_are_those_until_then() -> None:
    taping = Taping()
    taping.lists(PODS, body_of("web-1", "Running"))
    about = {"kind": "Pod", "name": "web-1", "namespace": NAMESPACE}
    event = {"metadata": {"name": "e1", "namespace": NAMESPACE}, "involvedObject": about, "type": "Warning"}
    await taping.at(10)
    taping.tap.lines(EVENTS, [line("ADDED", {**event, "reason": "BackOff", "message": "restarting"})])
    await taping.at(20)
    player = taping.player()
    player.seek(START + 5)
    assert await player.events(CONTEXT, POD) == ()
    player.seek(START + 15)
    groups = await player.events(CONTEXT, POD)
    assert [(group.reason, group.messages) for group in groups if not isinstance(group, str)] == [
        ("BackOff", ("restarting",))
    ]
    assert any("BackOff" in words for words in await player.describe(CONTEXT, POD))


async def test_revisions_and_their_difference_are_read_from_recorded_objects() -> None:
    taping = Taping()
    key = fleet().rollouts[0].rollout.key
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "v1", "uid": "uid-v1", "controller": True}
    labels = {"app": "web"}

    def replicaset(number: int, image: str) -> dict[str, Any]:
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": image}]}}
        marks = {"deployment.kubernetes.io/revision": str(number)}
        metadata = {"name": f"v1-{number}", "namespace": NAMESPACE, "uid": f"rs{number}", "annotations": marks}
        spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
        return {"metadata": {**metadata, "ownerReferences": [owner]}, "spec": spec}

    workload = {"metadata": {"name": "v1", "namespace": NAMESPACE, "uid": "uid-v1"}, "spec": replicaset(2, "x")["spec"]}
    taping.lists(DEPLOYMENTS, workload)
    taping.lists(REPLICASETS, replicaset(1, "web:1"), replicaset(2, "web:2"))
    player = taping.player()
    assert [revision.number for revision in await player.revisions(key)] == [2, 1]
    changed = await player.difference(key, "1", "2")
    assert [words for words in changed if words[:1] in "+-" and "image" in words] == [
        "-  - image: web:1",
        "+  - image: web:2",
    ] or any("web:2" in words for words in changed)


async def test_nothing_can_be_done_in_a_recording() -> None:
    player = Taping().player()
    key = fleet().rollouts[0].rollout.key
    refused = await player.prepare(key, Ask(Act.ROLLBACK))
    assert isinstance(refused, Refused)
    assert "this is a recording" in refused.why
    assert "this is a recording" in await player.guard(key, None)
    assert await player.logs(CONTEXT, POD) == ("logs are not recorded",)


def test_a_file_is_new_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "flight.record"
    FileSink(path).close()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        FileSink(path)


class FullDisk(Memory):
    def add(self, block: Block) -> None:
        raise OSError(28, "No space left on device")


def test_a_full_disk_ends_the_record_and_is_said() -> None:
    taping = Taping(FullDisk())
    taping.recorder.work()
    assert taping.recorder.problem == "not recorded any more: No space left on device"
    taping.recorder.view(fleet())
    taping.recorder.work()


async def test_a_ring_keeps_the_last_time_and_opens_like_a_file(tmp_path: Path) -> None:
    ring = Ring(seconds=100)
    taping = Taping(ring, forgets=True)
    for second in range(400):
        await taping.at(second)
        taping.tap.lines(PODS, [line("MODIFIED", body_of("web-1", f"at {second}"))])
        taping.recorder.view(fleet_at(START + second))
        taping.recorder.work()
    path = tmp_path / "ring.record"
    assert ring.write(path) == path.stat().st_size
    record = Record(path.read_bytes())
    assert record.damage is None
    assert record.ended == START + 399
    assert START + 230 <= record.began <= START + 299
    player = Player(record, taping.clock, paused=True)
    assert await phase_at(player, 350.5) == "at 350"


def test_a_ring_never_holds_more_than_it_may() -> None:
    ring = Ring(most=20_000)
    made = Writer(ring, Header("0.1.0", START), forgets=True)
    largest = 0
    for number in range(60):
        made.view(START + 40 * number, fleet_at(START + 40 * number))
        made.flush()
        largest = max(largest, ring.size)
    assert 0 < ring.size <= largest <= 20_000
    assert ring.size == sum(block.size for block in ring.blocks())
