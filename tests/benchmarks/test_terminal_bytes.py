"""Bytes that reach the terminal at 80x24: at rest, in a live rollout, and what a stock table writes for the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from rich.color import ColorSystem
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import DataTable

from cockpit.model.plan import Act, Ask
from cockpit.model.view import RolloutView
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.journal import JournalScreen
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.probe_strip import ProbeStrip
from tests.tui.fake import START, FakeCockpit, lane
from tests.tui.fleets import many
from tests.tui.live import VIEWS_PER_SECOND, LiveRollout, start_live
from tests.tui.terminal import on_terminal, settled, until

SIZE = (80, 24)
SECONDS = 20
STOCK_SECONDS = 2
BUDGET = 2000  # bytes per second


class StockTable(App[None]):
    """The same facts in the library's own table: one row a version, one column for the strip's newest cells."""

    def compose(self) -> ComposeResult:
        yield DataTable()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for name in ("version", "declared", "written", "observed", "answers"):
            table.add_column(name, key=name, width=14)
        for version in ("v1", "v2"):
            table.add_row(version, "", "", "", "", key=version)

    def show(self, view: RolloutView) -> None:
        table = self.query_one(DataTable)
        for share in view.rollout.lanes[0].shares:
            observed = share.observed
            assert observed is not None
            table.update_cell(share.version, "observed", f"{observed.share:.0%} {observed.high - observed.low:.2f}")
            last = "".join(cell.version or "" for cell in view.probe.strip[-7:] if cell.version == share.version)
            table.update_cell(share.version, "answers", last)


@pytest.mark.benchmark
@pytest.mark.parametrize(("theme", "failing"), [("dark", 0.0), ("ansi", 0.0), ("dark", 0.21), ("ansi", 0.21)])
async def test_a_live_rollout_stays_within_two_kilobytes_a_second(theme: str, failing: float) -> None:
    cockpit = FakeCockpit()
    app = CockpitApp(cockpit, theme=theme, zone=UTC)
    app.console._color_system = ColorSystem.TRUECOLOR
    async with on_terminal(app, SIZE) as driver:
        live = await start_live(app, driver, cockpit, failing)
        before = driver.bytes
        await live.run(SECONDS * VIEWS_PER_SECOND, lambda view: app.screen.query_one(ProbeStrip).probe is view.probe)
        rate = (await settled(driver) - before) / SECONDS
        # Styles remember the codes they were first drawn with; full colours are the dear ones.
        assert theme == "ansi" or "38;2;" in "".join(driver.written)
    stock = await stock_rate()
    what = f"live rollout, {theme}, {failing:.0%} fail"
    print(f"{what}: {rate:.0f} B/s, {rate / stock:.3f} of a stock DataTable ({stock:.0f} B/s)")
    assert rate < BUDGET


@pytest.mark.benchmark
async def test_a_dialog_over_a_live_rollout_costs_nothing_more() -> None:
    cockpit = FakeCockpit()
    app = CockpitApp(cockpit, zone=UTC)
    app.console._color_system = ColorSystem.TRUECOLOR
    async with on_terminal(app, SIZE) as driver:
        live = await start_live(app, driver, cockpit)
        below = app.screen
        app.call_later(app.push_screen, PlanDialog(cockpit.current.rollouts[0].rollout.key, Ask(Act.ROLLBACK), ()))
        await until(lambda: isinstance(app.screen, PlanDialog))
        before = await settled(driver)
        await live.run(SECONDS * VIEWS_PER_SECOND, lambda view: below.query_one(ProbeStrip).probe is view.probe)
        rate = (await settled(driver) - before) / SECONDS
    print(f"live rollout below a dialog: {rate:.0f} B/s")
    assert 0 < rate < BUDGET


async def stock_rate() -> float:
    """Bytes per second of the stock table for the same views."""
    app = StockTable()
    app.console._color_system = ColorSystem.TRUECOLOR
    cockpit = FakeCockpit()
    live = LiveRollout(cockpit)
    async with on_terminal(app, SIZE) as driver:
        before = await settled(driver)
        for _ in range(STOCK_SECONDS * VIEWS_PER_SECOND):
            written = len(driver.written)
            app.call_later(app.show, live.next_view())
            await until(lambda written=written: len(driver.written) > written)  # type: ignore[misc]
        return (await settled(driver) - before) / STOCK_SECONDS


@pytest.mark.benchmark
async def test_nothing_is_written_while_nothing_happens() -> None:
    cockpit = FakeCockpit()
    app = CockpitApp(cockpit, zone=UTC)
    async with on_terminal(app, SIZE) as driver:
        live = await start_live(app, driver, cockpit)
        before = await settled(driver)
        for _ in range(20):
            # The same facts as before, in a view of its own.
            cockpit.publish(replace(cockpit.current, at=cockpit.current.at + 1))
        await settled(driver)
        assert live.tick
        assert driver.bytes == before
        print(f"at rest: {driver.bytes - before} B")


@pytest.mark.benchmark
@pytest.mark.parametrize("theme", ["dark", "ansi"])
async def test_a_live_fleet_stays_within_two_kilobytes_a_second(theme: str) -> None:
    """A failing canary among 60 rollouts, under the cursor, with 12 answers and ten views a second."""
    cockpit = FakeCockpit(many(60))
    now = [START + 300.0]
    app = CockpitApp(cockpit, theme=theme, zone=UTC, now=lambda: now[0])
    app.console._color_system = ColorSystem.TRUECOLOR
    name = cockpit.current.rollouts[0].rollout.key.name
    async with on_terminal(app, SIZE) as driver:
        before = await settled(driver)
        draw = random.Random(4)
        for tick in range(SECONDS * VIEWS_PER_SECOND):
            view = next(each for each in cockpit.current.rollouts if each.rollout.key.name == name)
            share = 0.25 + draw.uniform(-0.03, 0.03)
            errors = 26 + tick // 4
            reason = f"v2 fails {errors / (120 + tick):.0%} of its requests, v1 none; v2 takes {250 + tick % 9} ms"
            findings = (replace(view.rollout.findings[0], text=reason), *view.rollout.findings[1:])
            shown = replace(view.rollout, lanes=(lane(0.25, share, 0.04, 480 + tick),), findings=findings)
            now[0] = START + 300 + tick / VIEWS_PER_SECOND
            cockpit.change(name, at=now[0], rollout=shown, health=replace(view.health, reason=reason))
            await until(lambda: app.view is not None and app.view.at == now[0])
        rate = (await settled(driver) - before) / SECONDS
        # The last figures are drawn with the next view.
        cockpit.publish(replace(cockpit.current, at=cockpit.current.at + 1))
        at_rest = await settled(driver)
        for _ in range(20):
            cockpit.publish(replace(cockpit.current, at=cockpit.current.at + 1))
        assert await settled(driver) == at_rest
    print(f"live fleet, {theme}: {rate:.0f} B/s; at rest: 0 B")
    assert rate < BUDGET


@pytest.mark.benchmark
async def test_a_screen_change_costs_about_one_picture() -> None:
    """Opening and leaving a rollout, the journal and a dialog, beside one picture of the fleet."""
    cockpit = FakeCockpit()
    key = cockpit.current.rollouts[0].rollout.key
    app = CockpitApp(cockpit, zone=UTC)
    app.console._color_system = ColorSystem.TRUECOLOR
    screens: dict[str, Callable[[], Screen[Any]]] = {
        "rollout": lambda: RolloutScreen(key),
        "journal": JournalScreen,
        "dialog": lambda: PlanDialog(key, Ask(Act.ROLLBACK), ()),
    }
    async with on_terminal(app, SIZE) as driver:
        before = await settled(driver)
        app.call_later(app.redraw)
        await until(lambda: driver.bytes > before)
        picture = await settled(driver) - before
        print(f"one picture: {picture} B")
        for name, make in screens.items():
            for way in ("open", "leave"):
                before, stack = await settled(driver), len(app.screen_stack)
                if way == "open":
                    app.call_later(app.push_screen, make())
                else:
                    app.call_later(app.pop_screen)
                await until(lambda stack=stack: len(app.screen_stack) != stack)  # type: ignore[misc]
                spent = await settled(driver) - before
                print(f"{way} {name}: {spent} B, {spent / picture:.2f} pictures")
                assert spent < 2 * picture
