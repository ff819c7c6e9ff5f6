"""Keys and screens of a person are in the record of their screen, never what they type; a replay finds them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events

from cockpit.launch.last_hour import LastHour
from cockpit.model.refs import RolloutKey
from cockpit.record.entries import MarkKind
from cockpit.record.player import Player
from cockpit.record.reader import Record, open_record
from cockpit.session.clock import ManualClock
from cockpit.tui.keeping import screen_text
from cockpit.tui.replaying import ReplayApp
from cockpit.tui.telling_keys import Told
from tests.record.recording import Memory, story, writer
from tests.record.test_last_hour import OnLoop
from tests.record.test_replay import replayed
from tests.tui.driving import press, said, screen, settled
from tests.tui.fake import START
from tests.tui.terminal import until


class Heard:
    """What the app tells."""

    def __init__(self) -> None:
        self.all: list[tuple[Told, str]] = []
        self.rollouts: list[RolloutKey | None] = []

    def __call__(self, what: Told, words: str, rollout: RolloutKey | None) -> None:
        self.all.append((what, words))
        self.rollouts.append(rollout)

    def words(self, what: Told) -> list[str]:
        return [words for kind, words in self.all if kind is what]


async def test_each_key_is_told_with_what_it_does_and_each_screen_by_its_name() -> None:
    heard = Heard()
    async with screen() as (app, pilot):
        app.tell_input = heard
        await press(pilot, "down", "enter", "question_mark", "escape", "escape")
        assert heard.words(Told.KEY)[1:3] == ["enter open", "? keys"]
        assert len(heard.words(Told.KEY)) == 5
        assert heard.words(Told.SCREEN) == ["rollout", "help", "rollout", "fleet"]
        assert {key.name for key in heard.rollouts if key} <= {view.rollout.key.name for view in app.view.rollouts}
        assert any(heard.rollouts)


@pytest.mark.parametrize("opens", ["slash", "colon"], ids=["filter", "palette"])
async def test_what_is_typed_is_not_told(opens: str) -> None:
    heard = Heard()
    async with screen() as (app, pilot):
        app.tell_input = heard
        await press(pilot, opens)
        heard.all.clear()
        await press(pilot, *"hunter2", "backspace", "space")
        assert heard.words(Told.KEY) == ["a key in a field"] * 9
        app.post_message(events.Paste("hunter2"))
        await press(pilot, "escape")
        assert heard.words(Told.KEY)[9:] == ["text pasted", heard.words(Told.KEY)[-1]]
        assert heard.words(Told.KEY)[-1].startswith("esc")
    assert "hunter" not in str(heard.all)


async def test_the_parameters_of_a_probe_are_not_told() -> None:
    heard = Heard()
    async with screen() as (app, pilot):
        await press(pilot, "O")
        app.tell_input = heard
        await press(pilot, *"token=1")
    assert set(heard.words(Told.KEY)) == {"a key in a field"}


async def test_they_are_in_the_last_hour_with_their_times(tmp_path: Path) -> None:
    cockpit, last_hour = OnLoop(), LastHour()

    @asynccontextmanager
    async def opened(_: object) -> AsyncIterator[OnLoop]:
        yield cockpit

    last_hour.tell(Told.KEY, "too early", None)
    async with last_hour.beside(opened):
        await until(lambda: bool(cockpit.listeners))
        key = cockpit.current.rollouts[0].rollout.key
        last_hour.tell(Told.KEY, "r roll back", key)
        last_hour.tell(Told.SCREEN, "plan", key)
        assert last_hour.write(tmp_path / "record") == ""
    pressed = open_record(tmp_path / "record").pressed()
    assert [(mark.kind, mark.text) for mark in pressed] == [(MarkKind.KEY, "r roll back"), (MarkKind.SCREEN, "plan")]
    assert pressed[0].rollout == (key.context, key.namespace, key.name, key.system)
    assert pressed[0].at > 0


def with_keys() -> bytes:
    sink = Memory()
    made = writer(sink)
    for at, view in story(32):
        made.view(at, view)
        if at == START + 10:
            made.mark(at, MarkKind.KEY, "r roll back")
            made.mark(at, MarkKind.SCREEN, "plan")
        if at == START + 20:
            made.mark(at, MarkKind.KEY, "enter sends")
    made.close()
    return sink.data


async def test_a_replay_names_the_key_in_its_first_line_and_jumps_to_keys() -> None:
    async with replayed((120, 36), data=with_keys()) as (player, app, pilot):
        assert "key " not in await first_line(app, pilot)
        await press(pilot, "right_parenthesis")
        assert player.now() == START + 10
        assert "key r roll back  RECORDING 00:00:10" in await first_line(app, pilot)
        assert "00:00:10 key: r roll back" in said(app)
        await press(pilot, "right_parenthesis")
        assert player.now() == START + 20
        assert "key enter sends" in await first_line(app, pilot)
        await press(pilot, "right_parenthesis")
        assert "no key follows in the recording" in said(app)
        await press(pilot, "left_parenthesis")
        assert player.now() == START + 10


async def first_line(app: ReplayApp, pilot: object) -> str:
    await settled(pilot)  # type: ignore[arg-type]
    return screen_text(app.screen).split("\n")[0]


def test_a_key_is_named_for_a_moment_and_keys_are_no_acts() -> None:
    record = Record(with_keys())
    assert len(record.pressed()) == 3
    assert not {mark.kind for mark in record.stops()} & {MarkKind.KEY, MarkKind.SCREEN}
    player = Player(record, ManualClock(), paused=True)
    named = {}
    for after in (9, 10, 13, 14):
        player.seek(START + after)
        named[after] = player.playback().pressed
    assert named == {9: "", 10: "r roll back", 13: "r roll back", 14: ""}
