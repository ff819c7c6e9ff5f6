"""What a cockpit that nobody touches costs an API server in an hour, on a clock that is moved by hand.

Watches end after 30 to 60 minutes and are resumed, bookmarks come once a minute, kinds that are not served are looked
for again. Every cockpit asks for itself, so twenty cost twenty times as much.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest
from aiohttp import web

from cockpit.kube.api import KubeApi
from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.credentials import FixedCredentials
from cockpit.kube.transport import Transport
from cockpit.model.view import Sync
from cockpit.session.acts.journal import Journal
from cockpit.session.clock import ManualClock
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.cluster import Connection
from cockpit.session.probing.probes import Sampling
from cockpit.session.session import Session
from cockpit.session.settings import Settings
from tests.benchmarks.figure import Figure
from tests.scale.pages import make_kinds
from tests.scale.server import ScaleServer

HOUR = 3600
STEP = 5.0
COCKPITS = 20


def not_probed() -> Sampling:
    raise AssertionError("nothing is probed here")


async def an_hour() -> tuple[Counter[str], Counter[str]]:
    """Requests and bytes of one hour, by what they are for, without those of the start."""
    clock = ManualClock()
    server = ScaleServer(make_kinds(1000), clock=clock)
    runner = web.AppRunner(server.app(), handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    target = ConnectTarget("scale", f"http://127.0.0.1:{runner.addresses[0][1]}", "somebody", "default")
    api = KubeApi(target, Transport(target, FixedCredentials()), clock)
    session = Session(
        [Connection(api, None)],
        adapters=ADAPTERS,
        make_probe=not_probed,
        settings=Settings(),
        journal=Journal(None),
        clock=clock,
        rng=random.Random(1),
        announces=True,
    )
    async with session:
        while not all(cluster.state is Sync.LIVE for cluster in session.view().clusters):
            await pass_time(clock, 0.1)
        requests, sent = server.counted.copy(), server.sent.copy()
        for _ in range(int(HOUR / STEP)):
            await pass_time(clock, STEP)
    await runner.cleanup()
    return server.counted - requests, server.sent - sent


async def pass_time(clock: ManualClock, seconds: float) -> None:
    """Move the clock, and let what it woke be sent and answered."""
    await clock.advance(seconds)
    for _ in range(10):
        await asyncio.sleep(0.001)


def figures() -> list[Figure]:
    requests, sent = asyncio.run(an_hour())
    kinds = Counter({what.split()[0]: 0 for what in requests})
    for what, count in requests.items():
        kinds[what.split()[0]] += count
    words = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    count, size = requests.total(), sent.total()
    many = f"{count * COCKPITS / HOUR:.1f} requests/s"
    return [
        Figure("one cockpit at rest, an hour", f"{count} requests ({words}), {size / 1e3:.0f} kB", "", "", None),
        Figure(f"{COCKPITS} cockpits at rest, an hour", f"{many}, {size * COCKPITS / 1e6:.1f} MB", "", "", None),
    ]


@pytest.mark.benchmark
def test_an_hour_at_rest() -> None:
    print()
    for figure in figures():
        print(f"{figure.what}: {figure.ours}")
