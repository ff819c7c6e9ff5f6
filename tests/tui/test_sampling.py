"""The question what to sample, the commands that answer it later, and what the session hears of the cursor."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.sampling import ContextSampling, SampleScope
from cockpit.model.view import FleetView, Kept, Sync
from cockpit.tui.sampling import question_lines, undecided
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.screens.sampling import SampleForm
from cockpit.tui.widgets.painted import Tile
from tests.tui.driving import press, rest, said, screen, shown
from tests.tui.fake import CONTEXT, FakeCockpit, cluster, fleet, probing

OPEN = ContextSampling(SampleScope.UNDECIDED, rate=10.0, budget=50.0)
UNDECIDED = replace(fleet(), clusters=(cluster(sampling=OPEN),))


async def test_the_question_shows_the_screen_below_in_few_pieces() -> None:
    """It comes while the session reads: a hundred pieces took 8 MB and most of what painting took."""
    async with screen(FakeCockpit(UNDECIDED)) as (app, _):
        assert isinstance(app.screen, SampleForm)
        assert 0 < len(app.screen.query(Tile)) <= 12


async def test_the_screen_asks_once_and_says_what_would_be_sent() -> None:
    cockpit = FakeCockpit(UNDECIDED)
    async with screen(cockpit) as (app, pilot):
        assert isinstance(app.screen, SampleForm)
        text = " ".join(shown(app).split())
        for words in (
            f"Nobody decided yet what to sample in {CONTEXT}; until then nothing is sent.",
            "GET, each on a new connection, User-Agent rollout-cockpit",
            "10 a second to one rollout, up to 50 while something is doubtful, at most 50 a second together",
            "GET / host web.shop.example (to 10.0.0.9:80)",
            "2 rollouts can be sampled; moving, hurt or doubtful now: 2.",
            "1 moving: releases under way, and what is hurt or doubtful",
            "2 all",
            "3 none",
        ):
            assert words in text
        await press(pilot, "1", "enter")
        assert isinstance(app.screen, FleetScreen)
        cockpit.change("reviews", at=UNDECIDED.at + 1, acting="scale")
        await rest(pilot)
        assert isinstance(app.screen, FleetScreen)
    assert cockpit.samples == [((CONTEXT,), SampleScope.MOVING)]


def test_what_is_stale_or_still_read_is_not_counted() -> None:
    one = next(each for each in UNDECIDED.rollouts if each.probe.probe_target)
    assert "2 rollouts can be sampled" in question_lines(replace(UNDECIDED, rollouts=(one, one)), (CONTEXT,))[-1]
    stale = replace(UNDECIDED, rollouts=(one, replace(one, stale="not up to date")))
    assert "1 rollout can be sampled" in question_lines(stale, (CONTEXT,))[-1]
    assert undecided(UNDECIDED) == (CONTEXT,)
    assert not undecided(replace(UNDECIDED, clusters=(cluster(sampling=OPEN, unfinished=3),)))


async def test_a_cursor_that_moves_lays_nothing_out_again() -> None:
    async with screen(FakeCockpit(UNDECIDED)) as (app, pilot):
        laid_out: list[object] = []
        app.screen.screen_layout_refresh_signal.subscribe(app.screen, laid_out.append)
        before = shown(app)
        await press(pilot, "j")
        assert shown(app) != before, "the cursor moved"
        assert laid_out == []
        await pilot.resize_terminal(100, 30)
        await rest(pilot)
        assert laid_out, "the form is told of another size"


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_a_key_pressed_while_the_question_comes_decides_nothing(key: str) -> None:
    cockpit = FakeCockpit(UNDECIDED)
    async with screen(cockpit) as (app, pilot):
        await press(pilot, key)
        assert isinstance(app.screen, FleetScreen)
        await press(pilot, "o")
    assert cockpit.samples == []
    assert cockpit.probes == [(UNDECIDED.rollouts[0].rollout.key, False)], "o is for one row"


async def test_nothing_is_asked_over_a_dialog_or_while_somebody_types() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "slash", "w")
        assert isinstance(app.focused, Input)
        cockpit.publish(replace(UNDECIDED, at=UNDECIDED.at + 1))
        await rest(pilot)
        assert isinstance(app.screen, FleetScreen)
        await press(pilot, "escape", "colon")
        cockpit.publish(replace(UNDECIDED, at=UNDECIDED.at + 2))
        await rest(pilot)
        assert not isinstance(app.screen, SampleForm)
        await press(pilot, "escape")
        cockpit.publish(replace(UNDECIDED, at=UNDECIDED.at + 3))
        await rest(pilot)
        assert isinstance(app.screen, SampleForm)


async def test_the_question_fits_a_small_screen_with_its_options() -> None:
    async with screen(FakeCockpit(UNDECIDED), size=(60, 12)) as (app, pilot):
        assert "4 decide later" in shown(app)
        await press(pilot, "1")
        assert "1 moving" in shown(app)


async def test_a_command_decides_for_all_and_says_if_it_cannot_be_remembered() -> None:
    cockpit = FakeCockpit()
    cockpit.kept = Kept(problem="sampling.json: cannot be written: no space left")
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "colon", *"sample", "space", *"none", "enter")
        assert "used for this session, but not remembered: sampling.json" in said(app)
    assert cockpit.samples == [((CONTEXT,), SampleScope.NONE)]


async def test_the_session_hears_what_the_cursor_is_on_and_which_rollout_is_open() -> None:
    cockpit = FakeCockpit()
    first, second, *_ = (shown.rollout.key for shown in cockpit.current.rollouts)
    async with screen(cockpit) as (_, pilot):
        assert cockpit.selections[-1] == (first,)
        await press(pilot, "down")
        assert cockpit.selections[-1] == (second,)
        await press(pilot, "enter")
        assert cockpit.selections[-1] == (second,)
        told = len(cockpit.selections)
        await press(pilot, "escape")
        assert len(cockpit.selections) > told
        assert cockpit.selections[-1] == (second,)


def test_only_contexts_with_something_to_sample_are_asked_about() -> None:
    assert undecided(UNDECIDED) == (CONTEXT,)
    assert undecided(fleet()) == ()
    unreachable = tuple(replace(shown, probe=replace(shown.probe, probe_target=None)) for shown in fleet().rollouts)
    assert undecided(replace(UNDECIDED, rollouts=unreachable)) == ()
    starting = cluster(Sync.SYNCING, "other", sampling=OPEN)
    assert undecided(replace(UNDECIDED, clusters=(*UNDECIDED.clusters, starting))) == (), "ask once, for all"
    aside = cluster(Sync.SYNCING, "other", aside=True)
    assert undecided(replace(UNDECIDED, clusters=(*UNDECIDED.clusters, aside))) == (CONTEXT,)


def test_hostile_names_are_safe_in_the_question() -> None:
    evil = ProbeTarget("10.0.0.9", 80, "a\x1b[31mb", "/\u202e")
    first = replace(UNDECIDED.rollouts[0], probe=probing(probe_target=evil))
    view: FleetView = replace(UNDECIDED, rollouts=(first,))
    assert "\x1b" not in "".join(question_lines(view, (CONTEXT,)))
    assert "\u202e" not in "".join(question_lines(view, (CONTEXT,)))


@pytest.mark.parametrize("size", [(60, 20), (60, 16), (80, 24)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_question_its_answers_and_its_keys_are_seen_at_every_size(size: tuple[int, int]) -> None:
    async with screen(FakeCockpit(UNDECIDED), size=size) as (app, _):
        text = " ".join(shown(app).replace("│", " ").split())
        for words in (
            "sample the traffic?",
            "Nobody decided yet",
            "4 decide later: nothing is sent until then",
            "esc cancel",
        ):
            assert words in text
        assert ("in a larger window" in text) is (size != (80, 24))
