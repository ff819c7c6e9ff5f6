"""The person at the terminal, asked without stopping the session meanwhile."""

from __future__ import annotations

import asyncio
import sys


class TerminalPerson:
    """Asks on stderr and reads stdin, because stdout is for data."""

    @property
    def present(self) -> bool:
        """True where both stdin and stderr are terminals."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    async def answer(self, question: str) -> str:
        """One line. The loop goes on meanwhile, so that Ctrl-C ends the question."""
        sys.stderr.write(question)
        sys.stderr.flush()
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(sys.stdin.fileno(), ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(sys.stdin.fileno())
        return sys.stdin.readline().strip()
