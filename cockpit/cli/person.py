"""Asks the person at the terminal without blocking the session."""

from __future__ import annotations

import sys


class TerminalPerson:
    """Prompts on stderr and reads stdin, because stdout is for data."""

    @property
    def present(self) -> bool:
        """True if both stdin and stderr are terminals."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    async def answer(self, question: str) -> str:
        """One line. The event loop keeps running, so that Ctrl-C cancels the prompt."""
        import asyncio

        sys.stderr.write(question)
        sys.stderr.flush()
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(sys.stdin.fileno(), ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(sys.stdin.fileno())
        return sys.stdin.readline().strip()
