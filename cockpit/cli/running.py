"""From click, which is synchronous, into a session's loop and back, whatever ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import click

from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.program import Options, Program, StartError
from cockpit.model.text import safe_text
from cockpit.session.port import Cockpit

T = TypeVar("T")


class Failed(click.ClickException):
    """An error for the person at the terminal: safe text on stderr, and a code."""

    def __init__(self, message: str, code: ExitCode = ExitCode.ERROR) -> None:
        super().__init__(safe_text(message, 4000))
        self.exit_code = int(code)  # type: ignore[misc]  # click reads it from the instance


def talk(message: str) -> None:
    """Say something that is no data."""
    click.echo(safe_text(message, 4000), err=True)


def with_session(program: Program, options: Options, work: Callable[[Cockpit], Awaitable[T]]) -> T:
    """Run `work` with a session and close it whatever happens, SIGINT, SIGTERM and SIGHUP included."""

    return run(_held(program, options, work))


async def _held(program: Program, options: Options, work: Callable[[Cockpit], Awaitable[T]]) -> T:
    """What `work` raises is raised after the session is closed: a session's own tasks would wrap it in a group."""
    async with program.session(options) as cockpit:
        try:
            done = await work(cockpit)
        except Exception as problem:
            failure = problem
        else:
            return done
    raise failure


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end. A signal cancels it, so that what it opened is closed, and gives 128 + number."""
    received: list[int] = []

    async def heeding() -> T:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()

        def cancel(number: int) -> None:
            received.append(number)
            if task:
                task.cancel()

        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, cancel, number)
        return await work

    try:
        return asyncio.run(heeding())
    except StartError as problem:
        raise Failed(str(problem)) from None
    except asyncio.CancelledError:
        if not received:
            raise
        raise click.exceptions.Exit(128 + received[0]) from None


def reader_left() -> None:
    """Keep the interpreter from complaining at exit that nobody reads stdout any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
