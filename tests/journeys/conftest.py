"""What journeys have in common: an embedded cluster whose time runs faster, and a user with the pilot's role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cockpit.manifests.role_rights import RoleName
from tests.places import Place, demo_process
from tests.roles import grant, requests_of

SPEED = 4
PILOT = "pilot"


@pytest.fixture(scope="session")
def embedded() -> Iterator[dict[str, Any]]:
    """An empty embedded cluster in a process of its own: its ready line."""
    with demo_process("empty", "--seed", "7", "--speed", str(SPEED)) as ready:
        yield {**ready, "speed": SPEED}


@pytest.fixture(autouse=True)
def pilot(request: pytest.FixtureRequest) -> Iterator[None]:
    """A user with exactly the pilot's role sends the acts of a journey, and is refused nothing."""
    if "place" not in request.fixturenames:
        yield
        return
    place: Place = request.getfixturevalue("place")
    grant(place.client, PILOT, RoleName.PILOT)
    place.pilot = PILOT
    if place.real:
        yield
        return
    requests_of(place.client, PILOT, clear=True)
    yield
    refused = [each for each in requests_of(place.client, PILOT) if not each["allowed"]]
    assert not refused, "the pilot's role lacks what the cockpit asks for"
