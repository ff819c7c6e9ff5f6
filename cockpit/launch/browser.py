"""Runs the web server whose pages are screens, each a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Sequence

from cockpit.cli.options import flags_of
from cockpit.cli.output import emit, say
from cockpit.cli.program import Options, ServeOrder, StartError


def serve(order: ServeOrder, options: Options) -> int:
    """Serve until a signal ends it, and return the exit code; raises StartError."""
    try:
        from cockpit.web.server import HOST, listening
    except ImportError:
        raise StartError("`cockpit serve` needs the extra `web`: pip install 'rollout-cockpit[web]'") from None
    try:
        listener = listening(order.port)
    except OSError as problem:
        raise StartError(
            f"port {order.port} of {HOST} cannot be used ({problem.strerror}); choose another: --port N"
        ) from None
    with listener, contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_serve(order, options, listener))
    return 0


async def _serve(order: ServeOrder, options: Options, listener: socket.socket) -> None:
    from cockpit.web import server

    serving, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert serving
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, serving.cancel)

    def ready(links: Sequence[str]) -> None:
        many = len(links) > 1
        say(f"{'links that open' if many else 'a link that opens'} once{' each' if many else ''}:")
        for link in links:
            emit(f"  {link}")
        say(
            "acts are sent to the cluster as you"
            if order.with_acts
            else "read-only: no act is sent to a cluster, and nothing is kept on this machine"
        )

    await server.serve(screen_command(order, options), listener, order.viewers, ready)


def screen_command(order: ServeOrder, options: Options) -> list[str]:
    """The command that opens a screen with these flags; unless acts were asked for it only looks, also here."""
    flags = flags_of(options)
    if not order.with_acts:
        flags += [flag for flag in ("--read-only", "--view-only") if flag not in flags]
    return [sys.executable, "-m", "cockpit", *flags]
