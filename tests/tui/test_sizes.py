"""Whatever sizes a terminal takes, and whatever happens between them: every screen and dialog lives, cursors stay."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.screen import Screen

from cockpit.model.rollout import Finding, Severity
from cockpit.tui.app import CockpitApp
from cockpit.tui.glyphs import UNICODE
from cockpit.tui.keys import KEYS
from cockpit.tui.lines import plain, width_of
from cockpit.tui.screens.ask import LAST, ChoiceForm, LineForm, WeightForm
from cockpit.tui.screens.help import HelpScreen
from cockpit.tui.screens.journal import JournalScreen
from cockpit.tui.screens.logs import LogScreen
from cockpit.tui.screens.objects import DiffText, ObjectText
from cockpit.tui.screens.palette import PaletteScreen
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.pods import PodsScreen
from cockpit.tui.screens.revisions import RevisionsScreen
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.screens.text import FindingsText
from cockpit.tui.widgets.findings import FindingLines, finding_lines, wanted_lines
from cockpit.tui.widgets.painted import Painted
from cockpit.tui.widgets.rollout_table import RolloutTable
from cockpit.tui.widgets.scroll_text import ScrollText
from cockpit.tui.widgets.timeline import Timeline
from cockpit.tui.widgets.version_list import VersionList
from tests.tui.driving import rest, screen, shown
from tests.tui.fake import FakeCockpit
from tests.tui.scenes import FLEETS, LONG

# An app is started for each example, which takes as long as hundreds of pure ones.
FEWER = settings(
    max_examples=settings().max_examples // 10 if settings.get_current_profile_name() == "fuzz" else 4,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
    report_multiple_bugs=False,
)


@dataclass(frozen=True)
class Size:
    """The terminal takes this size."""

    width: int
    height: int


@dataclass(frozen=True)
class Press:
    """A person presses this key."""

    key: str


@dataclass(frozen=True)
class Publish:
    """The session has this one of `FLEETS`."""

    fleet: str


Move = Size | Press | Publish

usual_sizes = st.sampled_from([Size(80, 24), Size(120, 36), Size(60, 10), Size(1, 1)])
small_sizes = st.builds(Size, st.integers(1, 30), st.integers(1, 12))
# The largest of all takes a second to draw, and is one of the examples.
long_sizes = st.builds(Size, st.integers(1, 500), st.integers(1, 20)) | st.builds(
    Size, st.integers(1, 60), st.integers(1, 200)
)
sizes = small_sizes | usual_sizes | long_sizes
# Every key of the table but those that end or suspend the program, and what moves cursors and fills fields.
KEY_NAMES = sorted({name.strip() for key in KEYS for name in key.keys.split(",")} - {"q", "ctrl+z"})
MOVING = ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "shift+tab", "5", "0", "backspace")
presses = st.builds(Press, st.sampled_from([*KEY_NAMES, *MOVING]))
moves = st.lists(sizes | presses | sizes | st.builds(Publish, st.sampled_from(list(FLEETS))), min_size=1, max_size=8)
# What opens each screen and dialog where the rollout under the cursor has it.
OPENED = (
    "", "r", "u", "w", "h", "n", "A", "f", "s", "I", "S", "O", "colon", "slash", "i", "y", "e", "l", "enter",
    "question_mark", "T", "d", "v", "V", "equals_sign", "C",
)  # fmt: skip
openings = st.tuples(st.sampled_from(["", "enter"]), st.sampled_from(OPENED)).map(lambda keys: [k for k in keys if k])


def cursors(shown: Screen[Any]) -> dict[str, object]:
    """What each cursor of a screen is on."""
    found: dict[str, object] = {}
    for table in shown.query(RolloutTable):
        found["rollout"] = table.selected
    for versions in shown.query(VersionList):
        found["version"] = versions.version and versions.version.name
        found["pod"] = versions.pod and versions.pod.uid
    for timeline in shown.query(Timeline):
        found["entry"] = timeline.current and timeline.current.id
    if isinstance(shown, PaletteScreen):
        found["command"] = shown.found[shown.index] if shown.found else None
    if isinstance(shown, ChoiceForm):
        found["option"] = shown.options[shown.index]
    if isinstance(shown, WeightForm):
        found["weights"] = shown.weights
    if shown.focused is not None:
        found["focus"] = shown.focused
    return found


def check_cursors(app: CockpitApp, before: Sequence[dict[str, object]]) -> None:
    """Cursors are where they were; on a screen below another, where what they were on is in the newest view."""
    *below, top = [cursors(each) for each in app.screen_stack]
    assert top == before[-1]
    known = {view.rollout.key for view in app.view.rollouts} | {group.view.rollout.key for group in app.view.groups}
    for old, new in zip(before, below, strict=False):
        assert new["focus"] == old["focus"]
        assert new.get("rollout") == old.get("rollout") or old["rollout"] not in known


def check_picture(app: CockpitApp) -> None:
    """Every pane on screen shows what it has to say in the room that it has now, and the cursor is seen."""
    for pane in app.screen.query(Painted):
        if not pane.display or not pane.size:
            continue
        width, height = pane.size
        assert pane.lines == pane.draw(width, height)[:height], f"{pane} shows what it drew for another size"
        assert all(pane.strip_at(y).cell_length == width for y in range(height))
        marked = any("cursor" in span.style.split() for line in pane.lines for span in line)
        empty = isinstance(app.screen, PaletteScreen) and not app.screen.found
        if isinstance(pane, ScrollText) and pane.cursor is not None and width > 3 and not empty:
            assert marked or any(app.glyphs.cursor in line for line in plain(pane.lines)) or pane.cursor == LAST
        if isinstance(pane, RolloutTable) and pane.rows:
            assert marked
        if isinstance(pane, VersionList) and pane.has_focus and pane.version:
            assert marked
        if isinstance(pane, Timeline) and pane.has_focus and pane.entries:
            assert marked


async def play(pilot: Pilot[None], app: CockpitApp, cockpit: FakeCockpit, done: Sequence[Move]) -> None:
    for move in done:
        match move:
            case Size(width, height):
                before = [cursors(each) for each in app.screen_stack]
                await pilot.resize_terminal(width, height)
                await rest(pilot)
                check_cursors(app, before)
                check_picture(app)
            case Press(key):
                await pilot.press(key)
                await rest(pilot)
            case Publish(name):
                view = FLEETS[name]
                there = cursors(app.screen)
                cockpit.publish(view)
                await rest(pilot)
                after, keys = cursors(app.screen), {each.rollout.key for each in view.rollouts}
                assert after.get("rollout") == there.get("rollout") or there["rollout"] not in keys
        assert app.is_running
        assert app._exception is None


async def live(name: str, keys: Sequence[str], done: Sequence[Move]) -> None:
    cockpit = FakeCockpit(FLEETS[name])
    async with screen(cockpit) as (app, pilot):
        await play(pilot, app, cockpit, [*map(Press, keys), *done])


@FEWER
@given(st.sampled_from(list(FLEETS)), openings, moves)
@example("usual", ["enter", "r"], [Size(60, 10)])
@example("usual", ["enter", "question_mark"], [Size(60, 10), Size(1, 1), Size(500, 200), Size(80, 24)])
def test_any_sizes_in_any_screen(name: str, keys: list[str], done: list[Move]) -> None:
    asyncio.run(live(name, keys, done))


@pytest.mark.parametrize(
    ("name", "opened"),
    [
        (
            "usual",
            {
                "r": PlanDialog, "w": WeightForm, "h": LineForm, "A": ChoiceForm, "O": LineForm,
                "question_mark": HelpScreen, "colon": PaletteScreen,
                "i": JournalScreen, "y": ObjectText, "l": LogScreen, "enter": FindingsText,
                "d": ObjectText, "v": PodsScreen, "V": RevisionsScreen, "equals_sign": DiffText,
            },
        ),
        ("stepped", {"s": ChoiceForm, "I": LineForm}),
        ("crowded", {"w": WeightForm, "f": ChoiceForm}),
    ],
)  # fmt: skip
async def test_every_dialog_in_a_small_terminal(name: str, opened: dict[str, type[Screen[Any]]]) -> None:
    cockpit = FakeCockpit(FLEETS[name])
    cockpit.texts["yaml"] = "\n".join(f"line {n}: {LONG}" for n in range(300))
    async with screen(cockpit, size=(40, 6)) as (app, pilot):
        await play(pilot, app, cockpit, [Press("enter")])
        for key, kind in opened.items():
            await play(pilot, app, cockpit, [Press(key), Press("down"), Size(1, 1), Size(40, 6)])
            assert isinstance(app.screen, kind)
            await play(pilot, app, cockpit, [Press("escape")])
            assert isinstance(app.screen, RolloutScreen)


async def test_a_rollout_that_is_gone_while_its_form_is_open_in_one_cell() -> None:
    gone: list[Move] = [
        Size(1, 1),
        Publish("empty"),
        Press("5"),
        Press("enter"),
        Size(500, 3),
        Press("escape"),
        Press("l"),
    ]
    await live("usual", ["enter", "w"], [*gone, Press("r"), Size(80, 24), Publish("usual"), Size(2, 50)])


async def test_the_place_in_a_text_is_there_again_after_a_size_that_holds_it_all() -> None:
    cockpit = FakeCockpit()
    cockpit.texts["yaml"] = "\n".join(f"line {n}" for n in range(60))
    async with screen(cockpit) as (app, pilot):
        await play(pilot, app, cockpit, [Press("y"), Press("pagedown")])
        pane = app.screen.query_one("#text", ScrollText)
        [first, *_] = plain(pane.lines)
        assert first != " line 0"
        await play(pilot, app, cockpit, [Size(80, 100)])
        assert plain(pane.lines)[0] == " line 0"
        await play(pilot, app, cockpit, [Size(80, 24)])
        assert plain(pane.lines)[0] == first
        await play(pilot, app, cockpit, [Press("tab")])
        assert plain(pane.lines)[0] == " line 0", "another object begins at its beginning"


async def test_a_form_has_room_for_all_its_lines_once_the_terminal_has() -> None:
    async with screen(size=(30, 8)) as (app, pilot):
        await play(pilot, app, FakeCockpit(), [Press("O")])
        assert "esc cancel" not in shown(app)
        await play(pilot, app, FakeCockpit(), [Size(30, 40)])
        assert "esc cancel" in " ".join(shown(app).split())
        assert "more lines" not in shown(app)


async def test_the_chosen_entry_of_the_palette_stays_in_sight() -> None:
    async with screen(size=(80, 40)) as (app, pilot):
        await play(pilot, app, FakeCockpit(), [Press("colon"), *[Press("down")] * 20])
        chosen = app.screen.found[app.screen.index]  # type: ignore[attr-defined]
        await play(pilot, app, FakeCockpit(), [Size(80, 10)])
        assert any(app.glyphs.cursor in line and chosen.name in line for line in shown(app).splitlines())


def test_findings_beyond_what_is_shown_are_not_wrapped() -> None:
    finding = Finding("f", Severity.WARNING, "a word and another " * 50)
    found = finding_lines(FindingLines(finding), 40, UNICODE, 2)
    assert [width_of(line) <= 40 for line in found] == [True, True]
    assert plain(found)[-1].endswith("…")
    assert wanted_lines([FindingLines(finding)] * 100_000, 80, UNICODE, 4) == 4


async def test_the_pane_with_the_cursor_keeps_the_focus_without_a_line() -> None:
    async with screen() as (app, pilot):
        await play(pilot, app, FakeCockpit(), [Press("enter"), Press("down"), Size(80, 3), Size(80, 24)])
        versions = app.screen.query_one(VersionList)
        assert versions.has_focus
        assert versions.version
        assert versions.version.name == "v2"
