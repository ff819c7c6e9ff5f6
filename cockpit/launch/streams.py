"""stdin, stdout and stderr as a program may get them: closed, full, or somewhere else than the terminal."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator

_NAMES = ("stdin", "stdout", "stderr")


def open_closed_streams() -> None:
    """Give streams that were closed at the start an end: no input, no place to write to, nobody who reads errors.

    Without it a file that is opened later gets the number of one of them, and Python has None in its place.
    """
    for number, name in enumerate(_NAMES):
        if getattr(sys, name) is not None:
            continue
        # Writing to what is open for reading fails, as writing to a closed stream should.
        handle = os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
        if handle != number:
            os.dup2(handle, number)
            os.close(handle)
        raw = io.FileIO(number, "r" if name == "stdin" else "w", closefd=False)
        buffer = io.BufferedReader(raw) if name == "stdin" else io.BufferedWriter(raw)
        setattr(sys, name, io.TextIOWrapper(buffer, encoding="utf-8", line_buffering=name == "stderr"))


def is_terminal() -> bool:
    """Whether there is a terminal to read keys from and to paint on."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


@contextlib.contextmanager
def painting_on_the_terminal() -> Iterator[None]:
    """Let the screen be painted on stdout where stderr is not the terminal (`cockpit 2>file`).

    Textual paints on `sys.__stderr__` (textual, drivers/linux_driver.py).
    """
    if sys.stderr is not None and sys.stderr.isatty():
        yield
        return
    before = sys.__stderr__
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", errors="replace") as terminal:
        sys.__stderr__ = terminal  # type: ignore[misc]  # a constant to typeshed only
        try:
            yield
        finally:
            sys.__stderr__ = before  # type: ignore[misc]
