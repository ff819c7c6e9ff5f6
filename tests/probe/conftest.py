"""Both transports, for every test of this room that sends."""

from __future__ import annotations

import importlib.util
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cockpit.probe.engine import Probe
from cockpit.probe.names import Names
from cockpit.probe.pacer import Budget
from cockpit.probe.sender import HttpxTransport, Transport
from cockpit.probe.sender_curl import CurlTransport
from cockpit.session.clock import ManualClock, SystemClock

MakeTransport = Callable[..., Transport]
CURL = pytest.param(
    "curl", marks=pytest.mark.skipif(importlib.util.find_spec("pycurl") is None, reason="pycurl is not installed")
)


@pytest.fixture(params=["httpx", CURL])
async def make_transport(request: pytest.FixtureRequest) -> AsyncIterator[MakeTransport]:
    """Makes transports with names and trusted certificates of a test's own, and closes them."""
    made: list[Transport] = []

    def make(names: Names | None = None, certificates: Path | None = None) -> Transport:
        clock = SystemClock()
        if request.param == "curl":
            made.append(CurlTransport(clock, names, str(certificates) if certificates else None))
        else:
            trust = ssl.create_default_context(cafile=certificates) if certificates else None
            made.append(HttpxTransport(clock, names, trust))
        return made[-1]

    yield make
    for transport in made:
        await transport.close()


@pytest.fixture
def transport(make_transport: MakeTransport) -> Transport:
    return make_transport()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def probe(transport: Transport, clock: ManualClock) -> Probe:
    """One that nobody has started yet."""
    return Probe(transport, clock, Budget(clock), rate=1.0, timeout=2.0)
