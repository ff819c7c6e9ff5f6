"""A user's own commands and links on the screen: keys, the question before a dangerous one, output, and the way out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC

from rich.color import ColorSystem

from cockpit.tui.app import CockpitApp
from cockpit.tui.commands import commands, ranked
from cockpit.tui.keys import remapped
from cockpit.tui.own import Own, OwnEntry, own_keys
from cockpit.tui.screens.output import OutputScreen
from cockpit.tui.screens.text import Printed
from cockpit.tui.widgets.painted import Painted
from tests.tui.driving import press, said, screen, settled, shown
from tests.tui.fake import START, FakeCockpit, fleet
from tests.tui.terminal import on_terminal, until
from tests.tui.terminal import settled as at_rest

PODS = OwnEntry("pods of it", "f6", ("kubectl", "-n", "{namespace}", "get", "{name}"))
RESTART = OwnEntry("restart it", "f8", ("echo restarted {name}",), shell=True, dangerous=True)
LOGS = OwnEntry("logs", "f7", url="https://logs.example/?q={namespace}/{name}&v={context}")


class Runs:
    """Notes what is run; ends at once, or once it is let go."""

    def __init__(self, *prints: str, waits: bool = False) -> None:
        self.words: list[tuple[str, ...]] = []
        self.prints = prints
        self.waits = waits
        self.stopped = 0

    async def __call__(self, words: Sequence[str], tell: Callable[[str], None]) -> str:
        self.words.append(tuple(words))
        for text in self.prints:
            tell(text)
        try:
            await (asyncio.Event().wait() if self.waits else asyncio.sleep(0))
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        return "ended with exit code 0"


def own(runs: Runs | None, *entries: OwnEntry) -> Own:
    return Own(entries or (PODS, RESTART, LOGS), runs)


async def test_a_key_runs_the_words_about_the_selected_rollout_and_shows_what_they_print() -> None:
    runs = Runs("one\ntw", "o\n\x1b]0;evil\x07\x1b[31mred\x1b[0m\nold 10%\rnew 20%\nrest")
    async with screen(FakeCockpit(), own=own(runs)) as (app, pilot):
        key = app.screen.selected().rollout.key  # type: ignore[attr-defined]
        await press(pilot, "f6")
        await settled(pilot)
        assert runs.words == [("kubectl", "-n", key.namespace, "get", key.name)]
        assert isinstance(app.screen, OutputScreen)
        assert app.screen.text == ("one", "two", "red", "new 20%", "rest")
        assert "pods of it: ended with exit code 0" in shown(app)
        await press(pilot, "r")
        await settled(pilot)
        assert len(runs.words) == 2
        assert app.screen.text == ("one", "two", "red", "new 20%", "rest")


async def test_to_leave_the_pane_stops_the_command() -> None:
    runs = Runs("begun\n", waits=True)
    async with screen(FakeCockpit(), own=own(runs)) as (app, pilot):
        await press(pilot, "f6")
        await pilot.pause()
        assert "running; esc stops it" in shown(app)
        assert "begun" in shown(app)
        await press(pilot, "escape")
        await settled(pilot)
        assert runs.stopped == 1
        assert not isinstance(app.screen, OutputScreen)


async def test_a_dangerous_one_asks_first_and_is_not_run_again_by_itself() -> None:
    runs = Runs("done\n")
    async with screen(FakeCockpit(), own=own(runs)) as (app, pilot):
        name = app.screen.selected().rollout.key.name  # type: ignore[attr-defined]
        await press(pilot, "f8")
        await settled(pilot)
        assert f"sh -c 'echo restarted {name}'" in shown(app)
        await press(pilot, "enter")
        await settled(pilot)
        assert runs.words == []
        await press(pilot, "f8")
        await press(pilot, "down", "enter")
        await settled(pilot)
        assert runs.words == [("sh", "-c", f"echo restarted {name}")]
        await press(pilot, "r")
        assert "it is asked for each time" in said(app)
        assert len(runs.words) == 1


async def test_a_dangerous_one_is_refused_where_nothing_may_be_sent() -> None:
    everywhere = replace(fleet(), read_only=True)
    here = replace(fleet(), clusters=tuple(replace(cluster, read_only=True) for cluster in fleet().clusters))
    for view in (everywhere, here):
        runs = Runs()
        async with screen(FakeCockpit(view), own=own(runs)) as (app, pilot):
            await press(pilot, "f8")
            assert "restart it: this session is read-only" in said(app)
            await press(pilot, "f6")
            await settled(pilot)
            assert [words[0] for words in runs.words] == ["kubectl"]


async def test_nothing_is_run_for_a_recording() -> None:
    async with screen(FakeCockpit(), own=own(None)) as (app, pilot):
        await press(pilot, "f6")
        assert "a recording is shown, so nothing is run" in said(app)


async def test_a_hostile_name_is_told_and_not_run() -> None:
    view = fleet()
    hostile = replace(view.rollouts[0].rollout.key, name="--all")
    one = replace(view.rollouts[0], rollout=replace(view.rollouts[0].rollout, key=hostile))
    runs = Runs()
    async with screen(FakeCockpit(replace(view, rollouts=(one,))), own=own(runs)) as (app, pilot):
        await press(pilot, "f6")
        assert "nothing was run: '--all' begins with a dash" in said(app)
        await press(pilot, "f8")
        assert "a shell would act on" in said(app)
        assert runs.words == []


async def test_a_link_is_shown_in_full_to_be_opened_or_copied() -> None:
    async with screen(FakeCockpit(), own=own(Runs())) as (app, pilot):
        key = app.screen.selected().rollout.key  # type: ignore[attr-defined]
        await press(pilot, "f7")
        await settled(pilot)
        assert isinstance(app.screen, Printed)
        assert app.screen.text == (f"https://logs.example/?q={key.namespace}/{key.name}&v={key.context}",)


async def test_they_are_in_the_palette_by_name() -> None:
    runs = Runs()
    async with screen(FakeCockpit(), own=own(runs)) as (_, pilot):
        await press(pilot, "colon", *"pods", "space", *"of", "enter")
        await settled(pilot)
        assert len(runs.words) == 1
    entries = commands(remapped({}), fleet(), "fleet", own=(PODS, LOGS))
    assert ranked(entries, "logs")[0].help.startswith(("open https://logs.example", "the log"))


def test_a_key_that_is_taken_is_told_and_stays_with_its_owner() -> None:
    mine = (replace(PODS, key="r"), replace(LOGS, key="f7,f6"), replace(RESTART, key="f7"))
    found, problems = own_keys(mine, remapped({}))
    assert {key: entry.name for key, entry in found.items()} == {"f7": "logs", "f6": "logs"}
    assert problems == [
        "settings: r is the key of rollback; pods of it is in the palette, as :pods of it",
        "settings: f7 is the key of logs; restart it is in the palette, as :restart it",
    ]


async def test_a_problem_of_a_key_is_shown_at_the_start() -> None:
    async with screen(FakeCockpit(), own=own(Runs(), replace(PODS, key="q"))) as (app, _):
        assert "q is the key of quit" in said(app)


async def links_of(hyperlinks: bool, size: tuple[int, int] = (30, 12)) -> tuple[list[str], str]:
    """The targets of links in each line of the pane, and its text, after the key of a link was pressed."""
    async with screen(FakeCockpit(), size, own=replace(own(Runs()), hyperlinks=hyperlinks)) as (app, pilot):
        await press(pilot, "f7")
        await settled(pilot)
        pane = app.screen.query_one("#text", Painted)
        strips = [pane.strip_at(y) for y in range(len(pane.lines))]
        found = ["".join(sorted({s.style.link or "" for s in strip if s.style and s.text.strip()})) for strip in strips]
        return [link for link in found if link], shown(app)


async def test_a_link_can_be_clicked_in_each_of_its_lines() -> None:
    targets, text = await links_of(True)
    assert len(targets) > 1
    assert set(targets) == {"https://logs.example/?q=shop/http-server&v=prod-eu"}
    assert "logs: click it" in text


async def test_a_terminal_without_links_gets_plain_text() -> None:
    targets, text = await links_of(False)
    assert targets == []
    assert "logs: mark it" in text


async def test_what_reaches_the_terminal_is_a_link_and_its_text_is_the_address() -> None:
    app = CockpitApp(FakeCockpit(), zone=UTC, now=lambda: START + 300, own=replace(own(Runs()), hyperlinks=True))
    app.console._color_system = ColorSystem.TRUECOLOR
    async with on_terminal(app, (80, 12)) as driver:
        await at_rest(driver)
        app.call_later(app.action_own, "f7")
        await until(lambda: isinstance(app.screen, Printed))
        await at_rest(driver)
    url = "https://logs.example/?q=shop/http-server&v=prod-eu"
    found = re.findall(r"\x1b\]8;id=[\d-]+;([^\x1b]*)\x1b\\(?:\x1b\[[\d;]*m)*([^\x1b]*)", "".join(driver.written))
    assert found
    assert {(target, text.rstrip()) for target, text in found} == {(url, url)}
