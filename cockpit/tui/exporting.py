"""A recording as a picture, or as an asciicast (asciinema's format, version 2), for those who have no cockpit."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from textual.pilot import Pilot

from cockpit.model.refs import RolloutKey
from cockpit.record.player import Player
from cockpit.session.clock import ManualClock
from cockpit.tui.replaying import ReplayApp
from cockpit.tui.screens.rollout import RolloutScreen

# Seconds from one picture of a cast to the next.
FRAME_SECONDS = 0.5
# Looks until the screen comes to rest: panes are laid out and painted one by one.
_LOOKS = 40


async def picture(app: ReplayApp, size: tuple[int, int], key: RolloutKey | None) -> str:
    """The screen at the player's moment as SVG: the fleet, or one rollout."""
    async with app.run_test(size=size) as pilot:
        await _opened(app, pilot, key)
        return app.export_screenshot(title="cockpit")


async def asciicast(
    app: ReplayApp,
    player: Player,
    clock: ManualClock,
    size: tuple[int, int],
    span: tuple[float, float, float],
    key: RolloutKey | None,
) -> AsyncIterator[str]:
    """The lines of a cast from the player's moment on; `span` is begin and end (UTC seconds) and the speed.

    `clock` is the player's. Only lines of the screen that changed are written.
    """
    begin, end, speed = span
    head = {"version": 2, "width": size[0], "height": size[1], "timestamp": int(begin), "title": "cockpit"}
    yield json.dumps(head)
    player.play_at(speed)
    async with app.run_test(size=size) as pilot:
        await _opened(app, pilot, key)
        if player.playback().paused:
            player.pause()
        before: list[str] = [""] * size[1]
        passed = 0.0
        while True:
            await _at_rest(app, pilot)
            after = _lines(app)
            changed = [f"\x1b[{n + 1};1H{line}" for n, line in enumerate(after) if line != before[n]]
            if changed:
                yield json.dumps([round(passed, 3), "o", "".join(changed)])
            before = after
            if player.now() >= end:
                return
            await clock.advance(FRAME_SECONDS)
            passed += FRAME_SECONDS
            player.play()


async def _opened(app: ReplayApp, pilot: Pilot[None], key: RolloutKey | None) -> None:
    app.clear_notifications()
    if key is not None:
        app.push_screen(RolloutScreen(key))
    await _at_rest(app, pilot)


async def _at_rest(app: ReplayApp, pilot: Pilot[Any]) -> None:
    """Wait until the screen does not change any more."""
    await pilot.pause()
    seen = _lines(app)
    for _ in range(_LOOKS):
        await pilot.pause()
        again = _lines(app)
        if again == seen:
            return
        seen = again


def _lines(app: ReplayApp) -> list[str]:
    return [strip.render(app.console) for strip in app.screen._compositor.render_strips()]
