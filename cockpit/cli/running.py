"""Runs session coroutines from click's synchronous commands, and cleans up however they end."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.program import Options, Program, StartError
from cockpit.model.text import safe_text
from cockpit.session.reads import Reads
from cockpit.texts.current import translated

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from cockpit.session.port import Cockpit

T = TypeVar("T")


class CommandFailed(click.ClickException):
    """An error to show to the user: safe text on stderr, and an exit code."""

    def __init__(self, message: str, code: ExitCode = ExitCode.ERROR) -> None:
        super().__init__(safe_text(translated(message), 4000))
        self.exit_code = int(code)  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it, with the word for an error in the language of this process."""
        click.echo(f"{translated('Error:')} {self.format_message()}", file=file, err=True)


class StdoutFailed(CommandFailed):
    """Data could not be written, because stdout is closed or its disk is full."""

    def __init__(self, error: OSError) -> None:
        super().__init__(self.why(error))

    @staticmethod
    def why(error: OSError) -> str:
        """What happened, for the user."""
        return f"stdout cannot be written: {error.strerror or error}"


def talk(message: str) -> None:
    """Print a message to stderr; where nobody can read it, the exit code has to do."""
    with contextlib.suppress(OSError):
        click.echo(safe_text(translated(message), 4000), err=True)


def with_session(
    program: Program,
    options: Options,
    work: Callable[[Cockpit], Awaitable[T]],
    reads: Reads = Reads.FOLLOWING,
) -> T:
    """Run `work` with a session and always close it, also on SIGINT, SIGTERM and SIGHUP."""
    return run(_held(program, options, work, reads))


async def _held(program: Program, options: Options, work: Callable[[Cockpit], Awaitable[T]], reads: Reads) -> T:
    """Raise what `work` raises only after the session is closed, because its tasks would wrap it in a group."""
    async with program.session(options, reads=reads) as cockpit:
        try:
            done = await work(cockpit)
        except Exception as problem:
            failure = problem
        else:
            return done
    raise failure


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end. A signal cancels it, so that it cleans up, and exits with 128 + number."""
    import asyncio

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
        raise CommandFailed(str(problem)) from None
    except asyncio.CancelledError:
        if not received:
            raise
        raise click.exceptions.Exit(128 + received[0]) from None


def reader_left() -> None:
    """Keep the interpreter from reporting at exit that stdout is closed or full."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
