"""How many replicas each ReplicaSet of a Deployment gets: arithmetic alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

DEFAULT_BOUND = "25%"


@dataclass(frozen=True)
class Bounds:
    """How many pods a rolling update may have too many and may lack."""

    surge: int
    unavailable: int


def bounds(replicas: int, max_surge: object, max_unavailable: object) -> Bounds:
    """The two bounds in pods: surge rounds up, unavailable down, and both cannot be zero."""
    surge = resolve(DEFAULT_BOUND if max_surge is None else max_surge, replicas, up=True)
    unavailable = resolve(DEFAULT_BOUND if max_unavailable is None else max_unavailable, replicas, up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Bounds(surge, min(unavailable, replicas) if replicas else unavailable)


def resolve(value: object, total: int, *, up: bool) -> int:
    """A count, or a percentage of `total` such as "25%"; 0 for anything else."""
    if isinstance(value, int):
        return max(value, 0)
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdecimal():
        exact = int(value[:-1][:9]) * total / 100
        return math.ceil(exact) if up else math.floor(exact)
    return 0


def new_replicas(current: int, wanted: int, everywhere: int, surge: int) -> int:
    """The size of the ReplicaSet being rolled out, given the pods of all of them."""
    if current >= wanted:
        return wanted
    room = wanted + surge - everywhere
    return current + min(room, wanted - current) if room > 0 else current


def proportional(sizes: list[int], wanted: int, grown_to: list[int]) -> list[int]:
    """New sizes of ReplicaSets that share a change of `wanted` by their size; the largest take the rest.

    `sizes` are ordered as the change is dealt out; `grown_to` holds, for each, how many replicas
    (with surge) the whole had when it was last scaled.
    """
    left = wanted - sum(sizes)
    result = []
    for size, before in zip(sizes, grown_to, strict=True):
        share = round(size * wanted / before) - size if before else 0
        share = min(max(share, 0), left) if left > 0 else max(min(share, 0), left)
        result.append(size + share)
        left -= share
    for number, size in enumerate(result):
        result[number] = max(0, size + left)
        left += size - result[number]
    return result
