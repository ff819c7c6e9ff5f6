"""What reading one object takes as it grows: the time of every adapter at n and at four times n."""

from __future__ import annotations

import time

import pytest

from cockpit.kube.tracking import Tracked
from cockpit.session.facts.adapters import ADAPTERS
from tests.adapters.sizes import SIZES, store_of

N, FACTOR = 1000, 4
# n log n from 1,000 to 4,000 is 4.8 times as much; a square would be 16 times.
MOST = 9.0


def longest(size: str, n: int) -> float:
    """Seconds of the costliest root, the best of three."""
    store = store_of(SIZES[size](n))
    roots = [(a, root) for a in ADAPTERS for kind in a.roots for root in store.everywhere(kind)]

    def once() -> float:
        most = 0.0
        for adapter, root in roots:
            began = time.perf_counter()
            adapter.read(root, Tracked(store))
            most = max(most, time.perf_counter() - began)
        return most

    return min(once() for _ in range(3))


@pytest.mark.benchmark
@pytest.mark.parametrize("size", ["ingress: hosts", "ingress: paths", "mesh: subsets", "route: rules", "service: pods"])
def test_time_follows_the_size(size: str) -> None:
    few, many = longest(size, N), longest(size, N * FACTOR)
    print(f"{size}: {few * 1e3:.0f} ms at {N}, {many * 1e3:.0f} ms at {N * FACTOR}, {many / few:.1f}x")
    assert many / few <= MOST
