"""Bytes that reach the terminal at 80x24: at rest, in a live rollout, and what a stock table writes for the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC

import pytest
from rich.color import ColorSystem
from textual.app import App, ComposeResult
from textual.widgets import DataTable

from cockpit.model.rollout import Verdict
from cockpit.model.view import Cell, CellKind, Point, RolloutView
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.probe_strip import ProbeStrip
from tests.tui.fake import START, FakeCockpit, history, lane, probing, strip
from tests.tui.terminal import CountingDriver, on_terminal, settled, until

SIZE = (80, 24)
VIEWS_PER_SECOND = 10
ANSWERS_PER_SECOND = 12
SECONDS = 20
STOCK_SECONDS = 2
BUDGET = 2000  # bytes per second


@dataclass
class LiveRollout:
    """A canary at 30% whose probe gets 12 answers a second; one view a tick of a tenth of a second."""

    cockpit: FakeCockpit
    random: random.Random = field(default_factory=lambda: random.Random(4))
    cells: list[Cell] = field(default_factory=lambda: list(strip(90)))
    points: list[Point] = field(default_factory=lambda: list(history(*[0.3] * 40)))
    canary: int = 30
    total: int = 100
    tick: int = 0

    def next_view(self) -> RolloutView:
        before = (self.tick * ANSWERS_PER_SECOND) // VIEWS_PER_SECOND
        self.tick += 1
        for _ in range((self.tick * ANSWERS_PER_SECOND) // VIEWS_PER_SECOND - before):
            version = "v2" if self.random.random() < 0.3 else "v1"
            self.cells.append(Cell(CellKind.ANSWER, version, "default"))
            self.canary += version == "v2"
            self.total += 1
        share, half = self.canary / self.total, self.total**-0.5
        if self.tick % VIEWS_PER_SECOND == 0:
            last = (("v1", 1 - share), ("v2", share))
            self.points.append(Point(self.points[-1].at + 1, "default", last, ANSWERS_PER_SECOND))
        view = self.cockpit.current.rollouts[0]
        lanes = (lane(0.3, share, half, self.total, Verdict.ON),)
        probe = probing(
            strip=tuple(self.cells[-400:]), strip_total=len(self.cells), history=tuple(self.points), total=self.total
        )
        return replace(view, rollout=replace(view.rollout, lanes=lanes), probe=probe)

    async def run(self, ticks: int, seen: Callable[[RolloutView], bool]) -> None:
        """Publish so many views, each when the one before has been drawn."""
        for _ in range(ticks):
            view = self.next_view()
            at = START + 300 + self.tick / VIEWS_PER_SECOND
            self.cockpit.change("http-server", at=at, rollout=view.rollout, probe=view.probe)
            await until(lambda view=view: seen(view))  # type: ignore[misc]


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


async def start_live(app: CockpitApp, driver: CountingDriver, cockpit: FakeCockpit) -> LiveRollout:
    await settled(driver)
    app.call_later(app.push_screen, RolloutScreen(cockpit.current.rollouts[0].rollout.key))
    await settled(driver)
    live = LiveRollout(cockpit)
    await live.run(1, lambda view: app.screen.query_one(ProbeStrip).probe is view.probe)
    await settled(driver)
    return live


@pytest.mark.benchmark
@pytest.mark.parametrize("theme", ["dark", "ansi"])
async def test_a_live_rollout_stays_within_two_kilobytes_a_second(theme: str) -> None:
    cockpit = FakeCockpit()
    app = CockpitApp(cockpit, theme=theme, zone=UTC)
    app.console._color_system = ColorSystem.TRUECOLOR
    async with on_terminal(app, SIZE) as driver:
        live = await start_live(app, driver, cockpit)
        before = driver.bytes
        await live.run(SECONDS * VIEWS_PER_SECOND, lambda view: app.screen.query_one(ProbeStrip).probe is view.probe)
        rate = (await settled(driver) - before) / SECONDS
        # Styles remember the codes they were first drawn with; full colours are the dear ones.
        assert theme == "ansi" or "38;2;" in "".join(driver.written)
    stock = await stock_rate()
    print(f"live rollout, {theme}: {rate:.0f} B/s, {rate / stock:.3f} of a stock DataTable ({stock:.0f} B/s)")
    assert rate < BUDGET


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
