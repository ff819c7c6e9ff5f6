"""The embedded cluster of journeys: its time runs faster, so that pauses and grace periods end sooner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.places import demo_process

SPEED = 4


@pytest.fixture(scope="session")
def embedded() -> Iterator[dict[str, Any]]:
    """An empty embedded cluster in a process of its own: its ready line."""
    with demo_process("empty", "--seed", "7", "--speed", str(SPEED)) as ready:
        yield {**ready, "speed": SPEED}
