"""Leaving on a signal or without a terminal, also where the screen hangs on a terminal that has gone away.

Textual hands its output to a thread, which ends with the first error of a terminal that was closed; once the queue to
it is full, the screen's loop waits for ever (textual, drivers/_writer_thread.py) and takes no signal any more. Its
input thread reads the end of a closed terminal over and over (drivers/linux_driver.py). A terminal that goes away sends
SIGHUP only to those whose controlling terminal it is and who do not ignore it: under `make`, `nohup` or a shell that
was killed first nobody hears of it, and a session would go on unseen, with the controls of its rollout.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import threading
from collections.abc import Callable, Iterable

# Seconds for which a loop may do nothing after a signal before it is given up, and between two looks at it.
PATIENCE, BETWEEN = 5.0, 1.0
# The file descriptor that keys are read from.
TERMINAL = 0


def leave_on(
    numbers: Iterable[int], loop: asyncio.AbstractEventLoop, leave: Callable[[int], None], terminal: int | None = None
) -> None:
    """Call `leave` on the loop with 128 plus the number of a signal; end the process if the loop then hangs.

    A `terminal` (its file descriptor) that goes away counts as SIGHUP, whoever else was told. Not by the loop's own
    handlers, because those wait for the loop.
    """

    def take(number: int, _: object = None) -> None:
        code = 128 + number
        with contextlib.suppress(RuntimeError):  # closed: it ends anyway
            loop.call_soon_threadsafe(leave, code)
        threading.Thread(target=end_if_stuck, args=(loop, code), name="leaving", daemon=True).start()

    for number in numbers:
        signal.signal(number, take)
    if terminal is not None and os.isatty(terminal):
        gone = (terminal, lambda: take(signal.SIGHUP))
        threading.Thread(target=once_gone, args=gone, name="terminal", daemon=True).start()


def once_gone(terminal: int, then: Callable[[], None]) -> None:
    """Wait until a terminal is closed at its other end, and call `then`; give up where that cannot be waited for."""
    poll = select.poll()
    poll.register(terminal, 0)  # poll(2) tells of a hang-up without being asked to
    if any(what & (select.POLLHUP | select.POLLERR) for _, what in poll.poll()):
        then()


def end_if_stuck(
    loop: asyncio.AbstractEventLoop,
    code: int,
    end: Callable[[int], object] = os._exit,
    patience: float = PATIENCE,
    between: float = BETWEEN,
) -> None:
    """Watch the loop until it is closed, and end the process with this exit code once it hangs.

    Also once nothing but a thread of the screen keeps the process from ending.
    """
    pause = threading.Event()
    while True:
        turned = threading.Event()
        try:
            loop.call_soon_threadsafe(turned.set)
        except RuntimeError:  # closed
            threading.main_thread().join(patience)
            if not threading.main_thread().is_alive():
                pause.wait(patience)
                end(code)
            return
        if not turned.wait(patience) and not loop.is_closed():
            end(code)
            return
        pause.wait(between)
