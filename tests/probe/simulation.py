"""Streams of answers by chance, seeded."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping

# `make fuzz` simulates this many times as much.
MORE = 10 if os.environ.get("HYPOTHESIS_PROFILE") == "fuzz" else 1


def by_chance(shares: Mapping[str, float], seed: int) -> Iterator[str]:
    """Each answer from a version with its share, independent of the others."""
    rng, names, weights = random.Random(seed), [*shares], [*shares.values()]
    while True:
        yield from rng.choices(names, weights, k=1000)


def in_turn(weights: Mapping[str, int]) -> Iterator[str]:
    """Smooth weighted round robin, as nginx and Traefik distribute: the one furthest behind its weight is next."""
    total, current = sum(weights.values()), dict.fromkeys(weights, 0)
    while True:
        for name, weight in weights.items():
            current[name] += weight
        chosen = max(current, key=lambda name: current[name])
        current[chosen] -= total
        yield chosen


def drifting(share: Callable[[int], float], seed: int) -> Iterator[str]:
    """Two versions; `share` is that of v2 at each answer."""
    rng, number = random.Random(seed), 0
    while True:
        yield "v2" if rng.random() < share(number) else "v1"
        number += 1


def errors_in_bursts(every: int, length: int, seed: int) -> Iterator[bool]:
    """Whether each answer fails: `length` failures in a row, once in `every` answers on average."""
    rng = random.Random(seed)
    while True:
        if rng.random() < 1 / every:
            yield from (True for _ in range(length))
        else:
            yield False
