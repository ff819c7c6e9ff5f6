"""`cockpit replay`: the screen on a flight record, or an export of it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cockpit.cli.output import emit
from cockpit.cli.program import ReplayOrder, StartError
from cockpit.launch.leaving import TERMINAL, leave_on
from cockpit.launch.log_file import log_to_file
from cockpit.launch.streams import is_terminal, painting_on_the_terminal
from cockpit.model.durations import seconds_of
from cockpit.model.lazy_re import lazy_re

if TYPE_CHECKING:
    from cockpit.model.refs import RolloutKey
    from cockpit.record.player import Player
    from cockpit.record.reader import Record
    from cockpit.session.settings import Paths, Settings
    from cockpit.tui.replaying import ReplayApp

_TIME = lazy_re(r"(\d{1,2}):(\d\d)(?::(\d\d))?")


def replay(order: ReplayOrder, settings: Settings, paths: Paths, problems: Sequence[str]) -> int:
    """Show a record, or write it to stdout for a ticket; the exit code. Raises StartError."""
    from cockpit.record.blocks import RecordError
    from cockpit.record.player import Player
    from cockpit.record.reader import open_record
    from cockpit.session.clock import SystemClock

    try:
        record = open_record(order.path)
        # What cannot be shown at all is said before a screen is there.
        player = Player(record, SystemClock())
    except RecordError as problem:
        raise StartError(str(problem)) from None
    except OSError as error:
        raise StartError(f"{order.path} cannot be read: {error.strerror or error}") from None
    begin = moment_of(order.at, record)
    if order.export:
        return asyncio.run(_export(order, record, begin, settings, paths))
    if not is_terminal():
        raise StartError("the screen needs a terminal; for a ticket, use --export asciicast or svg")
    log_to_file(paths.log)
    with painting_on_the_terminal():
        player.play_at(order.speed)
        player.seek(begin)
        return asyncio.run(_show(_app(player, settings, paths, problems), mouse=settings.mouse))


def moment_of(text: str | None, record: Record) -> float:
    """When to begin, in UTC seconds; `text` is a time of day on this machine or "+" and a duration.

    Raises StartError.
    """
    if text is None:
        return record.began
    if text.startswith("+") and (seconds := seconds_of(text[1:])) is not None:
        return record.began + seconds
    if found := _TIME.fullmatch(text):
        hour, minute, second = (int(part or 0) for part in found.groups())
        began = datetime.fromtimestamp(record.began, UTC).astimezone()
        if hour < 24 and minute < 60 and second < 60:
            at = began.replace(hour=hour, minute=minute, second=second, microsecond=0)
            # A record that goes on after midnight: the time of the next day.
            at += timedelta(days=1) if at < began - timedelta(minutes=1) else timedelta()
            if at.timestamp() <= record.ended:
                return at.timestamp()
            spans = [datetime.fromtimestamp(each, UTC).astimezone().strftime("%H:%M:%S") for each in _span(record)]
            raise StartError(f"--at {text}: the recording is from {spans[0]} to {spans[1]}")
    raise StartError(f"--at {text!r}: write a time of day such as 21:04 or 21:04:30, or +10m from the beginning")


async def _export(order: ReplayOrder, record: Record, begin: float, settings: Settings, paths: Paths) -> int:
    from cockpit.record.player import Player
    from cockpit.session.clock import ManualClock
    from cockpit.tui.exporting import asciicast, picture

    clock = ManualClock(0.0)
    player = Player(record, clock, paused=True)
    player.seek(begin)
    app = _app(player, settings, paths, (), playing=False)
    key = _key_of(order.rollout, player) if order.rollout else None
    if order.export == "svg":
        emit(await picture(app, order.size, key))
        return 0
    end = record.ended if order.seconds is None else min(begin + order.seconds, record.ended)
    async for line in asciicast(app, player, clock, order.size, (begin, end, order.speed), key):
        emit(line)
    return 0


def _key_of(name: str, player: Player) -> RolloutKey:
    """The rollout of that name at this moment; raises StartError."""
    known = [shown.rollout for shown in player.view().rollouts]
    found = [each.key for each in known if name in (str(each.key), f"{each.key.namespace}/{each.key.name}")]
    if len(found) != 1:
        names = ", ".join(str(each.key) for each in known) or "none"
        raise StartError(
            f"--rollout {name}: {len(found)} of that name in the recording at that time; there are: {names}"
        )
    return found[0]


def _span(record: Record) -> tuple[float, float]:
    return record.began, record.ended


def _app(
    player: Player, settings: Settings, paths: Paths, problems: Sequence[str], *, playing: bool = True
) -> ReplayApp:
    import os

    from cockpit.tui.glyphs import glyphs_for
    from cockpit.tui.replaying import ReplayApp

    if os.environ.get("NO_COLOR") == "":
        del os.environ["NO_COLOR"]
    return ReplayApp(
        player,
        playing=playing,
        theme=settings.theme,
        keymap=settings.keymap,
        themes_dir=paths.config.parent / "themes",
        glyphs="ascii" if glyphs_for(settings.glyphs, os.environ).ascii else "unicode",
        snapshots=paths.snapshots,
        problems=problems,
    )


async def _show(app: ReplayApp, *, mouse: bool) -> int:
    def leave(code: int) -> None:
        app.exit(return_code=code)

    leave_on((signal.SIGTERM, signal.SIGHUP), asyncio.get_running_loop(), leave, TERMINAL)
    await app.run_async(mouse=mouse)
    sys.stdout.writelines(f"{line}\n" for line in app.parting)
    return app.return_code or 0
