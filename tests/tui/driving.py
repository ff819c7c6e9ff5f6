"""The app on a fake cockpit, driven by keys and read as text."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from cockpit.tui.app import CockpitApp
from cockpit.tui.lines import plain
from cockpit.tui.widgets.painted import Painted
from tests.tui.fake import START, FakeCockpit


@asynccontextmanager
async def screen(
    cockpit: FakeCockpit | None = None, size: tuple[int, int] = (80, 24), **more: object
) -> AsyncIterator[tuple[CockpitApp, Pilot[None]]]:
    more = {"now": lambda: START + 300, **more}
    app = CockpitApp(cockpit or FakeCockpit(), zone=UTC, **more)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await rest(pilot)
        yield app, pilot


#: Workers that end by themselves, unless a test holds what they wait for; an act may wait for a person.
SHORT = {"prepare", "look", "read", "events", "way back"}


async def rest(pilot: Pilot[Any]) -> None:
    """Wait until the app has worked off what it was given: messages, paint and the workers that end by themselves.

    The pilot's own pause takes a process that gets no processor time for an idle one, and goes on.
    """
    calm = 0
    for _ in range(40):
        await pilot.pause()
        calm = 0 if _busy(pilot.app) else calm + 1
        if calm == 2:
            return


def _busy(app: App[Any]) -> bool:
    if any(worker.group in SHORT and not worker.is_finished for worker in app.workers):
        return True
    nodes = [app, *app.screen.walk_children(with_self=True)]
    return any(node.message_queue_size or node._next_callbacks for node in nodes) or bool(app.screen._dirty_widgets)


async def settled(pilot: Pilot[None]) -> list[str]:
    """The texts on the screen once they do not change any more: panes are laid out and painted one by one."""
    await rest(pilot)
    seen: list[list[str]] = []
    while len(seen) < 4 or any(each != seen[-1] for each in seen[-4:]):
        assert len(seen) < 200, "the screen does not come to rest"
        await pilot.pause(0.05)
        seen.append(texts_on(pilot.app))
    return seen[-1]


def texts_on(app: App[Any]) -> list[str]:
    """The texts of a picture of the screen."""
    return re.findall(r">([^<>]+)</text>", app.export_screenshot())


def shown(app: CockpitApp) -> str:
    """All text on the screen."""
    return shown_on(app.screen)


def shown_on(screen: Screen[Any]) -> str:
    """All text on a screen that may be under another."""
    return "\n".join(line for pane in screen.query(Painted) for line in plain(pane.lines))


def said(app: CockpitApp) -> str:
    return " | ".join(notification.message for notification in app._notifications)


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await rest(pilot)


async def ask_inside(pilot: Pilot[None], line: str) -> None:
    """Enter this line in the form of the probe target."""
    await press(pilot, "O")
    pilot.app.screen.query_one("#line", Input).value = line
    await press(pilot, "enter")


def at_rest_after(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Before a picture is taken: press these keys, and wait until the screen is at rest."""

    async def run(pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await settled(pilot)

    return run
