"""Leaving on a signal, also where the screen hangs on a terminal that has gone away.

Textual hands its output to a thread, which ends with the first error of a terminal that was closed; once the queue to
it is full, the screen's loop waits for ever (textual, drivers/_writer_thread.py) and takes no signal any more.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterable

# Seconds for which a loop may do nothing after a signal before it is given up, and between two looks at it.
PATIENCE, BETWEEN = 5.0, 1.0


def leave_on(numbers: Iterable[int], loop: asyncio.AbstractEventLoop, leave: Callable[[int], None]) -> None:
    """Call `leave` on the loop with 128 plus the number of a signal; end the process if the loop then hangs.

    Not by the loop's own handlers, because those wait for the loop.
    """

    def take(number: int, _: object) -> None:
        code = 128 + number
        loop.call_soon_threadsafe(leave, code)
        threading.Thread(target=end_if_stuck, args=(loop, code), name="leaving", daemon=True).start()

    for number in numbers:
        signal.signal(number, take)


def end_if_stuck(
    loop: asyncio.AbstractEventLoop,
    code: int,
    end: Callable[[int], object] = os._exit,
    patience: float = PATIENCE,
    between: float = BETWEEN,
) -> None:
    """Watch the loop until it is closed, and end the process with this exit code once it hangs."""
    pause = threading.Event()
    while True:
        turned = threading.Event()
        try:
            loop.call_soon_threadsafe(turned.set)
        except RuntimeError:  # closed
            return
        if not turned.wait(patience) and not loop.is_closed():
            end(code)
            return
        pause.wait(between)
