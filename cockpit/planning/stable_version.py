"""Which version of a weighted split is the stable one: the one that a roll back goes to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

_MOST_REQUESTS = 0.5


def stable_of(oldest_first: Sequence[str], taking: Collection[str], serving: Collection[str]) -> str:
    """The oldest version that takes requests and can answer them; "" if there is no version at all.

    `taking` get requests by the router's object, `serving` have a ready pod and a backend that leads to it. A version
    that cannot answer is never chosen while one that takes requests, or an older one, can: a roll back would fail
    every request. A younger version that takes nothing is not a roll back target.
    """
    takers = [name for name in oldest_first if name in taking] or list(oldest_first)
    first = takers[0] if takers else ""
    older = oldest_first[: oldest_first.index(first)] if takers else ()
    able = (name for name in (*takers, *reversed(older)) if name in serving)
    return next(able, first)


def oldest_first(born: Mapping[str, str], shares: Mapping[str, float | None]) -> tuple[str, ...]:
    """The versions in `born`, which is in order of age, with those of unknown age ("") where they belong.

    Of a host outside the cluster nobody knows when it came: it counts as old while it gets most of the requests, as
    before a move into the cluster, and as the newest after that.
    """
    unknown = [name for name, time in born.items() if not time]
    early = [name for name in unknown if (shares.get(name) or 0.0) > _MOST_REQUESTS]
    late = (name for name in unknown if name not in early)
    return (*early, *(name for name, time in born.items() if time), *late)
