"""A transport and rollout parts for the tests of this room."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cockpit.probe.sender import HttpxTransport, Transport
from cockpit.session.clock import SystemClock


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    made = HttpxTransport(SystemClock())
    yield made
    await made.close()
