"""Short ways to say versions, lanes and probe targets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Lane, PodCell, PodState, Role, Share, Version


def probe_target(port: int, **fields: object) -> ProbeTarget:
    return ProbeTarget(**{"address": "127.0.0.1", "port": port, "host": "www.example.com", **fields})  # type: ignore[arg-type]


def version(name: str, *marks: str, pods: tuple[str, ...] = ()) -> Version:
    cells = tuple(PodCell(pod, f"uid-{pod}", PodState.READY) for pod in pods)
    return Version(name, Role.STABLE, (f"web:{name}",), None, 1, 1, cells, (name,), frozenset(marks))


def lane(name: str = "default", headers: tuple[tuple[str, str], ...] | None = (), **written: float | None) -> Lane:
    return Lane(name, "", tuple(Share(version, None, share) for version, share in written.items()), headers)


V1, V2 = version("v1"), version("v2")


async def until(condition: Callable[[], bool], turns: int = 100_000) -> None:
    """Give others their turn until the condition holds."""
    for _ in range(turns):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to what the test waits for")
