"""However networks, clocks and machines fail: one pilot at a time, and no act of anybody else in strict mode."""

from __future__ import annotations

import os

import pytest

from tests.pairing.simulation import story
from tests.pairing.virtual_time import VirtualLoop

pytestmark = pytest.mark.simulation

FUZZ = os.environ.get("HYPOTHESIS_PROFILE") == "fuzz"
RUNS, BATCH = (20_000, 1_000) if FUZZ else (1_000, 100)


@pytest.mark.parametrize("first", range(0, RUNS, BATCH))
def test_one_pilot_and_no_act_of_anybody_else(first: int) -> None:
    """A simulation in which nothing happens proves nothing, so acts and changes of the pilot are counted too."""
    loop, acts, changes = VirtualLoop(), 0, 0
    try:
        for seed in range(first, first + BATCH):
            told = loop.run_until_complete(story(seed))
            assert told.stray == [], f"seed {seed}: acts of {told.stray}, each with who was the pilot then"
            assert told.doubled == [], f"seed {seed}: two pilots at once at {told.doubled}"
            acts += len(told.acts)
            changes += len(set(told.holders) - {""}) > 1
    finally:
        loop.close()
    assert acts > 2 * BATCH
    assert changes > BATCH / 10
