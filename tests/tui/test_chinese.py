"""Screens in Chinese: no English sentence of ours is left, names stay, columns hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Lane, Phase, Role, Share
from cockpit.model.view import RolloutView
from cockpit.texts.current import use
from cockpit.texts.languages import CHINESE, ENGLISH
from cockpit.tui.app import CockpitApp
from tests.tui.driving import screen, settled, shown
from tests.tui.fake import FINE, START, FakeCockpit, fleet, probing, rollout, version
from tests.tui.states import STATES

SMALL, LARGE = (80, 24), (120, 36)
# What the fakes say, in English as a cluster would.
GIVEN = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))
SENTENCE = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]{2,}){2,}")
# Commands and their forms, and an event of the fakes.
TYPED = re.compile(r"kubectl|NAME|ADDRESS|GET |svc/|synced Service")


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    use(CHINESE)
    yield
    use(ENGLISH)


def english_in(text: str) -> list[str]:
    """Three English words or more, but for what the fakes say."""
    lines = [line for line in text.splitlines() if not TYPED.search(line)]
    found = (match[0] for line in lines for match in SENTENCE.finditer(line))
    return [words for words in found if words not in GIVEN]


@pytest.mark.parametrize("state", list(STATES))
async def test_a_rollout_is_told_in_chinese(state: str) -> None:
    async with screen(FakeCockpit(STATES[state]), LARGE) as (app, pilot):
        await pilot.press("enter")
        await settled(pilot)
        assert not english_in(shown(app))


@pytest.mark.parametrize("key", ["question_mark", "w", "g", "O", "r", "i", "colon"])
async def test_so_are_help_and_dialogs(key: str) -> None:
    async with screen(FakeCockpit(STATES["fine"]), LARGE) as (app, pilot):
        await pilot.press("enter", key)
        await settled(pilot)
        assert not english_in(shown(app))


async def test_names_that_are_words_of_ours_stay_as_they_are() -> None:
    names = ("stable", "canary")
    both = (version(names[0], Role.STABLE, 2, 2), version(names[1], Role.CANARY, 1, 1))
    main = Lane("default", "", (Share(names[0], 0.7, 0.7), Share(names[1], 0.3, 0.3)))
    made = rollout("paused", "ingress", Phase.CANARY, (main,), versions=both)
    made = replace(made, key=RolloutKey("verified", "approve", "paused", "ingress"))
    view = replace(fleet(), rollouts=(RolloutView(made, probing(), health=FINE),))
    async with screen(FakeCockpit(view), LARGE) as (app, pilot):
        await settled(pilot)
        assert all(name in shown(app) for name in ("paused", *names))
        await pilot.press("enter")
        await settled(pilot)
        assert all(name in shown(app) for name in ("approve/paused", *names))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
async def test_no_line_is_wider_than_the_screen(size: tuple[int, int]) -> None:
    async with screen(FakeCockpit(STATES["hurt"]), size) as (app, pilot):
        await pilot.press("enter")
        await settled(pilot)
        assert max(map(cell_len, shown(app).splitlines())) <= size[0]


PICTURES = {
    "fleet": ("hurt",),
    "hurt": ("hurt", "enter"),
    "plan": ("hurt", "enter", "r"),
    "help": ("fine", "question_mark"),
}


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("picture", list(PICTURES))
def test_picture(snap_compare: Any, picture: str, size: tuple[int, int]) -> None:
    state, *pressed = PICTURES[picture]
    app = CockpitApp(FakeCockpit(STATES[state]), zone=UTC, now=lambda: START + 300)

    async def press(pilot: Any) -> None:
        await pilot.press(*pressed)
        await settled(pilot)

    assert snap_compare(app, terminal_size=size, run_before=press)
