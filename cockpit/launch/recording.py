"""`cockpit record`: a session without a face, and everything that it reads and shows in a file."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.cli.program import Options, RecordOrder, StartError
from cockpit.cli.running import CommandFailed, talk
from cockpit.model.counts import counted
from cockpit.model.shell_line import shell_word

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from cockpit.kube.api import KubeApi
    from cockpit.kube.tap import Tap
    from cockpit.record.recorder import Recorder
    from cockpit.record.sinks import FileSink
    from cockpit.record.writer import Order, Sights
    from cockpit.session.port import Cockpit

    OpenSession = Callable[..., AbstractAsyncContextManager[Cockpit]]

PROGRAM = "rollout-cockpit"
# Seconds between two looks whether recording still works.
LOOK_SECONDS = 1.0


def record(order: RecordOrder, options: Options, open_session: OpenSession) -> int:
    """Record until a signal ends it, or as long as was asked for; the exit code. Raises StartError."""
    return asyncio.run(_record(order, options, open_session))


async def _record(order: RecordOrder, options: Options, open_session: OpenSession) -> int:
    from cockpit.record.blocks import Header
    from cockpit.record.following import Followed, Following, follow_events
    from cockpit.record.recorder import Recorder
    from cockpit.record.writer import Writer
    from cockpit.session.clock import SystemClock

    clock, sink = SystemClock(), _open(order.path)
    from importlib import metadata

    header = Header(metadata.version(PROGRAM), clock.now(), list(options.contexts), redacted=not order.full)
    followed: list[Followed] = []
    since, order_versions = as_a_screen(clock.now())
    with Recorder(Writer(sink, header, since=since, order=order_versions), clock) as recorder:

        def tap(api: KubeApi, namespace: str | None) -> Tap:
            made = recorder.tap(api.context)
            followed.append(Followed(api, namespace, made))
            return made

        async with open_session(options, asks=True, tap=tap) as cockpit:
            talk(_beginning(order))
            parts = (Following(cockpit, recorder, clock).run(), follow_events(followed, clock, random.Random()))
            tasks = [asyncio.create_task(part) for part in parts]
            try:
                await _until_the_end(order.seconds, recorder)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    if recorder.problem:
        raise CommandFailed(f"{order.path}: {recorder.problem}; it can be replayed up to there")
    talk(_ending(order.path, sink.size, clock.now() - header.began))
    return 0


def _open(path: Path) -> FileSink:
    from cockpit.record.sinks import FileSink

    try:
        return FileSink(path)
    except FileExistsError:
        raise StartError(f"{path} is there already: name another file") from None
    except OSError as error:
        raise StartError(f"{path} cannot be written: {error.strerror or error}") from None


async def _until_the_end(seconds: float | None, recorder: Recorder) -> None:
    """Wait for a signal, for the end of the time, or until nothing can be written any more."""
    ending, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ending.set)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not ending.is_set() and not recorder.problem:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ending.wait(), LOOK_SECONDS)


def as_a_screen(started: float) -> tuple[Sights, Order]:
    """Since when rollouts are as they are, and the order of their versions, on a screen that was opened then."""
    from cockpit.tui.order import VersionOrder
    from cockpit.tui.since import FirstSeen

    return FirstSeen(started), VersionOrder().apply


def _beginning(order: RecordOrder) -> str:
    until = f"for {order.seconds:g} s" if order.seconds else "until Ctrl-C"
    held = (
        "it holds values of env, args, annotations and request headers as they are: keep it as secret as those"
        if order.full
        else "values of env, args, other annotations and request headers that can be secret are left out"
    )
    return f"recording to {order.path} {until}; {held}"


def _ending(path: Path, size: int, seconds: float) -> str:
    held = f"{counted(round(seconds), 'second')} in {counted(size, 'byte')}"
    return f"{path}: {held}; show them with: cockpit replay {shell_word(str(path))}"
