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

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Verdict
from cockpit.model.view import Cell, CellKind, Point, RolloutView
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.probe_strip import ProbeStrip
from tests.tui.fake import START, FakeCockpit, history, lane, probing, strip
from tests.tui.fleets import many
from tests.tui.terminal import CountingDriver, on_terminal, settled, until

SIZE = (80, 24)
VIEWS_PER_SECOND = 10
ANSWERS_PER_SECOND = 12
SECONDS = 20
STOCK_SECONDS = 2
BUDGET = 2000  # bytes per second


@dataclass
class LiveRollout:
    """A canary at 30% whose probe gets 12 answers a second; one view a tick of a tenth of a second.

    `failing` is the part of the canary's answers that are errors.
    """

    cockpit: FakeCockpit
    random: random.Random = field(default_factory=lambda: random.Random(4))
    cells: list[Cell] = field(default_factory=lambda: list(strip(90)))
    points: list[Point] = field(default_factory=lambda: list(history(*[0.3] * 40)))
    canary: int = 30
    total: int = 100
    tick: int = 0
    failing: float = 0.0
    errors: int = 0

    def next_view(self) -> RolloutView:
        before = (self.tick * ANSWERS_PER_SECOND) // VIEWS_PER_SECOND
        self.tick += 1
        for _ in range((self.tick * ANSWERS_PER_SECOND) // VIEWS_PER_SECOND - before):
            version = "v2" if self.random.random() < 0.3 else "v1"
            failed = version == "v2" and self.random.random() < self.failing
            self.cells.append(Cell(CellKind.ERROR if failed else CellKind.ANSWER, version, "default"))
            self.errors += failed
            self.canary += version == "v2"
            self.total += 1
        share, half = self.canary / self.total, self.total**-0.5
        if self.tick % VIEWS_PER_SECOND == 0:
            last = (("v1", 1 - share), ("v2", share))
            at = START + 200 + self.tick // VIEWS_PER_SECOND // 5 * 5
            errors = (("v2", self.errors),) if self.errors else ()
            worst = (("v2", self.errors / self.canary),) if self.errors else ()
            self.points = [point for point in self.points if point.at < at]
            self.points.append(Point(at, "default", last, ANSWERS_PER_SECOND, 5.0, errors, worst))
        view = self.cockpit.current.rollouts[0]
        lanes = (lane(0.3, share, half, self.total, Verdict.ON, errors=self.errors),)
        probe = probing(
            strip=tuple(self.cells[-400:]), strip_total=len(self.cells), history=tuple(self.points), total=self.total,
            errors=self.errors,
        )  # fmt: skip
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


async def start_live(
    app: CockpitApp, driver: CountingDriver, cockpit: FakeCockpit, failing: float = 0.0
) -> LiveRollout:
    await settled(driver)
    app.call_later(app.push_screen, RolloutScreen(cockpit.current.rollouts[0].rollout.key))
    await settled(driver)
    live = LiveRollout(cockpit, failing=failing)
    await live.run(1, lambda view: app.screen.query_one(ProbeStrip).probe is view.probe)
    await settled(driver)
    return live


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
