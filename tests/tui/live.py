"""A rollout that is sampled, as views that come one after the other; its time is that of the views."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cockpit.model.rollout import Verdict
from cockpit.model.view import Cell, CellKind, Point, RolloutView
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.probe_strip import ProbeStrip
from tests.tui.fake import START, FakeCockpit, history, lane, probing, strip
from tests.tui.terminal import CountingDriver, settled, until

VIEWS_PER_SECOND = 10
ANSWERS_PER_SECOND = 12


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
