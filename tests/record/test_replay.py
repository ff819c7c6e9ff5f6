"""A replay shows the screens of the session, cell by cell, at every size and at every moment, and changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from cockpit.model.inspection import EventGroup
from cockpit.model.plan import Act, Ask
from cockpit.model.reasons import A_RECORDING
from cockpit.model.refs import EVENTS, Ref
from cockpit.model.view import FleetView
from cockpit.record.player import Player
from cockpit.record.reader import Record
from cockpit.record.recorder import plan_seen
from cockpit.record.versions import fields_of
from cockpit.session.clock import ManualClock
from cockpit.session.inspecting.objects import events_of
from cockpit.tui.app import CockpitApp
from cockpit.tui.keeping import screen_text
from cockpit.tui.order import VersionOrder
from cockpit.tui.replaying import ReplayApp
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.since import FirstSeen
from tests.record.recording import Memory, story, writer
from tests.tui.driving import press, said, settled
from tests.tui.fake import CONTEXT, START, FakeCockpit
from tests.tui.plans import plan_of

STORY = story(32)
MOMENTS = (0, 21, 24, 31)
HEAD = 30  # columns of the first line that are the same in a narrow window
SIZES = [(80, 24), (120, 36), (200, 60)]


class Live(FakeCockpit):
    """Events come from objects, as those of a session."""

    async def events(self, context: str, ref: Ref) -> tuple[EventGroup, ...] | str:
        return await events_of(Told(), ref)


class Told:
    """A cluster that has one event about each of its objects."""

    context = CONTEXT

    async def get(self, ref: Ref) -> dict[str, Any]:
        return {}

    async def events(self, ref: Ref) -> list[dict[str, Any]]:
        return [event_about(ref)]

    async def logs(self, ref: Ref, lines: int = 200) -> str:
        return ""


def event_about(ref: Ref) -> dict[str, Any]:
    about = {"kind": ref.resource.kind, "name": ref.name, "namespace": ref.namespace}
    metadata = {"name": f"{ref.resource.kind}-{ref.name}", "namespace": ref.namespace}
    made = {"lastTimestamp": "2026-01-01T00:00:00Z", "type": "Normal", "reason": "Sync", "message": "synced"}
    return {"metadata": metadata, "involvedObject": about, **made}


def as_on_a_screen() -> bytes:
    sink = Memory()
    made = writer(sink, since=FirstSeen(START), order=VersionOrder().apply)
    for shown in STORY[0][1].rollouts:
        key = shown.rollout.key
        for ref in shown.rollout.objects:
            made.object(START, CONTEXT, EVENTS, fields_of(msgspec.json.encode(event_about(ref))))
        made.plan(plan_seen(START, key, Act.ROLLBACK, plan_of(key, Ask(Act.ROLLBACK), False)))
    for at, view in STORY:
        made.view(at, view)
    made.close()
    return sink.data


DATA = as_on_a_screen()


@asynccontextmanager
async def live(size: tuple[int, int]) -> AsyncIterator[tuple[FakeCockpit, list[float], Pilot[None]]]:
    cockpit, now = Live(STORY[0][1]), [START]
    app = CockpitApp(cockpit, zone=UTC, now=lambda: now[0])
    async with app.run_test(size=size) as pilot:
        yield cockpit, now, pilot


@asynccontextmanager
async def replayed(
    size: tuple[int, int] = (80, 24), data: bytes = DATA
) -> AsyncIterator[tuple[Player, ReplayApp, Pilot[None]]]:
    player = Player(Record(data), ManualClock(), paused=True)
    app = ReplayApp(player, zone=UTC, playing=False)
    async with app.run_test(size=size) as pilot:
        yield player, app, pilot


async def frame(pilot: Pilot[None]) -> list[str]:
    """The screen as text, without the last line, whose keys are those of a recording.

    Of the first line, which says that it is a recording, the beginning and the end.
    """
    if isinstance(pilot.app.screen, RolloutScreen):
        # They are read from time to time: the ages that are shown are of that time.
        pilot.app.screen.read_events()
    await press(pilot, "ctrl+r")
    await settled(pilot)
    first, *rest, _ = screen_text(pilot.app.screen).split("\n")
    return [first[:HEAD], first.split()[-1], *rest]


@pytest.mark.parametrize("keys", [(), ("enter",)], ids=["fleet", "rollout"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_same_screens_at_the_same_moments(size: tuple[int, int], keys: tuple[str, ...]) -> None:
    shown = {}
    async with live(size) as (cockpit, now, pilot):
        await press(pilot, *keys)
        for at, view in STORY:
            now[0] = at
            cockpit.publish(view)
            await pilot.pause()
            if at - START in MOMENTS:
                shown[at] = await frame(pilot)
    async with replayed(size) as (player, _, pilot):
        await press(pilot, *keys)
        # Forwards and backwards: what came before a jump must not matter.
        for at in (*shown, *reversed(shown)):
            player.seek(at)
            assert await frame(pilot) == shown[at], f"{at - START:g} s"


async def test_the_first_line_says_that_it_is_a_recording_and_which_moment_it_shows() -> None:
    async with replayed() as (player, app, pilot):
        player.seek(START + 21)
        await settled(pilot)
        assert "RECORDING 00:00:21 paused" in screen_text(app.screen).split("\n")[0]
        await press(pilot, "right_square_bracket", "b")
        await settled(pilot)
        assert "RECORDING 00:00:21 2x" in screen_text(app.screen).split("\n")[0]


async def test_keys_go_to_a_view_a_mark_and_a_tenth() -> None:
    async with replayed() as (player, app, pilot):
        await press(pilot, "full_stop")
        assert player.now() == START + 1
        await press(pilot, "full_stop", "comma")
        assert player.now() == START + 1
        await press(pilot, "greater_than_sign")
        assert player.now() == START + 11
        await press(pilot, "5")
        assert player.now() == START + 15.5
        await press(pilot, "right_curly_bracket")
        assert "no act or finding follows in the recording" in said(app)


async def test_an_act_is_refused_as_a_recording() -> None:
    async with replayed() as (_, app, pilot):
        await press(pilot, "r")
        await settled(pilot)
        assert "this is a recording" in screen_text(app.screen)


@pytest.mark.parametrize("keys", [(), ("enter",)], ids=["fleet", "rollout"])
async def test_the_last_line_has_the_keys_of_a_recording_and_none_that_act(keys: tuple[str, ...]) -> None:
    async with replayed() as (_, app, pilot):
        await press(pilot, *keys)
        await settled(pilot)
        last = screen_text(app.screen).rstrip("\n").split("\n")[-1]
        assert "b pause  } next mark  { last mark" in last
        assert "? keys" in last
        for words in ("roll back", "undo", "weight", "probe", "guard"):
            assert words not in last
        top = app.screen
        assert isinstance(top, CockpitScreen)
        assert top.why_not(app.keymap["rollback"]) == A_RECORDING == top.why_not(app.keymap["guard"])
        assert top.why_not(app.keymap["yaml"]) == ""


async def test_a_probe_is_not_started_in_a_recording() -> None:
    async with replayed() as (_, app, pilot):
        await press(pilot, "o")
        assert "this is a recording" in said(app)


async def test_a_record_that_is_cut_off_says_until_when_it_goes() -> None:
    async with replayed(data=DATA + b"\xc0BLK") as (_, app, _):
        assert f"the recording is cut off at byte {len(DATA)}; what follows 00:00:31 is lost" in said(app)


async def test_it_plays_at_its_speed_and_pauses_at_the_end() -> None:
    clock = ManualClock()
    player = Player(Record(DATA), clock)
    player.play_at(4)
    seen: list[FleetView] = []
    player.subscribe(seen.append)
    playing = asyncio.create_task(player.run())
    await clock.sleeping()
    await clock.advance(2.1)
    assert player.now() == pytest.approx(START + 8.4)
    assert player.here().view == STORY[8][1]
    await clock.advance(20)
    assert player.playback().paused
    assert player.now() == START + 31
    times = [view.playback.at for view in seen if view.playback]
    assert times == sorted(times)
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
