"""`cockpit demo --from FILE`: what is refused and why, and that views say what is as recorded and what is a guess."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from cockpit.cli.commands.demo import demo_command
from cockpit.cli.program import StartError
from cockpit.launch.reenacting import Reenacting, ReenactingBridge, left_out, write_course
from cockpit.model.refs import PODS
from cockpit.model.view import FleetView, Reenactment
from cockpit.record.writer import Writer
from cockpit.session.port import Cockpit
from cockpit.tui.glyphs import UNICODE
from cockpit.tui.lines import plain
from cockpit.tui.widgets.header_bar import header_line
from tests.record.recording import HEADER, Memory, story
from tests.tui.fake import START, FakeCockpit, fleet


def record(*contexts: str) -> bytes:
    sink = Memory()
    made = Writer(sink, HEADER)
    for at, view in story(3):
        made.view(at, view)
    for context in contexts:
        made.listed(START, context, PODS, [])
    made.close()
    return sink.data


@pytest.mark.parametrize(
    ("data", "wanted", "why"),
    [
        (b"GIF89a", (), "not a record of the cockpit"),
        (b"COCKPIT RECORD\n\x00\x07", (), "version 7 of the format; this cockpit reads up to version"),
        (record("eu")[:60], (), "cut off in its header, after 60 bytes"),
        (record(), (), "holds no lists of objects"),
        (record("eu", "us"), (), "choose one of them with --context: eu, us"),
        (record("eu", "us"), ("asia",), "--context asia: not in the recording; there are: eu, us"),
    ],
    ids=["foreign", "newer", "cut", "last hour", "two contexts", "unknown context"],
)
def test_what_cannot_be_played_is_named_with_its_reason(
    tmp_path: Path, data: bytes, wanted: tuple[str, ...], why: str
) -> None:
    path = tmp_path / "flight.record"
    path.write_bytes(data)
    with pytest.raises(StartError) as caught:
        write_course(path, wanted, tmp_path / "course")
    assert str(caught.value).startswith(f"{path}: ")
    assert why in str(caught.value)


def test_one_of_several_contexts_and_what_is_lost_of_a_cut_record(tmp_path: Path) -> None:
    path, course = tmp_path / "flight.record", tmp_path / "course"
    data = record("eu", "us")
    path.write_bytes(data + b"\xc0BLK")
    problems = write_course(path, ("us",), course)
    assert problems == (f"the recording is cut off at byte {len(data)}; what follows is lost",)
    assert course.read_text().startswith('{"course": 1, ')


def test_what_the_cluster_does_not_serve_is_said() -> None:
    assert left_out({"left_out": 0}) == left_out({}) == left_out({"left_out": "x"}) == ()
    assert left_out({"left_out": 1})[0].startswith("1 entry of the recording could not be played")


@pytest.mark.parametrize("words", [["broken-canary"], ["--with", "colleague"]])
def test_a_record_is_played_alone(tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / "flight.record"
    path.write_bytes(b"")
    done = CliRunner().invoke(demo_command, ["--from", str(path), *words], obj=object())
    assert done.exit_code == 2
    assert "--from plays a record alone" in done.output


async def test_views_say_when_it_becomes_a_guess() -> None:
    fake, reenacting, seen = FakeCockpit(), Reenacting(), list[Reenactment | None]()

    @asynccontextmanager
    async def session() -> AsyncIterator[Cockpit]:
        yield cast(Cockpit, fake)

    async with ReenactingBridge(reenacting, session) as bridge:
        assert bridge.view().reenactment == Reenactment()
        end = bridge.subscribe(lambda view: seen.append(view.reenactment))
        fake.publish(fleet())
        reenacting.hear({"something": "else"})
        reenacting.hear({"guess": "never"})
        assert seen == [Reenactment()]
        reenacting.hear({"guess": {"at": START, "object": "Ingress shop/web"}})
        assert seen == [Reenactment(), Reenactment(START)]
        assert bridge.view().reenactment == Reenactment(START)
        end()
        reenacting.hear({"guess": {"at": START + 1}})
        fake.publish(fleet())
        assert len(seen) == 2


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(
    ("state", "words"), [(None, ""), (Reenactment(), "AS RECORDED"), (Reenactment(START), "GUESS since 00:00:00")]
)
def test_the_first_line_says_it_at_every_width(width: int, state: Any, words: str) -> None:
    view: FleetView = replace(fleet(), reenactment=state)
    line = plain([header_line(view, view.clusters, [], width, UNICODE, UTC, whole=True)])[0]
    assert len(line) <= width
    assert "● live" in line
    assert words in line
    assert ("RECORDED" in line or "GUESS" in line) == bool(words)
