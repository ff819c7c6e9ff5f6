"""What reaches the terminal: all of what is shown, and little more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.events import Resize
from textual.geometry import Region, Size
from textual.strip import Strip

from cockpit.model.health import Health, RolloutHealth
from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase
from cockpit.model.view import FleetView
from cockpit.texts.current import use
from cockpit.texts.languages import CHINESE, ENGLISH
from cockpit.tui.app import CockpitApp
from cockpit.tui.keeping import screen_text
from cockpit.tui.painting import Pieces, TerminalLines
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.screens.journal import JournalScreen
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.rollout import RolloutScreen
from tests.tui.fake import DOUBTFUL, FINE, HURT, NOWHERE, START, FakeCockpit, fleet
from tests.tui.states import canary, chinese, state
from tests.tui.terminal import CountingDriver, on_terminal, settled, until

WIDTH, HEIGHT = 80, 24
CELLS = WIDTH * HEIGHT


class Watched:
    """An app on a terminal whose cells can be read."""

    def __init__(self, app: CockpitApp, driver: CountingDriver) -> None:
        self.app, self.driver = app, driver
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self._stream = pyte.Stream(self.screen)
        self._fed = 0

    async def at_rest(self) -> int:
        """Wait until nothing more is written; returns how many bytes that were."""
        before = len("".join(self.driver.written[: self._fed]).encode())
        await settled(self.driver)
        new, self._fed = self.driver.written[self._fed :], len(self.driver.written)
        for text in new:
            self._stream.feed(text)
        return self.driver.bytes - before

    async def open(self, screen: object) -> int:
        """Open a screen, or with None go back from one; returns what that wrote."""
        stack = len(self.app.screen_stack)
        self.app.call_later(*((self.app.push_screen, screen) if screen else (self.app.pop_screen,)))
        await until(lambda: len(self.app.screen_stack) != stack)
        return await self.at_rest()

    @property
    def seen(self) -> list[str]:
        """The lines of the terminal."""
        return [line.rstrip() for line in self.screen.display]

    async def agrees(self) -> None:
        """The terminal shows what is meant, once the last pass of a layout is over."""
        for _ in range(20):
            await self.at_rest()
            if self.seen == self.meant:
                return
        assert self.seen == self.meant

    @property
    def meant(self) -> list[str]:
        """The lines of the screen on top."""
        return screen_text(self.app.screen).splitlines()


@asynccontextmanager
async def watched(view: FleetView | None = None) -> AsyncIterator[Watched]:
    app = CockpitApp(FakeCockpit(view), zone=UTC, now=lambda: START + 300)
    app.console._color_system = ColorSystem.TRUECOLOR
    async with on_terminal(app, (WIDTH, HEIGHT)) as driver:
        found = Watched(app, driver)
        await found.at_rest()
        yield found


@pytest.mark.parametrize("view", [fleet(), state(chinese())], ids=["plain", "wide"])
async def test_the_terminal_shows_what_is_meant_whatever_opens_and_closes(view: FleetView) -> None:
    key = view.rollouts[0].rollout.key
    dialog = PlanDialog(key, Ask(Act.ROLLBACK), ())
    async with watched(view) as on:
        await on.agrees()
        for screen in (
            RolloutScreen(key),
            dialog,
            None,
            JournalScreen(),
            None,
            None,
            PlanDialog(key, Ask(Act.FLIP), ()),
        ):
            await on.open(screen)
            await on.agrees()
        cockpit = on.app.cockpit
        assert isinstance(cockpit, FakeCockpit)
        cockpit.change(key.name, at=START + 301, acting="set-weight")
        await until(lambda: on.app.view.at == START + 301)
        await on.at_rest()
        await on.agrees()
        on.app.call_later(lambda: setattr(on.app, "theme", "light"))
        await until(lambda: on.app.theme == "light")
        await on.at_rest()
        await on.agrees()


async def test_a_screen_is_written_once_and_a_dialog_only_where_it_is() -> None:
    key = fleet().rollouts[0].rollout.key
    async with watched() as on:
        on.app.call_later(on.app.redraw)
        await asyncio.sleep(0)
        whole = await on.at_rest()
        assert await on.open(RolloutScreen(key)) < 2 * whole
        assert await on.open(PlanDialog(key, Ask(Act.ROLLBACK), ())) < whole
        assert await on.open(None) < whole
        assert await on.open(None) < 1.5 * whole


async def test_what_somebody_else_wrote_is_removed_by_a_redraw_and_by_the_next_screen() -> None:
    key = fleet().rollouts[0].rollout.key
    async with watched() as on:
        wall = "\x1b[5;3Hthe system is going down"
        on.driver.write(wall)
        await on.at_rest()
        assert "the system is going down" in on.seen[4]
        on.app.call_later(on.app.redraw)
        await until(lambda: on.driver.written[-1] != wall)
        await on.at_rest()
        await on.agrees()
        on.driver.write(wall)
        await on.open(RolloutScreen(key))
        await on.agrees()


async def test_nothing_is_left_out_after_the_terminal_was_in_other_hands() -> None:
    async with watched() as on:
        shown = on.seen
        on.driver.write("\x1b[2J")
        await on.at_rest()
        assert not "".join(on.seen)
        on.app.call_later(on.app._resume_signal)
        await until(lambda: on.driver.written[-1] != "\x1b[2J")
        await on.at_rest()
        await on.agrees()
        assert on.seen == shown
        assert isinstance(on.app.screen, FleetScreen)


async def test_what_changes_in_chinese_changes_in_whole_characters() -> None:
    use(CHINESE)
    try:
        async with watched() as on:
            cockpit = on.app.cockpit
            assert isinstance(cockpit, FakeCockpit)
            name = cockpit.current.rollouts[0].rollout.key.name
            for number, health in enumerate((FINE, HURT, DOUBTFUL, NOWHERE, HURT, FINE), 1):
                finds = cockpit.current.rollouts[0].rollout
                finds = replace(finds, findings=(), phase=list(Phase)[number])
                cockpit.change(name, at=START + 300 + number, health=health, rollout=finds)
                await until(lambda number=number: on.app.view.at == START + 300 + number)  # type: ignore[misc]
                await on.agrees()
    finally:
        use(ENGLISH)


TEXTS = st.text(st.sampled_from("ab 长文 "), min_size=1, max_size=9)
RUNS = st.lists(st.tuples(TEXTS, st.sampled_from([Style(), Style(bold=True), Style(color="red")])), max_size=6)


def strip(runs: Sequence[tuple[str, Style]], width: int) -> Strip:
    return Strip([Segment(text, style) for text, style in runs]).adjust_cell_length(width, Style())


@given(st.data())
def test_whatever_is_drawn_the_lines_are_those_of_the_last_update(data: st.DataObject) -> None:
    width, height = 20, 3
    lines, screen, console = TerminalLines(), pyte.Screen(width, height), Console(color_system="truecolor")
    stream = pyte.Stream(screen)
    wanted: list[Strip] = []
    for _ in range(data.draw(st.integers(1, 6))):
        y, cut = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, 3)) * 5
        front = wanted[y].crop(0, cut) if wanted else Strip([])
        # No pane begins within a wide character.
        if wanted and wanted[y].text.startswith(front.text) and data.draw(st.booleans()):
            new = strip(data.draw(RUNS), width - cut)
            wanted[y] = Strip.join((front, new))
            update = part(y, cut, new, width, height)
        else:
            wanted = [strip(data.draw(RUNS), width) for _ in range(height)]
            update = whole(wanted)
        found = lines.differing(update)
        stream.feed(found.render_segments(console) if found else "")
        assert [line.rstrip() for line in screen.display] == [line.text.rstrip() for line in wanted]
        assert lines.differing(whole(wanted)) is None


def whole(wanted: Sequence[Strip]) -> CompositorUpdate:
    return LayoutUpdate([[line] for line in wanted], Region(0, 0, wanted[0].cell_length, len(wanted)))


def part(y: int, cut: int, new: Strip, width: int, height: int) -> CompositorUpdate:
    chops: list[dict[int, Strip | None]] = [{0: None, cut: new} if cut else {0: new} for _ in range(height)]
    return ChopsUpdate(chops, [(y, cut, width)], [[cut, width] if cut else [width] for _ in range(height)])


def test_what_was_made_for_a_larger_terminal_is_not_written_on_a_smaller_one() -> None:
    lines, screen, console = TerminalLines(), pyte.Screen(10, 2), Console(color_system="truecolor")
    lines.resized(Size(10, 2))
    alike = [strip([("the same ", Style())], 10), strip([("below", Style())], 10)]
    longer = [Strip.join((line, Strip.blank(10))) for line in alike]
    assert lines.differing(whole(longer)) is None
    assert lines.differing(part(0, 10, strip([("more", Style())], 10), 20, 2)) is None
    assert lines.differing(whole([*alike, alike[0]])) is None
    found = lines.differing(whole(alike))
    assert found is not None
    pyte.Stream(screen).feed(found.render_segments(console))
    assert [line.rstrip() for line in screen.display] == ["the same", "below"]


async def test_a_terminal_that_became_smaller_shows_what_is_meant_below_a_dialog() -> None:
    async with watched() as on:
        await on.open(PlanDialog(fleet().rollouts[0].rollout.key, Ask(Act.ROLLBACK), ()))
        before = on.app.screen._compositor.render_full_update()
        on.screen.resize(20, 61)
        on.app.post_message(Resize(Size(61, 20), Size(61, 20)))
        # Drawn for the size before, as what changed below does.
        on.app.call_later(on.app._display, on.app.screen, before)
        await until(lambda: on.app.screen.size == Size(61, 20))
        await on.agrees()


def test_only_what_differs_is_written() -> None:
    lines, red = TerminalLines(), Style(color="red")
    first = [strip([("one ", red), ("two ", Style()), ("three", red)], 20), strip([("same", red)], 20)]
    update = lines.differing(whole(first))
    assert isinstance(update, Pieces)
    assert [(x, y, piece.cell_length) for x, y, piece in update.pieces] == [(0, 0, 20), (0, 1, 20)]
    second = [strip([("one ", red), ("TWO ", Style()), ("three", red)], 20), first[1]]
    update = lines.differing(whole(second))
    assert isinstance(update, Pieces)
    assert [(x, y, piece.text) for x, y, piece in update.pieces] == [(4, 0, "TWO ")]
    lines.forget()
    update = lines.differing(whole(second))
    assert isinstance(update, Pieces)
    assert len(update.pieces) == 2


@pytest.mark.parametrize("before", ["", "a"])
async def test_wide_characters_of_a_cluster_are_whole_wherever_they_stand(before: str) -> None:
    said = before + "\u754c" * 30
    view = replace(canary(), health=RolloutHealth(Health.HURT, said))
    async with watched(replace(fleet(), rollouts=(view,))) as terminal:
        await terminal.at_rest()
        assert [line for line in terminal.seen if said in line] != []


MARKED = "\u304b\u3099"  # one character of two columns and a mark of none


@pytest.mark.parametrize("before", ["", "a"])
async def test_wide_characters_with_marks_are_whole_too(before: str) -> None:
    context = before + MARKED * 20
    clusters = tuple(replace(each, context=context) for each in fleet().clusters)
    async with watched(replace(fleet(), clusters=clusters)) as terminal:
        await terminal.at_rest()
        # This terminal leaves marks out.
        assert before + MARKED[0] * 20 in terminal.seen[0]


@pytest.mark.parametrize("character", ["\u754c", MARKED], ids=["wide", "with a mark"])
@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])
async def test_below_a_dialog_wide_characters_are_whole_and_what_changes_is_shown(
    character: str, language: str
) -> None:
    def saying(number: int) -> FleetView:
        reason = "x" * number + character * 20
        view = replace(canary(), health=RolloutHealth((Health.FINE, Health.HURT)[number % 2], reason))
        return replace(fleet(), at=START + number, rollouts=(view,))

    use(language)
    try:
        async with watched(saying(0)) as terminal:
            key, cockpit = terminal.app.view.rollouts[0].rollout.key, terminal.app.cockpit
            assert isinstance(cockpit, FakeCockpit)
            await terminal.open(RolloutScreen(key))
            await terminal.open(PlanDialog(key, Ask(Act.ROLLBACK), ()))
            for number in (1, 2, 3):
                cockpit.publish(saying(number))
                await until(lambda number=number: terminal.app.view.at == START + number)  # type: ignore[misc]
                await terminal.at_rest()
                told = "x" * number + character[0] * 20
                assert [line for line in terminal.seen if told in line] != []
    finally:
        use(ENGLISH)
