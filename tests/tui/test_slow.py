"""A slow link: few paints, nothing that moves, and few bytes, while what a person does is drawn at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from rich.color import ColorSystem

from cockpit.model.health import Health, RolloutHealth
from cockpit.model.view import RolloutView
from cockpit.tui.app import CockpitApp
from cockpit.tui.pace import SLOW_SECONDS, Spacing
from cockpit.tui.screens.logs import LogScreen
from cockpit.tui.screens.rollout import RolloutScreen
from tests.tui.driving import press, screen, shown
from tests.tui.fake import START, FakeCockpit
from tests.tui.live import VIEWS_PER_SECOND, LiveRollout
from tests.tui.terminal import on_terminal, settled, until

SIZE = (80, 24)
SECONDS = 20
BUDGET = 400  # bytes per second of a live rollout, a fifth of what any other link may take


@pytest.mark.parametrize(("theme", "failing"), [("dark", 0.0), ("dark", 0.21), ("ansi", 0.21)])
async def test_a_live_rollout_takes_few_bytes_a_second(theme: str, failing: float) -> None:
    cockpit = FakeCockpit()
    app = CockpitApp(cockpit, theme=theme, zone=UTC, slow=True)
    # By the time of the views alone, so that it does not matter how long the test takes.
    app.draw_later = lambda: None  # type: ignore[method-assign]
    app.console._color_system = ColorSystem.TRUECOLOR
    async with on_terminal(app, SIZE) as driver:
        live = LiveRollout(cockpit, failing=failing)
        await settled(driver)
        app.call_later(app.push_screen, RolloutScreen(cockpit.current.rollouts[0].rollout.key))
        await until(lambda: isinstance(app.screen, RolloutScreen))

        def came(view: RolloutView) -> bool:
            found = app.find(view.rollout.key)
            return found is not None and found.probe is view.probe

        await live.run(1, came)
        before = await settled(driver)
        await live.run(SECONDS * VIEWS_PER_SECOND, came)
        rate = (await settled(driver) - before) / SECONDS
    assert 0 < rate < BUDGET


def test_views_are_let_through_by_their_own_time() -> None:
    spacing = Spacing(3.0)
    assert [at for at in range(10) if spacing.lets_through(at)] == [0, 3, 6, 9]
    assert spacing.lets_through(2.0), "time that goes back is another session's"
    every = Spacing(0.0)
    assert all(every.lets_through(5.0) for _ in range(3))


async def test_what_was_held_back_is_drawn_though_nothing_follows() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit, slow=True) as (app, _):
        for number in range(1, 4):
            health = RolloutHealth(Health.HURT, f"reason {number}")
            cockpit.change("http-server", at=START + 300 + number * 1.5, health=health)
        await until(lambda: "reason 3" in shown(app))


async def test_answers_are_counted_in_words_and_none_moves() -> None:
    async with screen(FakeCockpit(), slow=True) as (app, pilot):
        await press(pilot, "enter")
        assert "answers" in shown(app)
        assert "810 answers, 0 errors, 0 of no version" in shown(app)
        assert app.animation_level == "none"


async def test_keys_are_drawn_at_once() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit, slow=True) as (app, pilot):
        cockpit.publish(replace(cockpit.current, at=START + 301))
        await press(pilot, "down", "enter")
        assert "reviews" in shown(app)


async def test_lines_of_a_log_wait_for_each_other() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit, slow=True) as (app, pilot):
        await press(pilot, "enter", "l")
        logs = app.screen
        assert isinstance(logs, LogScreen)
        await until(lambda: "line 499 of v2-0" in shown(app))
        drawn: list[int] = []
        painted = logs.main.repaint

        def repaint() -> None:
            drawn.append(1)
            painted()

        logs.main.repaint = repaint  # type: ignore[method-assign]
        for number in range(20):
            cockpit.news["v2-0"].put_nowait(f"news {number}")
        await until(lambda: any(line.text == "news 19" for line in logs.buffer.lines))
        await until(lambda: "news 19" in shown(app))
        assert len(drawn) < 20
    assert SLOW_SECONDS > 1
