"""Both transports, for every test of this room that sends."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Callable

import pytest

from cockpit.probe.engine import Probe
from cockpit.probe.names import Names
from cockpit.probe.pacer import Budget
from cockpit.probe.sender import HttpxTransport, ProbeTransport
from cockpit.probe.sender_curl import CurlTransport
from cockpit.session.clock import ManualClock, SystemClock

MakeTransport = Callable[..., ProbeTransport]
CURL = pytest.param(
    "curl", marks=pytest.mark.skipif(importlib.util.find_spec("pycurl") is None, reason="pycurl is not installed")
)


@pytest.fixture(params=["httpx", CURL])
async def make_transport(request: pytest.FixtureRequest) -> AsyncIterator[MakeTransport]:
    """Makes transports with names of a test's own, and closes them."""
    made: list[ProbeTransport] = []

    def make(names: Names | None = None) -> ProbeTransport:
        clock = SystemClock()
        made.append(CurlTransport(clock, names) if request.param == "curl" else HttpxTransport(clock, names))
        return made[-1]

    yield make
    for transport in made:
        await transport.close()


@pytest.fixture
def transport(make_transport: MakeTransport) -> ProbeTransport:
    return make_transport()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def probe(transport: ProbeTransport, clock: ManualClock) -> Probe:
    """One that nobody has started yet."""
    return Probe(transport, clock, Budget(clock), rate=1.0, timeout=2.0)
