"""Sampling of rollouts that nobody asked to sample, because a user's settings say so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cockpit.model.refs import RolloutKey
from cockpit.model.view import FleetView
from cockpit.session.port import Cockpit


@asynccontextmanager
async def sampled(cockpit: Cockpit, most: int) -> AsyncIterator[None]:
    """Meanwhile, start the probes of the first `most` rollouts that have somewhere to send requests.

    Each is started once, so that one that a person stops stays stopped. Runs on the session's loop.
    """
    asked: set[RolloutKey] = set()
    starting: set[asyncio.Task[None]] = set()

    def look(view: FleetView) -> None:
        for shown in view.rollouts:
            if len(asked) >= most:
                return
            key = shown.rollout.key
            if key not in asked and shown.probe.door is not None:
                asked.add(key)
                task = asyncio.ensure_future(cockpit.probe(key, True))
                starting.add(task)
                task.add_done_callback(starting.discard)

    end = cockpit.subscribe(look)
    look(cockpit.view())
    try:
        yield
    finally:
        end()
        for task in starting:
            task.cancel()
