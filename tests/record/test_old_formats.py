"""Records of every version of the format still open: one fixture of each, which is never written again.

`python -m tests.record.test_old_formats` writes the one of the present version where it is missing.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from cockpit.model.refs import PODS, Ref
from cockpit.record.blocks import VERSION
from cockpit.record.player import Player
from cockpit.record.reader import Record, open_record
from cockpit.record.versions import fields_of
from cockpit.record.writer import Writer
from cockpit.session.clock import ManualClock
from tests.record.recording import HEADER, Memory, story
from tests.tui.fake import CONTEXT, START
from tests.tui.plans import NAMESPACE

FOLDER = Path(__file__).parent / "fixtures"
POD = Ref(PODS, NAMESPACE, "web-1")


def path_of(version: int) -> Path:
    return FOLDER / f"version-{version}.record"


@pytest.mark.parametrize("version", range(1, VERSION + 1))
async def test_a_record_of_each_version_opens(version: int) -> None:
    record = open_record(path_of(version))
    assert record.damage is None
    assert (record.began, record.ended) == (START, START + 39)
    player = Player(record, ManualClock(), paused=True)
    player.seek(START + 21)
    names = [shown.rollout.key.name for shown in player.view().rollouts]
    assert names == ["http-server", "reviews", "rollouts-demo", "demo-service"]
    assert [shown.acting for shown in player.view().rollouts if shown.acting] == ["approve step 2"]
    assert "phase: Running" in await player.yaml(CONTEXT, POD)


def present() -> bytes:
    """A record in the present version."""
    sink = Memory()
    made = Writer(sink, HEADER)
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": POD.name, "namespace": NAMESPACE}}
    for at, view in story(40):
        made.view(at, view)
        phase = "Running" if at >= START + 10 else "Pending"
        made.object(at, CONTEXT, PODS, fields_of(msgspec.json.encode({**body, "status": {"phase": phase}})))
    made.close()
    return sink.data


def test_the_present_version_has_the_shape_of_its_fixture() -> None:
    """What is written now opens with what opened the fixture; another shape needs another version."""
    assert Record(present()).began == open_record(path_of(VERSION)).began


async def _write() -> None:
    FOLDER.mkdir(exist_ok=True)
    if not path_of(VERSION).exists():
        path_of(VERSION).write_bytes(present())


if __name__ == "__main__":
    asyncio.run(_write())
