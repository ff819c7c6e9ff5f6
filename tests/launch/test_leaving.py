"""A loop that takes no signal any more is given up; one that turns is left alone."""

from __future__ import annotations

import asyncio
import os
import pty
import threading

from cockpit.launch.leaving import end_if_stuck, once_gone


def watched(loop: asyncio.AbstractEventLoop, ended: list[int]) -> threading.Thread:
    thread = threading.Thread(target=end_if_stuck, args=(loop, 129, ended.append, 0.2, 0.01), daemon=True)
    thread.start()
    return thread


def test_a_loop_that_hangs_is_ended_with_the_code_of_its_signal() -> None:
    loop, ended = asyncio.new_event_loop(), list[int]()
    thread = watched(loop, ended)  # nobody runs it, as one that waits for a dead terminal
    thread.join(20)
    assert ended == [129]
    loop.close()


def test_a_loop_that_turns_until_it_closes_is_left_alone() -> None:
    ended: list[int] = []

    async def turn() -> threading.Thread:
        thread = watched(asyncio.get_running_loop(), ended)
        await asyncio.sleep(0.05)
        return thread

    thread = asyncio.run(turn())
    thread.join(20)
    assert not thread.is_alive()
    assert ended == []


def test_a_terminal_that_is_closed_at_its_other_end_is_gone_and_one_that_is_written_to_is_not() -> None:
    master, slave = pty.openpty()
    gone = threading.Event()
    thread = threading.Thread(target=once_gone, args=(slave, gone.set), daemon=True)
    thread.start()
    os.write(master, b"keys\n")
    assert not gone.wait(0.1)
    os.close(master)
    assert gone.wait(20)
    os.close(slave)


def test_what_is_no_terminal_is_not_waited_for() -> None:
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    called: list[bool] = []
    once_gone(read, lambda: called.append(True))
    assert called == []
