"""A loop that takes no signal any more is given up; one that turns is left alone."""

from __future__ import annotations

import asyncio
import threading

from cockpit.launch.leaving import end_if_stuck


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
