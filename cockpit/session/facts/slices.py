"""Reads what changed in slices, so that keys, signals, probes and watches are heard meanwhile."""

from __future__ import annotations

from collections.abc import Collection

from cockpit.model.clock import Clock
from cockpit.session.changes import first_of
from cockpit.session.facts.cluster import Cluster

# Reading gives way to everything else after this long. While a list arrives, each turn takes a quarter of a megabyte of
# it, which is what an API server sends meanwhile.
SLICE_SECONDS = 0.004
# What was read so far is shown after this long, and sooner until there is a screenful of it. To show it costs session,
# screen and record some time for each rollout, changed or not: with more of them it is shown less often.
LONGEST_SECONDS, FIRST_SECONDS = 0.5, 0.1
SECONDS_OF_EACH, RAREST_SECONDS = 0.0005, 2.0
SCREENFUL = 24
# A cluster that changes faster than it can be read must not hold an act up for longer than so many of those.
MOST_ROUNDS = 30

# A cluster that changes all the time is read for about a fifth of the time, so that events are folded and keys heard in
# the rest: reading a rollout takes half a millisecond, and earns a pause of so many seconds, up to the longest.
PAUSE_SECONDS, LONGEST_PAUSE = 0.002, 0.5


def readings(clusters: Collection[Cluster]) -> int:
    """How many rollouts were read so far."""
    return sum(cluster.rollouts.read for cluster in clusters)


def pause_after(read: int, done: bool, shortest: float) -> float:
    """Seconds until the next reading, after one of so many rollouts, at least `shortest`; 0 if it left something
    unread, which it did only after a while."""
    return max(min(read * PAUSE_SECONDS, LONGEST_PAUSE), shortest) if done else 0.0


def longest_reading(shown: int) -> float:
    """Seconds after which what was read is shown, while so many rollouts are."""
    if shown < SCREENFUL:
        return FIRST_SECONDS
    return min(max(shown * SECONDS_OF_EACH, LONGEST_SECONDS), RAREST_SECONDS)


async def read_in_slices(clusters: Collection[Cluster], clock: Clock, longest: float = LONGEST_SECONDS) -> bool:
    """Read what changed for at most so many seconds; false if something is left."""
    end = clock.monotonic() + longest
    for cluster in clusters:
        while cluster.read(SLICE_SECONDS):
            if clock.monotonic() >= end:
                return False
            await clock.sleep(0)
    return True


# What could not be read is told after so long, if something else is still being read.
_LONGEST_FIRST_READ = 1.0


async def first_reads(clusters: Collection[Cluster], clock: Clock) -> None:
    """Wait for what is only read once, but not for long: a view of a part helps nobody there, and costs the command."""

    if all(cluster.follows for cluster in clusters):
        return

    async def each() -> None:
        for cluster in clusters:
            await cluster.first_read()

    await first_of(each(), clock.sleep(_LONGEST_FIRST_READ))
